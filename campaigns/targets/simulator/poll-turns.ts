/**
 * Turns of polls in WebAssembly: a poll of which all was certain ends, and the next of its node begins, for many in a row.
 * Owns: calling the module, what follows from what it did. Does not own: the computation (poll-turns.h), which it leaves to the core
 * where a poll needs more; in which runs it may do that (poll-memory.ts); the same without it (poll-exchange.ts).
 */
import { headKey } from '#node/core/poll-book.ts';
import type { InFlight } from './in-flight.ts';
import type { Instants } from './instants.ts';
import type { LateSamples } from './late-samples.ts';
import { control, convictionWords, type PollMemory, times } from './poll-memory.ts';
import { type PollRecords, recordWord, recordWords } from './poll-records.ts';
import type { TrafficParts } from './traffic.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const perRecord = recordWords;
const conviction = convictionWords;
/** Polls that a stretch of ticks has room for at least. */
const leastRoom = 1_024;
const fedAt = recordWord.fed;
const fieldKey = headKey;
/** In place of the answers handed over: the peers of the poll are not in the poll book. */
const aside = -1;

const highWordAt = control.highWord;
const lossLimitAt = control.lossLimit;
const sendingsAt = control.sendings;
const flightsAt = control.flights;
const turnsAt = control.turns;
const timerOfAt = control.timerOf;
const slotNowAt = control.slotNow;
const firstFlightAt = control.firstFlight;
const dueAt = control.due;
const doneAt = control.done;
const requestsAt = control.requests;
const convictionsAt = control.convictions;
const verticesAt = control.vertices;
const chitsAt = control.chits;
const deliveredAt = control.delivered;
const lostAt = control.lost;
const ignoredAt = control.ignored;

const nowAt = times.now;
const tickNowAt = times.tickNow;
const settledUntilAt = times.settledUntil;

/** What follows from turns. */
export interface TurnQueues {
  readonly instants: Instants;
  readonly samples: LateSamples;
  readonly inFlight: InFlight;
  readonly records: PollRecords;
}

export class PollTurns {
  /** Of the last call. */
  turns = 0;
  delivered = 0;
  /** The poll of the last call that may need a timer in the tick it has come to, or -1. */
  #waiting = -1;
  readonly #parts: TrafficParts;
  readonly #memory: PollMemory;
  readonly #queues: TurnQueues;
  readonly #control: Int32Array;
  readonly #times: Float64Array;

  constructor(parts: TrafficParts, memory: PollMemory, queues: TurnQueues) {
    this.#parts = parts;
    this.#memory = memory;
    this.#queues = queues;
    this.#control = memory.control;
    this.#times = memory.times;
  }

  /**
   * Instants of this tick, from that place on; returns the place of the first that is left to the caller. `sending`: number of the next
   * sending.
   */
  run(from: number, until: number, now: number, nowUs: number, sending: number): number {
    this.turns = 0;
    const { instants, inFlight } = this.#queues;
    inFlight.makeRoom(until - from, now);
    if (!this.#memory.canTurn || instants.chunksLeft < until - from) return from;
    this.#tell(now, nowUs, sending);
    const done = this.#memory.draws.turns(from, until);
    this.#take(now);
    this.setTimer(nowUs);
    return done;
  }

  get canPass(): boolean {
    return this.#memory.canTurn && this.#parts.wheel.chunksLeft > 0;
  }

  /** Goes on from the tick `now` to `until`, or to the first tick of which there is something left to the caller; returns which it is. */
  pass(now: number, until: number, sending: number): number {
    const { instants, inFlight } = this.#queues;
    inFlight.makeRoom(leastRoom, now);
    this.#tell(now, now * this.#parts.network.tickUs, sending);
    const passed = this.#memory.draws.pass(until - now);
    this.#take(now);
    instants.left(this.#control[dueAt]!, this.#control[doneAt]!);
    this.#parts.host.requested(this.#control[requestsAt]!);
    return now + passed;
  }

  #tell(now: number, nowUs: number, sending: number): void {
    const { core, network } = this.#parts;
    const { inFlight, samples } = this.#queues;
    const to = this.#control;
    to[highWordAt] = core.table.highWord;
    to[lossLimitAt] = network.lossLimit;
    to[sendingsAt] = sending;
    to[flightsAt] = inFlight.next;
    to[firstFlightAt] = inFlight.first;
    to[slotNowAt] = now;
    this.#times[nowAt] = nowUs;
    this.#times[tickNowAt] = now;
    this.#times[settledUntilAt] = samples.answeredTick === now ? now + 1 : now;
  }

  /** What the last call, which began in the tick `now`, has changed beside the arrays. */
  #take(now: number): void {
    const { core, network, host } = this.#parts;
    const turns = this.#control[turnsAt]!;
    this.turns = turns;
    this.#waiting = this.#control[timerOfAt]!;
    if (turns === 0) return;
    this.#queues.inFlight.next += turns;
    this.delivered = this.#taken(deliveredAt);
    network.lost += this.#taken(lostAt);
    core.ignoredAnswers += this.#taken(ignoredAt);
    this.#convict(now);
    host.turned(turns, this.#taken(verticesAt), this.#taken(chitsAt));
  }

  /** Whom a poll that has begun in the module has asked, for the core: all where that may matter, else those that refuse. */
  recallPeers(poll: number, isForAll: boolean): void {
    const { words } = this.#queues.records;
    const at = poll * perRecord + fedAt;
    if (words[at] !== aside) return;
    const { polls, standing, members } = this.#parts.core;
    const { head, stride, peers, k } = polls;
    const { draws, oddPeers } = this.#memory;
    if (isForAll || standing.contestedCount[poll] !== 0) {
      const key = head[poll * stride + fieldKey]!;
      draws.sample(poll, k, key, poll, members - 1, peers.byteOffset + 4 * poll * k);
      words[at] = 0;
    } else {
      const odd = polls.oddCount(poll);
      for (let i = 0; i < odd; i++) peers[poll * k + polls.oddSlot(poll, i)] = oddPeers[poll * k + i]!;
    }
  }

  #convict(now: number): void {
    const { core, network, host } = this.#parts;
    const { convicted } = this.#memory;
    const end = this.#control[convictionsAt]! * conviction;
    for (let at = 0; at < end; at += conviction) {
      const node = convicted[at]!;
      const peer = convicted[at + 1]!;
      core.suspicion.convicted(node, peer);
      host.convictedAt(node, peer, (now + convicted[at + 2]!) * network.tickUs);
    }
  }

  /** In the tick that the last call has come to: its poll may end after its timeout. */
  setTimer(nowUs: number): void {
    const poll = this.#waiting;
    if (poll < 0) return;
    this.#waiting = -1;
    const { core, host } = this.#parts;
    host.timeoutAt(poll, core.polls.sequence(poll), nowUs + core.roundTrip.timeoutUs(poll));
  }

  #taken(at: number): number {
    const count = this.#control[at]!;
    this.#control[at] = 0;
    return count;
  }
}
