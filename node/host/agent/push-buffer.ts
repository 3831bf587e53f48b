/**
 * The pushes of an agent until the conductor has stored them: numbered without gaps, bounded in bytes.
 * Owns: numbers, what is not acknowledged yet, and what did not fit. Does not own: sockets (agent-link.ts) or bodies.
 *
 * What is in here is never dropped before it is acknowledged. When there is no room the new body is refused and counted, and
 * the next push that fits is the count: the conductor learns that something is missing, and how much.
 */
import type { ClockEstimate, Push } from '#node/agent-protocol.ts';
import { writeMessage } from '#node/agent-protocol.ts';
import type { PushBody } from '#node/agent-push.ts';

interface Kept {
  readonly seq: number;
  readonly text: string;
}

/** Invariants: `#kept` ascends by 1 from the last acknowledged number; `bytes` is the length of all its texts. */
export class PushBuffer {
  readonly bytesMost: number;
  #kept: Kept[] = [];
  #bytes = 0;
  #lastSeq = 0;
  #pushesDropped = 0;
  #bytesDropped = 0;

  constructor(bytesMost: number) {
    this.bytesMost = bytesMost;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Pushes that were refused so far and have not been reported yet. */
  get pushesDropped(): number {
    return this.#pushesDropped;
  }

  /** Less than half full: figures that can wait, wait otherwise. */
  get hasRoom(): boolean {
    return this.#bytes < this.bytesMost / 2;
  }

  get isEmpty(): boolean {
    return this.#kept.length === 0;
  }

  /** False when it did not fit. */
  add(body: PushBody, atUs: number, clock: ClockEstimate): boolean {
    if (this.#pushesDropped > 0) {
      const { pushesDropped, bytesDropped } = {
        pushesDropped: this.#pushesDropped,
        bytesDropped: this.#bytesDropped,
      };
      if (this.#keep({ kind: 'overflow', pushesDropped, bytesDropped }, atUs, clock)) {
        this.#pushesDropped = 0;
        this.#bytesDropped = 0;
      }
    }
    return this.#keep(body, atUs, clock);
  }

  #keep(body: PushBody, atUs: number, clock: ClockEstimate): boolean {
    const push: Push = { kind: 'push', seq: this.#lastSeq + 1, atUs, clock, body };
    const text = writeMessage(push);
    if (this.#bytes + text.length > this.bytesMost) {
      // A report of an overflow that does not fit is no loss: its counts stay here.
      if (body.kind !== 'overflow') {
        this.#pushesDropped += 1;
        this.#bytesDropped += text.length;
      }
      return false;
    }
    this.#lastSeq += 1;
    this.#kept.push({ seq: this.#lastSeq, text });
    this.#bytes += text.length;
    return true;
  }

  /** Everything up to and including `seq` is stored at the conductor. */
  acknowledge(seq: number): void {
    const kept = this.#kept.findIndex((push) => push.seq > seq);
    const gone = kept < 0 ? this.#kept : this.#kept.slice(0, kept);
    for (const { text } of gone) this.#bytes -= text.length;
    this.#kept = kept < 0 ? [] : this.#kept.slice(kept);
  }

  /** The first push later than `seq`, or null. O(1): numbers have no gaps. */
  after(seq: number): Kept | null {
    const first = this.#kept[0];
    if (first === undefined) return null;
    return this.#kept[Math.max(0, seq + 1 - first.seq)] ?? null;
  }
}
