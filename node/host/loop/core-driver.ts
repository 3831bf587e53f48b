/**
 * The consensus core of one node, driven by frames and timers: the one place that knows how the core is called.
 * Owns: polls in flight (their names, peers and timers), turning queries and answers into frames and back, attackers' answers.
 * Does not own: the protocol (node/core), which vertices exist (vertex-ledger.ts), when frames leave (journal.ts).
 */

import type { AnswerDecorator } from '#node/core/answer.ts';
import { answerLate, answerNever } from '#node/core/answer.ts';
import { Core } from '#node/core/core.ts';
import { slotRetried, slotWaiting } from '#node/core/poll-book.ts';
import type { CorePorts } from '#node/core/ports.ts';
import { mix, purpose, streamKey } from '#node/core/random.ts';
import type { VertexFacts } from '#node/core/vertex-table.ts';
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import type { HostOptions } from '#node/host/host-parts.ts';
import { encodeFrame, readdressQuery } from '#node/host/wire/encode-frame.ts';
import {
  type AnswerFrame,
  idBytes,
  type QueryFrame,
  shortNameBytes,
  type VertexNames,
} from '#node/host/wire/frame.ts';
import { writeName } from '#node/host/wire/vertex-name.ts';
import type { VertexLedger } from './vertex-ledger.ts';

/** What the driver tells the host. Slots are those of the ledger. */
export interface DriverListener {
  finalised(slot: number, rounds: number, confidence: number): void;
  rejected(slot: number, cause: number): void;
  undecidedAtLimit(slot: number): void;
  convicted(peer: number): void;
  released(slot: number): void;
  pollEnded(tookUs: number, vertices: number, chits: number): void;
  /** Sends when everything that it may depend on is durable. */
  send(member: number, bytes: Uint8Array): void;
  /** A peer answered the first query of a poll after that long. */
  answered(member: number, roundTripUs: number): void;
  /** A query to the peer was not answered in time. */
  silent(member: number): void;
  isSuspect(member: number): boolean;
  /** Something has to be sent or written soon. */
  touch(): void;
}

/** One poll of the node, as its frames name it. */
interface OpenPoll {
  reference: number;
  sequence: number;
  startUs: number;
  /** Vertices in scope at its start, in the order of their names. */
  slots: number[];
  query: Uint8Array;
  /** First and second peer asked for each slot of the sample, -1 for none. */
  readonly asked: readonly [Int32Array, Int32Array];
  timer: ClockHandle | null;
}

const sequenceBits = 11;
const pollBits = 7;
const nonceBits = 14;

export interface AnswerOutcome {
  readonly answer: AnswerFrame | null;
  /** Held back until just before the querier gives up. */
  readonly isLate: boolean;
  /** Indices of names that are unknown here and not being fetched for all the host knows. */
  readonly unknown: readonly number[];
}

export class CoreDriver implements CorePorts {
  readonly core: Core;
  earlyRetries = 0;
  answersDecorated = 0;
  attack: AnswerDecorator | null = null;
  /** Added to the time between polls when the node sheds work. */
  restUs = 0;
  readonly #options: HostOptions;
  readonly #clock: Clock;
  readonly #ledger: VertexLedger;
  readonly #listener: DriverListener;
  readonly #polls: OpenPoll[];
  /** The poll before, for late answers. */
  readonly #nonce: number;
  #timeoutUs: number;
  #wake: ClockHandle | null = null;
  #votes = new Int32Array(64);
  #scope = new Int32Array(64);
  #isStopped = false;

