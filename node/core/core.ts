/**
 * The consensus core: a pure state machine for the nodes hosted in this process (one in a real node, all in a simulation).
 * Owns: the life of a poll and the order of its effects. Does not own: time, randomness, messages: they come as arguments
 * and leave through ports. Source: protocol definition, sections "Poll" and "Objects".
 *
 * Same state and same inputs give the same outputs. The path of a query and of a vote allocates nothing.
 */
import { type ArrayMaker, plainArrays } from './arrays.ts';
import { Decisions } from './decisions.ts';
import { Evidence } from './evidence.ts';
import { type Delivery, Intake } from './intake.ts';
import { type ConsensusParams, lastingConvictions, type ReputationRules } from './params.ts';
import {
  answerIgnored,
  answerMayBeLast,
  bitCount,
  headCurrent,
  headKey,
  headSampleSlot,
  PollBook,
  sequenceMask,
  slotEmpty,
  slotRetried,
  slotWaiting,
} from './poll-book.ts';
import type { CorePorts } from './ports.ts';
import { Preference } from './preference.ts';
import { purpose, streamKey } from './random.ts';
import { RoundTrip } from './round-trip.ts';
import { Sampler } from './sampler.ts';
import { confidenceWeight, nextConfidence } from './snow.ts';
import { Standing } from './standing.ts';
import { Suspicion } from './suspicion.ts';
import { Tips } from './tips.ts';
import { type VertexFacts, VertexTable } from './vertex-table.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const fieldSampleSlot = headSampleSlot;
const fieldCurrent = headCurrent;
const fieldKey = headKey;
const waiting = slotWaiting;
const retriedOnce = slotRetried;
const givenUp = slotEmpty;
const ignored = answerIgnored;
const mayBeLast = answerMayBeLast;
const afterChit = nextConfidence;
const sequenceBits = sequenceMask;
const ones = bitCount;

export interface CoreOptions {
  readonly params: ConsensusParams;
  /** All members of the network. */
  readonly members: number;
  /** The hosted nodes are the members first .. first + hosted - 1. */
  readonly first: number;
  readonly hosted: number;
  readonly seed: number;
  /** Slots to start with, a multiple of 32; the table grows when it is full. */
  readonly slots: number;
  readonly timeout: { readonly initialUs: number; readonly leastUs: number; readonly mostUs: number };
  /** Draws the samples; makes the arrays that a host's own loops use, too. Left out: the plain ones. */
  readonly sampler?: Sampler;
  readonly arrays?: ArrayMaker;
  /** Makes what else the end and the beginning of a poll touch, for a host that has both done elsewhere (`arrays`). */
  readonly pollArrays?: ArrayMaker;
  /** Leave convicted peers out of sampling. */
  readonly exclusion: boolean;
  /** Left out: misbehaviour convicts, for good. */
  readonly reputation?: ReputationRules;
}

/** Counts are kept in 16 bits and stay there. */
const highestCount = 0xffff;

export class Core {
  readonly params: ConsensusParams;
  readonly members: number;
  readonly table: VertexTable;
  readonly standing: Standing;
  readonly polls: PollBook;
  readonly decisions: Decisions;
  readonly suspicion: Suspicion;
  readonly tips: Tips;
  readonly active: Uint8Array;
  /** Late, duplicate and unrequested answers, ignored. */
  ignoredAnswers = 0;
  retries = 0;
  readonly #first: number;
  readonly #seed: number;
  readonly #ports: CorePorts;
  readonly #preference: Preference;
  readonly #intake: Intake;
  readonly #evidence: Evidence;
  readonly #sampler: Sampler;
  readonly roundTrip: RoundTrip;
  readonly weight: number;
  /** By node: how many polls it has begun, and when it may begin the next. */
  readonly pollNumber: Int32Array;
  readonly nextStartUs: Float64Array;
  readonly #wakeUs: Float64Array;
  readonly #ripe: number[] = [];
  readonly #readmitted = (node: number, peer: number): void => this.#ports.readmitted?.(node, peer);
  /** Vertices whose maxRounds-th poll has just ended. */
  readonly #atLimit: number[] = [];

