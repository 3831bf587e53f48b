/**
 * A network of hosts in one process on virtual time: memory transport, memory disks, signatures that cost nothing.
 * Owns: starting, crashing and restarting them, load, and the record that the safety checker reads.
 * Does not own: expectations. Signatures are hashes that anybody could make: attacks on keys are tested elsewhere.
 */
import assert from 'node:assert/strict';
import {
  type DecisionRecord,
  finalised,
  genesis,
  rejected,
  type VertexRecord,
} from '#campaigns/analysis/decision-record.ts';
import { checkSafety, type SafetyReport, sameSetAfterHeal } from '#campaigns/analysis/safety.ts';
import type { AttackChoice } from '#node/agent-protocol.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import type { Transaction } from '#node/core/vertex.ts';
import type { Clock } from '#node/host/clock.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import { Host } from '#node/host/host.ts';
import {
  allMechanisms,
  type DecisionNews,
  defaultLimits,
  type HostLimits,
  type HostListener,
  type HostOptions,
  type Mechanisms,
  type SubmitResult,
  timeoutBounds,
  type VertexNews,
} from '#node/host/host-parts.ts';
import type { Identity } from '#node/host/identity.ts';
import type { Log } from '#node/host/log.ts';
import { genesisId } from '#node/host/loop/machinery.ts';
import { Measurements } from '#node/host/metrics/measurements.ts';
import { type Archive, openArchive } from '#node/host/store/archive.ts';
import { MemoryDisk, MemoryStore } from '#node/host/store/memory-store.ts';
import type { Member, Transport } from '#node/host/transport/transport.ts';
import type { Verifier } from '#node/host/verification/verifier.ts';
import { signatureBytes } from '#node/host/verification/verifier.ts';
import { type NetworkProfile, networkProfiles } from '#node/model/network-profile.ts';
import { MemoryNetwork, type MemoryTransport } from './memory-transport.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface HostNetworkOptions {
  readonly nodes: number;
  readonly seed?: number;
  readonly profile?: NetworkProfile;
  readonly consensus?: Partial<ConsensusParams>;
  readonly mechanisms?: Partial<Mechanisms>;
  readonly limits?: Partial<HostLimits>;
  /** Attack by member number; others are honest. */
  readonly attackers?: ReadonlyMap<number, AttackChoice>;
  readonly parents?: HostOptions['parents'];
  readonly isCampaign?: boolean;
  readonly durability?: 'process' | 'power';
  /** A node's own view of time: slow machines. */
  readonly clockOf?: (number: number, clock: Clock) => Clock;
  /** Planted defects. */
  readonly archiveOf?: (number: number, archive: Archive) => Archive;
  readonly transportOf?: (number: number, transport: Transport) => Transport;
}

export interface Cell {
  readonly number: number;
  readonly disk: MemoryDisk;
  host: Host;
  transport: MemoryTransport;
  archive: Archive;
  measurements: Measurements;
  isUp: boolean;
}

interface Decided {
  readonly serial: number;
  readonly node: number;
  readonly status: number;
}

const silent = (): void => {};
const noLog: Log = { debug: silent, info: silent, warn: silent, error: silent };

const defaultConsensus: ConsensusParams = {
  k: 3,
  alphaPreference: 2,
  alphaConfidence: 3,
  beta: 5,
  threshold: 0.95,
  maxRounds: 200,
  pollIntervalUs: 20_000,
  concurrentPolls: 1,
  earlyEnd: true,
  maxUndecided: 4_096,
};

function signatureOf(publicKey: Uint8Array, context: string, message: Uint8Array): Uint8Array {
  const signature = new Uint8Array(signatureBytes);
  signature.set(blake3(Buffer.concat([publicKey, Buffer.from(context), message])));
  return signature;
}

/** Keys and signatures without cryptography, answered in microtasks: virtual time stays in order. */
export function cheapIdentity(number: number): Identity {
  const publicKey = new Uint8Array(1_312);
  publicKey.set([number & 0xff, number >> 8, 1]);
  return {
    publicKey,
    nodeId: blake3(publicKey),
    peerSeed: blake3(publicKey),
    sign: async (context, message) => signatureOf(publicKey, context, message),
  };
}

export const cheapVerifier: Verifier = {
  verify: async (publicKey, context, message, signature) =>
    Buffer.compare(signatureOf(publicKey, context, message), signature) === 0,
  whenRoom: async () => {},
  figures: {
    verified: 0,
    rejected: 0,
    deduplicated: 0,
    deduplicatedAcrossNodes: 0,
    refused: 0,
    queueDepth: 0,
    queueDepthMost: 0,
    batchSizes: new Map(),
    cpuUs: 0,
  },
  close: async () => {},
};

