/**
 * Hands every agent the load of its nodes a second before it is due, open loop: a slow node gets no fewer transactions.
 * Owns: which items were sent to whom, repeating those that found their node down or full. Does not own: the schedule
 * (campaigns/workloads) or issuing (node). Due times never change: what waits is late.
 */
import type { AgentSession } from '#campaigns/conductor/agent-session.ts';
import type { Post } from '#campaigns/conductor/assignment.ts';
import type { Arrivals } from '#campaigns/workloads/arrivals.ts';
import { batchEntriesMost } from '#node/agent-fields.ts';

export interface LoadItem {
  readonly item: number;
  readonly node: number;
  /** Microseconds of the run. */
  readonly dueUs: number;
  readonly conflictKey: number;
}

/** Load is sent that long before it is due. */
export const loadAheadUs = 1_000_000;
/** A refused item is tried again after this long: clients do not hammer. */
const retryUs = 500_000;

export class LoadFeed {
  /** Every item so far, by number. */
  readonly items: LoadItem[] = [];
  readonly #arrivals: Arrivals;
  readonly #posts: readonly Post[];
  readonly #agents: ReadonlyMap<string, AgentSession>;
  #waiting: { readonly item: LoadItem; readonly notBeforeUs: number }[] = [];

  constructor(arrivals: Arrivals, posts: readonly Post[], agents: ReadonlyMap<string, AgentSession>) {
    this.#arrivals = arrivals;
    this.#posts = posts;
    this.#agents = agents;
  }

  /** Sends what becomes due within the next second, and what was refused and may be tried again. */
  advance(runUs: number, startUs: number): void {
    const due = new Map<string, LoadItem[]>();
    const give = (item: LoadItem): void => {
      const agent = this.#posts[item.node]?.agent ?? '';
      const list = due.get(agent);
      if (list === undefined) due.set(agent, [item]);
      else list.push(item);
    };
    const again = this.#waiting.filter(({ notBeforeUs }) => notBeforeUs <= runUs);
    this.#waiting = this.#waiting.filter(({ notBeforeUs }) => notBeforeUs > runUs);
    for (const { item } of again) give(item);
    const arrivals = this.#arrivals;
    while (arrivals.nextDueUs >= 0 && arrivals.nextDueUs <= runUs + loadAheadUs) {
      const item: LoadItem = {
        item: this.items.length,
        node: arrivals.creator,
        dueUs: arrivals.nextDueUs,
        conflictKey: arrivals.conflictKey,
      };
      this.items.push(item);
      arrivals.advance();
      give(item);
    }
    for (const [agent, list] of due) this.#send(agent, list, startUs, runUs);
  }

  /** Items that an agent could not take; they wait, as their clients would. */
  refused(items: readonly number[], runUs: number): void {
    for (const number of items) {
      const item = this.items[number];
      if (item !== undefined) this.#waiting.push({ item, notBeforeUs: runUs + retryUs });
    }
  }

  /**
   * A process that was killed forgot what it had not issued, and a broken connection may have lost what was under way: clients
   * that hear nothing submit again what was due before `dueBeforeUs`.
   */
  repeat(agent: string, isIssued: (item: number) => boolean, runUs: number, dueBeforeUs: number): void {
    const waiting = new Set(this.#waiting.map(({ item }) => item.item));
    for (const item of this.items) {
      if (this.#posts[item.node]?.agent !== agent || item.dueUs >= dueBeforeUs) continue;
      if (waiting.has(item.item) || isIssued(item.item)) continue;
      this.#waiting.push({ item, notBeforeUs: runUs });
    }
  }

  #send(agent: string, list: readonly LoadItem[], startUs: number, runUs: number): void {
    const session = this.#agents.get(agent);
    for (let from = 0; from < list.length; from += batchEntriesMost) {
      const part = list.slice(from, from + batchEntriesMost);
      const isReady = session?.phase === 'ready';
      const isSent =
        isReady &&
        session.send({
          kind: 'load',
          item: part.map(({ item }) => item),
          node: part.map(({ node }) => node),
          dueUs: part.map(({ dueUs }) => startUs + dueUs),
          conflictKey: part.map(({ conflictKey }) => conflictKey),
        });
      if (!isSent)
        this.refused(
          part.map(({ item }) => item),
          runUs,
        );
    }
  }
}
