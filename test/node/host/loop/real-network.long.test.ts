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

/** Four members of one network; a member may die and be started again at its address. */
class RealNetwork {
  readonly running: Running[] = [];
  readonly #folder: string;
  readonly #verifier = createVerifier({ threads: 1 });
  readonly #identities = Array.from({ length: 4 }, () => createIdentity());
  #members: readonly Member[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const nodes = await Promise.all(this.#identities.map((identity) => listenNode({}, identity)));
    this.#members = nodes.map(memberOf);
    for (const [number, node] of nodes.entries()) this.running.push(await this.#host(number, node));
  }

  async #host(number: number, node: TestNode): Promise<Running> {
    const store = await openRocksStore(path.join(this.#folder, `${number}`));
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
      members: this.#members,
      transport: node.transport,
      archive: await openArchive(store, { member: number, durability: 'process' }),
      identity: node.identity,
      verifier: this.#verifier,
      clock: monotonicClock,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      measurements: new Measurements(),
    });
    const decisions: DecisionNews[] = [];
    host.listen({ decided: (news) => decisions.push(news) });
    await host.start();
    return { host, store, node, decisions };
  }

  async crash(number: number): Promise<void> {
    const { host, node, store } = this.running[number]!;
    host.crash();
    await node.transport.crash();
    await store.close();
  }

  async restart(number: number): Promise<void> {
    const [address] = this.#members[number]!.addresses;
    const listen = [address!.replace(/\/p2p\/.*$/, '')];
    const node = await listenNode({ listen }, this.#identities[number]!);
    this.running[number] = await this.#host(number, node);
  }

  /** On a busy machine a node may call itself overloaded for a moment. */
  submit(number: number): Promise<void> {
    const transactions = [{ inputs: [], payload: new Uint8Array(32).fill(number) }];
    const batch = { transactions, dueUs: monotonicClock.nowUs(), items: [] };
    return until('accepted', () => this.running[number]!.host.submit(batch).kind === 'accepted');
  }

  /** Durably, and told. */
  haveFinalised(count: number, nodes = 4): Promise<void> {
    const live = this.running.slice(0, nodes);
    return until(`${count} finalised`, () => live.every(({ decisions }) => decisions.length === count));
  }

  get medianMs(): number {
    const latencies = this.running
      .flatMap(({ decisions }) => decisions)
      .flatMap(({ dueUs, atUs }) => (dueUs === null ? [] : [(atUs - dueUs) / 1_000]));
    latencies.sort((a, b) => a - b);
    return latencies[latencies.length >> 1] ?? Number.NaN;
  }

  async stop(): Promise<void> {
    for (const { host, store } of this.running) {
      await host.stop();
      await store.close();
    }
    await this.#verifier.close();
  }
}

test('four hosts over libp2p and RocksDB finalise, and one of them crashes and comes back', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hosts-'));
  const network = new RealNetwork(folder);
  try {
    await network.start();
    for (let i = 0; i < 40; i++) await network.submit(i % 4);
    await network.haveFinalised(40);
    await network.crash(3);
    for (let i = 0; i < 20; i++) await network.submit(i % 3);
    await network.haveFinalised(60, 3);
    await network.restart(3);
    const again = network.running[3]!;
    assert.equal(again.decisions.filter(({ isRecovered }) => isRecovered).length, 40);
    await network.haveFinalised(60);
    await network.submit(3);
    await network.haveFinalised(61);
    const sequences = network.running[0]!.decisions.map(
      ({ vertex }) => `${vertex.creator}/${vertex.sequence}`,
    );
    assert.equal(new Set(sequences).size, 61);
    console.log(`finality at the creator: median ${Math.round(network.medianMs)} ms`);
  } finally {
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
