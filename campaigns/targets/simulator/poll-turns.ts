/**
 * Turns of polls in WebAssembly: a poll of which all was certain ends, and the next of its node begins, for many in a row.
 * Owns: in which runs and states the module may do that, telling it where everything stands, counting what it did. Does not own: the
 * computation (poll-turns.h), which it leaves to the core where a poll needs more; the same without it (poll-exchange.ts).
 */
import { arrivalSlot, arriveTicksOf, askTicksOf, noArrival } from './arrival.ts';
import { pollReference } from './event.ts';
import type { InFlight } from './in-flight.ts';
import { type Instants, instantKind } from './instants.ts';
import type { LateSamples } from './late-samples.ts';
import type { PollDraws } from './poll-draws.ts';
import type { PollRecords } from './poll-records.ts';
import type { TrafficParts } from './traffic.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const none = noArrival;
const endKind = instantKind.end;

/** Words of the module's control block, in its order. */
const control = {
  dueA: 0,
  dueB: 1,
  begun: 2,
  convicted: 3,
  head: 4,
  stride: 5,
  k: 6,
  odd: 7,
  peers: 8,
  scope: 9,
  scopeWords: 10,
  open: 11,
  openWords: 12,
  replaced: 13,
  marks: 14,
  row: 15,
  common: 16,
  highWord: 17,
  counter: 18,
  rounds: 19,
  score: 20,
  confidence: 21,
  suspect: 22,
  strikes: 23,
  strikeWords: 24,
  pollNumber: 25,
  record: 26,
  seed: 27,
  others: 28,
  lossLimit: 29,
  refuse: 30,
  alpha: 31,
  preference: 32,
  earlyEnd: 33,
  firstCheck: 34,
  beta: 35,
  maxRounds: 36,
  leastTimeout: 37,
  sendings: 38,
  flights: 39,
  turns: 40,
  convictions: 41,
  vertices: 42,
  delivered: 43,
  lost: 44,
  ignored: 45,
  seen: 46,
  struck: 47,
  smoothed: 48,
  deviation: 49,
  backOff: 50,
  nextStart: 51,
  start: 52,
  previousStart: 53,
  bytesSent: 54,
} as const;
const highWordAt = control.highWord;
const lossLimitAt = control.lossLimit;
const leastTimeoutAt = control.leastTimeout;
const sendingsAt = control.sendings;
const flightsAt = control.flights;
const turnsAt = control.turns;
const convictionsAt = control.convictions;
const verticesAt = control.vertices;
const deliveredAt = control.delivered;
const lostAt = control.lost;
const ignoredAt = control.ignored;

/** Numbers of the module's block of times, in its order. */
const times = {
  now: 0,
  tick: 1,
  interval: 2,
  tickNow: 3,
  settledUntil: 4,
  weight: 5,
  queryBytes: 6,
  vertexBytes: 7,
} as const;
const nowAt = times.now;
const tickNowAt = times.tickNow;
const settledUntilAt = times.settledUntil;

/** Words about a poll that has begun: its number, key, the answer that ends it. */
const begunWords = 3;
/** Convictions that a call may tell of. */
const mostConvictions = 2_048;
/** Words of vertices in a scope: one word of a map has a bit for each. */
const mostWords = 32;

/** What follows from turns. */
export interface TurnQueues {
  readonly instants: Instants;
  readonly samples: LateSamples;
  readonly inFlight: InFlight;
  readonly records: PollRecords;
}

/** The run is one in which nothing but the polls themselves decides about them. */
function isPlain({ core, network, attack, isCalm, exclusion, reputation }: TrafficParts): boolean {
  const { params, members, polls } = core;
  const isUniform = attack === null || attack.constant !== undefined;
  const isLasting = reputation.halfLifeUs === 0 && reputation.basis === 'misbehaviour';
  const isSparse = 2 * params.k < members && polls.polls === members;
  return isUniform && isLasting && isSparse && isCalm && !exclusion && network.delayTable[0]! > 0;
}

export class PollTurns {
  /** Of the last call. */
  turns = 0;
  delivered = 0;
  readonly #parts: TrafficParts;
  readonly #draws: PollDraws;
  readonly #queues: TurnQueues;
  readonly #control: Int32Array;
  readonly #times: Float64Array;
  readonly #begun: Int32Array;
  /** Nodes and peers. */
  readonly #convicted: Int32Array;
  readonly #isPlain: boolean;
  /** What was told of the arrays that are made anew when they grow. */
  #scope: Int32Array | null = null;
  #strikes: Int32Array | null = null;
  #due: Int32Array | null = null;
  #isNear = false;

  constructor(parts: TrafficParts, draws: PollDraws, queues: TurnQueues) {
    this.#parts = parts;
    this.#draws = draws;
    this.#queues = queues;
    this.#control = draws.turnControl;
    this.#times = draws.turnTimes;
    this.#begun = draws.int32(parts.core.polls.polls * begunWords);
    this.#convicted = draws.int32(2 * mostConvictions);
    this.#isPlain = isPlain(parts);
    this.#tellRun();
  }

