/**
 * Telling the network of own vertices: one announcement for all of a turn, or each twin to its half of the members.
 * Owns: what is announced to whom. Does not own: gossip (transport), durability (journal.ts).
 */
import { halfOf } from '#node/byzantine/equivocation.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import type { Announced } from '#node/host/wire/frame.ts';
import type { Journal } from './journal.ts';

/** Of one announcement: it must fit into a gossip message. */
const announcedMost = 64;

export interface AnnouncerParts {
  readonly journal: Journal;
  readonly members: number;
  readonly self: number;
  readonly announce: (bytes: Uint8Array) => void;
  readonly send: (member: number, bytes: Uint8Array) => void;
}

export class Announcer {
  readonly #parts: AnnouncerParts;
  #waiting: Announced[] = [];

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  add({ creator, sequence, id }: Announced): void {
    this.#waiting.push({ creator, sequence, id });
  }

  /** An equivocator shows each half of the network another vertex. */
  twins(first: Announced, second: Announced): void {
    const { members, self, send } = this.#parts;
    for (let member = 0; member < members; member++) {
      if (member === self) continue;
      const { creator, sequence, id } = halfOf(member) === 0 ? first : second;
      send(member, encodeFrame({ kind: 'announcement', vertices: [{ creator, sequence, id }] }));
    }
  }

  flush(): void {
    const { journal, announce } = this.#parts;
    while (this.#waiting.length > 0) {
      const vertices = this.#waiting.splice(0, announcedMost);
      const bytes = encodeFrame({ kind: 'announcement', vertices });
      journal.afterwards(() => announce(bytes));
    }
  }
}
