/**
 * Queries and answers many at a time: what the kernel does with them, and what it leaves over.
 * Owns: when the kernel may be used, the order in which what it leaves over is done. Does not own: its loops (message-kernel.c), the
 * same without it (exchange.ts): the results are the same.
 */
import { answerLate, answerNever, answerNow } from '#node/core/answer.ts';
import { headKey } from '#node/core/poll-book.ts';
import { mix } from '#node/core/random.ts';
import type { Answering } from './answering.ts';
import { kindShift, mostMembers, mostPolls } from './event.ts';
import { type MessageKernel, unknownMark, unknownAt as unknownShift } from './message-kernel.ts';
import { answerDraws, type TrafficParts } from './traffic.ts';
import type { TimingWheel } from './wheel.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const fieldKey = headKey;
const draw32 = mix;
const answerStream = answerDraws;
const kindAt = kindShift;
const memberMask = mostMembers - 1;
const pollMask = mostPolls - 1;
const now = answerNow;
const never = answerNever;
const lateMark = answerLate;
const unknownAt = unknownShift;
const kindMark = unknownMark.kind;
const asksMark = unknownMark.asks;

/** Who carries messages one by one. */
interface OneByOne {
  readonly queries: TimingWheel;
  readonly answers: TimingWheel;
  readonly nowUs: number;
  messages: number;
  onAnswers(pool: Int32Array, from: number, until: number): void;
  lateTicks(poll: number, ticks: number): number;
  pastKey(poll: number, sequence: number): number;
}

export class Together {
  readonly #parts: TrafficParts;
  readonly #kernel: MessageKernel;
  readonly #answering: Answering;
  readonly #single: OneByOne;
  /** A message that waits longer before it is sent may lie beyond the queue. */
  readonly #farTicks: number;
  readonly #hasWeight: boolean;

  constructor(parts: TrafficParts, kernel: MessageKernel, answering: Answering, single: OneByOne) {
    const { core, network, cpu, calibration, wheelSlots } = parts;
    this.#parts = parts;
    this.#kernel = kernel;
    this.#answering = answering;
    this.#single = single;
    this.#farTicks = wheelSlots - 1 - network.longestTicks;
    const { askQuery, answerQuery } = calibration.serviceTimesUs;
    this.#hasWeight = askQuery > 0 || answerQuery > 0;
    kernel.attach(core, network, cpu, Math.max(0, answering.constant), calibration);
  }

