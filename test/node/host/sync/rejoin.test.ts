/**
 * Nodes that were away: crashes, lost disks, partitions. What they missed they get, and nothing is decided twice or otherwise.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostLimits } from '#node/host/host-parts.ts';
import { type NetworkProfile, networkProfiles } from '#node/model/network-profile.ts';
import { HostNetwork } from '../../../support/host-network.ts';

const lan = networkProfiles.find(({ name }) => name === 'lan')!;
const lossy: NetworkProfile = { ...lan, name: 'lan with 2 % loss', loss: 0.02 };
const consensus = { k: 4, alphaPreference: 3, alphaConfidence: 3, beta: 5 } as const;

async function load(network: HostNetwork, vertices: number, nodes: readonly number[]): Promise<void> {
  for (let i = 0; i < vertices; i++) {
    network.submit(nodes[i % nodes.length]!);
    await network.run(8_000);
  }
}

for (const disk of ['kept', 'lost'] as const) {
  test(`a node with its disk ${disk} rejoins after missing hundreds of vertices`, async () => {
    const network = new HostNetwork({ nodes: 6, profile: lossy, consensus });
    await network.start();
    await load(network, 20, [0, 1, 2, 3, 4, 5]);
    network.crash(5);
    await load(network, 200, [0, 1, 2, 3, 4]);
    await network.restart(5, disk);
    await network.until(() => network.cells[5]!.host.figures.rejoinUs !== null, 30_000_000, 'rejoining');
    await load(network, 5, [5]);
    await network.until(() => network.isSettled(), 30_000_000, 'finality');
    network.assertSafe();
    assert.equal(network.sameSets().total, 0);
    assert.ok(network.cells[5]!.host.figures.transferredVertices > 100);
    const { rejoinUs } = network.cells[5]!.host.figures;
    assert.ok(rejoinUs !== null && rejoinUs < 30_000_000);
  });
}

test('both sides of a healed partition finalise one set', async () => {
  const network = new HostNetwork({ nodes: 8, profile: lan, consensus });
  await network.start();
  await load(network, 8, [0, 1, 2, 3, 4, 5, 6, 7]);
  network.network.partition([0, 0, 0, 0, 0, 0, 1, 1], 2_000_000);
  await load(network, 60, [0, 1, 2, 6, 7]);
  await network.until(() => network.isSettled(), 30_000_000, 'healing');
  network.assertSafe();
  assert.equal(network.sameSets().total, 0);
  assert.equal(network.finalisedBy(7), 68);
});

test('two sides that decided different vertices while idle find out and reconcile', async () => {
  // A tolerant network: three of six members are enough to finalise.
  const network = new HostNetwork({
    nodes: 6,
    profile: lan,
    consensus: { k: 2, alphaPreference: 2, alphaConfidence: 2, beta: 3, earlyEnd: true },
  });
  await network.start();
  network.network.partition([0, 0, 0, 1, 1, 1], 4_000_000);
  network.submit(0);
  network.submit(5);
  await network.until(
    () => network.finalisedBy(0) === 1 && network.finalisedBy(5) === 1,
    3_900_000,
    'each side finalises its own vertex',
  );
  await network.until(() => network.finalisedBy(1) === 2 && network.isSettled(), 30_000_000, 'healing');
  network.assertSafe();
  assert.equal(network.sameSets().total, 0);
  const isTold = (): boolean => network.events.some(({ event }) => event === 'reconciled');
  await network.until(isTold, 30_000_000, 'both notice');
});

async function comesBackToSnapshots(limits: Partial<HostLimits>): Promise<void> {
  const network = new HostNetwork({ nodes: 6, profile: lan, consensus, limits });
  await network.start();
  await load(network, 10, [0, 1, 2, 3, 4, 5]);
  network.crash(5);
  await load(network, 120, [0, 1, 2, 3, 4]);
  await network.until(() => network.isSettled(), 10_000_000, 'finality');
  for (const { archive, isUp } of network.cells) if (isUp) await archive.prune(60, limits.rememberedDecided);
  await network.restart(5);
  await network.until(() => network.finalisedBy(5) >= 70 + 10, 60_000_000, 'what is left of the past');
  await load(network, 5, [5]);
  await network.until(
    () => network.cells.every(({ host }) => host.figures.undecided === 0),
    30_000_000,
    'finality',
  );
  // What was pruned everywhere is no decision of this node, so its order cannot be checked.
  const { byRule } = network.safety();
  assert.deepEqual(
    { ...byRule, order: 0 },
    { ...byRule, order: 0, conflict: 0, reversal: 0, repetition: 0, record: 0 },
  );
  const { settlements } = network.cells[5]!.archive;
  assert.ok(settlements.isFinalised(0, 3), 'a pruned vertex is not known as settled');
}

test('a node that was away longer than its peers remember takes a snapshot that several agree on', () =>
  comesBackToSnapshots({}));

test('members that keep few vertices in memory vote on what a snapshot brings back', () =>
  comesBackToSnapshots({ retainedDecided: 8, rememberedDecided: 16 }));

test('nodes that keep little of the past on disk restart from it, all of them', async () => {
  const network = new HostNetwork({
    nodes: 4,
    profile: lan,
    consensus: { k: 3, alphaPreference: 2, alphaConfidence: 2, beta: 4 },
    limits: { storedDecided: 20, retainedDecided: 8, rememberedDecided: 16 },
  });
  await network.start();
  await load(network, 90, [0, 1, 2, 3]);
  await network.until(() => network.isSettled(), 10_000_000, 'finality');
  for (const { archive } of network.cells) assert.ok(archive.firstOrder > 0, 'nothing was pruned');
  for (const number of [0, 1, 2, 3]) network.crash(number);
  for (const number of [0, 1, 2, 3]) await network.restart(number);
  await load(network, 20, [0, 1, 2, 3]);
  await network.until(() => network.isSettled() && network.finalisedBy(0) === 110, 20_000_000, 'going on');
  network.assertSafe();
});
