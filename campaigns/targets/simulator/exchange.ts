/**
 * The path of every query and answer: the part of the simulation that runs tens of millions of times a second.
 * Owns: queries and answers in flight, their delays, bytes and CPU, Byzantine rewriting. Does not own: when polls start or
 * what answers mean (node/core), other events (simulation.ts). Nothing here allocates per message.
 */
import { type AnswerDecorator, answerLate, answerNever, answerNow } from '#node/core/answer.ts';
import type { Core } from '#node/core/core.ts';
import { answerYesToAll } from '#node/core/exceptions.ts';
import { bitCount, headKey, headScopeWords, headStates } from '#node/core/poll-book.ts';
import { mix, purpose, streamKey } from '#node/core/random.ts';
import type { Calibration } from '#node/model/calibration.ts';
import type { Cpu } from './cpu.ts';
import { deferred, kindShift, memberOf, mostMembers, mostPolls, pollEvent, pollReference } from './event.ts';
import type { Network } from './network.ts';
import type { VirtualDisk } from './virtual-disk.ts';
import { type EventSink, TimingWheel } from './wheel.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const fieldKey = headKey;
const fieldScopeWords = headScopeWords;
const fieldStates = headStates;
const yesToAll = answerYesToAll;
const draw32 = mix;
const ones = bitCount;
const kindAt = kindShift;
const memberMask = mostMembers - 1;
const pollMask = mostPolls - 1;
const deferredBit = deferred;
const now = answerNow;
const never = answerNever;
const lateMark = answerLate;

export interface ExchangeParts {
  readonly core: Core;
  readonly network: Network;
  readonly cpu: Cpu;
  readonly disk: VirtualDisk;
  readonly calibration: Calibration;
  readonly seed: number;
  readonly attackers: Uint8Array;
  readonly attack: AnswerDecorator | null;
  readonly operatorOf: Int32Array;
  readonly wheelSlots: number;
}

/** Second key words: queries and answers of a poll draw from different streams. */
const queryDraws = 0x2545f491;
const answerDraws = 0x6c8e9cf5;
const attacker = 0x80000000 | 0;

