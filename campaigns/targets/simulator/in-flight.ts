/**
 * The messages of recent polls that are still on their way: what was counted when a poll began and has not arrived yet.
 * Owns: the list of recent polls and, when somebody wants figures as of now, drawing their messages once more.
 * Does not own: the counts. Costs nothing per message: draws are functions of a poll's key.
 */
import type { ArrayMaker } from '#node/core/arrays.ts';
import { mix } from '#node/core/random.ts';
import { Sampler } from '#node/core/sampler.ts';
import { arrivalWord } from './arrival.ts';
import type { Network } from './network.ts';
import { answerDraws, queryDraws } from './traffic.ts';

const firstRoom = 1024;

/** Counted and not arrived. */
export interface Ahead {
  readonly queries: number;
  readonly answers: number;
  /** Answers among these that were counted as too late already. */
  readonly ignored: number;
  readonly lost: number;
  /** Queries, by member. */
  readonly asked: Int32Array;
}

export class InFlight {
  readonly #network: Network;
  readonly #sampler: Sampler;
  readonly #k: number;
  readonly #longest: number;
  /** Peers cannot be drawn again when nodes leave some out. */
  readonly #keepsPeers: boolean;
  readonly #drawn: Int32Array;
  readonly #members: number;
  /** By number, modulo their length: the node, key of the poll, its queries, tick in which they left. */
  node: Int32Array;
  key: Int32Array;
  count: Int32Array;
  start: Float64Array;
  /** Later answers were counted as ignored. */
  end: Int32Array;
  #peers: Int32Array;
  /** Number of the oldest whose messages may not have arrived. */
  first = 0;
  /** Number of the next poll. */
  next = 0;

  readonly #arrays: ArrayMaker;
  /** What was found last: in which tick, and before which poll. */
  #ahead: Ahead | null = null;
  #aheadTick = -1;
  #aheadNext = -1;

  constructor(network: Network, members: number, k: number, keepsPeers: boolean, arrays: ArrayMaker) {
    this.#arrays = arrays;
    this.node = arrays.int32(firstRoom);
    this.key = arrays.int32(firstRoom);
    this.count = arrays.int32(firstRoom);
    this.start = arrays.float64(firstRoom);
    this.end = arrays.int32(firstRoom);
    this.#network = network;
    this.#sampler = new Sampler(members);
    this.#k = k;
    this.#members = members;
    this.#keepsPeers = keepsPeers;
    this.#longest = 2 * network.longestTicks;
    this.#drawn = new Int32Array(k);
    this.#peers = new Int32Array(keepsPeers ? firstRoom * k : 0);
  }

  /** There is room for that many polls more. */
  makeRoom(polls: number, nowTick: number): void {
    while (this.first < this.next && this.start[this.#at(this.first)]! + this.#longest < nowTick)
      this.first += 1;
    while (this.next - this.first + polls > this.node.length) this.#grow();
  }

  /**
   * A poll's first queries leave in this tick; `end`: the answer that ends it, `noArrival` while that is not known. Returns the
   * number under which an end is told later.
   */
  add(
    node: number,
    key: number,
    nowTick: number,
    count: number,
    peers: Int32Array,
    at: number,
    end: number,
  ): number {
    this.makeRoom(1, nowTick);
    const record = this.#at(this.next);
    this.node[record] = node;
    this.key[record] = key;
    this.count[record] = count;
    this.start[record] = nowTick;
    this.end[record] = end;
    if (this.#keepsPeers)
      for (let slot = 0; slot < count; slot++) this.#peers[record * this.#k + slot] = peers[at + slot]!;
    return this.next++ | 0;
  }

  /** Answers after this one were counted as too late; `noArrival`: none. */
  ended(number: number, word: number): void {
    if (((number - this.first) | 0) >= 0) this.end[this.#at(number)] = word;
  }

  /** What has not arrived before the tick `now`. */
  ahead(now: number): Ahead {
    if (this.#ahead !== null && this.#aheadTick === now && this.#aheadNext === this.next) return this.#ahead;
    const asked = new Int32Array(this.#members);
    const found = { queries: 0, answers: 0, ignored: 0, lost: 0, asked };
    for (let number = this.first; number < this.next; number++) this.#addAhead(this.#at(number), now, found);
    this.#ahead = found;
    this.#aheadTick = now;
    this.#aheadNext = this.next;
    return found;
  }

  #addAhead(record: number, now: number, found: { -readonly [K in keyof Ahead]: Ahead[K] }): void {
    const { delayTable, lossLimit } = this.#network;
    const start = this.start[record]!;
    if (start + this.#longest < now) return;
    const key = this.key[record]!;
    const peers = this.#peersOf(record);
    const end = this.end[record]!;
    for (let slot = 0; slot < this.count[record]!; slot++) {
      const query = mix(key, queryDraws, 2 * slot);
      if (query >>> 12 < lossLimit) continue;
      const askTicks = delayTable[query & 4095]!;
      const answer = mix(key, answerDraws, 2 * slot);
      const isLost = answer >>> 12 < lossLimit;
      const arriveTicks = askTicks + delayTable[answer & 4095]!;
      if (start + askTicks >= now) {
        found.queries += 1;
        found.asked[peers[slot]!]! += 1;
        if (isLost) found.lost += 1;
      }
      if (isLost || start + arriveTicks < now) continue;
      found.answers += 1;
      if (arrivalWord(arriveTicks, askTicks, slot) > end) found.ignored += 1;
    }
  }

  #peersOf(record: number): Int32Array {
    if (this.#keepsPeers) return this.#peers.subarray(record * this.#k, (record + 1) * this.#k);
    const node = this.node[record]!;
    this.#sampler.sample(node, this.#k, this.key[record]!, node, this.#drawn, 0, null);
    return this.#drawn;
  }

  #at(number: number): number {
    return number & (this.node.length - 1);
  }

  #grow(): void {
    const size = this.node.length;
    const wider = <T extends Int32Array | Float64Array>(from: T, to: T, per: number): T => {
      for (let number = this.first; number < this.next; number++) {
        const at = (number & (size - 1)) * per;
        to.set(from.subarray(at, at + per), (number & (2 * size - 1)) * per);
      }
      return to;
    };
    if (this.#keepsPeers) this.#peers = wider(this.#peers, new Int32Array(2 * size * this.#k), this.#k);
    this.node = wider(this.node, this.#arrays.int32(2 * size), 1);
    this.key = wider(this.key, this.#arrays.int32(2 * size), 1);
    this.count = wider(this.count, this.#arrays.int32(2 * size), 1);
    this.start = wider(this.start, this.#arrays.float64(2 * size), 1);
    this.end = wider(this.end, this.#arrays.int32(2 * size), 1);
  }
}
