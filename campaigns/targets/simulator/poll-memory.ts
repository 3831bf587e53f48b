/**
 * The memory that the draws of polls share with the core and the exchange, as the loops over whole polls see it.
 * Owns: telling the module where everything stands, in which runs and states all is as it takes it to be. Does not own: the loops
 * (poll-turns.ts, poll-follow.ts), what is drawn (poll-draws.ts).
 */
import { answerNoToAll } from '#node/core/exceptions.ts';
import type { Answering } from './answering.ts';
import type { InFlight } from './in-flight.ts';
import type { Instants } from './instants.ts';
import type { PollDraws } from './poll-draws.ts';
import type { PollRecords } from './poll-records.ts';
import type { TrafficParts } from './traffic.ts';
import type { WheelArrays } from './wheel.ts';

/** Words of the module's control block, in its order. */
export const control = {
  dueA: 0,
  dueB: 1,
  convicted: 2,
  head: 3,
  stride: 4,
  k: 5,
  odd: 6,
  peers: 7,
  scope: 8,
  scopeWords: 9,
  open: 10,
  openWords: 11,
  replaced: 12,
  marks: 13,
  row: 14,
  common: 15,
  highWord: 16,
  counter: 17,
  rounds: 18,
  score: 19,
  confidence: 20,
  suspect: 21,
  strikes: 22,
  strikeWords: 23,
  pollNumber: 24,
  record: 25,
  seed: 26,
  others: 27,
  lossLimit: 28,
  refuse: 29,
  alpha: 30,
  preference: 31,
  earlyEnd: 32,
  firstCheck: 33,
  beta: 34,
  maxRounds: 35,
  leastTimeout: 36,
  sendings: 37,
  flights: 38,
  turns: 39,
  convictions: 40,
  vertices: 41,
  chits: 42,
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
  repeatAt: 55,
  votes: 56,
  order: 57,
  kinds: 58,
  waiting: 59,
  pool: 60,
  attackKind: 61,
  ahead: 62,
  timerOf: 63,
  oddPeers: 64,
  instants: 65,
  next: 66,
  write: 67,
  first: 68,
  ends: 69,
  events: 70,
  eventsNext: 71,
  eventsWrite: 72,
  eventsFirst: 73,
  eventsEnds: 74,
  slotMask: 75,
  slotNow: 76,
  flightNode: 77,
  flightKey: 78,
  flightCount: 79,
  flightEnd: 80,
  flightMask: 81,
  firstFlight: 82,
  flightStart: 83,
  chunks: 84,
  senderBits: 85,
  passed: 86,
  due: 87,
  done: 88,
  requests: 89,
} as const;

/** Numbers of the module's block of times, in its order. */
export const times = {
  now: 0,
  tick: 1,
  interval: 2,
  tickNow: 3,
  settledUntil: 4,
  weight: 5,
  queryBytes: 6,
  vertexBytes: 7,
  exceptionBytes: 8,
} as const;

/** Convictions that a call may tell of. */
const mostConvictions = 2_048;
/** Words of one. */
export const convictionWords = 3;
/** Words of vertices in a scope: one word of a map has a bit for each. */
const mostWords = 32;

/** What is kept of polls beside the core. */
export interface PollArrays {
  readonly instants: Instants;
  readonly records: PollRecords;
  /** Of the queue of instants. */
  readonly wheel: WheelArrays;
  readonly inFlight: InFlight;
  /** Where the queries stand that arrive one by one; they may have moved elsewhere. */
  readonly pool: Int32Array;
}

/** The run is one in which nothing but the polls themselves decides about them. */
function isPlain(
  { core, network, isCalm, exclusion, reputation }: TrafficParts,
  { isUniform }: Answering,
): boolean {
  const { params, members, polls } = core;
  const isLasting = reputation.halfLifeUs === 0 && reputation.basis === 'misbehaviour';
  const isSparse = 2 * params.k < members && polls.polls === members;
  return isUniform && isLasting && isSparse && isCalm && !exclusion && network.delayTable[0]! > 0;
}

export class PollMemory {
  readonly draws: PollDraws;
  readonly control: Int32Array;
  readonly times: Float64Array;
  /** What the last call tells of polls: convictions (nodes, peers, ticks since the call), queries of a poll to wait for. */
  readonly convicted: Int32Array;
  readonly waiting: Int32Array;
  /** Peers that refuse in polls that have begun in the module: [poll][k]. */
  readonly oddPeers: Int32Array;
  readonly pool: Int32Array;
  readonly #parts: TrafficParts;
  readonly #arrays: PollArrays;
  readonly #isPlain: boolean;
  /** What was told of the arrays that are made anew when they grow. */
  #scope: Int32Array | null = null;
  #strikes: Int32Array | null = null;
  #due: Int32Array | null = null;
  #flights: Int32Array | null = null;
  #canTurn = false;
  #canFollow = false;

  constructor(parts: TrafficParts, answering: Answering, draws: PollDraws, arrays: PollArrays) {
    this.draws = draws;
    this.#parts = parts;
    this.#arrays = arrays;
    this.control = new Int32Array(draws.buffer, draws.controlAt, Object.keys(control).length);
    this.times = new Float64Array(draws.buffer, draws.timesAt, Object.keys(times).length);
    const { polls, k } = parts.core.polls;
    this.convicted = draws.int32(convictionWords * mostConvictions);
    this.waiting = draws.int32(k);
    this.oddPeers = draws.int32(polls * k);
    this.pool = arrays.pool;
    this.#isPlain = isPlain(parts, answering);
    this.#tellRun(answering.constant);
  }

