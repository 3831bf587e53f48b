/**
 * Queries and answers at poll fidelity: the delays of a whole poll are drawn when it begins, and only the instants at which
 * something depends on it are events. Same draws and same core as exchange.ts, so the same decisions in the same order.
 * Owns: which answers are certain beforehand, following the others, retries. Does not own: finding the end of a certain
 * poll (foresight.ts), the order within a tick (instants.ts), what a node answers (answering.ts).
 *
 * An honest yes to everything is certain beforehand where no vertices conflict: nothing takes it back. What is not
 * certain is looked at in the tick in which its query arrives. Runs with queues are refused (tier.ts).
 */
import type { Core } from '#node/core/core.ts';
import { answerYesToAll } from '#node/core/exceptions.ts';
import { headFilled, headKey, headNextCheck, slotAnswered } from '#node/core/poll-book.ts';
import { mix } from '#node/core/random.ts';
import { Answering } from './answering.ts';
import { CommonKnowledge } from './common-knowledge.ts';
import { mostMembers, mostPolls, pollEvent, pollReference } from './event.ts';
import { Foresight, noAnswer } from './foresight.ts';
import { type Ahead, arrivalKey, arriveTicksOfKey, askTicksOfKey, InFlight, slotOfKey } from './in-flight.ts';
import { type InstantSink, Instants, instantKind } from './instants.ts';
import type { Network } from './network.ts';
import { answerDraws, queryDraws, type Traffic, type TrafficParts } from './traffic.ts';
import { type EventSink, TimingWheel } from './wheel.ts';

const memberMask = mostMembers - 1;
const pollMask = mostPolls - 1;
const attacker = 0x80000000 | 0;
/** Not looked at yet. */
const unknownKind = 255;
/** Polls of a node that may be in flight at once. */
const pastBits = 4;
const pastMask = (1 << pastBits) - 1;

export class PollExchange implements Traffic, InstantSink, EventSink {
  nowUs = 0;
  readonly #core: Core;
  readonly #network: Network;
  readonly #answering: Answering;
  readonly #answerBytes: number;
  readonly #queryFixedBytes: number;
  readonly #queryVertexBytes: number;
  readonly #foresight: Foresight;
  readonly #inFlight: InFlight;
  readonly #instants: Instants;
  /** Queries whose answers are not certain beforehand. */
  readonly #queries: TimingWheel;
  /** As in exchange.ts, but counted when the queries leave. */
  readonly #asked: Int32Array;
  #counted = 0;
  /** What was counted and has not arrived before that tick. */
  #ahead: Ahead | null = null;
  #aheadTick = -1;
  #sendings = 0;
  #retrying = false;
  // By poll:
  readonly #pastKeys: Int32Array;
  readonly #sending: Float64Array;
  readonly #startTick: Float64Array;
  /** Tick of the instant that is waited for; -1 when none is. */
  readonly #lookTick: Float64Array;
  readonly #flight: Float64Array;
  /** 1: the end is foreseen. */
  readonly #foreseen: Uint8Array;
  /** Of followed polls, answers in the order of arrival: [poll][k]. */
  readonly #order: Float64Array;
  readonly #orderCount: Int32Array;
  readonly #fed: Int32Array;
  readonly #kinds: Uint8Array;
  readonly #scratch: Float64Array;
  readonly #knowledge: CommonKnowledge;

  constructor(parts: TrafficParts) {
    const { core, network, attack, attackers, calibration } = parts;
    this.#core = core;
    this.#network = network;
    this.#answering = new Answering(parts);
    this.#knowledge = new CommonKnowledge(core);
    this.#answerBytes = calibration.wireBytes.answerFixed;
    this.#queryFixedBytes = calibration.wireBytes.queryFixed;
    this.#queryVertexBytes = calibration.wireBytes.queryPerVertex;
    this.#foresight = new Foresight(core, network, this.#answering);
    const { polls, k } = core.polls;
    this.#inFlight = new InFlight(network, core.members, k, parts.exclusion);
    this.#instants = new Instants(parts.wheelSlots);
    this.#queries = new TimingWheel(parts.wheelSlots);
    this.#asked = new Int32Array(core.members);
    if (attack !== null)
      for (const [member, attacks] of attackers.entries()) if (attacks === 1) this.#asked[member] = attacker;
    this.#pastKeys = new Int32Array(polls << pastBits);
    this.#sending = new Float64Array(polls);
    this.#startTick = new Float64Array(polls);
    this.#lookTick = new Float64Array(polls).fill(-1);
    this.#flight = new Float64Array(polls);
    this.#foreseen = new Uint8Array(polls);
    this.#order = new Float64Array(polls * k);
    this.#orderCount = new Int32Array(polls);
    this.#fed = new Int32Array(polls);
    this.#kinds = new Uint8Array(polls * k);
    this.#scratch = new Float64Array(k);
  }

