/**
 * Frames that wait for the event loop: votes, then vertices for this node, then what others ask for, then transfers.
 * Owns: the classes of frames, their order, the bound of each. Does not own: decoding, who is cut off.
 * A frame that does not fit is dropped and counted: to its sender it was lost.
 */
import { kindCode } from '#node/host/wire/frame.ts';

export interface Received {
  readonly member: number;
  readonly bytes: Uint8Array;
  /** It came as gossip. */
  readonly isGossip: boolean;
  /** 0 = votes .. 3 = transfers. */
  readonly rank: number;
  /** When it arrived. */
  readonly atUs: number;
}

const votes = 0;
const bodies = 1;
const requests = 2;
const transfers = 3;
export const inboxRanks = 4;

const rankOfKind = new Map<number, number>([
  [kindCode.query, votes],
  [kindCode.answer, votes],
  [kindCode.announcement, bodies],
  [kindCode.request, requests],
  [kindCode.vertices, bodies],
]);

/** A first-in first-out queue that does not move its elements for each one taken. What was taken is not held: a frame is kilobytes. */
class Line {
  #items: (Received | null)[] = [];
  #next = 0;

  get first(): Received | null {
    return this.#items[this.#next] ?? null;
  }

  get length(): number {
    return this.#items.length - this.#next;
  }

  push(item: Received): void {
    this.#items.push(item);
  }

  shift(): Received | null {
    const item = this.first;
    if (item === null) return null;
    this.#items[this.#next] = null;
    this.#next += 1;
    if (this.#next === this.#items.length) {
      this.#items.length = 0;
      this.#next = 0;
    } else if (this.#next > 1_024 && this.#next * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#next);
      this.#next = 0;
    }
    return item;
  }
}

export class Inbox {
  dropped = 0;
  readonly #lines: readonly Line[];
  readonly #most: number;
  readonly #isRanked: boolean;

  /** `most`: frames of each rank. Without ranks there is one line for all. */
  constructor(most: number, isRanked: boolean) {
    this.#most = most;
    this.#isRanked = isRanked;
    this.#lines = Array.from({ length: inboxRanks }, () => new Line());
  }

  get length(): number {
    return this.#lines.reduce((sum, line) => sum + line.length, 0);
  }

  /** How long the oldest vote or vertex has waited: what others ask for does not count. */
  waitedUs(nowUs: number): number {
    const votesSince = this.#lines[votes]?.first?.atUs ?? nowUs;
    const bodiesSince = this.#lines[bodies]?.first?.atUs ?? nowUs;
    return nowUs - Math.min(votesSince, bodiesSince);
  }

  /** False when there was no room. */
  add(member: number, bytes: Uint8Array, isGossip: boolean, atUs: number): boolean {
    const rank = rankOfKind.get(bytes[1] ?? 0) ?? transfers;
    const line = this.#lines[this.#isRanked ? rank : 0]!;
    if (line.length >= this.#most) {
      this.dropped += 1;
      return false;
    }
    line.push({ member, bytes, isGossip, rank, atUs });
    return true;
  }

  next(): Received | null {
    for (const line of this.#lines) {
      const item = line.shift();
      if (item !== null) return item;
    }
    return null;
  }

  clear(): void {
    while (this.next() !== null);
  }
}
