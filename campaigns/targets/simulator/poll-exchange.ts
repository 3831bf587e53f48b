/**
 * Queries and answers at poll fidelity: the delays of a whole poll are drawn when it begins, and only the instants at which
 * something depends on it are events. Same draws and same core as exchange.ts, so the same decisions in the same order.
 * Owns: which answers are certain beforehand, following the others, retries. Does not own: finding the end of a certain
 * poll (foresight.ts), round-trip samples (late-samples.ts), the order within a tick (instants.ts), what a node answers
 * (answering.ts).
 *
 * An honest yes to everything is certain beforehand where no vertices conflict: nothing takes it back. What is not
 * certain is looked at in the tick in which its query arrives. Runs with queues are refused (tier.ts).
 */
import { plainArrays } from '#node/core/arrays.ts';
import type { Core } from '#node/core/core.ts';
import { answerYesToAll } from '#node/core/exceptions.ts';
import { headKey, headSampleSlot } from '#node/core/poll-book.ts';
import { mix } from '#node/core/random.ts';
import { Answering } from './answering.ts';
import { arrivalSlot, arriveTicksOf, askTicksOf, firstWordAt, noArrival } from './arrival.ts';
import { mostMembers, mostPolls, pollEvent, pollReference } from './event.ts';
import { FollowedAnswers } from './followed-answers.ts';
import { FollowedPolls } from './followed-polls.ts';
import { Foresight } from './foresight.ts';
import { type Ahead, InFlight } from './in-flight.ts';
import {
  type InstantSink,
  Instants,
  instantDetail,
  instantKind,
  instantKindOf,
  instantSlot,
  travelTicks,
} from './instants.ts';
import { LateSamples } from './late-samples.ts';
import type { Network } from './network.ts';
import type { PollDraws } from './poll-draws.ts';
import { times as numbers, PollMemory } from './poll-memory.ts';
import { PollRecords, recordTime, recordTimes, recordWord, recordWords } from './poll-records.ts';
import { PollTurns } from './poll-turns.ts';
import { answerDraws, queryDraws, type Traffic, type TrafficParts } from './traffic.ts';
import { type EventSink, TimingWheel, wheelArrays } from './wheel.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const fieldKey = headKey;
const fieldSampleSlot = headSampleSlot;
const yesToAll = answerYesToAll;
const none = noArrival;
const draw32 = mix;
const queryStream = queryDraws;
const answerStream = answerDraws;
const endKind = instantKind.end;
const lookKind = instantKind.look;
const memberMask = mostMembers - 1;
const pollMask = mostPolls - 1;
const attacker = 0x80000000 | 0;
const nowUsAt = numbers.now;
/** Polls of a node that may be in flight at once. */
const pastBits = 4;
const pastMask = (1 << pastBits) - 1;

