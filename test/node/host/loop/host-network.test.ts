/**
 * Hosts on virtual time: what a network of them finalises, refuses and survives.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodedBytes, encodeVertex } from '#node/core/vertex.ts';
import type { Clock } from '#node/host/clock.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import { genesisId } from '#node/host/loop/machinery.ts';
import { vertexContext } from '#node/host/verification/signature-context.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import { kindCode } from '#node/host/wire/frame.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { cheapIdentity, HostNetwork } from '../../../support/host-network.ts';

const lan = networkProfiles.find(({ name }) => name === 'lan')!;

test('four hosts finalise every vertex, and the same ones', async () => {
  const network = new HostNetwork({ nodes: 4, profile: lan });
  await network.start();
  for (let i = 0; i < 40; i++) {
    assert.equal(network.submit(i % 4).kind, 'accepted');
    await network.run(5_000);
  }
  await network.until(() => network.isSettled() && network.finalisedBy(0) === 40, 10_000_000, 'finality');
  network.assertSafe();
  assert.equal(network.sameSets().total, 0);
  assert.equal(network.latenciesUs.length, 4 * 40);
});

test('a run is the same every time, and another with another seed', async () => {
  const trace = async (seed: number): Promise<string> => {
    const network = new HostNetwork({ nodes: 4, profile: lan, seed });
    await network.start();
    for (let i = 0; i < 10; i++) {
      network.submit(i % 4);
      await network.run(10_000);
    }
    await network.until(() => network.isSettled(), 10_000_000, 'finality');
    return JSON.stringify(network.latenciesUs);
  };
  assert.equal(await trace(5), await trace(5));
  assert.notEqual(await trace(5), await trace(6));
});

test('of a double spend one is finalised, and what the other carried beside it is issued again', async () => {
  const network = new HostNetwork({ nodes: 4, profile: lan });
  await network.start();
  network.submit(0, [77], 3);
  network.submit(1, [77], 3);
  await network.until(() => network.vertices === 3, 10_000_000, 'the loser issues again');
  await network.until(() => network.isSettled(), 10_000_000, 'finality');
  network.assertSafe();
  assert.equal(network.sameSets().total, 0);
  assert.equal(network.finalisedBy(0), 2);
  assert.equal(network.cells[0]!.host.figures.rejected, 1);
  const again = network.cells.reduce(
    (sum, { measurements }) => sum + measurements.counters.verticesReissued,
    0,
  );
  assert.equal(again, 1);
});

test('a full queue refuses with the reason, and what was accepted is finalised', async () => {
  const network = new HostNetwork({
    nodes: 4,
    profile: lan,
    consensus: { maxUndecided: 2 },
    limits: { queuedBatches: 5 },
  });
  await network.start();
  const results = Array.from({ length: 20 }, () => network.submit(0));
  const refused = results.filter(({ kind }) => kind === 'refused');
  assert.equal(refused.length, 15);
  const first = refused[0]!;
  assert.ok(first.kind === 'refused' && first.reason === 'queue-full' && first.text.includes('later'));
  await network.until(() => network.isSettled() && network.finalisedBy(0) === 5, 20_000_000, 'finality');
});

test('batches that no vertex could carry are refused', async () => {
  const network = new HostNetwork({ nodes: 4 });
  await network.start();
  const { host } = network.cells[0]!;
  const payload = new Uint8Array(0);
  const cases = [
    [],
    [{ inputs: [3, 2], payload }],
    [
      { inputs: [2], payload },
      { inputs: [2], payload },
    ],
    [{ inputs: [-1], payload }],
    [{ inputs: [], payload: new Uint8Array(2_000_000) }],
  ];
  for (const transactions of cases) {
    const result = host.submit({ transactions, dueUs: 0, items: [] });
    assert.ok(result.kind === 'refused' && result.reason === 'invalid');
  }
});

test('a full disk stops votes and vertices, and the others go on', async () => {
  const network = new HostNetwork({ nodes: 5, profile: lan });
  await network.start();
  network.submit(0);
  await network.until(() => network.isSettled() && network.finalisedBy(4) === 1, 10_000_000, 'finality');
  const cell = network.cells[4]!;
  cell.disk.fault = 'full';
  network.submit(4);
  network.submit(0);
  await network.until(() => cell.host.figures.storeFailure !== null, 10_000_000, 'the failure is noticed');
  const sent = cell.transport.figures.framesSent;
  network.submit(1);
  await network.until(() => network.finalisedBy(0) >= 3, 20_000_000, 'the others finalise');
  assert.equal(cell.transport.figures.framesSent, sent, 'a node whose disk failed goes on talking');
  assert.equal(cell.host.submit({ transactions: [], dueUs: 0, items: [] }).kind, 'refused');
  network.assertSafe();
  cell.disk.fault = null;
  network.crash(4);
  await network.restart(4);
  await network.until(() => network.isSettled(), 20_000_000, 'it comes back');
  network.assertSafe();
  assert.equal(network.sameSets().total, 0);
});

test('an attack is refused unless the node was started for a campaign', async () => {
  const network = new HostNetwork({
    nodes: 2,
    consensus: { k: 1, alphaPreference: 1, alphaConfidence: 1 },
    isCampaign: false,
  });
  await network.start();
  assert.throws(() => network.cells[0]!.host.setAttack('random'), /campaign/);
});

test('a member that sends what is no frame is cut off and named', async () => {
  const network = new HostNetwork({ nodes: 4, profile: lan });
  await network.start();
  network.cells[3]!.transport.send(0, Uint8Array.of(1, kindCode.query, 255));
  await network.run(50_000);
  const cut = network.events.filter(({ node, event }) => node === 0 && event === 'cut-off');
  assert.equal(cut.length, 1);
  assert.match(cut[0]!.text, /member 3/);
});

test('random bytes of every kind do no harm', async () => {
  const network = new HostNetwork({ nodes: 4, profile: lan, consensus: { alphaConfidence: 2 } });
  await network.start();
  let state = 12_345;
  const byte = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state >>> 16;
  };
  for (let i = 0; i < 3_000; i++) {
    const frame = Uint8Array.from({ length: 2 + (byte() % 60) }, byte);
    frame[0] = 1;
    frame[1] = 1 + (i % 11);
    network.cells[3]!.transport.send(i % 3, frame);
    if (i % 100 === 0) await network.run(1_000);
  }
  await network.run(100_000);
  for (let i = 0; i < 6; i++) network.submit(i % 3);
  await network.until(() => network.isSettled([0, 1, 2]), 30_000_000, 'finality');
  network.assertSafe();
});

test('a node with much at hand does not hold the loop that others share', async () => {
  let heldUs = 0;
  let most = 0;
  const left = (): number => network.cells[0]?.host.figures.inboxFrames ?? 0;
  // Within an action each look at the clock costs node 0 two milliseconds.
  const costly = (clock: Clock): Clock => ({
    nowUs: () => {
      heldUs += 2_000;
      return clock.nowUs() + heldUs;
    },
    at: (atUs, act) =>
      clock.at(atUs, () => {
        heldUs = 0;
        const before = left();
        act();
        most = Math.max(most, before - left());
      }),
  });
  const network = new HostNetwork({
    nodes: 2,
    consensus: { k: 1, alphaPreference: 1, alphaConfidence: 1 },
    clockOf: (number, clock) => (number === 0 ? costly(clock) : clock),
  });
  await network.start();
  const long = new Uint8Array(32);
  const request = encodeFrame({ kind: 'request', names: { salt: 0, short: new Uint8Array(0), long } });
  for (let i = 0; i < 40; i++) network.cells[1]!.transport.send(0, request);
  await network.until(() => most > 0 && left() === 0, 10_000_000, 'all of it handled');
  assert.ok(most <= 5, `${most} frames in one turn`);
});

test('whether a vertex of a pruned sequence was finalised is unknown: it may be a twin of the one that was', async () => {
  const network = new HostNetwork({
    nodes: 4,
    profile: lan,
    limits: { storedDecided: 20, retainedDecided: 8, rememberedDecided: 16 },
  });
  await network.start();
  for (let i = 0; i < 60; i++) {
    network.submit(i % 4);
    await network.run(8_000);
  }
  await network.until(() => network.isSettled(), 10_000_000, 'finality');
  const [{ host, archive }, sender] = [network.cells[0]!, network.cells[1]!];
  assert.ok(archive.settlements.isFinalised(1, 1), 'the first vertex of member 1 was not pruned');
  const twin = { creator: 1, sequence: 1, parents: [genesisId()], transactions: [] };
  const body = new Uint8Array(encodedBytes(twin));
  encodeVertex(twin, body);
  const id = blake3(body);
  const signature = await cheapIdentity(1).sign(vertexContext, id);
  sender.transport.send(
    0,
    encodeFrame({ kind: 'announcement', vertices: [{ creator: 1, sequence: 1, id }] }),
  );
  await network.until(() => host.figures.waitingVertices > 0, 1_000_000, 'it is asked for');
  sender.transport.send(0, encodeFrame({ kind: 'vertices', vertices: [{ body, signature }] }));
  await network.until(() => host.figures.waitingVertices === 0, 1_000_000, 'it is looked at');
  assert.deepEqual(await host.finality(id), { status: 'unknown', rounds: null, confidence: null });
});

test('a host counts the peers that it suspects', async () => {
  const network = new HostNetwork({ nodes: 5, profile: lan });
  await network.start();
  const { host } = network.cells[0]!;
  network.crash(4);
  for (let i = 0; i < 200 && host.figures.suspectedPeers === 0; i++) {
    network.submit(0);
    await network.run(50_000);
  }
  assert.equal(host.figures.suspectedPeers, 1);
});