  constructor(options: CoreOptions, ports: CorePorts) {
    const { params, members, hosted, slots, reputation = lastingConvictions, arrays = plainArrays } = options;
    const { first, exclusion, pollArrays = plainArrays } = options;
    this.params = params;
    this.members = members;
    this.#first = first;
    this.#seed = options.seed;
    this.#ports = ports;
    this.table = new VertexTable(members, hosted, slots);
    this.standing = new Standing(hosted, slots, arrays, pollArrays);
    this.polls = new PollBook(hosted * params.concurrentPolls, slots >>> 5, params, arrays);
    this.standing.common.onLoss = (word) => this.polls.open.widen(word);
    this.#preference = new Preference(this.table, this.standing);
    this.decisions = new Decisions(this.table, this.standing, this.#preference, this.polls, ports, params);
    const { halfLifeUs, basis } = reputation;
    this.suspicion = new Suspicion(members, first, hosted, exclusion, halfLifeUs, pollArrays);
    this.#intake = new Intake(this, this.#preference, ports, (node) => this.#timeoutUs(node));
    this.tips = new Tips(this.table, this.standing);
    this.#evidence = new Evidence(this, ports, basis);
    this.#sampler = options.sampler ?? new Sampler(members);
    this.roundTrip = new RoundTrip(hosted, options.timeout, pollArrays);
    this.weight = confidenceWeight(params.threshold, params.beta);
    this.active = arrays.uint8(hosted).fill(1);
    this.pollNumber = pollArrays.int32(hosted);
    this.nextStartUs = pollArrays.float64(hosted);
    this.#wakeUs = new Float64Array(hosted).fill(-1);
  }

  /** Registers a vertex; every reference to it from now on is its slot. */
  register(facts: VertexFacts): number {
    if (this.table.full) {
      this.table.grow();
      this.standing.grow();
      this.polls.grow(this.standing.words);
      this.decisions.grow();
    }
    return this.table.register(facts);
  }

  /** A verified vertex reaches a node; its own vertices come with from = -1. */
  deliver(node: number, slot: number, from: number, nowUs: number): Delivery {
    const delivery = this.#intake.deliver(node, slot, from, nowUs);
    if (delivery === 'entered') this.wake(node, nowUs);
    return delivery;
  }

  /**
   * Answers a query with the node's votes: 2 words per scope word from out[outAt] on (layout of answer.ts).
   * Returns a mask that is not 0 when the answer is not yes to everything: unknown vertices are then to be asked for.
   */
  answer(
    node: number,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    out: Int32Array,
    outAt: number,
  ): number {
    const votes = this.standing.votes;
    const from = 2 * node * this.standing.words;
    let exceptions = 0;
    for (let w = 0; w < words; w++) {
      const yes = votes[from + 2 * w]!;
      out[outAt + 2 * w] = yes;
      out[outAt + 2 * w + 1] = votes[from + 2 * w + 1]!;
      exceptions |= scope[scopeAt + w]! & ~yes;
    }
    return exceptions;
  }

  /** Asks the querier for the vertices of its scope that are unknown here. */
  requestMissing(
    node: number,
    querier: number,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    nowUs: number,
  ): void {
    for (let w = 0; w < words; w++) this.requestWord(node, querier, w, scope[scopeAt + w]!, nowUs);
  }

  /** The same for some vertices of one word. */
  requestWord(node: number, querier: number, word: number, vertices: number, nowUs: number): void {
    const { votes, marks, pending, words: width } = this.standing;
    const at = 2 * (node * width + word);
    let rest = vertices & ~votes[at + 1]! & ~marks[this.standing.at(pending, node, word)]!;
    for (; rest !== 0; rest &= rest - 1)
      this.#intake.want(node, (word << 5) + (31 - Math.clz32(rest & -rest)), querier, nowUs);
  }

  /**
   * An answer to the open poll arrives: votes[at ..] in the layout of answer.ts. The host has matched the sequence; a
   * duplicate, or the answer of a peer that was given up, is ignored.
   */
  receive(poll: number, slot: number, attempt: number, votes: Int32Array, at: number, nowUs: number): void {
    const isWanted = this.polls.state(poll, slot) === (attempt === 0 ? waiting : retriedOnce);
    this.arrive(poll, slot, attempt, isWanted ? this.polls.put(poll, slot, votes, at) : 0, nowUs);
  }

  /** The same for an answer that `polls.put` has looked at already: `kind` is what it returned. */
  arrive(poll: number, slot: number, attempt: number, kind: number, nowUs: number): void {
    const polls = this.polls;
    const outcome = polls.accept(poll, slot, attempt, kind);
    if (
      attempt === 0 &&
      slot === polls.head[poll * polls.stride + fieldSampleSlot] &&
      (outcome !== ignored || this.#isGivenUp(poll, slot))
    )
      this.roundTrip.observe(this.#nodeOf(poll), nowUs - polls.startUs[poll]!);
    this.#weigh(poll, outcome, nowUs);
  }

  /** The same when the host observes round trips apart (`observe`). */
  count(poll: number, slot: number, attempt: number, kind: number, nowUs: number): void {
    this.#weigh(poll, this.polls.accept(poll, slot, attempt, kind), nowUs);
  }

  #weigh(poll: number, outcome: number, nowUs: number): void {
    if (outcome === mayBeLast) {
      if (this.polls.isOver(poll)) this.conclude(poll, nowUs);
    } else if (outcome === ignored) this.ignoredAnswers += 1;
  }

  /** The answer of a peer that was given up counts no vote, but without it far peers would never be waited for. */
  #isGivenUp(poll: number, slot: number): boolean {
    const state = this.polls.state(poll, slot);
    return state === retriedOnce || state === givenUp;
  }

  /** An answer to a poll that is over: ignored, but a round-trip sample when it is the last poll's. */
  receiveLate(poll: number, sequence: number, slot: number, attempt: number, nowUs: number): void {
    this.ignoredAnswers += 1;
    if (attempt === 0 && slot === sequence % this.polls.k) this.observe(poll, sequence, nowUs);
  }

  /** The answer at the sample slot of a poll arrives, however late: the last two polls of a node yield a round trip. */
  observe(poll: number, sequence: number, nowUs: number): void {
    const polls = this.polls;
    const age = (polls.sequence(poll) - sequence) & sequenceBits;
    if (age > 1) return;
    const startUs = age === 0 ? polls.startUs[poll]! : polls.previousStartUs[poll]!;
    this.roundTrip.observe(this.#nodeOf(poll), nowUs - startUs);
  }

  #nodeOf(poll: number): number {
    return this.params.concurrentPolls === 1 ? poll : (poll / this.params.concurrentPolls) | 0;
  }

  /** The timeout of a poll: unanswered slots go once to a fresh peer, then stay empty. */
  timeout(poll: number, sequence: number, nowUs: number): void {
    const polls = this.polls;
    if (polls.head[poll * polls.stride + fieldCurrent] !== sequence) return;
    const node = this.#nodeOf(poll);
    this.#ports.roundTripRead?.(node);
    if (polls.filled(poll) === 0) this.roundTrip.heardNothing(node);
    let retried = false;
    for (let slot = 0; slot < polls.k; slot++) {
      const state = polls.state(poll, slot);
      if (state !== waiting && state !== retriedOnce) continue;
      const peer = state === retriedOnce ? -1 : this.#sparePeer(node, poll, slot, !retried);
      if (peer < 0) {
        if (polls.leaveEmpty(poll, slot)) {
          this.conclude(poll, nowUs);
          return;
        }
        continue;
      }
      polls.retry(poll, slot, peer);
      this.retries += 1;
      retried = true;
      this.#ports.query(poll, slot, 1, peer);
    }
    if (retried) this.#ports.timeoutAt(poll, sequence, nowUs + this.#timeoutUs(node));
  }

  #timeoutUs(node: number): number {
    this.#ports.roundTripRead?.(node);
    return this.roundTrip.timeoutUs(node);
  }