  /** What stays as it is in a run; `attack`: the kind of every answer of an attacker, -1 when they differ. */
  #tellRun(attack: number): void {
    const { core, network, calibration, seed } = this.#parts;
    const { params, polls, roundTrip } = core;
    const to = this.control;
    // 0: that has to be asked.
    to[control.attackKind] = Math.max(0, attack);
    to[control.stride] = polls.stride;
    to[control.k] = polls.k;
    to[control.seed] = seed;
    to[control.others] = core.members - 1;
    to[control.refuse] = attack === answerNoToAll ? 1 : 0;
    to[control.alpha] = params.alphaConfidence;
    to[control.preference] = params.alphaPreference;
    to[control.earlyEnd] = params.earlyEnd ? 1 : 0;
    to[control.firstCheck] = polls.firstCheck;
    to[control.beta] = params.beta;
    to[control.maxRounds] = params.maxRounds;
    to[control.leastTimeout] = Math.ceil(roundTrip.leastUs / network.tickUs);
    this.times[times.tick] = network.tickUs;
    this.times[times.interval] = params.pollIntervalUs;
    this.times[times.weight] = core.weight;
    this.times[times.queryBytes] = calibration.wireBytes.queryFixed;
    this.times[times.vertexBytes] = calibration.wireBytes.queryPerVertex;
    this.times[times.exceptionBytes] = calibration.wireBytes.answerPerException;
  }

  /** Whole polls may turn. */
  get canTurn(): boolean {
    if (!this.#isPlain || this.#parts.core.table.hasConflicts) return false;
    this.#look();
    return this.#canTurn;
  }

  /** What is followed of polls is here. */
  get canFollow(): boolean {
    this.#look();
    return this.#canFollow;
  }

  #look(): void {
    const { polls, suspicion } = this.#parts.core;
    const { dueA } = this.#arrays.instants;
    const { end } = this.#arrays.inFlight;
    const isSame = this.#scope === polls.scope && this.#strikes === suspicion.strikes;
    if (isSame && this.#due === dueA && this.#flights === end) return;
    this.#flights = end;
    this.#scope = polls.scope;
    this.#strikes = suspicion.strikes;
    this.#due = dueA;
    this.#canFollow = this.#tell(this.#followed());
    this.#canTurn =
      this.#tell(this.#turned()) && this.#canFollow && this.#parts.core.standing.words <= mostWords;
    const to = this.control;
    to[control.scopeWords] = polls.words;
    to[control.flightMask] = end.length - 1;
    to[control.slotMask] = this.#arrays.wheel.write.length - 1;
    to[control.senderBits] = 32 - Math.clz32(this.#parts.core.members - 1);
    to[control.chunks] = this.#arrays.wheel.next.length;
    to[control.openWords] = polls.open.stride;
    to[control.row] = this.#parts.core.standing.words;
    to[control.strikeWords] = suspicion.words;
  }

  /** Tells where these stand; false: some are elsewhere. */
  #tell(arrays: Partial<Record<keyof typeof control, ArrayBufferView>>): boolean {
    let isHere = true;
    for (const name of Object.keys(control) as (keyof typeof control)[]) {
      const array = arrays[name];
      if (array === undefined) continue;
      this.control[control[name]] = array.byteOffset;
      isHere &&= array.buffer === this.draws.buffer;
    }
    return isHere;
  }

  #followed(): Partial<Record<keyof typeof control, ArrayBufferView>> {
    const { core, network } = this.#parts;
    const { polls, standing } = core;
    const { records, pool } = this.#arrays;
    const { votes, marks, repeatAtUs } = standing;
    const { head, peers, scope } = polls;
    const { bytesSent } = network;
    const { waiting } = this;
    const { words: record, order, kinds } = records;
    return {
      votes,
      marks,
      repeatAt: repeatAtUs,
      head,
      peers,
      scope,
      bytesSent,
      waiting,
      record,
      order,
      kinds,
      pool,
    };
  }

  #turned(): Partial<Record<keyof typeof control, ArrayBufferView>> {
    const { polls, standing, suspicion, roundTrip, pollNumber, nextStartUs } = this.#parts.core;
    const { dueA, dueB } = this.#arrays.instants;
    const { counter, rounds, score, confidence } = standing;
    const { suspect, strikes, struck } = suspicion;
    const { convicted, oddPeers } = this;
    const { pool: instants, next, write, first, ends } = this.#arrays.wheel;
    const events = this.#parts.wheel.arrays;
    const { node: flightNode, key: flightKey, count: flightCount, end: flightEnd } = this.#arrays.inFlight;
    return {
      dueA,
      dueB,
      convicted,
      oddPeers,
      odd: polls.odd,
      open: polls.open.maps,
      replaced: polls.replacedCount,
      common: standing.common.rows,
      counter,
      rounds,
      score,
      confidence,
      suspect,
      strikes,
      struck,
      pollNumber,
      smoothed: roundTrip.smoothedUs,
      deviation: roundTrip.deviationUs,
      backOff: roundTrip.backOff,
      nextStart: nextStartUs,
      start: polls.startUs,
      previousStart: polls.previousStartUs,
      instants,
      next,
      write,
      first,
      ends,
      events: events.pool,
      eventsNext: events.next,
      eventsWrite: events.write,
      eventsFirst: events.first,
      eventsEnds: events.ends,
      flightNode,
      flightKey,
      flightCount,
      flightEnd,
      flightStart: this.#arrays.inFlight.start,
    };
  }
}