  get #now(): number {
    return this.#queries.now;
  }

  begin(node: number, vertices: number): void {
    const bytes = this.#queryFixedBytes + vertices * this.#queryVertexBytes;
    this.#network.bytesSent[node]! += bytes * this.#core.polls.k;
  }

  giveUpAt(_poll: number, waitUs: number): number {
    return this.nowUs + waitUs;
  }

  released(slot: number): void {
    this.#knowledge.released(slot);
  }

  queryAll(poll: number, count: number): void {
    const { polls } = this.#core;
    const key = polls.head[poll * polls.stride + headKey]!;
    this.#pastKeys[(poll << pastBits) + (polls.sequence(poll) & pastMask)] = key;
    this.#sending[poll] = this.#sendings++;
    this.#startTick[poll] = this.#now;
    this.#lookTick[poll] = -1;
    this.#retrying = false;
    this.#flight[poll] = this.#inFlight.add(poll, key, this.#now, count, polls.peers, poll * polls.k);
    const isCertain = count === polls.k && this.#knowledge.covers(poll, this.#now);
    this.#foreseen[poll] = isCertain ? 1 : 0;
    if (isCertain) this.#foresee(poll);
    else this.#follow(poll, count);
  }

  #foresee(poll: number): void {
    const foresight = this.#foresight;
    foresight.look(poll, this.#asked);
    const { k } = this.#core.polls;
    this.#network.lost += foresight.lostQueries + foresight.lostAnswers;
    this.#counted += k - foresight.lostQueries + foresight.answers;
    const { end, sample } = foresight;
    if (sample !== noAnswer)
      this.#expect(poll, sample >>> 20, (sample >>> 10) & 1023, instantKind.sample, sample & 1023);
    if (end === noAnswer) return;
    this.#core.ignoredAnswers += foresight.late;
    const key = arrivalKey(end >>> 20, (end >>> 10) & 1023, end & 1023);
    this.#inFlight.ended(this.#flight[poll]!, key);
    this.#orderCount[poll] = foresight.late;
    this.#lookTick[poll] = this.#now + (end >>> 20);
    this.#expect(poll, end >>> 20, (end >>> 10) & 1023, instantKind.look, end & 1023);
  }

  /** An instant of the poll, in ticks from its start. */
  #expect(poll: number, ticks: number, askTicks: number, kind: number, slot: number): void {
    const start = this.#startTick[poll]!;
    const sequence = this.#core.polls.sequence(poll);
    const delay = start + ticks - this.#now;
    this.#instants.push(delay, start + askTicks, this.#sending[poll]!, kind, slot, poll, sequence, 0);
  }

  /** Draws all delays; answers that are not certain are looked at when their query arrives. */
  #follow(poll: number, count: number): void {
    const polls = this.#core.polls;
    const { k } = polls;
    const sampleSlot = polls.sequence(poll) % k;
    const canBeCertain = !this.#core.table.hasConflicts;
    const from = poll * k;
    const reference = pollReference(poll, polls.sequence(poll));
    this.#kinds.fill(unknownKind, from, from + k);
    for (let slot = 0; slot < count; slot++) {
      const askTicks = this.#askTicks(poll, slot);
      if (askTicks < 0) continue;
      const peer = polls.peers[from + slot]!;
      const asks = this.#asked[peer]!;
      this.#asked[peer] = asks + 1;
      this.#counted += 1;
      if (canBeCertain && this.#saysYes(peer, poll)) this.#kinds[from + slot] = this.#certainKind(poll, slot);
      else this.#queries.push(askTicks, pollEvent(0, slot, peer), reference);
      if (slot !== sampleSlot) continue;
      const arriveTicks = this.#arriveTicks(poll, slot, askTicks);
      if (arriveTicks >= 0) this.#expect(poll, arriveTicks, askTicks, instantKind.sample, slot);
    }
    this.#arrange(poll, count, true);
    this.#lookAhead(poll);
  }

  #askTicks(poll: number, slot: number): number {
    const { head, stride } = this.#core.polls;
    return this.#network.plainDelay(mix(head[poll * stride + headKey]!, queryDraws, 2 * slot));
  }

  #arriveTicks(poll: number, slot: number, askTicks: number): number {
    const { head, stride } = this.#core.polls;
    const draw = mix(head[poll * stride + headKey]!, answerDraws, 2 * slot);
    const { delayTable, lossLimit } = this.#network;
    return draw >>> 12 < lossLimit ? -1 : askTicks + delayTable[draw & 4095]!;
  }

  /** The answers of a poll in the order of arrival; `isNew`: their messages are counted. */
  #arrange(poll: number, count: number, isNew: boolean): void {
    const { k, head, stride } = this.#core.polls;
    const { delayTable, lossLimit } = this.#network;
    const key = head[poll * stride + headKey]!;
    const order = this.#scratch.fill(Number.POSITIVE_INFINITY);
    let found = 0;
    for (let slot = 0; slot < count; slot++) {
      const query = mix(key, queryDraws, 2 * slot);
      if (query >>> 12 < lossLimit) continue;
      const askTicks = delayTable[query & 4095]!;
      const arriveTicks = this.#arriveTicks(poll, slot, askTicks);
      if (arriveTicks >= 0) order[found++] = arrivalKey(arriveTicks, askTicks, slot);
      else if (isNew) this.#network.lost += 1;
    }
    if (isNew) this.#counted += found;
    order.sort();
    this.#order.set(order, poll * k);
    this.#orderCount[poll] = found;
    this.#fed[poll] = 0;
  }

  #saysYes(peer: number, poll: number): boolean {
    const { polls, standing } = this.#core;
    const words = polls.scopeWords(poll);
    const scopeAt = poll * polls.words;
    const row = 2 * peer * standing.words;
    for (let w = 0; w < words; w++)
      if ((polls.scope[scopeAt + w]! & ~standing.votes[row + 2 * w]!) !== 0) return false;
    return true;
  }

  /** Waits for the answer with which it pays to look whether the poll is over. */
  #lookAhead(poll: number): void {
    const { head, stride, k } = this.#core.polls;
    const h = poll * stride;
    const wanted = Math.max(1, head[h + headNextCheck]! - head[h + headFilled]!);
    const at = this.#fed[poll]! + wanted - 1;
    this.#lookTick[poll] = -1;
    if (at >= this.#orderCount[poll]!) return;
    const key = this.#order[poll * k + at]!;
    this.#lookTick[poll] = this.#startTick[poll]! + arriveTicksOfKey(key);
    this.#expect(poll, arriveTicksOfKey(key), askTicksOfKey(key), instantKind.look, slotOfKey(key));
  }

  happen(kind: number, slot: number, poll: number, sequence: number, detail: number): void {
    const { polls } = this.#core;
    const isCurrent = polls.head[poll * polls.stride] === sequence;
    switch (kind) {
      case instantKind.sample:
        // A fresh peer has answered at this slot already: see Core.arrive.
        if (!isCurrent || polls.state(poll, slot) !== slotAnswered)
          this.#core.observe(poll, sequence, this.nowUs);
        break;
      case instantKind.look:
        if (!isCurrent || this.#lookTick[poll] !== this.#now) return;
        if (this.#foreseen[poll] === 1) this.#end(poll, slot);
        else this.#look(poll, slot);
        break;
      case instantKind.retry:
        this.#counted += 1;
        if (isCurrent) this.#core.count(poll, slot, 1, detail, this.nowUs);
        else this.#core.ignoredAnswers += 1;
        break;
    }
  }

  #end(poll: number, slot: number): void {
    const { polls } = this.#core;
    const sequence = polls.sequence(poll);
    this.#core.count(poll, slot, 0, this.#certainKind(poll, slot), this.nowUs);
    if (polls.head[poll * polls.stride] === sequence)
      throw new Error(`a poll of node ${poll} did not end when it was foreseen`);
  }

  /** What a peer says that is honest, or says yes to everything when it is. */
  #certainKind(poll: number, slot: number): number {
    const { peers, k } = this.#core.polls;
    const peer = peers[poll * k + slot]!;
    return this.#asked[peer]! < 0 ? this.#answering.rewritten(peer, poll, slot) >>> 2 : answerYesToAll;
  }

  /** Counts what has arrived up to this answer. */
  #look(poll: number, slot: number): void {
    const { polls } = this.#core;
    const sequence = polls.sequence(poll);
    const from = poll * polls.k;
    const flight = this.#flight[poll]!;
    const count = this.#orderCount[poll]!;
    let at = this.#fed[poll]!;
    while (slotOfKey(this.#order[from + at]!) !== slot) at += 1;
    this.#feed(poll, at);
    this.#fed[poll] = at + 1;
    const key = this.#order[from + at]!;
    this.#core.count(poll, slot, 0, this.#kinds[from + slot]!, this.nowUs);
    if (polls.head[poll * polls.stride] === sequence) {
      this.#lookAhead(poll);
      return;
    }
    this.#core.ignoredAnswers += count - at - 1;
    this.#inFlight.ended(flight, key);
  }

  /** Counts the answers before position `until`. */
  #feed(poll: number, until: number): void {
    const { polls } = this.#core;
    const from = poll * polls.k;
    for (let i = this.#fed[poll]!; i < until; i++) {
      const slot = slotOfKey(this.#order[from + i]!);
      polls.accept(poll, slot, 0, this.#kinds[from + slot]!);
    }
    this.#fed[poll] = until;
  }

  /** What has arrived by now is counted; the rest comes too late, for its slots go to fresh peers. */
  beginRetries(poll: number, sequence: number): void {
    const { polls } = this.#core;
    if (polls.head[poll * polls.stride] !== sequence) return;
    this.#retrying = false;
    if (this.#foreseen[poll] === 1) this.#takeBack(poll);
    const waited = this.#now - this.#startTick[poll]!;
    const from = poll * polls.k;
    const count = this.#orderCount[poll]!;
    let arrived = this.#fed[poll]!;
    while (arrived < count && arriveTicksOfKey(this.#order[from + arrived]!) < waited) arrived += 1;
    this.#feed(poll, arrived);
    this.#core.ignoredAnswers += count - arrived;
    this.#orderCount[poll] = arrived;
    this.#lookTick[poll] = -1;
    this.#inFlight.ended(this.#flight[poll]!, arrivalKey(waited, 0, 0) - 1);
  }

  /** The timeout comes before the foreseen end. */
  #takeBack(poll: number): void {
    const { polls } = this.#core;
    polls.unforesee(poll);
    this.#foreseen[poll] = 0;
    if (this.#lookTick[poll]! >= 0) this.#core.ignoredAnswers -= this.#orderCount[poll]!;
    this.#arrange(poll, polls.k, false);
    const from = poll * polls.k;
    for (let slot = 0; slot < polls.k; slot++) this.#kinds[from + slot] = this.#certainKind(poll, slot);
  }

  /** Retries are followed message by message. */
  query(poll: number, slot: number, attempt: number, peer: number): void {
    const { head, stride } = this.#core.polls;
    const h = poll * stride;
    if (!this.#retrying) {
      this.#retrying = true;
      this.#sending[poll] = this.#sendings++;
    }
    const ticks = this.#network.plainDelay(mix(head[h + headKey]!, queryDraws, 2 * slot + attempt));
    if (ticks >= 0) this.#queries.push(ticks, pollEvent(attempt, slot, peer), pollReference(poll, head[h]!));
  }

  drain(): void {
    this.#queries.drain(this);
    this.#instants.drain(this);
  }

  get isDue(): boolean {
    return this.#queries.isDue || this.#instants.isDue;
  }

  advance(): void {
    this.#queries.advance();
    this.#instants.advance();
  }

  /** Queries arrive whose answers are not certain, and retries. */
  run(pool: Int32Array, from: number, until: number): void {
    const { polls } = this.#core;
    for (let e = from; e < until; e += 2) {
      const a = pool[e]!;
      const b = pool[e + 1]!;
      const peer = a & memberMask;
      const poll = b & pollMask;
      const slot = (a >>> 17) & 1023;
      const attempt = (a >>> 27) & 1;
      const isWanted =
        polls.head[poll * polls.stride] === b >>> 20 && polls.state(poll, slot) === attempt << 1;
      let kind = 0;
      if (isWanted) kind = this.#answering.answer(peer, poll, slot, this.#asked[peer]! < 0, this.nowUs) >>> 2;
      if (attempt === 1) this.#answerRetry(peer, poll, slot, b >>> 20, kind);
      else if (isWanted) this.#kinds[poll * polls.k + slot] = kind;
    }
  }

  #answerRetry(peer: number, poll: number, slot: number, sequence: number, kind: number): void {
    this.#asked[peer]! += 1;
    this.#counted += 1;
    const key = this.#pastKeys[(poll << pastBits) + (sequence & pastMask)]!;
    const ticks = this.#network.plainDelay(mix(key, answerDraws, 2 * slot + 1));
    if (ticks < 0) return;
    this.#instants.push(
      ticks,
      this.#now,
      this.#sending[poll]!,
      instantKind.retry,
      slot,
      poll,
      sequence,
      kind,
    );
  }

  get messages(): number {
    const { queries, answers } = this.#aheadNow();
    return this.#counted - queries - answers;
  }

  get asked(): Int32Array {
    const { asked } = this.#aheadNow();
    return this.#asked.map((count, member) => (count & ~attacker) - asked[member]!);
  }

  answerBytesOf(member: number): number {
    const arrived = (this.#asked[member]! & ~attacker) - this.#aheadNow().asked[member]!;
    return arrived * this.#answerBytes;
  }

  get ignoredAhead(): number {
    return this.#aheadNow().ignored;
  }

  get lostAhead(): number {
    return this.#aheadNow().lost;
  }

  #aheadNow(): Ahead {
    if (this.#ahead === null || this.#aheadTick !== this.#now) {
      this.#ahead = this.#inFlight.ahead(this.#now);
      this.#aheadTick = this.#now;
    }
    return this.#ahead;
  }
}