export class HostNetwork {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly cells: Cell[] = [];
  readonly events: { node: number; event: string; atUs: number; tookUs: number; text: string }[] = [];
  /** From submission to durable finalisation at each honest node, microseconds. */
  readonly latenciesUs: number[] = [];
  readonly contradictions: string[] = [];
  readonly convictions: { readonly node: number; readonly peer: number }[] = [];
  readonly consensus: ConsensusParams;
  readonly #options: HostNetworkOptions;
  readonly #members: readonly Member[];
  readonly #serials = new Map<string, number>();
  readonly #vertices: VertexRecord[] = [];
  #decided: Decided[] = [];
  readonly #statusAt = new Map<string, number>();
  readonly #itemOf: number[][] = [];
  readonly #dueUs: number[] = [];
  #payload = 0;

  constructor(options: HostNetworkOptions) {
    this.#options = options;
    const { nodes, seed = 1, profile = networkProfiles[0]!, consensus } = options;
    this.consensus = { ...defaultConsensus, ...consensus };
    this.network = new MemoryNetwork({ clock: this.clock, profile, seed });
    this.#members = Array.from({ length: nodes }, (_, number) => ({
      number,
      publicKey: cheapIdentity(number).publicKey,
      peerId: `peer-${number}`,
      addresses: [],
    }));
  }

  get profile(): NetworkProfile {
    return this.#options.profile ?? networkProfiles[0]!;
  }

  attackOf(number: number): AttackChoice {
    return this.#options.attackers?.get(number) ?? 'none';
  }

  async start(): Promise<void> {
    for (let number = 0; number < this.#options.nodes; number++) {
      const disk = new MemoryDisk();
      this.cells.push({ number, disk, ...(await this.#make(number, disk)), isUp: true });
    }
    await Promise.all(this.cells.map(({ host }) => host.start()));
    await this.run(1_000);
  }

  async #make(number: number, disk: MemoryDisk): Promise<Omit<Cell, 'number' | 'disk' | 'isUp'>> {
    const { seed = 1, mechanisms, limits, parents, durability = 'process' } = this.#options;
    const transport = this.network.transport(number);
    const opened = await openArchive(new MemoryStore(disk), { member: number, durability });
    const archive = this.#options.archiveOf?.(number, opened) ?? opened;
    const measurements = new Measurements();
    const options: HostOptions = {
      number,
      consensus: this.consensus,
      seed,
      timeout: timeoutBounds(this.profile, this.consensus.pollIntervalUs),
      exclusion: false,
      isCampaign: this.#options.isCampaign ?? true,
      attack: this.attackOf(number),
      clusters: 1,
      operator: 0,
      parents: parents ?? { kind: 'count', least: 1, most: 3 },
      mechanisms: { ...allMechanisms, ...mechanisms },
      limits: { ...defaultLimits, ...limits },
    };
    const host = new Host(options, {
      members: this.#members,
      transport: this.#options.transportOf?.(number, transport) ?? transport,
      archive,
      identity: cheapIdentity(number),
      verifier: cheapVerifier,
      clock: this.#options.clockOf?.(number, this.clock) ?? this.clock,
      log: noLog,
      measurements,
    });
    host.listen(this.#listener(number));
    return { host, transport, archive, measurements };
  }

  /** As kill -9: what the disk had acknowledged stays. */
  crash(number: number): void {
    const cell = this.cells[number]!;
    cell.host.crash();
    cell.transport.kill();
    cell.disk.crash();
    cell.isUp = false;
  }

  async restart(number: number, disk: 'kept' | 'lost' = 'kept'): Promise<void> {
    const cell = this.cells[number]!;
    assert.ok(!cell.isUp, `node ${number} is up`);
    if (disk === 'lost') {
      cell.disk.records.clear();
      // What a lost disk had decided is decided again by polls: the second time counts.
      this.#decided = this.#decided.filter(({ node }) => node !== number);
      for (const key of [...this.#statusAt.keys()])
        if (key.startsWith(`${number}/`)) this.#statusAt.delete(key);
    }
    Object.assign(cell, await this.#make(number, cell.disk));
    cell.isUp = true;
    await cell.host.start();
  }

  run(forUs: number): Promise<void> {
    return this.clock.advanceSettling(forUs);
  }

  /** Virtual time goes on until the condition holds; fails after `mostUs`. */
  async until(condition: () => boolean, mostUs: number, what: string): Promise<void> {
    const endUs = this.clock.nowUs() + mostUs;
    while (!condition()) {
      assert.ok(this.clock.nowUs() < endUs, `${what}: not within ${mostUs / 1e6} s\n${this.describe()}`);
      await this.run(10_000);
    }
  }

  describe(): string {
    return this.cells
      .map(({ number, isUp, host: { figures: f } }) => {
        const state = isUp ? 'up' : 'down';
        return `node ${number} ${state}: ${f.finalised} finalised, ${f.rejected} rejected, ${f.undecided} undecided, ${f.waitingVertices} waiting, ${f.queuedBatches} queued`;
      })
      .join('\n');
  }

  /** One transaction in one batch; `inputs` make it conflict with others. */
  submit(number: number, inputs: readonly number[] = [], transactions = 1): SubmitResult {
    const payload = Buffer.alloc(16);
    const all: Transaction[] = Array.from({ length: transactions }, (_, at) => {
      payload.writeUInt32LE(this.#payload++);
      return { inputs: at === 0 ? inputs : [], payload: Uint8Array.from(payload) };
    });
    const item = this.#dueUs.length;
    const dueUs = this.clock.nowUs();
    this.#dueUs.push(dueUs);
    return this.cells[number]!.host.submit({ transactions: all, dueUs, items: [item] });
  }

  get honest(): number[] {
    return this.cells.map(({ number }) => number).filter((number) => this.attackOf(number) === 'none');
  }

  /** Every live honest node has finalised as many vertices as the others, and nothing waits. */
  isSettled(nodes: readonly number[] = this.honest): boolean {
    const live = nodes.map((number) => this.cells[number]!).filter(({ isUp }) => isUp);
    // A vertex that lost may never have reached a node that was away.
    const counts = new Set(live.map(({ host }) => host.figures.finalised));
    return (
      counts.size === 1 &&
      live.every(
        ({ host: { figures } }) =>
          figures.undecided === 0 && figures.queuedBatches === 0 && figures.waitingVertices === 0,
      )
    );
  }

  finalisedBy(number: number): number {
    return this.cells[number]!.host.figures.finalised;
  }

  get vertices(): number {
    return this.#vertices.length;
  }

  get record(): DecisionRecord {
    const nodes = this.#options.nodes;
    return {
      nodes,
      honest: Uint8Array.from({ length: nodes }, (_, number) => (this.attackOf(number) === 'none' ? 1 : 0)),
      vertices: this.#vertices,
      decisions: {
        serial: Uint32Array.from(this.#decided, ({ serial }) => serial),
        node: Uint32Array.from(this.#decided, ({ node }) => node),
        status: Uint8Array.from(this.#decided, ({ status }) => status),
        count: this.#decided.length,
      },
    };
  }

  safety(): SafetyReport {
    return checkSafety(this.record);
  }

  sameSets(nodes: readonly number[] = this.honest): SafetyReport {
    return sameSetAfterHeal(this.record, nodes);
  }

  assertSafe(): void {
    const report = this.safety();
    assert.deepEqual(report.violations, []);
    assert.equal(report.total, 0);
    assert.deepEqual(this.contradictions, []);
    assert.ok(report.decisionsChecked > 0, 'no decision was checked');
  }

  #listener(node: number): Partial<HostListener> {
    return {
      vertex: (news) => this.#serialOf(news),
      decided: (news) => this.#noteDecision(node, news),
      convicted: (peer) => this.convictions.push({ node, peer }),
      event: (event, atUs, tookUs, _figure, text) => this.events.push({ node, event, atUs, tookUs, text }),
    };
  }

  #serialOf(news: VertexNews): number {
    const text = Buffer.from(news.id).toString('hex');
    const known = this.#serials.get(text);
    if (known !== undefined) return known;
    const { creator, sequence, parents, inputs } = news;
    const serial = this.#vertices.length;
    this.#serials.set(text, serial);
    this.#vertices.push({
      creator,
      sequence,
      parents: parents.map((parent) => this.#parentSerial(parent)),
      keys: [...inputs, -(creator * 4_294_967_296 + sequence)],
      createdByHonest: this.attackOf(creator) === 'none',
    });
    this.#itemOf[serial] = [...news.items];
    return serial;
  }

  #parentSerial(parent: Uint8Array): number {
    if (Buffer.compare(parent, genesisId()) === 0) return genesis;
    return this.#serials.get(Buffer.from(parent).toString('hex')) ?? -2;
  }

  #noteDecision(node: number, news: DecisionNews): void {
    const serial = this.#serialOf(news.vertex);
    const status = news.status === 'finalised' ? finalised : rejected;
    const key = `${node}/${serial}`;
    const before = this.#statusAt.get(key);
    if (news.isRecovered && before === status) return;
    if (before !== undefined)
      this.contradictions.push(`node ${node} decided vertex ${serial} again: ${before}, then ${status}`);
    this.#statusAt.set(key, status);
    this.#decided.push({ serial, node, status });
    const dueUs = this.#dueUs[this.#itemOf[serial]?.[0] ?? -1];
    if (status === finalised && dueUs !== undefined && this.attackOf(node) === 'none')
      this.latenciesUs.push(news.atUs - dueUs);
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