  /** What stays as it is in a run. */
  #tellRun(): void {
    const { core, network, calibration, seed, attack } = this.#parts;
    const { params, polls, roundTrip } = core;
    const to = this.#control;
    to[control.begun] = this.#begun.byteOffset;
    to[control.stride] = polls.stride;
    to[control.k] = polls.k;
    to[control.seed] = seed;
    to[control.others] = core.members - 1;
    to[control.refuse] = attack?.constant === 'no' ? 1 : 0;
    to[control.alpha] = params.alphaConfidence;
    to[control.preference] = params.alphaPreference;
    to[control.earlyEnd] = params.earlyEnd ? 1 : 0;
    to[control.firstCheck] = params.earlyEnd ? polls.firstCheck : polls.k;
    to[control.beta] = params.beta;
    to[control.maxRounds] = params.maxRounds;
    to[control.leastTimeout] = Math.ceil(roundTrip.leastUs / network.tickUs);
    this.#times[times.tick] = network.tickUs;
    this.#times[times.interval] = params.pollIntervalUs;
    this.#times[times.weight] = core.weight;
    this.#times[times.queryBytes] = calibration.wireBytes.queryFixed;
    this.#times[times.vertexBytes] = calibration.wireBytes.queryPerVertex;
  }

  /** All is as the module takes it to be, and in its memory. */
  #isAble(): boolean {
    const { polls, table, suspicion } = this.#parts.core;
    if (!this.#isPlain || table.hasConflicts) return false;
    const { dueA } = this.#queues.instants;
    if (this.#scope !== polls.scope || this.#strikes !== suspicion.strikes || this.#due !== dueA)
      this.#look();
    return this.#isNear;
  }

  #look(): void {
    const { core, network } = this.#parts;
    const { polls, standing, suspicion, roundTrip } = core;
    const { instants, records } = this.#queues;
    this.#scope = polls.scope;
    this.#strikes = suspicion.strikes;
    this.#due = instants.dueA;
    const { counter, rounds, score, confidence } = standing;
    const arrays: Readonly<Record<string, ArrayBufferView>> = {
      dueA: instants.dueA,
      dueB: instants.dueB,
      begun: this.#begun,
      convicted: this.#convicted,
      head: polls.head,
      odd: polls.odd,
      peers: polls.peers,
      scope: polls.scope,
      open: polls.open.maps,
      replaced: polls.replacedCount,
      marks: standing.marks,
      common: standing.common.rows,
      counter,
      rounds,
      score,
      confidence,
      suspect: suspicion.suspect,
      strikes: suspicion.strikes,
      pollNumber: core.pollNumber,
      record: records.words,
      struck: suspicion.struck,
      smoothed: roundTrip.smoothedUs,
      deviation: roundTrip.deviationUs,
      backOff: roundTrip.backOff,
      nextStart: core.nextStartUs,
      start: polls.startUs,
      previousStart: polls.previousStartUs,
      bytesSent: network.bytesSent,
    };
    const to = this.#control;
    for (const [name, array] of Object.entries(arrays))
      to[control[name as keyof typeof control]] = array.byteOffset;
    to[control.scopeWords] = polls.words;
    to[control.openWords] = polls.open.stride;
    to[control.row] = standing.words;
    to[control.strikeWords] = suspicion.words;
    const isHere = Object.values(arrays).every(({ buffer }) => buffer === this.#draws.buffer);
    this.#isNear = isHere && standing.words <= mostWords;
  }

  /**
   * Instants of this tick, from that place on; returns the place of the first that is left to the caller. `sending`: number of the next
   * sending.
   */
  run(from: number, until: number, now: number, nowUs: number, sending: number): number {
    this.turns = 0;
    if (!this.#isAble()) return from;
    const { core, network, host } = this.#parts;
    const { inFlight, samples } = this.#queues;
    const to = this.#control;
    to[highWordAt] = core.table.highWord;
    to[lossLimitAt] = network.lossLimit;
    to[sendingsAt] = sending;
    to[flightsAt] = inFlight.next;
    this.#times[nowAt] = nowUs;
    this.#times[tickNowAt] = now;
    this.#times[settledUntilAt] = samples.answeredTick === now ? now + 1 : now;
    const done = this.#draws.turns(from, until);
    const turns = to[turnsAt]!;
    if (turns === 0) return done;
    this.turns = turns;
    this.delivered = this.#taken(deliveredAt);
    network.lost += this.#taken(lostAt);
    core.ignoredAnswers += this.#taken(ignoredAt);
    for (let i = 0; i < to[convictionsAt]!; i++)
      this.#convict(this.#convicted[2 * i]!, this.#convicted[2 * i + 1]!);
    host.turned(turns, this.#taken(verticesAt));
    for (let turn = 0; turn < turns; turn++) this.#queue(turn * begunWords, now);
    this.#setTimer((turns - 1) * begunWords, nowUs);
    return done;
  }

  #convict(node: number, peer: number): void {
    const { core, host } = this.#parts;
    core.suspicion.convicted(node, peer);
    host.convicted(node, peer);
  }

  /** A poll has begun: its messages are on their way, and its end is waited for. */
  #queue(at: number, now: number): void {
    const { inFlight, instants } = this.#queues;
    const { polls } = this.#parts.core;
    const begun = this.#begun;
    const poll = begun[at]!;
    const end = begun[at + 2]!;
    inFlight.add(poll, begun[at + 1]!, now, polls.k, polls.peers, poll * polls.k, end);
    if (end === none) return;
    const ticks = arriveTicksOf(end);
    const reference = pollReference(poll, polls.head[poll * polls.stride]!);
    instants.push(ticks, ticks - askTicksOf(end), endKind, arrivalSlot(end), reference, 0);
  }

  /** The last one may end after its timeout. */
  #setTimer(at: number, nowUs: number): void {
    const end = this.#begun[at + 2]!;
    if (end !== none && arriveTicksOf(end) < this.#control[leastTimeoutAt]!) return;
    const { core, host } = this.#parts;
    const poll = this.#begun[at]!;
    host.timeoutAt(poll, core.polls.sequence(poll), nowUs + core.roundTrip.timeoutUs(poll));
  }

  #taken(at: number): number {
    const count = this.#control[at]!;
    this.#control[at] = 0;
    return count;
  }
}
