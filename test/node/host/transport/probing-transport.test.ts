/**
 * Probes see what was ordered, at both ends.
 * Owns: the comparison of observed and ordered. Does not own: the conditions (conditions.test.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProbingTransport } from '#node/host/transport/probing-transport.ts';
import type { Member, TransportHandler } from '#node/host/transport/transport.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { MemoryNetwork } from '#test/support/memory-transport.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';

const wan = networkProfiles.find(({ name }) => name === 'wan')!;

async function probing(loss: number) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, profile: { ...wan, loss } });
  const frames: string[] = [];
  const members: Member[] = [0, 1, 2].map((number) => ({
    number,
    publicKey: new Uint8Array(0),
    peerId: String(number),
    addresses: [],
  }));
  const pings = members.map((): number[] => []);
  const nodes = members.map(({ number: self }) => {
    const inner = network.transport(self);
    let draws = 0;
    // Alternates between the two others.
    const random = (): number => (draws++ % 2) / 2;
    return new ProbingTransport(inner, {
      self,
      clock,
      conditions: inner.conditions,
      everyUs: 100_000,
      random,
      echoed: (roundTripUs) => pings[self]!.push(roundTripUs),
    });
  });
  const handler: TransportHandler = {
    frame: (member, bytes) => frames.push(`${member}: ${Buffer.from(bytes)}`),
    announcement: () => {},
    connected: () => {},
    disconnected: () => {},
    misbehaved: () => {},
  };
  for (const node of nodes) await node.start(members, handler);
  return { clock, network, nodes, frames, pings };
}

test('probes see the ordered delay and loss, at both ends', async () => {
  const { clock, nodes, pings } = await probing(0.1);
  clock.advance(200_000_000);
  const observations = nodes[0]!.takeProbes();
  assert.deepEqual(
    observations.map(({ peer }) => peer),
    [1, 2],
  );
  for (const { sent, answered, roundTripUs, orderedOneWayUs, orderedLoss, isCut } of observations) {
    assert.ok(sent > 900 && sent <= 1_000, `${sent}`);
    // Lost on the way there or back: 19 %, within six deviations.
    assert.ok(Math.abs(answered / sent - 0.81) < 6 * Math.sqrt((0.81 * 0.19) / sent), `${answered}/${sent}`);
    assert.ok(roundTripUs !== null && roundTripUs.least >= 100_000 && roundTripUs.most <= 400_000);
    assert.ok(Math.abs(roundTripUs.mean - 250_000) < 10_000, `${roundTripUs.mean}`);
    assert.deepEqual([orderedOneWayUs, orderedLoss, isCut], [[50_000, 200_000], 0.09999999999999998, false]);
  }
  const answers = observations.reduce((sum, { answered }) => sum + answered, 0);
  assert.equal(pings[0]!.length, answers);
  const totalUs = observations.reduce(
    (sum, { answered, roundTripUs }) => sum + answered * roundTripUs!.mean,
    0,
  );
  assert.ok(Math.abs(pings[0]!.reduce((sum, us) => sum + us, 0) - totalUs) <= answers);
  const { received, missing, oneWayUs } = nodes[1]!.heard;
  assert.ok(missing / (received + missing) > 0.05 && missing / (received + missing) < 0.15);
  assert.ok(oneWayUs / received > 120_000 && oneWayUs / received < 130_000);
});

test('probes across a partition are told apart, and none is answered', async () => {
  const { clock, network, nodes } = await probing(0);
  network.partition([0, 1, 0], 20_000_000);
  clock.advance(40_000_000);
  const across = nodes[0]!.takeProbes().filter(({ peer }) => peer === 1);
  const cut = across.find(({ isCut }) => isCut);
  const whole = across.find(({ isCut }) => !isCut);
  assert.ok(cut !== undefined && cut.sent >= 90 && cut.answered === 0 && cut.roundTripUs === null);
  assert.ok(whole !== undefined && whole.sent >= 80 && whole.answered === whole.sent);
  assert.deepEqual(nodes[0]!.takeProbes(), []);
});

test('the host sees frames, never probes; a probe that is none goes to the host', async () => {
  const { clock, nodes, frames } = await probing(0);
  nodes[0]!.send(1, Buffer.from('frame'));
  nodes[0]!.send(1, Uint8Array.from([1, 9, 255]));
  clock.advance(5_000_000);
  assert.equal(frames.length, 2);
  assert.ok(frames.includes('0: frame'));
});

test('switched off, probes show it: nothing was ordered', async () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, profile: wan, isShaped: false });
  assert.deepEqual(network.transport(0).conditions.ordered(1), { oneWayUs: [0, 0], loss: 0, isCut: false });
});