const words = recordWords;
const times = recordTimes;
const startAt = recordTime.start;
const sendingAt = recordWord.sending;
const lookAt = recordWord.look;
const flightAt = recordWord.flight;
const foreseenAt = recordWord.foreseen;
const answersAt = recordWord.answers;
const fedAt = recordWord.fed;

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
  readonly #samples: LateSamples;
  /** Null where the processor has no vector instructions. */
  readonly #memory: PollMemory | null;
  readonly #turns: PollTurns | null;
  /** Queries whose answers are not certain beforehand. */
  readonly #queries: TimingWheel;
  /** As in exchange.ts, but counted when the queries leave. */
  readonly #asked: Int32Array;
  #counted = 0;
  #sendings = 0;
  #retrying = false;
  /** See poll-records.ts. */
  readonly #record: Int32Array;
  readonly #times: Float64Array;
  /** Keys of the last polls that asked fresh peers. */
  readonly #pastKeys: Int32Array;
  readonly #followed: FollowedAnswers;
  readonly #followedPolls: FollowedPolls;

  constructor(parts: TrafficParts) {
    const { core, network, attack, attackers, calibration } = parts;
    this.#core = core;
    this.#network = network;
    this.#answering = new Answering(parts);
    this.#answerBytes = calibration.wireBytes.answerFixed;
    this.#queryFixedBytes = calibration.wireBytes.queryFixed;
    this.#queryVertexBytes = calibration.wireBytes.queryPerVertex;
    // What an attacker says has to be asked one by one when it is not always the same.
    this.#foresight = new Foresight(
      core,
      network,
      this.#answering,
      this.#answering.isUniform ? parts.draws : null,
    );
    const { polls, k } = core.polls;
    const arrays = parts.draws ?? plainArrays;
    this.#inFlight = new InFlight(network, core.members, k, parts.exclusion, arrays);
    const records = new PollRecords(polls, k, arrays);
    this.#record = records.words;
    this.#times = records.times;
    for (let poll = 0; poll < polls; poll++) this.#record[poll * words + lookAt] = -1;
    this.#instants = new Instants(parts.wheelSlots, this.#record, words, sendingAt, arrays);
    this.#samples = new LateSamples(core, network.tickUs, records);
    const queries = wheelArrays(parts.wheelSlots, polls * k, arrays);
    this.#queries = new TimingWheel(parts.wheelSlots, queries);
    const queues = { instants: this.#instants, samples: this.#samples, inFlight: this.#inFlight, records };
    const { pool } = queries;
    const kept = { ...queues, pool, wheel: this.#instants.wheelArrays };
    this.#memory = parts.draws === null ? null : new PollMemory(parts, this.#answering, parts.draws, kept);
    this.#turns = this.#memory === null ? null : new PollTurns(parts, this.#memory, queues);
    this.#asked = parts.draws?.asked ?? new Int32Array(core.members);
    if (attack !== null)
      for (const [member, attacks] of attackers.entries()) if (attacks === 1) this.#asked[member] = attacker;
    this.#pastKeys = new Int32Array(polls << pastBits);
    this.#followed = new FollowedAnswers(core.polls, core.params, records, this.#memory);
    this.#followedPolls = new FollowedPolls(
      parts,
      this.#answering,
      this.#followed,
      this.#memory,
      this.#queries,
      this.#asked,
    );
  }

  begin(node: number, vertices: number): void {
    const bytes = this.#queryFixedBytes + vertices * this.#queryVertexBytes;
    this.#network.bytesSent[node]! += bytes * this.#core.polls.k;
  }

  giveUpAt(_poll: number, waitUs: number): number {
    return this.nowUs + waitUs;
  }

  endsBefore(poll: number, tick: number): boolean {
    const r = poll * words;
    const look = this.#record[r + lookAt]!;
    return (
      this.#record[r + foreseenAt] === 1 && look >= 0 && this.#times[poll * times + startAt]! + look < tick
    );
  }

  settleRoundTrips(node: number): void {
    this.#samples.settle(node, this.#queries.now);
  }

  queryAll(poll: number, count: number): void {
    const { polls } = this.#core;
    const key = polls.head[poll * polls.stride + fieldKey]!;
    const now = this.#queries.now;
    const record = this.#record;
    const r = poll * words;
    record[r + sendingAt] = this.#sendings;
    record[r + lookAt] = -1;
    record[r + answersAt] = 0;
    record[r + fedAt] = 0;
    const sampleSlot = polls.head[poll * polls.stride + fieldSampleSlot]!;
    const sample = sampleSlot < count ? this.#foresight.answerAt(key, sampleSlot) : none;
    this.#samples.begin(poll, now, this.#sendings++, sample);
    this.#retrying = false;
    const isCertain = count === polls.k && !this.#core.table.hasConflicts && this.#answering.allSayYes(poll);
    record[r + foreseenAt] = isCertain ? 1 : 0;
    const end = isCertain ? this.#foresee(poll) : none;
    record[r + flightAt] = this.#inFlight.add(poll, key, now, count, polls.peers, poll * polls.k, end);
    if (!isCertain) this.#follow(poll, count);
  }

  /** Returns the answer that ends the poll. */
  #foresee(poll: number): number {
    const foresight = this.#foresight;
    foresight.look(poll, this.#asked);
    this.#network.lost += foresight.lostQueries + foresight.lostAnswers;
    this.#counted += this.#core.polls.k - foresight.lostQueries + foresight.answers;
    const { end } = foresight;
    if (end === none) return none;
    this.#core.ignoredAnswers += foresight.late;
    this.#record[poll * words + answersAt] = foresight.late;
    this.#expect(poll, end, endKind);
    return end;
  }

  /** Waits for an answer of the poll. */
  #expect(poll: number, word: number, kind: number): void {
    const { head, stride } = this.#core.polls;
    const r = poll * words;
    const tick = this.#times[poll * times + startAt]! + arriveTicksOf(word);
    this.#record[r + lookAt] = arriveTicksOf(word);
    const travel = arriveTicksOf(word) - askTicksOf(word);
    const reference = pollReference(poll, head[poll * stride]!);
    this.#instants.push(tick - this.#queries.now, travel, kind, arrivalSlot(word), reference, 0);
  }

  /** Draws all delays; answers that are not certain are looked at when their query arrives. */
  #follow(poll: number, count: number): void {
    const polls = this.#followedPolls;
    const found = polls.begin(poll, count);
    this.#network.lost += polls.lostQueries + polls.lostAnswers;
    this.#counted += count - polls.lostQueries + found;
    this.#waitFor(poll, this.#followed.possibleEnd(poll));
  }

  /** Waits for the answer at that position. */
  #waitFor(poll: number, at: number): void {
    const r = poll * words;
    this.#record[r + lookAt] = -1;
    if (at < this.#record[r + answersAt]!) this.#expect(poll, this.#followed.wordAt(poll, at), lookKind);
  }

  together(from: number, until: number): number {
    const turns = this.#turns;
    if (turns === null) return from;
    const done = turns.run(from, until, this.#queries.now, this.nowUs, this.#sendings);
    this.#afterTurns(turns);
    return done;
  }

  #afterTurns({ turns, delivered }: PollTurns): void {
    if (turns === 0) return;
    this.#sendings += turns;
    this.#counted += delivered;
    this.#retrying = false;
  }

  happen(a: number, b: number): void {
    const poll = b & pollMask;
    const { head, stride } = this.#core.polls;
    const isCurrent = head[poll * stride] === b >>> 20;
    const kind = instantKindOf(a);
    if (kind !== instantKind.retry) {
      const wanted = this.#times[poll * times + startAt]! + this.#record[poll * words + lookAt]!;
      if (!isCurrent || wanted !== this.#queries.now) return;
      this.#settleUntil(poll, a);
      this.#turns?.recallPeers(poll, false);
      if (kind === endKind) this.#core.conclude(poll, this.nowUs);
      else this.#look(poll, instantSlot(a));
      return;
    }
    this.#counted += 1;
    if (isCurrent) {
      this.#settleUntil(poll, a);
      this.#core.count(poll, instantSlot(a), 1, instantDetail(a), this.nowUs);
    } else this.#core.ignoredAnswers += 1;
  }

  /** Samples that arrive before the answer of an instant, or are that answer. */
  #settleUntil(poll: number, a: number): void {
    const askedTick = this.#queries.now - travelTicks(a);
    const sending = this.#record[poll * words + sendingAt]!;
    this.#samples.settleUntil(poll, this.#queries.now, askedTick, sending, instantSlot(a));
  }

  /** The answer at this slot may end the poll; by now it may be known that it does not. */
  #look(poll: number, slot: number): void {
    const { polls, table } = this.#core;
    const record = this.#record;
    const r = poll * words;
    const answers = this.#followed;
    const sequence = polls.sequence(poll);
    const flight = record[r + flightAt]!;
    const count = record[r + answersAt]!;
    const at = answers.possibleEnd(poll);
    const word = at < count ? answers.wordAt(poll, at) : none;
    if (word === none || arrivalSlot(word) !== slot) {
      this.#waitFor(poll, at);
      return;
    }
    if (answers.isOver(poll) && !table.hasConflicts) {
      answers.foresee(poll, at);
      this.#core.conclude(poll, this.nowUs);
    } else {
      answers.feed(poll, at);
      record[r + fedAt] = at + 1;
      this.#core.count(poll, slot, 0, answers.kindAt(poll, slot), this.nowUs);
    }
    if (polls.head[poll * polls.stride] === sequence) {
      this.#waitFor(poll, answers.possibleEnd(poll));
      return;
    }
    this.#core.ignoredAnswers += count - at - 1;
    this.#inFlight.ended(flight, word);
  }

  /** What has arrived by now is counted; the rest comes too late, for its slots go to fresh peers. */
  beginRetries(poll: number, sequence: number): void {
    const { polls } = this.#core;
    if (polls.head[poll * polls.stride] !== sequence) return;
    this.#retrying = false;
    this.settleRoundTrips(poll);
    const record = this.#record;
    const r = poll * words;
    this.#turns?.recallPeers(poll, true);
    if (record[r + foreseenAt] === 1) this.#takeBack(poll);
    const tooLate = firstWordAt(this.#queries.now - this.#times[poll * times + startAt]!);
    this.#core.ignoredAnswers += this.#followed.close(poll, tooLate);
    record[r + lookAt] = -1;
    this.#inFlight.ended(record[r + flightAt]!, tooLate - 1);
  }

  /** The timeout comes before the foreseen end. */
  #takeBack(poll: number): void {
    const { polls } = this.#core;
    const r = poll * words;
    polls.unforesee(poll);
    this.#record[r + foreseenAt] = 0;
    if (this.#record[r + lookAt]! >= 0) this.#core.ignoredAnswers -= this.#record[r + answersAt]!;
    this.#followedPolls.recall(poll, this.#foresight);
  }

  /** Retries are followed message by message. */
  query(poll: number, slot: number, attempt: number, peer: number): void {
    const { head, stride } = this.#core.polls;
    const h = poll * stride;
    const key = head[h + fieldKey]!;
    if (!this.#retrying) {
      this.#retrying = true;
      this.#record[poll * words + sendingAt] = this.#sendings++;
      this.#pastKeys[(poll << pastBits) + (head[h]! & pastMask)] = key;
    }
    const ticks = this.#network.plainDelay(draw32(key, queryStream, 2 * slot + attempt));
    if (ticks >= 0) this.#queries.push(ticks, pollEvent(attempt, slot, peer), pollReference(poll, head[h]!));
  }

  drain(): void {
    this.#turns?.setTimer(this.nowUs);
    if (this.#queries.isDue) this.#queries.drain(this);
    this.#instants.drain(this);
    this.#samples.answeredTick = this.#queries.now;
  }

  get isDue(): boolean {
    return this.#queries.isDue || this.#instants.isDue;
  }

  nextDue(limit: number): number {
    return this.#queries.nextDue(this.#instants.nextDue(limit));
  }

  get canPass(): boolean {
    return this.#turns?.canPass === true && !this.#queries.isDue;
  }

  pass(limit: number): number {
    const { now } = this.#queries;
    const turns = this.#turns;
    if (turns === null) return now;
    const reached = turns.pass(now, this.#queries.nextDue(limit), this.#sendings);
    this.#afterTurns(turns);
    return reached;
  }

  advanceTo(tick: number): void {
    this.#queries.advanceTo(tick);
    this.#instants.advanceTo(tick);
  }

  /** Queries arrive whose answers are not certain, and retries. */
  run(pool: Int32Array, from: number, until: number): void {
    const { polls } = this.#core;
    const near = this.#nearQueries(pool);
    for (let e = from; e < until; e += 2) {
      if (near !== null) {
        e = near.arrivals(e, until);
        if (e >= until) return;
      }
      const a = pool[e]!;
      const b = pool[e + 1]!;
      const peer = a & memberMask;
      const poll = b & pollMask;
      const slot = (a >>> 17) & 1023;
      const attempt = (a >>> 27) & 1;
      const isWanted =
        polls.head[poll * polls.stride] === b >>> 20 && polls.state(poll, slot) === attempt << 1;
      let kind = 0;
      if (isWanted) {
        // Most peers have come to know by now what they are asked about.
        const attacks = this.#asked[peer]! < 0;
        const isYes = !attacks && this.#answering.saysYes(peer, poll);
        kind = isYes ? yesToAll : this.#answering.answer(peer, poll, slot, attacks, this.nowUs) >>> 2;
      }
      if (attempt === 1) this.#answerRetry(peer, slot, b, kind);
      else if (isWanted) this.#followed.say(poll, slot, kind);
    }
  }

  /** Where queries of that pool can be looked at many at a time. */
  #nearQueries(pool: Int32Array): PollDraws | null {
    const memory = this.#memory;
    if (memory === null || pool !== memory.pool || !memory.canFollow) return null;
    memory.times[nowUsAt] = this.nowUs;
    return memory.draws;
  }

  #answerRetry(peer: number, slot: number, reference: number, kind: number): void {
    this.#asked[peer]! += 1;
    this.#counted += 1;
    const key = this.#pastKeys[((reference & pollMask) << pastBits) + ((reference >>> 20) & pastMask)]!;
    const ticks = this.#network.plainDelay(draw32(key, answerStream, 2 * slot + 1));
    if (ticks >= 0) this.#instants.push(ticks, ticks, instantKind.retry, slot, reference, kind);
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
    return this.#inFlight.ahead(this.#queries.now);
  }
}
