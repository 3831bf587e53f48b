/**
 * The load of this process's nodes: items handed over ahead of time, submitted when they are due.
 * Owns: the order by due time, one timer, the bound. Does not own: what an item consists of (item-builder.ts), queueing in a node.
 *
 * Due times are kept in the conductor's clock and converted when the timer is set: a better estimate moves what is still ahead.
 */
import type { LoadBatch } from '#node/agent-protocol.ts';
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import type { ClockOffset } from './clock-offset.ts';

export interface LoadItem {
  readonly item: number;
  readonly node: number;
  /** Conductor's clock. */
  readonly dueUs: number;
  readonly conflictKey: number;
}

export const loadItemsMost = 1_000_000;

/** Invariant: `#items` from `#next` on ascends by due time; the timer is set for the first of them. */
export class LoadQueue {
  readonly #clock: Clock;
  readonly #offset: ClockOffset;
  readonly #submit: (item: LoadItem, dueOwnUs: number) => void;
  #items: LoadItem[] = [];
  #next = 0;
  #timer: ClockHandle | null = null;
  /** Items whose time had passed when they arrived. */
  late = 0;

  constructor(clock: Clock, offset: ClockOffset, submit: (item: LoadItem, dueOwnUs: number) => void) {
    this.#clock = clock;
    this.#offset = offset;
    this.#submit = submit;
  }

  get length(): number {
    return this.#items.length - this.#next;
  }

  /** Items that do not fit are handed back. */
  add(batch: LoadBatch): readonly number[] {
    const nowUs = this.#clock.nowUs();
    const refused: number[] = [];
    const added: LoadItem[] = [];
    batch.item.forEach((item, at) => {
      if (this.length + added.length >= loadItemsMost) {
        refused.push(item);
        return;
      }
      const dueUs = batch.dueUs[at]!;
      if (this.#offset.toOwnUs(dueUs) < nowUs) this.late += 1;
      added.push({ item, node: batch.node[at]!, dueUs, conflictKey: batch.conflictKey[at]! });
    });
    const waiting = this.#items.slice(this.#next);
    const last = waiting.at(-1);
    added.sort((a, b) => a.dueUs - b.dueUs);
    this.#items = waiting.concat(added);
    if (last !== undefined && added[0] !== undefined && added[0].dueUs < last.dueUs) {
      this.#items.sort((a, b) => a.dueUs - b.dueUs);
    }
    this.#next = 0;
    this.#arm();
    return refused;
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#items = [];
    this.#next = 0;
  }

  #arm(): void {
    this.#timer?.cancel();
    const first = this.#items[this.#next];
    this.#timer =
      first === undefined ? null : this.#clock.at(this.#offset.toOwnUs(first.dueUs), () => this.#fire());
  }

  #fire(): void {
    const nowUs = this.#clock.nowUs();
    for (;;) {
      const item = this.#items[this.#next];
      if (item === undefined) break;
      const dueOwnUs = this.#offset.toOwnUs(item.dueUs);
      if (dueOwnUs > nowUs) break;
      this.#next += 1;
      this.#submit(item, dueOwnUs);
    }
    this.#arm();
  }
}
