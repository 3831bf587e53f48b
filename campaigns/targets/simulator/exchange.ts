/**
 * The path of every query and answer: the part of the simulation that runs tens of millions of times a second.
 * Owns: queries and answers in flight, their delays, bytes and CPU, Byzantine rewriting. Does not own: when polls start or
 * what answers mean (node/core), other events (simulation.ts), the same loops where they are simple (together.ts).
 * Nothing here allocates per message.
 */
import { answerLate, answerNever, answerNow } from '#node/core/answer.ts';
import type { Core } from '#node/core/core.ts';
import { answerYesToAll } from '#node/core/exceptions.ts';
import { headKey, headScopeWords, headStates } from '#node/core/poll-book.ts';
import { mix } from '#node/core/random.ts';
import { Answering } from './answering.ts';
import type { Cpu } from './cpu.ts';
import { deferred, kindShift, memberOf, mostMembers, mostPolls, pollEvent, pollReference } from './event.ts';
import type { Network } from './network.ts';
import { Together } from './together.ts';
import { answerDraws, queryDraws, type Traffic, type TrafficParts } from './traffic.ts';
import { type EventSink, TimingWheel } from './wheel.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const fieldKey = headKey;
const fieldScopeWords = headScopeWords;
const fieldStates = headStates;
const yesToAll = answerYesToAll;
const draw32 = mix;
const queryStream = queryDraws;
const answerStream = answerDraws;
const kindAt = kindShift;
const memberMask = mostMembers - 1;
const pollMask = mostPolls - 1;
const deferredBit = deferred;
const now = answerNow;
const never = answerNever;
const lateMark = answerLate;

const attacker = 0x80000000 | 0;
/** Polls of a node that may be in flight at once. */
const pastBits = 4;
const pastMask = (1 << pastBits) - 1;

