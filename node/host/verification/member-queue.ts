/**
 * The verification queue of one node: what it asked and has no answer to yet, bounded in number and bytes.
 * Owns: the bounds, the figures of one node, who waits for room. Does not own: deduplication, threads (verification-pipeline.ts).
 */

import { claimBytes, type SignatureClaim } from './verification-batch.ts';
import type { VerifierError, VerifierFigures } from './verifier.ts';

export interface QueueLimits {
  /** Calls not yet answered, of one node. */
  readonly queueMost: number;
  /** Bytes of these calls. One claim is taken however long it is. */
  readonly queueMostBytes: number;
}

/** Somebody who waits for an answer. */
export interface Waiter {
  readonly queue: MemberQueue;
  readonly bytes: number;
  readonly resolve: (isGenuine: boolean) => void;
  readonly reject: (error: VerifierError) => void;
}

/** A claim to be checked and everybody who asked for it. */
export interface QueuedClaim extends SignatureClaim {
  /** For looking up the same claim; different claims may share it. */
  readonly name: number;
  readonly owner: MemberQueue;
  readonly waiters: Waiter[];
}

interface RoomWaiter {
  readonly resolve: () => void;
  readonly reject: (error: VerifierError) => void;
}

export class MemberQueue {
  readonly node: number;
  readonly #limits: QueueLimits;
  #waiting: QueuedClaim[] = [];
  #next = 0;
  #pending = 0;
  #pendingBytes = 0;
  #pendingMost = 0;
  #forRoom: RoomWaiter[] = [];
  #onDrained: (() => void)[] = [];
  verified = 0;
  rejected = 0;
  deduplicated = 0;
  deduplicatedAcrossNodes = 0;
  refused = 0;
  cpuUs = 0;

  constructor(node: number, limits: QueueLimits) {
    this.node = node;
    this.#limits = limits;
  }

  /** Claims that no thread has yet. */
  get waiting(): number {
    return this.#waiting.length - this.#next;
  }

  get hasRoom(): boolean {
    return this.#pending < this.#limits.queueMost && this.#pendingBytes < this.#limits.queueMostBytes;
  }

  figures(batchSizes: ReadonlyMap<number, number>): VerifierFigures {
    const { verified, rejected, deduplicated, deduplicatedAcrossNodes, refused, cpuUs } = this;
    return {
      ...{ verified, rejected, deduplicated, deduplicatedAcrossNodes, refused },
      queueDepth: this.#pending,
      queueDepthMost: this.#pendingMost,
      batchSizes,
      cpuUs: Math.round(cpuUs),
    };
  }

  /** One more call is unanswered; the waiter stands for it until `answer` or `fail`. */
  expect(claim: SignatureClaim, resolve: Waiter['resolve'], reject: Waiter['reject']): Waiter {
    const bytes = claimBytes(claim);
    this.#pending++;
    this.#pendingBytes += bytes;
    this.#pendingMost = Math.max(this.#pendingMost, this.#pending);
    return { queue: this, bytes, resolve, reject };
  }

  put(claim: QueuedClaim): void {
    this.#waiting.push(claim);
  }

  /** The oldest claim that no thread has, or null. */
  take(): QueuedClaim | null {
    const claim = this.#waiting[this.#next];
    if (claim === undefined) return null;
    this.#next++;
    // What was taken goes in one piece, so that taking costs the same however long the queue is.
    if (this.#next === this.#waiting.length || this.#next >= 1_024) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    return claim;
  }

  settled({ bytes }: Waiter): void {
    this.#pending--;
    this.#pendingBytes -= bytes;
    if (this.#forRoom.length > 0 && this.hasRoom) {
      const waiters = this.#forRoom;
      this.#forRoom = [];
      for (const waiter of waiters) waiter.resolve();
    }
    if (this.#pending === 0) {
      const drained = this.#onDrained;
      this.#onDrained = [];
      for (const resolve of drained) resolve();
    }
  }

  whenRoom(): Promise<void> {
    return this.hasRoom
      ? Promise.resolve()
      : new Promise((resolve, reject) => this.#forRoom.push({ resolve, reject }));
  }

  whenDrained(): Promise<void> {
    return this.#pending === 0 ? Promise.resolve() : new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** Nobody will get room any more. */
  endRoom(error: VerifierError): void {
    const waiters = this.#forRoom;
    this.#forRoom = [];
    for (const waiter of waiters) waiter.reject(error);
  }
}
