/**
 * Four hosts with real keys, sockets and disks in one process: the parts that virtual time cannot show fit together.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { monotonicClock } from '#node/host/clock.ts';
import { Host } from '#node/host/host.ts';
import {
  allMechanisms,
  type DecisionNews,
  defaultLimits,
  type HostOptions,
  timeoutBounds,
} from '#node/host/host-parts.ts';
import { createIdentity } from '#node/host/identity.ts';
import { Measurements } from '#node/host/metrics/measurements.ts';
import { openArchive } from '#node/host/store/archive.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import type { Store } from '#node/host/store/store.ts';
import type { Member } from '#node/host/transport/transport.ts';
import { createVerifier } from '#node/host/verification/verification-pipeline.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { listenNode, memberOf, type TestNode, until } from '../../../support/transport-fixture.ts';

const ideal = networkProfiles[0]!;
const silent = (): void => {};
const consensus = {
  k: 3,
  alphaPreference: 2,
  alphaConfidence: 2,
  beta: 5,
  threshold: 0.95,
  maxRounds: 100,
  pollIntervalUs: 10_000,
  concurrentPolls: 1,
  earlyEnd: true,
  maxUndecided: 1_024,
};

interface Running {
  readonly host: Host;
  readonly store: Store;
  readonly node: TestNode;
  readonly decisions: DecisionNews[];
}

test('four hosts over libp2p and RocksDB finalise, and one of them crashes and comes back', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hosts-'));
  const verifier = createVerifier({ threads: 1 });
  const identities = Array.from({ length: 4 }, () => createIdentity());
  const start = async (number: number, node: TestNode, members: readonly Member[]): Promise<Running> => {
    const store = await openRocksStore(path.join(folder, `${number}`));
    const archive = await openArchive(store, { member: number, durability: 'process' });
    const options: HostOptions = {
      number,
      consensus,
      seed: 1,
      timeout: timeoutBounds(ideal, consensus.pollIntervalUs),
      exclusion: false,
      isCampaign: false,
      attack: 'none',
      clusters: 1,
      operator: number,
      parents: { kind: 'count', least: 1, most: 3 },
      mechanisms: allMechanisms,
      limits: defaultLimits,
    };
    const host = new Host(options, {
      members,
      transport: node.transport,
      archive,
      identity: node.identity,
      verifier,
      clock: monotonicClock,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      measurements: new Measurements(),
    });
    const decisions: DecisionNews[] = [];
    host.listen({ decided: (news) => decisions.push(news) });
    await host.start();
    return { host, store, node, decisions };
  };
  const running: Running[] = [];
  try {
    const nodes = await Promise.all(identities.map((identity) => listenNode({}, identity)));
    const members = nodes.map(memberOf);
    for (const [number, node] of nodes.entries()) running.push(await start(number, node, members));
    await until('rejoined', () => running.every(({ host }) => host.figures.rejoinUs !== null));
    const submit = async (number: number): Promise<void> => {
      const payload = new Uint8Array(32).fill(number);
      const transactions = [{ inputs: [], payload }];
      const batch = { transactions, dueUs: monotonicClock.nowUs(), items: [] };
      // On a busy machine a node may call itself overloaded for a moment.
      await until('accepted', () => running[number]!.host.submit(batch).kind === 'accepted');
    };
    for (let i = 0; i < 40; i++) await submit(i % 4);
    await until('40 finalised', () => running.every(({ host }) => host.figures.finalised === 40));

    const gone = running[3]!;
    const [address] = gone.node.transport.addresses;
    gone.host.crash();
    await gone.node.transport.crash();
    await gone.store.close();
    for (let i = 0; i < 20; i++) await submit(i % 3);
    await until('20 more without it', () =>
      running.slice(0, 3).every(({ host }) => host.figures.finalised === 60),
    );
    const again = await listenNode({ listen: [address!.replace(/\/p2p\/.*$/, '')] }, identities[3]!);
    running[3] = await start(3, again, members);
    assert.equal(running[3].decisions.filter(({ isRecovered }) => isRecovered).length, 40);
    await until('it has caught up', () => running[3]!.host.figures.finalised === 60);
    await submit(3);
    await until('it issues again', () => running.every(({ host }) => host.figures.finalised === 61));

    const latencies = running.flatMap(({ decisions }) =>
      decisions.flatMap(({ dueUs, atUs }) => (dueUs === null ? [] : [(atUs - dueUs) / 1_000])),
    );
    latencies.sort((a, b) => a - b);
    const sequences = running[0]!.decisions.map(({ vertex }) => `${vertex.creator}/${vertex.sequence}`);
    assert.equal(new Set(sequences).size, sequences.length);
    console.log(`finality at the creator: median ${Math.round(latencies[latencies.length >> 1]!)} ms`);
  } finally {
    for (const { host, store } of running) {
      await host.stop();
      await store.close();
    }
    await verifier.close();
    await rm(folder, { recursive: true, force: true });
  }
});
