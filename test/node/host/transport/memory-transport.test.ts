/**
 * The transport for tests refuses and delays what the real one does.
 * Owns: its behaviour. Does not own: the real one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member, TransportHandler } from '#node/host/transport/transport.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { MemoryNetwork, type MemoryTransport } from '#test/support/memory-transport.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';

interface Heard extends TransportHandler {
  readonly events: string[];
}

function recorder(): Heard {
  const events: string[] = [];
  return {
    events,
    frame: (member, bytes) => events.push(`frame ${member} ${Buffer.from(bytes)}`),
    announcement: (_member, bytes) => events.push(`announcement ${Buffer.from(bytes)}`),
    connected: (member) => events.push(`connected ${member}`),
    disconnected: (member) => events.push(`disconnected ${member}`),
    misbehaved: (member, reason) => events.push(`misbehaved ${member} ${reason}`),
  };
}

function members(count: number): Member[] {
  return Array.from({ length: count }, (_, number) => ({
    number,
    publicKey: new Uint8Array(1_312),
    peerId: `peer-${number}`,
    addresses: [],
  }));
}

const text = (value: string): Uint8Array => Buffer.from(value);

async function started(count: number, profile = networkProfiles[0]!, limits = {}) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, profile, limits });
  const heard = Array.from({ length: count }, recorder);
  const transports: MemoryTransport[] = [];
  for (let i = 0; i < count; i++) {
    const transport = network.transport(i);
    await transport.start(members(count), heard[i]!);
    transports.push(transport);
  }
  clock.advance(1_000);
  for (const { events } of heard) events.length = 0;
  return { clock, network, heard, transports };
}

test('a frame arrives once, never within the call, and a delayed one within its profile', async () => {
  const { clock, heard, transports } = await started(
    3,
    networkProfiles.find(({ name }) => name === 'wan'),
  );
  assert.equal(transports[0]!.send(1, text('hello')), 'sent');
  clock.advance(49_000);
  assert.deepEqual(heard[1]!.events, []);
  clock.advance(152_000);
  assert.deepEqual(heard[1]!.events, ['frame 0 hello']);
});

test('an announcement reaches everybody once', async () => {
  const { clock, heard, transports } = await started(30);
  transports[4]!.announce(text('news'));
  clock.advance(1_000_000);
  for (const [i, { events }] of heard.entries())
    assert.deepEqual(events, i === 4 ? [] : ['announcement news']);
});

test('what the real transport refuses is refused: stopped and unknown members, sizes, full queues', async () => {
  const { clock, heard, transports } = await started(3, networkProfiles[0], { mostQueuedBytes: 10 });
  assert.throws(() => transports[0]!.send(1, new Uint8Array(0)), RangeError);
  assert.throws(() => transports[0]!.send(1, new Uint8Array(4 * 1_048_576 + 1)), /divide it/);
  assert.equal(transports[0]!.send(7, text('x')), 'unreachable');
  assert.equal(transports[0]!.send(0, text('x')), 'unreachable');
  transports[1]!.stall(true);
  assert.equal(transports[0]!.send(1, text('12345678')), 'sent');
  clock.advance(1_000);
  assert.equal(transports[0]!.send(1, text('12345678')), 'queue-full');
  transports[1]!.stall(false);
  clock.advance(1_000);
  assert.deepEqual(heard[1]!.events, ['frame 0 12345678']);
  assert.equal(transports[0]!.send(1, text('12345678')), 'sent');
  await transports[1]!.stop();
  assert.equal(transports[0]!.send(1, text('x')), 'unreachable');
  clock.advance(1_000);
  assert.deepEqual(heard[0]!.events, ['disconnected 1']);
});

test('a member that was cut off stays refused for a while and comes back', async () => {
  const { clock, heard, transports } = await started(3);
  transports[0]!.cutOff(1, 'flood');
  clock.advance(1_000);
  assert.deepEqual(heard[1]!.events, ['disconnected 0']);
  assert.equal(transports[1]!.send(0, text('x')), 'unreachable');
  clock.advance(60_000_000);
  assert.equal(transports[1]!.send(0, text('x')), 'sent');
});

test('a partition cuts both directions, frames and announcements, and lifts itself', async () => {
  const { clock, network, heard, transports } = await started(8);
  network.partition([0, 0, 0, 0, 1, 1, 1, 1], 1_000_000);
  transports[0]!.send(5, text('a'));
  transports[5]!.send(0, text('b'));
  transports[0]!.announce(text('news'));
  clock.advance(500_000);
  assert.deepEqual(
    heard.map(({ events }) => events.length),
    [0, 1, 1, 1, 0, 0, 0, 0],
  );
  clock.advance(500_000);
  transports[0]!.send(5, text('c'));
  clock.advance(1_000);
  assert.deepEqual(heard[5]!.events, ['frame 0 c']);
});