export class Exchange implements Traffic {
  readonly queries: TimingWheel;
  readonly answers: TimingWheel;
  nowUs = 0;
  messages = 0;
  readonly ignoredAhead = 0;
  readonly lostAhead = 0;
  /** Queries received by each member; the top bit marks those whose answers an attack rewrites. */
  readonly #asked: Int32Array;
  /** Keys of the last polls: an answer to a query that arrives when its poll is over has that poll's draw. */
  readonly #pastKeys: Int32Array;
  /** By poll its sequence and key, for the kernel. */
  readonly #abouts: Int32Array;
  /** Null where all messages are carried one by one. */
  readonly #together: Together | null;
  readonly #answering: Answering;
  readonly #parts: TrafficParts;
  readonly #core: Core;
  readonly #network: Network;
  readonly #cpu: Cpu;
  readonly #tickUs: number;
  readonly #concurrent: number;
  readonly #isWeightless: boolean;
  readonly #answerUs: number;
  readonly #answerBytes: number;
  readonly #querySink: EventSink;
  readonly #answerSink: EventSink;
  readonly #timeoutUs: Float64Array;
  #departUs = 0;
  #queryBytes = 0;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
    this.#core = parts.core;
    this.#network = parts.network;
    this.#cpu = parts.cpu;
    this.#tickUs = parts.network.tickUs;
    this.#concurrent = parts.core.params.concurrentPolls;
    const { kernel } = parts;
    const arrays = kernel?.queues;
    this.queries = new TimingWheel(parts.wheelSlots, arrays?.queries);
    this.answers = new TimingWheel(parts.wheelSlots, arrays?.answers);
    this.#asked = kernel?.asked ?? new Int32Array(parts.core.members);
    if (parts.attack !== null)
      for (const [member, attacks] of parts.attackers.entries())
        if (attacks === 1) this.#asked[member] = attacker;
    this.#pastKeys = kernel?.pastKeys ?? new Int32Array(parts.core.polls.polls << pastBits);
    this.#abouts = kernel?.abouts ?? new Int32Array(2 * parts.core.polls.polls);
    this.#answering = new Answering(parts);
    const times = parts.calibration.serviceTimesUs;
    this.#answerUs = times.answerQuery;
    this.#answerBytes = parts.calibration.wireBytes.answerFixed;
    this.#isWeightless = times.askQuery === 0 && times.answerQuery === 0;
    this.#timeoutUs = new Float64Array(parts.core.polls.polls);
    this.#querySink = {
      run: (pool, from, until) => {
        if (this.#together?.canReply() === true) this.#together.answer(pool, from, until);
        else this.#onQueries(pool, from, until);
      },
    };
    this.#answerSink = {
      run: (pool, from, until) => {
        if (this.#together?.canCount() === true) this.#together.count(pool, from, until);
        else this.onAnswers(pool, from, until);
      },
    };
    this.#together = kernel === null ? null : new Together(parts, kernel, this.#answering, this);
  }

  /** Queries cannot be answered at once: they cost CPU, or a disk has failed. */
  get #isHindered(): boolean {
    return !this.#isWeightless || this.#parts.disk.anyFailed;
  }

  endsBefore(_poll: number, _tick: number): boolean {
    return false;
  }

  settleRoundTrips(_node: number): void {}

  drain(): void {
    this.queries.drain(this.#querySink);
    this.answers.drain(this.#answerSink);
  }

  get isDue(): boolean {
    return this.queries.isDue || this.answers.isDue;
  }

  get canPass(): boolean {
    return false;
  }

  pass(): number {
    return this.queries.now;
  }

  nextDue(limit: number): number {
    return this.answers.nextDue(this.queries.nextDue(limit));
  }

  advanceTo(tick: number): void {
    this.queries.advanceTo(tick);
    this.answers.advanceTo(tick);
  }

  #nodeOf(poll: number): number {
    return this.#concurrent === 1 ? poll : (poll / this.#concurrent) | 0;
  }

  /** A poll begins: its queries leave when the node's event loop gets to them. */
  begin(node: number, vertices: number): void {
    const { serviceTimesUs, wireBytes } = this.#parts.calibration;
    this.#queryBytes = wireBytes.queryFixed + vertices * wireBytes.queryPerVertex;
    this.#network.bytesSent[node]! += this.#queryBytes * this.#core.polls.k;
    this.#departUs = this.nowUs;
    if (this.#isWeightless) return;
    this.#departUs = Math.max(this.nowUs, this.#cpu.loopFreeUs[node]!);
    // Sending the queries and reading their answers is charged at once.
    this.#cpu.loop(node, serviceTimesUs.askQuery * this.#core.polls.k, this.nowUs);
  }

  beginRetries(_poll: number, _sequence: number): void {
    this.#departUs = this.nowUs;
  }

  giveUpAt(poll: number, waitUs: number): number {
    const dueUs = this.#departUs + waitUs;
    this.#timeoutUs[poll] = dueUs;
    return dueUs;
  }

  query(poll: number, slot: number, attempt: number, peer: number): void {
    const network = this.#network;
    const head = this.#core.polls.head;
    const h = poll * this.#core.polls.stride;
    const draw = draw32(head[h + fieldKey]!, queryStream, 2 * slot + attempt);
    const a = pollEvent(attempt, slot, peer);
    const b = pollReference(poll, head[h]!);
    let ticks = network.plain
      ? network.plainDelay(draw)
      : this.#roughDelay(draw, this.#nodeOf(poll), peer, a, b);
    if (ticks < 0) return;
    if (this.#departUs > this.nowUs) ticks += Math.round((this.#departUs - this.nowUs) / this.#tickUs);
    this.queries.push(ticks, a, b);
  }

  /** Delay of a query on a network with more than delay and loss; sends the second copy of a duplicated one. */
  #roughDelay(draw: number, from: number, to: number, a: number, b: number): number {
    const ticks = this.#network.delay(draw, from, to, this.#queryBytes, this.nowUs);
    if (ticks >= 0 && this.#network.isDuplicated(draw)) this.queries.push(ticks + 1, a, b);
    return ticks;
  }

  /** The first queries of a poll that has just begun. */
  queryAll(poll: number, count: number): void {
    const network = this.#network;
    const { peers, head, stride, k } = this.#core.polls;
    const from = poll * k;
    const h = poll * stride;
    const key = head[h + fieldKey]!;
    this.#pastKeys[(poll << pastBits) + (head[h]! & pastMask)] = key;
    const abouts = this.#abouts;
    abouts[2 * poll] = head[h + fieldScopeWords]! > 0 ? head[h]! : -1;
    abouts[2 * poll + 1] = key;
    const isLater = this.#departUs > this.nowUs;
    const waitTicks = isLater ? Math.round((this.#departUs - this.nowUs) / this.#tickUs) | 0 : 0;
    if (this.#together?.canAsk(waitTicks) === true) {
      this.#together.ask(poll, count, waitTicks, this.#queryBytes);
      return;
    }
    if (!network.plain) {
      this.#queryAllRoughly(poll, count, waitTicks);
      return;
    }
    const queue = this.queries;
    const b = pollReference(poll, head[h]!);
    for (let slot = 0; slot < count; slot++) {
      const ticks = network.plainDelay(draw32(key, queryStream, 2 * slot));
      if (ticks >= 0) queue.push(ticks + waitTicks, (slot << 17) | peers[from + slot]!, b);
    }
  }

  /** The same on a network with more than delay and loss. */
  #queryAllRoughly(poll: number, count: number, waitTicks: number): void {
    const { peers, head, stride, k } = this.#core.polls;
    const network = this.#network;
    const queue = this.queries;
    const from = poll * k;
    const node = this.#nodeOf(poll);
    const key = head[poll * stride + fieldKey]!;
    const b = pollReference(poll, head[poll * stride]!);
    const bytes = this.#queryBytes;
    const nowUs = this.nowUs;
    for (let slot = 0; slot < count; slot++) {
      const draw = draw32(key, queryStream, 2 * slot);
      const peer = peers[from + slot]!;
      const a = (slot << 17) | peer;
      const ticks = network.delay(draw, node, peer, bytes, nowUs);
      if (ticks < 0) continue;
      if (network.isDuplicated(draw)) queue.push(ticks + 1, a, b);
      queue.push(ticks + waitTicks, a, b);
    }
  }

  #onQueries(pool: Int32Array, from: number, until: number): void {
    const { active, polls, standing } = this.#core;
    const { head, scope, stride, words: width } = polls;
    const { maps: open, stride: openStride } = polls.open;
    const { votes, words: row } = standing;
    const asked = this.#asked;
    const network = this.#network;
    const isPlain = network.plain ? 1 : 0;
    const isCareful = network.partitioned || this.#isHindered ? 1 : 0;
    let delivered = 0;
    for (let e = from; e < until; e += 2) {
      let a = pool[e]!;
      const b = pool[e + 1]!;
      const peer = a & memberMask;
      const poll = b & pollMask;
      let ticks = 0;
      if (active[peer] === 0) continue;
      if (isCareful === 1) {
        if (network.partitioned && network.isCut(this.#nodeOf(poll), peer)) continue;
        ticks = this.#serviceTicks(peer);
      }
      delivered += 1;
      if (ticks < 0) continue;
      const asks = asked[peer]!++;
      const slot = (a >>> 17) & 1023;
      const attempt = (a >>> 27) & 1;
      const h = poll * stride;
      const isCurrent = head[h] === b >>> 20;
      const key = isCurrent ? head[h + fieldKey]! : this.pastKey(poll, b >>> 20);
      let manner: number = now;
      if (
        isCurrent &&
        ((head[h + fieldStates + (slot >>> 4)]! >>> ((slot & 15) << 1)) & 3) === attempt << 1
      ) {
        // Who is honest says yes where all do; one word of yes votes is the other common case.
        if (
          asks >= 0 &&
          ((openStride === 1 && open[poll] === 0) ||
            (head[h + fieldScopeWords] === 1 && (scope[poll * width]! & ~votes[2 * peer * row]!) === 0))
        ) {
          a |= yesToAll << kindAt;
        } else {
          const answer = this.#answering.answer(peer, poll, slot, asks < 0, this.nowUs);
          manner = answer & 3;
          if (manner === never) continue;
          a |= (answer >>> 2) << kindAt;
        }
      }
      const draw = draw32(key, answerStream, 2 * slot + attempt);
      const delay =
        isPlain === 1
          ? network.plainDelay(draw)
          : network.delay(draw, peer, this.#nodeOf(poll), this.#answerBytes, this.nowUs);
      if (delay < 0) continue;
      if (isPlain === 0 && network.isDuplicated(draw)) this.answers.push(delay + 1, a, b);
      ticks += delay;
      this.answers.push(manner === lateMark ? this.lateTicks(poll, ticks) : ticks, a, b);
    }
    this.messages += delivered;
  }

  /** Key of a recent poll. */
  pastKey(poll: number, sequence: number): number {
    return this.#pastKeys[(poll << pastBits) + (sequence & pastMask)]!;
  }

  /** Ticks until the answering node has done its work, -1 when it does not answer. */
  #serviceTicks(peer: number): number {
    const { disk } = this.#parts;
    if (disk.anyFailed && !disk.works(peer)) {
      disk.refusedAnswers += 1;
      return -1;
    }
    if (this.#isWeightless) return 0;
    if (this.#cpu.isOverloaded(peer, this.nowUs)) return -1;
    const doneUs = this.#cpu.loop(peer, this.#answerUs, this.nowUs);
    return Math.round((doneUs - this.nowUs) / this.#tickUs) | 0;
  }

  /** Just before the querier gives up. */
  lateTicks(poll: number, ticks: number): number {
    return Math.max(ticks, Math.floor((this.#timeoutUs[poll]! - this.nowUs) / this.#tickUs) - 1);
  }

  /** Answers arrive, one after the other. */
  onAnswers(pool: Int32Array, from: number, until: number): void {
    const core = this.#core;
    const { active, polls } = core;
    const { head, stride } = polls;
    const isSingle = this.#concurrent === 1 ? 1 : 0;
    const isCareful = this.#network.partitioned || !this.#isWeightless ? 1 : 0;
    let delivered = 0;
    for (let e = from; e < until; e += 2) {
      const a = pool[e]!;
      const b = pool[e + 1]!;
      const poll = b & pollMask;
      const isCurrent = head[poll * stride] === b >>> 20;
      // The polls of a node that is down are closed.
      if (!isCurrent && active[isSingle === 1 ? poll : this.#nodeOf(poll)] === 0) continue;
      if ((a & deferredBit) === 0) {
        if (isCareful === 1 && this.#isHeldBack(this.#nodeOf(poll), a, b)) continue;
        delivered += 1;
      }
      const slot = (a >>> 17) & 1023;
      const attempt = (a >>> 27) & 1;
      if (isCurrent) core.arrive(poll, slot, attempt, a >>> kindAt, this.nowUs);
      else core.receiveLate(poll, b >>> 20, slot, attempt, this.nowUs);
    }
    this.messages += delivered;
  }

  /** True when the answer is cut off by a partition, or waits for the querier's event loop. */
  #isHeldBack(querier: number, a: number, b: number): boolean {
    if (this.#network.partitioned && this.#network.isCut(memberOf(a), querier)) return true;
    if (this.#isWeightless || !this.#defer(querier, a, b)) return false;
    this.messages += 1;
    return true;
  }

  /** True when the querier's event loop is busy: the answer waits for it. */
  #defer(querier: number, a: number, b: number): boolean {
    const waitUs = this.#cpu.loopFreeUs[querier]! - this.nowUs;
    if (waitUs < this.#tickUs) return false;
    this.answers.push((waitUs / this.#tickUs) | 0, a | deferredBit, b);
    return true;
  }

  get asked(): Int32Array {
    return this.#asked.map((count) => count & ~attacker);
  }

  answerBytesOf(member: number): number {
    return (this.#asked[member]! & ~attacker) * this.#parts.calibration.wireBytes.answerFixed;
  }
}