  /** `isFirst`: none of this timeout was given yet. */
  #sparePeer(node: number, poll: number, slot: number, isFirst: boolean): number {
    const { peers, k, head, stride } = this.polls;
    const self = this.#first + node;
    if (isFirst)
      this.#sampler.beginSpares(self, peers, poll * k, k, this.suspicion, this.polls.replaced(poll));
    return this.#sampler.takeSpare(self, head[poll * stride + fieldKey]!, self, slot);
  }

  /** Starts a poll if the node is due for one, else asks to be woken when it is. */
  wake(node: number, nowUs: number): void {
    if (this.#wakeUs[node]! <= nowUs) this.#wakeUs[node] = -1;
    const c = this.params.concurrentPolls;
    for (let j = 0; j < c; j++) {
      if (this.active[node] === 0 || this.standing.undecidedCount[node] === 0) return;
      const poll = node * c + j;
      if (this.polls.isOpen(poll)) continue;
      const dueUs = this.nextStartUs[node]!;
      if (nowUs < dueUs) {
        if (this.#wakeUs[node]! < 0) {
          this.#wakeUs[node] = dueUs;
          this.#ports.wakeAt(node, dueUs);
        }
        return;
      }
      this.#begin(node, poll, nowUs);
    }
  }

  #begin(node: number, poll: number, nowUs: number): void {
    const polls = this.polls;
    const k = polls.k;
    const member = this.#first + node;
    this.#ports.roundTripRead?.(node);
    const number = this.pollNumber[node]!++;
    const key = streamKey(this.#seed, member, purpose.poll, number);
    this.nextStartUs[node] = nowUs + this.params.pollIntervalUs;
    this.suspicion.forgive(node, nowUs, this.#readmitted);
    const vertices = polls.begin(
      poll,
      this.standing.marks,
      this.standing.at(this.standing.undecided, node, 0),
      this.table.highWord,
      key,
      nowUs,
      this.standing.stride,
    );
    const { scope, words } = polls;
    polls.open.narrow(poll, scope, poll * words, polls.scopeWords(poll), this.standing.common.rows);
    const drawn = this.#sampler.sample(member, k, key, member, polls.peers, poll * k, this.suspicion);
    this.#ports.pollBegun(node, poll, vertices);
    for (let slot = drawn; slot < k; slot++) {
      if (polls.leaveEmpty(poll, slot)) {
        this.conclude(poll, nowUs);
        return;
      }
    }
    const ports = this.#ports;
    if (ports.queryAll !== undefined) ports.queryAll(poll, drawn);
    else {
      const peers = polls.peers;
      for (let slot = 0; slot < drawn; slot++) ports.query(poll, slot, 0, peers[poll * k + slot]!);
    }
    ports.timeoutAt(poll, polls.sequence(poll), nowUs + this.roundTrip.timeoutUs(node));
  }

  /**
   * Closes a poll that is over and applies its outcome to every vertex of the scope that is still undecided. A host calls it
   * for a poll whose votes were foreseen (`PollBook.foresee`).
   */
  conclude(poll: number, nowUs: number): void {
    const polls = this.polls;
    const node = this.#nodeOf(poll);
    this.#evidence.review(node, poll, nowUs);
    polls.close(poll);
    const { alphaConfidence, alphaPreference } = this.params;
    let vertices = 0;
    let chits = 0;
    const words = polls.scopeWords(poll);
    for (let w = 0; w < words; w++) {
      const scope = polls.scope[poll * polls.words + w]!;
      if (scope === 0) continue;
      const chit = scope & polls.atLeast(poll, w, alphaConfidence);
      const preferred =
        alphaPreference === alphaConfidence ? chit : scope & polls.atLeast(poll, w, alphaPreference);
      vertices += this.#applyWord(node, w, scope, chit, preferred);
      chits += ones(chit);
    }
    this.#ports.pollEnded(node, poll, vertices, chits);
    if (this.standing.contestedCount[node] !== 0) this.#refreshContested(node);
    const ripe = this.#ripe;
    while (ripe.length > 0) this.decisions.finaliseIfAllowed(node, ripe.pop()!);
    const atLimit = this.#atLimit;
    while (atLimit.length > 0) {
      const slot = atLimit.pop()!;
      if (this.standing.has(this.standing.undecided, node, slot)) this.#ports.undecidedAtLimit(node, slot);
    }
    this.wake(node, nowUs);
  }

  /** Counters, scores, confidence and rounds of up to 32 vertices; returns how many. */
  #applyWord(node: number, word: number, scope: number, chit: number, preferred: number): number {
    const { counter, rounds, score, confidence } = this.standing;
    const base = node * this.standing.capacity + (word << 5);
    const { beta, maxRounds } = this.params;
    let vertices = 0;
    for (let rest = scope; rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest;
      const lane = 31 - Math.clz32(bit);
      const cell = base + lane;
      vertices += 1;
      if (rounds[cell]! < highestCount) {
        rounds[cell]! += 1;
        if (rounds[cell] === maxRounds) this.#atLimit.push((word << 5) + lane);
      }
      if ((preferred & bit) !== 0 && score[cell]! < highestCount) score[cell]! += 1;
      if ((chit & bit) !== 0) {
        if (counter[cell]! < highestCount) counter[cell]! += 1;
        confidence[cell] = afterChit(confidence[cell]!, this.weight, 1);
        if (counter[cell]! >= beta) this.#ripe.push((word << 5) + lane);
      } else {
        this.clearCounter(cell);
        confidence[cell] = afterChit(confidence[cell]!, this.weight, 0);
      }
    }
    return vertices;
  }

  /** A failed poll starts the run of successes over. */
  protected clearCounter(cell: number): void {
    this.standing.counter[cell] = 0;
  }

  /** All contested vertices, not only the scope: a later one may have led through another poll and now loses again. */
  #refreshContested(node: number): void {
    for (let w = 0; w < this.table.highWord; w++) {
      const contested = this.standing.at(this.standing.contested, node, w);
      for (let rest = this.standing.marks[contested]!; rest !== 0; rest &= rest - 1)
        this.#preference.refresh(node, (w << 5) + (31 - Math.clz32(rest & -rest)));
    }
  }

  /** Parents for a new vertex of the node, youngest first. */
  parentsFor(node: number, most: number): number[] {
    return this.tips.choose(node, most, this.decisions.lastFinalised(node));
  }

  /** The node stops; what its disk does not hold is gone. Other nodes still wait for it before a slot is released. */
  crash(node: number, durable: (slot: number) => boolean): void {
    this.active[node] = 0;
    for (let j = 0; j < this.params.concurrentPolls; j++)
      this.polls.close(node * this.params.concurrentPolls + j);
    this.decisions.reopen(this.standing.restart(node, durable));
    this.roundTrip.forget(node);
    this.#wakeUs[node] = -1;
  }

  restart(node: number, nowUs: number): void {
    this.active[node] = 1;
    this.wake(node, nowUs);
  }
}
