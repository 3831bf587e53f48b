/**
 * The threads that verify, as the main thread sees them: hand a batch over, get slices of answers.
 * Owns: the workers, what each was given and has not answered, their end. Does not own: which claims make a batch.
 */
import { Worker } from 'node:worker_threads';
import { BatchPool } from './batch-pool.ts';
import { packedClaims, type SignatureClaim } from './verification-batch.ts';
import type { VerificationSlice } from './verification-thread.ts';

/** A second batch waits in the thread while the first is worked on, so that it need not wait for the main thread. */
const batchesAtOnce = 2;

/** Tests start threads that fail. */
export type StartThread = () => Worker;

export const startThread: StartThread = () =>
  new Worker(new URL('./verification-thread.ts', import.meta.url));

interface Batch<Claim> {
  readonly claims: readonly Claim[];
  readonly verdicts: boolean[];
}

interface Thread<Claim> {
  readonly worker: Worker;
  /** Handed over, oldest first. */
  readonly batches: Batch<Claim>[];
  readonly ended: Promise<void>;
  cpuUs: number;
}

export interface ThreadListener<Claim> {
  /** `cpuUs` is this claim's part of the time of its slice. */
  answered(claim: Claim, isGenuine: boolean, cpuUs: number): void;
  /** After the last answer of a batch, whose bytes belong to the listener now. More work may be handed over. */
  batchDone(batch: Uint8Array<ArrayBuffer>, claims: readonly Claim[], verdicts: readonly boolean[]): void;
  /** A thread ended by an error. `unanswered`: what it and the others were given and have not answered. */
  failed(error: Error, unanswered: readonly Claim[]): void;
}

export class VerificationThreads<Claim extends SignatureClaim> {
  /** Started when there is something to hand over: most small networks never need one. */
  readonly #threads: Thread<Claim>[] = [];
  readonly #start: StartThread;
  readonly count: number;
  readonly #listener: ThreadListener<Claim>;
  /** Memory of batches: the listener gives it back. */
  readonly pool = new BatchPool();
  #isClosing = false;
  #isBusy = false;

  constructor(count: number, start: StartThread, listener: ThreadListener<Claim>) {
    this.#listener = listener;
    this.#start = start;
    this.count = count;
  }

  /** Nothing is handed over that was not answered. */
  get isIdle(): boolean {
    return !this.#isBusy;
  }

  /** True when some thread takes a batch. */
  get hasRoom(): boolean {
    if (this.#isClosing) return false;
    return this.#threads.length === 0 || this.#threads.some(({ batches }) => batches.length < batchesAtOnce);
  }

  /** To the thread with the least to do, of those with room. */
  handOver(claims: readonly Claim[]): void {
    while (this.#threads.length < this.count) this.#threads.push(this.#watched(this.#start()));
    const thread = this.#threads
      .filter(({ batches }) => batches.length < batchesAtOnce)
      .reduce((a, b) => (left(b) < left(a) ? b : a));
    const bytes = packedClaims(claims, this.pool);
    thread.batches.push({ claims, verdicts: [] });
    thread.worker.postMessage(bytes, [bytes.buffer]);
    this.#keepAlive();
  }

  /** Resolves when all threads have ended. What they were still given is not answered. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(
      this.#threads.map(async ({ worker, batches, ended }) => {
        worker.ref();
        if (batches.length > 0) await worker.terminate();
        else worker.postMessage('close');
        await ended;
      }),
    );
  }

  #watched(worker: Worker): Thread<Claim> {
    worker.unref();
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const thread: Thread<Claim> = { worker, batches: [], ended, cpuUs: 0 };
    worker.on('message', (slice: VerificationSlice) => this.#took(thread, slice));
    worker.on('error', (error) => {
      this.#failed(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on('exit', (code) => {
      if (!this.#isClosing) this.#failed(new Error(`a verification thread ended with code ${code}`));
    });
    return thread;
  }

  #took(thread: Thread<Claim>, slice: VerificationSlice): void {
    if (this.#isClosing) return;
    const batch = thread.batches[0];
    if (batch === undefined) throw new Error('a verification thread answered what it was not asked');
    if (slice.batch !== null) thread.batches.shift();
    const cpuUs = (slice.cpuUs - thread.cpuUs) / slice.verdicts.length;
    thread.cpuUs = slice.cpuUs;
    this.#keepAlive();
    for (const verdict of slice.verdicts) {
      const claim = batch.claims[batch.verdicts.length];
      if (claim === undefined) throw new Error('a verification thread gave more answers than it was asked');
      const isGenuine = verdict === 1;
      batch.verdicts.push(isGenuine);
      this.#listener.answered(claim, isGenuine, cpuUs);
    }
    if (slice.batch !== null) this.#listener.batchDone(slice.batch, batch.claims, batch.verdicts);
  }

  #failed(error: Error): void {
    const unanswered = this.#threads.flatMap(({ batches }) =>
      batches.splice(0).flatMap(({ claims, verdicts }) => claims.slice(verdicts.length)),
    );
    for (const { worker } of this.#threads) void worker.terminate();
    this.#isClosing = true;
    this.#listener.failed(error, unanswered);
  }

  /** Threads keep the process alive only while they owe answers. */
  #keepAlive(): void {
    const isBusy = this.#threads.some(({ batches }) => batches.length > 0);
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    for (const { worker } of this.#threads) {
      if (isBusy) worker.ref();
      else worker.unref();
    }
  }
}

function left<Claim>({ batches }: Thread<Claim>): number {
  return batches.reduce((sum, { claims, verdicts }) => sum + claims.length - verdicts.length, 0);
}