  /** The kernel's memory holds what it needs. */
  #isAble(): boolean {
    const { network, cpu } = this.#parts;
    return this.#kernel.begin(this.#single.queries.now, this.#single.nowUs, network, cpu);
  }

  canReply(): boolean {
    return (
      this.#isAble() &&
      !this.#parts.disk.anyFailed &&
      this.#kernel.hasRoom(this.#single.answers) &&
      this.#single.queries.chunksLeft > 0
    );
  }

  canCount(): boolean {
    return this.#isAble() && this.#kernel.hasRoom(this.#single.answers);
  }

  /** Messages cost CPU, or a partition cuts them. */
  get #isCareful(): boolean {
    return this.#parts.network.partitioned || this.#hasWeight;
  }

  /** Queries arrive: the kernel answers those that are simple, all when none is not. */
  answer(pool: Int32Array, from: number, until: number): void {
    if (!this.#parts.network.plain) {
      this.#answerRoughly(pool, from, until);
      return;
    }
    const kernel = this.#kernel;
    const isCareful = this.#isCareful;
    const missing = isCareful ? kernel.queriesCarefully(from, until) : kernel.queries(from, until);
    const reply = isCareful ? kernel.replyCarefully : kernel.reply;
    let replied = kernel.heldFrom;
    for (let i = 0; i < missing; i++) {
      const left = kernel.unknown[i]!;
      const e = left >>> unknownAt;
      const isKnown = (left & kindMark) === 0;
      if (isKnown && (left & asksMark) !== 0) this.#requestMissing(pool, e);
      const manner = isKnown ? now : this.#answerOne(pool, e);
      const waitTicks = isCareful ? kernel.waits[(e - from) >> 1]! : 0;
      if (manner === now && waitTicks <= this.#farTicks) continue;
      reply(replied, e);
      replied = e + 2;
      if (manner !== never) this.#sendApart(waitTicks, manner, pool[e]!, pool[e + 1]!);
    }
    if (replied < until) reply(replied, until);
    this.#noteQueries(isCareful);
  }

  /** The same on links with more than delay and loss, where what is sent takes the link in the order of arrival. */
  #answerRoughly(pool: Int32Array, from: number, until: number): void {
    const kernel = this.#kernel;
    const { answers } = this.#single;
    const missing = kernel.queriesRoughly(from, until);
    kernel.takeBeyond(answers);
    let replied = kernel.heldFrom;
    for (let i = 0; i < missing; i++) {
      const left = kernel.unknown[i]!;
      const e = left >>> unknownAt;
      if (replied < e) kernel.replyRoughly(replied, e);
      kernel.takeBeyond(answers);
      replied = e;
      const isKnown = (left & kindMark) === 0;
      if (isKnown) this.#requestMissing(pool, e);
      const manner = isKnown ? now : this.#answerOne(pool, e);
      if (manner === now) continue;
      replied = e + 2;
      if (manner !== never) this.#sendApart(kernel.waits[(e - from) >> 1]!, manner, pool[e]!, pool[e + 1]!);
    }
    if (replied < until) kernel.replyRoughly(replied, until);
    kernel.takeBeyond(answers);
    this.#noteQueries(true);
    this.#noteLinks();
  }

  #noteQueries(isCareful: boolean): void {
    const kernel = this.#kernel;
    const { network, cpu } = this.#parts;
    this.#single.messages += kernel.takeDelivered();
    network.lost += kernel.takeLost();
    if (!isCareful) return;
    network.cut += kernel.takeCut();
    cpu.refused += kernel.takeRefused();
    cpu.throttledUs = kernel.throttledUs;
  }

  canAsk(waitTicks: number): boolean {
    const { network } = this.#parts;
    if (network.plain && waitTicks > this.#farTicks) return false;
    return this.#isAble() && this.#kernel.hasRoom(this.#single.queries, network.duplicates ? 2 : 1);
  }

  /** The first queries of a poll, of so many bytes each, leave after that many ticks. */
  ask(poll: number, count: number, waitTicks: number, bytes: number): void {
    const kernel = this.#kernel;
    if (this.#parts.network.plain) {
      kernel.queryAll(poll, count, waitTicks);
    } else {
      kernel.queryBytes = bytes;
      kernel.queryAllRoughly(poll, count, waitTicks);
      kernel.takeBeyond(this.#single.queries);
      this.#noteLinks();
    }
    this.#parts.network.lost += kernel.takeLost();
  }

  /** What links with more than delay and loss did. */
  #noteLinks(): void {
    const { network } = this.#parts;
    network.queueDrops += this.#kernel.takeQueueDrops();
    network.delayed += this.#kernel.takeDelayed();
  }

  #requestMissing(pool: Int32Array, e: number): void {
    this.#answering.requestMissing(pool[e]! & memberMask, pool[e + 1]! & pollMask, this.#single.nowUs);
  }

  /** Finds out what is answered to the query at `e`; returns how it is sent. */
  #answerOne(pool: Int32Array, e: number): number {
    const a = pool[e]!;
    const peer = a & memberMask;
    const poll = pool[e + 1]! & pollMask;
    const attacks = this.#kernel.asked[peer]! < 0;
    const answer = this.#answering.answer(peer, poll, (a >>> 17) & 1023, attacks, this.#single.nowUs);
    pool[e] = a | ((answer >>> 2) << kindAt);
    return answer & 3;
  }

  /** The answer to a query leaves later than the kernel can send it, or arrives just before the querier gives up. */
  #sendApart(waitTicks: number, manner: number, a: number, b: number): void {
    const { head, stride } = this.#parts.core.polls;
    const poll = b & pollMask;
    const sequence = b >>> 20;
    const key =
      head[poll * stride] === sequence
        ? head[poll * stride + fieldKey]!
        : this.#single.pastKey(poll, sequence);
    const counter = 2 * ((a >>> 17) & 1023) + ((a >>> 27) & 1);
    const { network, calibration, core } = this.#parts;
    const draw = draw32(key, answerStream, counter);
    const querier = (poll / core.params.concurrentPolls) | 0;
    const { answerFixed } = calibration.wireBytes;
    const delay = network.delay(draw, a & memberMask, querier, answerFixed, this.#single.nowUs);
    if (delay < 0) return;
    if (network.isDuplicated(draw)) this.#single.answers.push(delay + 1, a, b);
    const ticks = waitTicks + delay;
    this.#single.answers.push(manner === lateMark ? this.#single.lateTicks(poll, ticks) : ticks, a, b);
  }

  /** Answers arrive: the kernel counts those that change nothing but counts. */
  count(pool: Int32Array, from: number, until: number): void {
    const kernel = this.#kernel;
    const isCareful = this.#isCareful;
    for (let e = from; ; e += 2) {
      e = isCareful ? kernel.answersCarefully(e, until) : kernel.answers(e, until);
      if (e >= until) break;
      if (kernel.takeIsOver()) this.#parts.core.conclude(pool[e + 1]! & pollMask, this.#single.nowUs);
      else this.#single.onAnswers(pool, e, e + 2);
    }
    this.#single.messages += kernel.takeDelivered();
    this.#parts.core.ignoredAnswers += kernel.takeIgnored();
    this.#parts.network.cut += kernel.takeCut();
  }
}
