/**
 * The simulation: the consensus core of every node, driven by events.
 * Owns: virtual time, the order of things within a tick, timers, the ports of the core. Does not own: the protocol (node/core),
 * queries and answers (exchange.ts, poll-exchange.ts), load and faults (conduct.ts), what is recorded (recorder.ts).
 * Within a tick timers and vertices come first, then queries, then answers; each first in, first out.
 */
import type { AnswerDecorator } from '#node/core/answer.ts';
import { type ArrayMaker, plainArrays } from '#node/core/arrays.ts';
import type { Core, CoreOptions } from '#node/core/core.ts';
import type { ConsensusParams, ReputationRules } from '#node/core/params.ts';
import type { CorePorts } from '#node/core/ports.ts';
import type { VertexFacts } from '#node/core/vertex-table.ts';
import type { Calibration } from '#node/model/calibration.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';
import { Cpu } from './cpu.ts';
import {
  eventKind,
  kindOf,
  memberOf,
  mostMembers,
  mostPolls,
  nodeEvent,
  pollOf,
  pollReference,
  sequenceOf,
} from './event.ts';
import { Exchange } from './exchange.ts';
import { type KernelSize, kernelSize, type MessageKernel } from './message-kernel.ts';
import { Network, tickUsOf } from './network.ts';
import { loadPollDraws, type PollDraws, roomFor, roomForTurns } from './poll-draws.ts';
import { PollExchange } from './poll-exchange.ts';
import { Relay } from './relay.ts';
import type { RelayGraph } from './topology.ts';
import type { PollHost, Traffic } from './traffic.ts';
import { VectorSampler } from './vector-sampler.ts';
import type { DecisionSink, VirtualDisk } from './virtual-disk.ts';
import { type EventSink, TimingWheel, wheelArrays } from './wheel.ts';

export interface SimulationOptions {
  /** How queries and answers are followed. */
  readonly tier: 'message' | 'poll';
  readonly nodes: number;
  readonly consensus: ConsensusParams;
  readonly network: NetworkProfile;
  readonly graph: RelayGraph;
  /** No node crashes and no partition cuts: see relay.ts. */
  readonly isCalm: boolean;
  readonly calibration: Calibration;
  readonly cores: number;
  readonly seed: number;
  /** 1 = follows the attack. */
  readonly attackers: Uint8Array;
  readonly attack: AnswerDecorator | null;
  /** Attackers of one Sybil operator share a number (and their draws). */
  readonly operatorOf: Int32Array;
  readonly exclusion: boolean;
  readonly reputation: ReputationRules;
  readonly slots: number;
  /** Makes the core; tests put observed or defective ones in. */
  readonly core: (options: CoreOptions, ports: CorePorts) => Core;
  /** Makes the loops of the message fidelity; tests do without. */
  readonly kernel: (size: KernelSize) => MessageKernel | null;
  /** Makes the disks; tests put defective ones in. */
  readonly disk: (nodes: number, syncUs: number, sink: DecisionSink) => VirtualDisk;
}

/** What happens above the message level. */
export interface Conductor extends DecisionSink {
  publish(ticket: number, nowUs: number): void;
  rejected(node: number, slot: number, cause: number, nowUs: number): void;
  undecidedAtLimit(node: number, slot: number, nowUs: number): void;
  convicted(node: number, peer: number, nowUs: number): void;
  readmitted(node: number, peer: number): void;
}

const wheelSlots = 8192;
/** Timers and vertices that are often on their way at once: with more the queue moves. */
const usualEvents = 1 << 17;

/** At poll fidelity their memory holds what polls touch, the core's arrays included where there is room for them. */
function drawsOf({ tier, nodes, consensus }: SimulationOptions): {
  readonly draws: PollDraws | null;
  readonly pollArrays: ArrayMaker;
} {
  if (tier !== 'poll') return { draws: loadPollDraws(nodes), pollArrays: plainArrays };
  const polls = nodes * consensus.concurrentPolls;
  const room = roomForTurns(nodes, polls, consensus.k);
  const draws = loadPollDraws(nodes, room > 0 ? room : roomFor(nodes, polls, consensus.k));
  return { draws, pollArrays: room > 0 && draws !== null ? draws : plainArrays };
}

