/**
 * The thread in which repetitions run, one at a time: loads the target once, then answers each request.
 * Owns: the messages between pool and thread. Does not own: the target, files, the journal.
 * A run computes without giving way to messages, so the order to stop comes through shared memory and is seen at each
 * report of progress.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { RunOutcome, Target } from '#campaigns/targets/target.ts';

/** Where the thread finds its target: a module's URL and the name of a function that returns a Target. */
export interface TargetReference {
  readonly moduleUrl: string;
  readonly factory: string;
}

export interface WorkerRequest {
  readonly cell: string;
  readonly spec: RunSpec;
  /** One 32-bit word; anything but 0 asks the run to stop. */
  readonly stop: SharedArrayBuffer;
}

export type WorkerAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly cell: string; readonly share: number }
  | { readonly kind: 'outcome'; readonly cell: string; readonly outcome: RunOutcome }
  | { readonly kind: 'stopped'; readonly cell: string }
  | { readonly kind: 'failed'; readonly cell: string; readonly reason: string };

/** At most this many reports of progress per run travel to the main thread. */
const progressSteps = 200;

function isTarget(value: unknown): value is Target {
  return typeof value === 'object' && value !== null && 'run' in value && typeof value.run === 'function';
}

async function loadTarget(reference: TargetReference): Promise<Target> {
  const loaded: unknown = await import(reference.moduleUrl);
  const factory: unknown =
    typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, reference.factory) : undefined;
  const target: unknown = typeof factory === 'function' ? factory() : undefined;
  if (!isTarget(target)) throw new TypeError(`${reference.moduleUrl} has no target ${reference.factory}()`);
  return target;
}

async function answer(
  target: Target,
  request: WorkerRequest,
  post: (message: WorkerAnswer) => void,
): Promise<void> {
  const stop = new Int32Array(request.stop);
  const controller = new AbortController();
  let reported = 0;
  const progress = (share: number): void => {
    if (Atomics.load(stop, 0) !== 0) controller.abort();
    const step = Math.floor(share * progressSteps);
    if (step <= reported) return;
    reported = step;
    post({ kind: 'progress', cell: request.cell, share });
  };
  try {
    const outcome = await target.run(request.spec, progress, controller.signal);
    // A run that was told to stop may still have ended; its outcome would be that of a shorter run.
    if (controller.signal.aborted) post({ kind: 'stopped', cell: request.cell });
    else post({ kind: 'outcome', cell: request.cell, outcome });
  } catch (error) {
    if (controller.signal.aborted) post({ kind: 'stopped', cell: request.cell });
    else
      post({
        kind: 'failed',
        cell: request.cell,
        reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  }
}

function isReference(value: unknown): value is TargetReference {
  return typeof value === 'object' && value !== null && 'moduleUrl' in value && 'factory' in value;
}

/** Only inside a thread of the pool; a plain import of this file for its types does nothing. */
if (parentPort !== null && isReference(workerData)) {
  const port = parentPort;
  const target = await loadTarget(workerData);
  port.on('message', (request: WorkerRequest) => {
    void answer(target, request, (message) => port.postMessage(message));
  });
  port.postMessage({ kind: 'ready' } satisfies WorkerAnswer);
}
