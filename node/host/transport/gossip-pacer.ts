/**
 * At most one gossip record to a member in a while: what comes sooner waits and travels together.
 * Owns: the waiting. Does not own: sending, conditions. A member that was quiet gets its record at once: only load is merged.
 * RPCs are protobuf messages: one after the other they are one RPC with all their fields.
 */
import type { Clock } from '#node/host/clock.ts';
import { DelayQueue } from './delay-queue.ts';

const mostMergedBytes = 131_072;

interface Pace {
  parts: Uint8Array[];
  bytes: number;
  nextUs: number;
  isDue: boolean;
}

export class GossipPacer {
  readonly #clock: Clock;
  readonly #everyUs: number;
  readonly #send: (member: number, rpc: Uint8Array) => void;
  readonly #queue: DelayQueue;
  readonly #paces = new Map<number, Pace>();

  /** `everyUs` 0: nothing waits. */
  constructor(clock: Clock, everyUs: number, send: (member: number, rpc: Uint8Array) => void) {
    this.#clock = clock;
    this.#everyUs = everyUs;
    this.#send = send;
    this.#queue = new DelayQueue(clock);
  }

  add(member: number, rpc: Uint8Array): void {
    const pace = this.#paces.get(member) ?? { parts: [], bytes: 0, nextUs: 0, isDue: false };
    this.#paces.set(member, pace);
    pace.parts.push(rpc);
    pace.bytes += rpc.length;
    if (this.#clock.nowUs() >= pace.nextUs || pace.bytes >= mostMergedBytes) this.#flush(member, pace);
    else if (!pace.isDue) {
      pace.isDue = true;
      this.#queue.add(pace.nextUs, () => {
        pace.isDue = false;
        this.#flush(member, pace);
      });
    }
  }

  /** The session is gone, and what waits for it. */
  forget(member: number): void {
    const pace = this.#paces.get(member);
    if (pace !== undefined) pace.parts = [];
    this.#paces.delete(member);
  }

  close(): void {
    this.#queue.close();
    this.#paces.clear();
  }

  #flush(member: number, pace: Pace): void {
    const { parts } = pace;
    if (parts.length === 0) return;
    pace.parts = [];
    pace.bytes = 0;
    pace.nextUs = this.#clock.nowUs() + this.#everyUs;
    this.#send(member, parts.length === 1 ? parts[0]! : Buffer.concat(parts));
  }
}
