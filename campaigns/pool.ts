/**
 * Keeps the cores busy: a fixed number of threads, each running one repetition at a time.
 * Owns: starting, stopping and replacing threads. Does not own: which repetition comes next (operator.ts), its result.
 */
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import type { TargetReference, WorkerAnswer, WorkerRequest } from '#campaigns/worker.ts';
import { prepareEngine } from './engine.ts';

export type PoolOutcome =
  | { readonly kind: 'outcome'; readonly outcome: RunOutcome }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly reason: string };

/** How long a thread that was told to stop may take until it is ended from outside. */
const stopGraceMs = 1_500;

/** One repetition per core; at least one. */
export function defaultWorkers(): number {
  return Math.max(1, os.availableParallelism());
}

interface Job {
  readonly request: WorkerRequest;
  readonly onProgress: (share: number) => void;
  readonly settle: (outcome: PoolOutcome) => void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | null;
}

export class Pool {
  readonly #target: TargetReference;
  readonly #threads = new Set<Thread>();
  #closed = false;

  constructor(target: TargetReference) {
    this.#target = target;
  }

  /** Runs on an idle thread, or on a new one: the caller bounds how many run at once. Never rejects. */
  run(cell: string, spec: RunSpec, onProgress: (share: number) => void): Promise<PoolOutcome> {
    if (this.#closed) return Promise.resolve({ kind: 'stopped' });
    const thread = [...this.#threads].find((candidate) => candidate.job === null) ?? this.#start();
    return new Promise((settle) => {
      thread.job = { request: { cell, spec, stop: new SharedArrayBuffer(4) }, onProgress, settle };
      thread.worker.postMessage(thread.job.request);
    });
  }

  /** Asks every running repetition to stop; what does not within the grace is ended. Resolves when none runs. */
  async stopAll(): Promise<void> {
    const busy = [...this.#threads].filter((thread) => thread.job !== null);
    for (const thread of busy) {
      if (thread.job !== null) Atomics.store(new Int32Array(thread.job.request.stop), 0, 1);
    }
    const deadline = new Promise<void>((resolve) => {
      setTimeout(resolve, stopGraceMs).unref();
    });
    const ended = Promise.all(busy.map((thread) => this.#idle(thread)));
    await Promise.race([ended, deadline]);
    await Promise.all(
      busy.filter((thread) => thread.job !== null).map((thread) => thread.worker.terminate()),
    );
  }

  /** Ends all threads at once. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map((thread) => thread.worker.terminate()));
  }

  #start(): Thread {
    prepareEngine();
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: this.#target });
    const thread: Thread = { worker, job: null };
    this.#threads.add(thread);
    worker.on('message', (answer: WorkerAnswer) => this.#receive(thread, answer));
    worker.on('error', (error) => {
      this.#settle(thread, {
        kind: 'failed',
        reason: error instanceof Error ? error.message : String(error),
      });
    });
    worker.on('exit', (code) => {
      this.#threads.delete(thread);
      const stopped =
        this.#closed ||
        (thread.job !== null && Atomics.load(new Int32Array(thread.job.request.stop), 0) !== 0);
      this.#settle(
        thread,
        stopped ? { kind: 'stopped' } : { kind: 'failed', reason: `its thread ended with code ${code}` },
      );
    });
    return thread;
  }

  #receive(thread: Thread, answer: WorkerAnswer): void {
    switch (answer.kind) {
      case 'ready':
        return;
      case 'progress':
        thread.job?.onProgress(answer.share);
        return;
      case 'outcome':
        this.#settle(thread, { kind: 'outcome', outcome: answer.outcome });
        return;
      case 'stopped':
        this.#settle(thread, { kind: 'stopped' });
        return;
      case 'failed':
        this.#settle(thread, { kind: 'failed', reason: answer.reason });
        return;
    }
  }

  #settle(thread: Thread, outcome: PoolOutcome): void {
    const job = thread.job;
    thread.job = null;
    job?.settle(outcome);
  }

  async #idle(thread: Thread): Promise<void> {
    const job = thread.job;
    if (job === null) return;
    await new Promise<void>((resolve) => {
      const settle = job.settle;
      thread.job = {
        ...job,
        settle: (outcome) => {
          settle(outcome);
          resolve();
        },
      };
    });
  }
}