export class Exchange {
  readonly queries: TimingWheel;
  readonly answers: TimingWheel;
  nowUs = 0;
  /** Queries and answers delivered. */
  messages = 0;
  /** Queries received by each member; the top bit marks those whose answers an attack rewrites. */
  readonly #asked: Int32Array;
  /** An answer before it is known what kind it is. */
  #draft = new Int32Array(2);
  readonly #parts: ExchangeParts;
  readonly #core: Core;
  readonly #network: Network;
  readonly #cpu: Cpu;
  readonly #tickUs: number;
  readonly #concurrent: number;
  readonly #isWeightless: boolean;
  readonly #querySink: EventSink;
  readonly #answerSink: EventSink;
  readonly #timeoutUs: Float64Array;
  #departUs = 0;
  #queryBytes = 0;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#core = parts.core;
    this.#network = parts.network;
    this.#cpu = parts.cpu;
    this.#tickUs = parts.network.tickUs;
    this.#concurrent = parts.core.params.concurrentPolls;
    this.queries = new TimingWheel(parts.wheelSlots);
    this.answers = new TimingWheel(parts.wheelSlots);
    this.#asked = new Int32Array(parts.core.members);
    if (parts.attack !== null)
      for (const [member, attacks] of parts.attackers.entries())
        if (attacks === 1) this.#asked[member] = attacker;
    const times = parts.calibration.serviceTimesUs;
    this.#isWeightless = times.askQuery === 0 && times.answerQuery === 0;
    this.#timeoutUs = new Float64Array(parts.core.polls.polls);
    this.#querySink = { run: (pool, from, until) => this.#onQueries(pool, from, until) };
    this.#answerSink = { run: (pool, from, until) => this.#onAnswers(pool, from, until) };
  }

  /** Queries cannot be answered at once: they cost CPU, or a disk has failed. */
  get #isHindered(): boolean {
    return !this.#isWeightless || this.#parts.disk.anyFailed;
  }

  /** Delivers what is due in this tick. */
  drain(): void {
    this.queries.drain(this.#querySink);
    this.answers.drain(this.#answerSink);
  }

  get isDue(): boolean {
    return this.queries.isDue || this.answers.isDue;
  }

  advance(): void {
    this.queries.advance();
    this.answers.advance();
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

  /** Retries leave at once. */
  beginRetries(): void {
    this.#departUs = this.nowUs;
  }

  /** When the querier gives up on what it asked just now, for a wait of `waitUs`. */
  giveUpAt(poll: number, waitUs: number): number {
    const dueUs = this.#departUs + waitUs;
    this.#timeoutUs[poll] = dueUs;
    return dueUs;
  }

  query(poll: number, slot: number, attempt: number, peer: number): void {
    const network = this.#network;
    const head = this.#core.polls.head;
    const h = poll * this.#core.polls.stride;
    const draw = draw32(head[h + fieldKey]!, queryDraws, 2 * slot + attempt);
    const a = pollEvent(attempt, slot, peer);
    const b = pollReference(poll, head[h]!);
    let ticks = network.plain
      ? network.plainDelay(draw)
      : this.#roughDelay(this.queries, draw, this.#nodeOf(poll), peer, a, b);
    if (ticks < 0) return;
    if (this.#departUs > this.nowUs) ticks += Math.round((this.#departUs - this.nowUs) / this.#tickUs);
    this.queries.push(ticks, a, b);
  }

  /** Delay on a network with more than delay and loss; sends the second copy of a duplicated message. */
  #roughDelay(wheel: TimingWheel, draw: number, from: number, to: number, a: number, b: number): number {
    const bytes = wheel === this.queries ? this.#queryBytes : this.#parts.calibration.wireBytes.answerFixed;
    const ticks = this.#network.delay(draw, from, to, bytes, this.nowUs);
    if (ticks >= 0 && this.#network.isDuplicated(draw)) wheel.push(ticks + 1, a, b);
    return ticks;
  }

  /** The first queries of a poll that has just begun. */
  queryAll(poll: number, count: number): void {
    const network = this.#network;
    const { peers, head, stride, k } = this.#core.polls;
    const from = poll * k;
    if (!network.plain || this.#departUs > this.nowUs) {
      for (let slot = 0; slot < count; slot++) this.query(poll, slot, 0, peers[from + slot]!);
      return;
    }
    const queue = this.queries;
    const key = head[poll * stride + fieldKey]!;
    const b = pollReference(poll, head[poll * stride]!);
    for (let slot = 0; slot < count; slot++) {
      const ticks = network.plainDelay(draw32(key, queryDraws, 2 * slot));
      if (ticks >= 0) queue.push(ticks, (slot << 17) | peers[from + slot]!, b);
    }
  }

  #onQueries(pool: Int32Array, from: number, until: number): void {
    const { active, polls, standing } = this.#core;
    const { head, scope, stride, words: width } = polls;
    const { votes, words: row } = standing;
    const queue = this.answers;
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
      const asks = asked[peer]!;
      asked[peer] = asks + 1;
      const slot = (a >>> 17) & 1023;
      const attempt = (a >>> 27) & 1;
      const h = poll * stride;
      const key = head[h + fieldKey]!;
      let manner: number = now;
      if (
        head[h] === b >>> 20 &&
        ((head[h + fieldStates + (slot >>> 4)]! >>> ((slot & 15) << 1)) & 3) === attempt << 1
      ) {
        // One word of honest yes votes is the common case.
        if (
          asks >= 0 &&
          head[h + fieldScopeWords] === 1 &&
          (scope[poll * width]! & ~votes[2 * peer * row]!) === 0
        ) {
          a |= yesToAll << kindAt;
        } else {
          const answer = this.#answer(peer, poll, slot, asks < 0);
          manner = answer & 3;
          if (manner === never) continue;
          a |= (answer >>> 2) << kindAt;
        }
      }
      const draw = draw32(key, answerDraws, 2 * slot + attempt);
      const delay =
        isPlain === 1
          ? network.plainDelay(draw)
          : this.#roughDelay(queue, draw, peer, this.#nodeOf(poll), a, b);
      if (delay < 0) continue;
      ticks += delay;
      if (manner === lateMark) ticks = this.#lateTicks(poll, ticks);
      queue.push(ticks, a, b);
    }
    this.messages += delivered;
  }

  /** The peer's answer, rewritten if it attacks. Returns its kind, above two bits of when it leaves. */
  #answer(peer: number, poll: number, slot: number, attacks: boolean): number {
    const core = this.#core;
    const { polls, standing } = core;
    if (!attacks) {
      const at = 2 * peer * standing.words;
      const kind = polls.put(poll, slot, standing.votes, at);
      if (kind !== yesToAll) this.#onExceptions(peer, poll, standing.votes, at);
      return (kind << 2) | now;
    }
    const words = polls.scopeWords(poll);
    if (this.#draft.length < 2 * words) this.#draft = new Int32Array(2 * polls.words);
    const draft = this.#draft;
    const exceptions = core.answer(peer, polls.scope, poll * polls.words, words, draft, 0);
    if (exceptions !== 0) this.#onExceptions(peer, poll, draft, 0);
    const manner = this.#decorate(peer, poll, words);
    return (polls.put(poll, slot, draft, 0) << 2) | manner;
  }

  /** Ticks until the answering node has done its work, -1 when it does not answer. */
  #serviceTicks(peer: number): number {
    const { disk, calibration } = this.#parts;
    if (disk.anyFailed && !disk.works(peer)) {
      disk.refusedAnswers += 1;
      return -1;
    }
    if (this.#isWeightless) return 0;
    if (this.#cpu.isOverloaded(peer, this.nowUs)) return -1;
    const doneUs = this.#cpu.loop(peer, calibration.serviceTimesUs.answerQuery, this.nowUs);
    return Math.round((doneUs - this.nowUs) / this.#tickUs);
  }

  /** Answers are sent as exceptions; a vertex of the scope that is unknown is asked for. */
  #onExceptions(peer: number, poll: number, votes: Int32Array, at: number): void {
    const { scope, words: width } = this.#core.polls;
    const words = this.#core.polls.scopeWords(poll);
    const scopeAt = poll * width;
    let exceptions = 0;
    let unknown = 0;
    for (let w = 0; w < words; w++) {
      const missing = scope[scopeAt + w]! & ~votes[at + 2 * w]!;
      if (missing === 0) continue;
      exceptions += ones(missing);
      unknown |= missing & ~votes[at + 2 * w + 1]!;
    }
    this.#network.bytesSent[peer]! += exceptions * this.#parts.calibration.wireBytes.answerPerException;
    if (unknown !== 0) this.#core.requestMissing(peer, this.#nodeOf(poll), scope, scopeAt, words, this.nowUs);
  }

  #decorate(peer: number, poll: number, words: number): number {
    const { attack, operatorOf, seed } = this.#parts;
    if (attack === null) return now;
    const polls = this.#core.polls;
    const querier = this.#nodeOf(poll);
    const draw = draw32(
      streamKey(seed, operatorOf[peer]!, purpose.attack, querier),
      querier,
      polls.sequence(poll),
    );
    return attack.decorate(
      this.#core,
      peer,
      querier,
      draw,
      polls.scope,
      poll * polls.words,
      words,
      this.#draft,
      0,
    );
  }

  /** Just before the querier gives up. */
  #lateTicks(poll: number, ticks: number): number {
    return Math.max(ticks, Math.floor((this.#timeoutUs[poll]! - this.nowUs) / this.#tickUs) - 1);
  }

  #onAnswers(pool: Int32Array, from: number, until: number): void {
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

  /** Queries received by each member. */
  get asked(): Int32Array {
    return this.#asked.map((count) => count & ~attacker);
  }

  /** Bytes of the fixed part of all answers a member has sent; exceptions are in the network's counter. */
  answerBytesOf(member: number): number {
    return (this.#asked[member]! & ~attacker) * this.#parts.calibration.wireBytes.answerFixed;
  }
}