  /** `life` counts starts of this node: answers to an earlier life are not taken for answers to this one. */
  constructor(
    options: HostOptions,
    members: number,
    life: number,
    clock: Clock,
    ledger: VertexLedger,
    listener: DriverListener,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#ledger = ledger;
    this.#listener = listener;
    const { consensus: params, mechanisms, timeout } = options;
    const most = timeout.mostUs;
    const bounds = mechanisms.adaptiveTimeouts
      ? timeout
      : { initialUs: timeout.initialUs, leastUs: timeout.initialUs, mostUs: timeout.initialUs };
    this.#timeoutUs = Math.min(timeout.initialUs, most);
    this.core = new Core(
      {
        params,
        members,
        first: options.number,
        hosted: 1,
        seed: options.seed ^ Math.imul(life, 0x9e37_79b1),
        slots: 256,
        timeout: bounds,
        exclusion: options.exclusion,
        ...(options.reputation === undefined ? {} : { reputation: options.reputation }),
      },
      this,
    );
    this.core.active[0] = 0;
    this.#nonce = mix(options.seed, options.number, life) & ((1 << nonceBits) - 1);
    this.#polls = Array.from({ length: params.concurrentPolls }, () => ({
      reference: 0,
      sequence: -1,
      startUs: 0,
      slots: [],
      query: new Uint8Array(0),
      asked: [new Int32Array(params.k).fill(-1), new Int32Array(params.k).fill(-1)] as const,
      timer: null,
    }));
  }

  get undecided(): number {
    return this.core.standing.undecidedCount[0]!;
  }

  /** The wait for an answer that holds now. */
  get timeoutUs(): number {
    return this.#timeoutUs;
  }

  register(facts: VertexFacts): number {
    return this.core.register(facts);
  }

  /** The vertex of a registered slot enters the node. Decisions about it may be told before this returns. */
  deliver(slot: number, from: number): void {
    this.core.deliver(0, slot, from, this.#clock.nowUs());
  }

  parentsFor(most: number): number[] {
    return this.core.parentsFor(0, most);
  }

  /** Everything on disk is read back, frames flow: polls may begin. */
  begin(): void {
    this.core.restart(0, this.#clock.nowUs());
  }

  /** No polls any more: the disk has failed, or the node stops. */
  stop(): void {
    this.#isStopped = true;
    this.core.active[0] = 0;
    this.#wake?.cancel();
    this.#wake = null;
    for (const poll of this.#polls) {
      poll.timer?.cancel();
      poll.timer = null;
    }
  }

  // ---- queries out

  pollBegun(_node: number, poll: number, vertices: number): void {
    const open = this.#polls[poll]!;
    const { scope, words } = this.core.polls;
    open.sequence = this.core.polls.sequence(poll);
    open.reference =
      ((this.#nonce << (sequenceBits + pollBits)) | (poll << sequenceBits) | open.sequence) >>> 0;
    open.startUs = this.#clock.nowUs();
    open.slots = [];
    open.asked[0].fill(-1);
    open.asked[1].fill(-1);
    open.timer?.cancel();
    open.timer = null;
    const slots: number[] = [];
    for (let w = 0; w < this.core.polls.scopeWords(poll); w++) {
      for (let rest = scope[poll * words + w]!; rest !== 0; rest &= rest - 1)
        slots.push((w << 5) + (31 - Math.clz32(rest & -rest)));
    }
    if (slots.length !== vertices) throw new Error(`a poll of ${vertices} vertices names ${slots.length}`);
    const named = this.#name(slots, mix(open.reference, this.#options.number, this.#options.seed) >>> 0);
    open.slots = named.slots;
    open.query = encodeFrame({
      kind: 'query',
      poll: open.reference,
      slot: 0,
      attempt: 0,
      names: named.names,
    });
  }

  /** Short names first, whole ids for vertices that could be taken for another. */
  #name(slots: readonly number[], salt: number): { names: VertexNames; slots: number[] } {
    const clear: number[] = [];
    const twins: number[] = [];
    for (const slot of slots) (this.#ledger.isAmbiguous(this.#ledger.at(slot)) ? twins : clear).push(slot);
    const short = new Uint8Array(clear.length * shortNameBytes);
    clear.forEach((slot, i) => {
      writeName(this.#ledger.at(slot).id, 0, salt, short, i * shortNameBytes);
    });
    const long = new Uint8Array(twins.length * idBytes);
    twins.forEach((slot, i) => {
      long.set(this.#ledger.at(slot).id, i * idBytes);
    });
    return { names: { salt, short, long }, slots: clear.concat(twins) };
  }

  query(poll: number, slot: number, attempt: number, peer: number): void {
    const open = this.#polls[poll]!;
    const which = attempt === 0 ? 0 : 1;
    if (which === 1) this.#listener.silent(open.asked[0][slot]!);
    open.asked[which][slot] = peer;
    this.#listener.send(peer, readdressQuery(open.query, slot, which));
  }

  timeoutAt(poll: number, sequence: number, atUs: number): void {
    const open = this.#polls[poll]!;
    open.timer?.cancel();
    this.#timeoutUs = atUs - this.#clock.nowUs();
    open.timer = this.#clock.at(atUs, () => {
      open.timer = null;
      if (this.#isStopped) return;
      this.core.timeout(poll, sequence, this.#clock.nowUs());
      this.#listener.touch();
    });
  }

  wakeAt(_node: number, atUs: number): void {
    this.#wake?.cancel();
    this.#wake = this.#clock.at(atUs + this.restUs, () => {
      this.#wake = null;
      if (this.#isStopped) return;
      this.core.wake(0, this.#clock.nowUs());
      this.#listener.touch();
    });
  }

  // ---- answers in

  /** Returns false when the frame cannot be an answer to anything asked: somebody invents answers. */
  receive(member: number, frame: AnswerFrame): boolean {
    const sequence = frame.poll & ((1 << sequenceBits) - 1);
    const poll = (frame.poll >>> sequenceBits) & ((1 << pollBits) - 1);
    const open = this.#polls[poll];
    if (frame.poll >>> (sequenceBits + pollBits) !== this.#nonce) {
      this.core.ignoredAnswers += 1;
      return true; // asked by an earlier life of this node
    }
    if (open === undefined || frame.slot >= this.core.polls.k) return false;
    const nowUs = this.#clock.nowUs();
    if (open.reference !== frame.poll) {
      this.core.ignoredAnswers += 1;
      return true;
    }
    if (open.asked[frame.attempt][frame.slot] !== member || frame.vertices !== open.slots.length)
      return false;
    if (frame.attempt === 0) this.#listener.answered(member, nowUs - open.startUs);
    if (!this.core.polls.isOpen(poll)) {
      this.core.receiveLate(poll, sequence, frame.slot, frame.attempt, nowUs);
      return true;
    }
    this.core.receive(poll, frame.slot, frame.attempt, this.#votesOf(open, poll, frame), 0, nowUs);
    this.#hurry(poll, open);
    return true;
  }

  #votesOf(open: OpenPoll, poll: number, frame: AnswerFrame): Int32Array {
    const words = this.core.polls.scopeWords(poll);
    if (this.#votes.length < 2 * words) this.#votes = new Int32Array(4 * words);
    const votes = this.#votes;
    votes.fill(0, 0, 2 * words);
    for (const slot of open.slots) {
      votes[2 * (slot >>> 5)]! |= 1 << (slot & 31);
      votes[2 * (slot >>> 5) + 1]! |= 1 << (slot & 31);
    }
    for (const index of frame.no) {
      const slot = open.slots[index]!;
      votes[2 * (slot >>> 5)]! &= ~(1 << (slot & 31));
    }
    for (const index of frame.unknown) {
      const slot = open.slots[index]!;
      votes[2 * (slot >>> 5)]! &= ~(1 << (slot & 31));
      votes[2 * (slot >>> 5) + 1]! &= ~(1 << (slot & 31));
    }
    return votes;
  }

  /** When only suspects have not answered, their slots go to others now instead of at the timeout. */
  #hurry(poll: number, open: OpenPoll): void {
    const { polls } = this.core;
    if (!this.#options.mechanisms.failureDetector) return;
    while (polls.isOpen(poll) && polls.sequence(poll) === open.sequence && polls.filled(poll) > 0) {
      let open0 = 0;
      for (let slot = 0; slot < polls.k; slot++) {
        const state = polls.state(poll, slot);
        if (state !== slotWaiting && state !== slotRetried) continue;
        if (!this.#listener.isSuspect(polls.peers[poll * polls.k + slot]!)) return;
        open0 += 1;
      }
      if (open0 === 0) return;
      this.earlyRetries += 1;
      this.core.timeout(poll, open.sequence, this.#clock.nowUs());
    }
  }

  // ---- queries in

  /** Votes on what a member asks about. */
  answer(member: number, frame: QueryFrame): AnswerOutcome {
    const { short, long, salt } = frame.names;
    const shorts = short.length / shortNameBytes;
    const count = shorts + long.length / idBytes;
    const slots = new Int32Array(count);
    const no: number[] = [];
    const unknown: number[] = [];
    for (let i = 0; i < count; i++) {
      const entry =
        i < shorts
          ? this.#ledger.findName(short, i * shortNameBytes, salt)
          : this.#ledger.find(long.subarray((i - shorts) * idBytes, (i - shorts + 1) * idBytes));
      slots[i] = entry === null ? -1 : entry.slot;
      if (entry === null) unknown.push(i);
      else if (entry.slot < 0) {
        if (entry.status === 'rejected') no.push(i);
        else if (entry.status === 'pruned') unknown.push(i);
      } else if (!this.core.standing.isKnown(0, entry.slot)) unknown.push(i);
      else if (!this.core.standing.saysYes(0, entry.slot)) no.push(i);
    }
    const { poll, slot, attempt } = frame;
    if (this.attack === null) {
      const answer = { kind: 'answer', poll, slot, attempt, vertices: count, no, unknown } as const;
      return { answer, isLate: false, unknown };
    }
    this.answersDecorated += 1;
    return this.#decorate(this.attack, member, frame, slots, no, unknown);
  }

  /** The attack rewrites the honest answer; vertices without a slot stand in free ones for the moment. */
  #decorate(
    attack: AnswerDecorator,
    member: number,
    frame: QueryFrame,
    slots: Int32Array,
    no: readonly number[],
    unknown: readonly number[],
  ): AnswerOutcome {
    const { table } = this.core;
    const count = slots.length;
    let free = table.highWord << 5;
    for (let i = 0; i < count; i++) if (slots[i]! < 0) slots[i] = free < table.capacity ? free++ : -1;
    const words = Math.max(table.highWord, (free + 31) >>> 5);
    if (this.#scope.length < words) this.#scope = new Int32Array(2 * words);
    const scope = this.#scope.fill(0);
    const votes = new Int32Array(2 * words);
    const noSet = new Set(no);
    const unknownSet = new Set(unknown);
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      if (slot < 0) continue;
      const bit = 1 << (slot & 31);
      scope[slot >>> 5]! |= bit;
      if (unknownSet.has(i)) continue;
      votes[2 * (slot >>> 5) + 1]! |= bit;
      if (!noSet.has(i)) votes[2 * (slot >>> 5)]! |= bit;
    }
    const { number, operator, seed } = this.#options;
    const draw = mix(streamKey(seed, operator, purpose.attack, member), member, frame.poll);
    const nowUs = this.#clock.nowUs();
    const manner = attack.decorate(this.core, number, member, draw, scope, 0, words, votes, 0, nowUs);
    if (manner === answerNever) return { answer: null, isLate: false, unknown };
    const lies: { no: number[]; unknown: number[] } = { no: [], unknown: [] };
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      if (slot < 0) {
        lies.unknown.push(i);
        continue;
      }
      const bit = 1 << (slot & 31);
      if ((votes[2 * (slot >>> 5)]! & bit) !== 0) continue;
      if ((votes[2 * (slot >>> 5) + 1]! & bit) !== 0) lies.no.push(i);
      else lies.unknown.push(i);
    }
    const { poll, slot, attempt } = frame;
    const answer = { kind: 'answer', poll, slot, attempt, vertices: count, ...lies } as const;
    return { answer, isLate: manner === answerLate, unknown };
  }

  // ---- decisions

  /** Lets go of the first `count` decided vertices. Not from within a port. */
  release(count: number): void {
    if (count > 0) this.core.decisions.release(count);
  }

  pollEnded(_node: number, poll: number, vertices: number, chits: number): void {
    const open = this.#polls[poll]!;
    open.timer?.cancel();
    open.timer = null;
    this.#listener.pollEnded(this.#clock.nowUs() - open.startUs, vertices, chits);
  }

  /** Never called: the host registers a vertex only when all its parents are known (body-intake.ts). */
  request(_node: number, slot: number, peer: number): void {
    throw new Error(`the core asks member ${peer} for slot ${slot}: a vertex came before its parents`);
  }

  finalised(_node: number, slot: number, rounds: number, confidence: number): void {
    this.#listener.finalised(slot, rounds, confidence);
  }

  rejected(_node: number, slot: number, cause: number): void {
    this.#listener.rejected(slot, cause);
  }

  undecidedAtLimit(_node: number, slot: number): void {
    this.#listener.undecidedAtLimit(slot);
  }

  convicted(_node: number, peer: number): void {
    this.#listener.convicted(peer);
  }

  released(slot: number): void {
    this.#listener.released(slot);
  }
}