export class Simulation implements CorePorts, EventSink, PollHost {
  readonly core: Core;
  readonly network: Network;
  readonly cpu: Cpu;
  readonly disk: VirtualDisk;
  readonly relay: Relay;
  readonly exchange: Traffic;
  /** Timers and vertices; queries and answers have their own queues. */
  readonly wheel: TimingWheel;
  readonly tickUs: number;
  nowUs = 0;
  polls = 0;
  chits = 0;
  polledVertices = 0;
  /** Clock rate of a node in parts per million off true. */
  readonly skewPpm: Float64Array;
  skewedTimers = 0;
  readonly #conductor: Conductor;
  readonly #concurrent: number;
  readonly #wakeDueUs: Float64Array;
  /** How far the time that a node took for its last poll's start lies ahead of the true one: fast clocks only. */
  readonly #aheadUs: Float64Array;
  #earlyUs = 0;

  constructor(options: SimulationOptions, conductor: Conductor) {
    const { nodes, consensus, network, calibration, seed } = options;
    this.#conductor = conductor;
    this.#concurrent = consensus.concurrentPolls;
    if (nodes > mostMembers || nodes * this.#concurrent > mostPolls) {
      throw new RangeError(`at most ${mostMembers} nodes and ${mostPolls} polls`);
    }
    const most = network.oneWayUs[1];
    this.tickUs = tickUsOf(network);
    const longestUs = 4 * most + 4 * consensus.pollIntervalUs;
    const timeout = { initialUs: longestUs, leastUs: Math.max(10_000, 2 * most), mostUs: 10 * longestUs };
    const { slots, exclusion, reputation } = options;
    const { draws, pollArrays } = drawsOf(options);
    const kernel =
      options.tier === 'message'
        ? options.kernel(kernelSize(nodes, nodes * this.#concurrent, consensus.k, wheelSlots))
        : null;
    this.core = options.core(
      {
        ...(draws === null ? {} : { sampler: new VectorSampler(draws) }),
        arrays: kernel ?? draws ?? plainArrays,
        pollArrays,
        params: consensus,
        members: nodes,
        first: 0,
        hosted: nodes,
        seed,
        slots,
        timeout,
        exclusion,
        reputation,
      },
      this,
    );
    const arrays = kernel ?? draws ?? plainArrays;
    this.network = new Network(network, nodes, this.tickUs, seed, arrays);
    this.cpu = new Cpu(nodes, options.cores, arrays);
    this.disk = options.disk(nodes, calibration.serviceTimesUs.syncDisk, conductor);
    this.wheel = new TimingWheel(wheelSlots, wheelArrays(wheelSlots, usualEvents, pollArrays));
    const { core, cpu, disk, wheel } = this;
    const shared = { core, network: this.network, cpu, disk, host: this, wheel };
    const parts = { ...options, ...shared, wheelSlots, draws, kernel };
    this.exchange = options.tier === 'poll' ? new PollExchange(parts) : new Exchange(parts);
    this.relay = new Relay({
      core,
      network: this.network,
      wheel,
      cpu,
      graph: options.graph,
      isCalm: options.isCalm,
      calibration,
      seed,
    });
    this.skewPpm = new Float64Array(nodes);
    this.#wakeDueUs = new Float64Array(nodes);
    this.#aheadUs = new Float64Array(nodes);
  }

  /** Registers a vertex with the core of every node. */
  register(facts: VertexFacts): number {
    return this.core.register(facts);
  }

  /** Messages delivered: queries, answers, vertices and requests. */
  get messages(): number {
    return this.exchange.messages + this.relay.delivered;
  }

  /** Bytes a member has sent since the start. */
  bytesSent(member: number): number {
    return this.network.bytesSent[member]! + this.exchange.answerBytesOf(member);
  }

  get now(): number {
    return this.wheel.now;
  }

  /** It is the time of the current tick for all parts: what is done before its events run (a poll may begin) counts from it. */
  reach(): void {
    this.nowUs = this.wheel.now * this.tickUs;
    this.exchange.nowUs = this.nowUs;
  }

  /** Runs the current tick and goes on to the next. */
  step(): void {
    const { wheel, exchange } = this;
    this.reach();
    do {
      if (wheel.isDue) wheel.drain(this);
      exchange.drain();
    } while (this.isDue);
    const next = wheel.now + 1;
    wheel.advanceTo(next);
    exchange.advanceTo(next);
  }

  get isDue(): boolean {
    return this.wheel.isDue || this.exchange.isDue;
  }

  /** `skipTo` would not get beyond the current tick. */
  get mustStep(): boolean {
    return this.isDue && !this.exchange.canPass;
  }

  /** Goes on to the next tick in which an event may be due that more depends on than its poll, at most to `limit`. */
  skipTo(limit: number): void {
    const { wheel, exchange } = this;
    const due = exchange.canPass
      ? exchange.pass(wheel.horizon(limit))
      : wheel.nextDue(exchange.nextDue(limit));
    if (due <= this.wheel.now) return;
    this.wheel.advanceTo(due);
    this.exchange.advanceTo(due);
  }

  run(pool: Int32Array, from: number, until: number): void {
    for (let e = from; e < until; e += 2) this.#event(pool[e]!, pool[e + 1]!);
  }

  #event(a: number, b: number): void {
    switch (kindOf(a)) {
      case eventKind.body:
        this.relay.onBody(memberOf(a), b, this.nowUs);
        break;
      case eventKind.verified:
        this.relay.onVerified(memberOf(a), b, this.nowUs);
        break;
      case eventKind.request:
        this.relay.onRequest(memberOf(a), b, this.nowUs);
        break;
      case eventKind.wake:
        this.#ring(memberOf(a));
        break;
      case eventKind.timeout:
        this.exchange.beginRetries(pollOf(b), sequenceOf(b));
        this.core.timeout(pollOf(b), sequenceOf(b), this.nowUs);
        break;
      case eventKind.publish:
        this.#conductor.publish(b, this.nowUs);
        break;
    }
  }

  /** A fast clock rings early; the node takes it for the time it asked for. A slow one rings late. */
  #ring(node: number): void {
    const dueUs = this.#wakeDueUs[node]!;
    this.#earlyUs = Math.max(0, dueUs - this.nowUs);
    this.core.wake(node, this.nowUs + this.#earlyUs);
    this.#earlyUs = 0;
  }

  // Ports of the core.

  pollBegun(node: number, _poll: number, vertices: number): void {
    this.polls += 1;
    this.#aheadUs[node] = this.#earlyUs;
    this.exchange.begin(node, vertices);
  }

  query(poll: number, slot: number, attempt: number, peer: number): void {
    this.exchange.query(poll, slot, attempt, peer);
  }

  queryAll(poll: number, count: number): void {
    this.exchange.queryAll(poll, count);
  }

  pollEnded(_node: number, _poll: number, vertices: number, chits: number): void {
    this.polledVertices += vertices;
    this.chits += chits;
  }

  turned(polls: number, vertices: number, chits: number): void {
    this.polls += polls;
    this.polledVertices += vertices;
    this.chits += chits;
  }

  requested(requests: number): void {
    this.relay.delivered += requests;
  }

  wakeAt(node: number, atUs: number): void {
    this.#wakeDueUs[node] = atUs;
    // The node counts from its own time of the last start; the next one must not be put right by the true time.
    this.wheel.push(this.#timerTicks(node, atUs - this.#aheadUs[node]!), nodeEvent(eventKind.wake, node), 0);
  }

  timeoutAt(poll: number, sequence: number, atUs: number): void {
    const node = this.#concurrent === 1 ? poll : Math.floor(poll / this.#concurrent);
    const ticks = this.#timerTicks(node, this.exchange.giveUpAt(poll, atUs - this.nowUs));
    if (this.exchange.endsBefore(poll, this.wheel.now + ticks)) return;
    this.wheel.push(ticks, nodeEvent(eventKind.timeout, 0), pollReference(poll, sequence));
  }

  roundTripRead(node: number): void {
    this.exchange.settleRoundTrips(node);
  }

  /** A node with a skewed clock waits too long or too short. */
  #timerTicks(node: number, atUs: number): number {
    const waitUs = atUs - this.nowUs;
    const ppm = this.skewPpm[node]!;
    if (ppm === 0) return Math.max(0, Math.ceil(waitUs / this.tickUs));
    this.skewedTimers += 1;
    return Math.max(1, Math.ceil((waitUs * (1 - ppm / 1_000_000)) / this.tickUs));
  }

  request(node: number, slot: number, peer: number): void {
    this.relay.request(node, slot, peer, this.nowUs);
  }

  finalised(node: number, slot: number, rounds: number, confidence: number): void {
    this.disk.decide(node, slot, this.core.table.serial[slot]!, 1, rounds, confidence, this.nowUs);
  }

  rejected(node: number, slot: number, cause: number): void {
    this.disk.decide(node, slot, this.core.table.serial[slot]!, 2, 0, 0, this.nowUs);
    this.#conductor.rejected(node, slot, cause, this.nowUs);
  }

  undecidedAtLimit(node: number, slot: number): void {
    this.#conductor.undecidedAtLimit(node, slot, this.nowUs);
  }

  convicted(node: number, peer: number): void {
    this.convictedAt(node, peer, this.nowUs);
  }

  convictedAt(node: number, peer: number, atUs: number): void {
    this.#conductor.convicted(node, peer, atUs);
  }

  readmitted(node: number, peer: number): void {
    this.#conductor.readmitted(node, peer);
  }

  released(slot: number): void {
    this.relay.released(slot);
  }
}
