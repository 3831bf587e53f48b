/**
 * The thread that checks signatures: batches come in, answers go out in slices.
 * Owns: the loop of one thread. Does not own: the layout of a batch (verification-batch.ts), the check (signature-check.ts),
 * who asked (verification-pipeline.ts). Run as a worker only.
 */
import { parentPort } from 'node:worker_threads';
import { SignatureCheck } from './signature-check.ts';
import { claimAt, claimUntil } from './verification-batch.ts';

/** Answers to the next claims of the batches that were handed over, in their order. */
export interface VerificationSlice {
  /** 1 genuine, 0 not. */
  readonly verdicts: Uint8Array;
  /** Of this thread since it was ready. */
  readonly cpuUs: number;
  /** The batch itself, with the last of its answers. */
  readonly batch: Uint8Array<ArrayBuffer> | null;
}

/** An answer waits for so many others: a few milliseconds, or an eighth of a long batch, which has waited longer already. */
const sliceClaims = 32;
const slicesOfBatch = 8;

const port = parentPort;
if (port === null) throw new Error('verification-thread.ts runs as a worker thread only');
const check = new SignatureCheck();
const atStart = process.threadCpuUsage();

function post(verdicts: Uint8Array<ArrayBuffer>, batch: Uint8Array<ArrayBuffer> | null): void {
  const { user, system } = process.threadCpuUsage(atStart);
  const slice: VerificationSlice = { verdicts, cpuUs: user + system, batch };
  port?.postMessage(slice, batch === null ? [] : [batch.buffer]);
}

function answer(batch: Uint8Array<ArrayBuffer>): void {
  let claims = 0;
  for (let from = 0; from < batch.length; from = claimUntil(batch, from)) claims++;
  const most = Math.max(sliceClaims, Math.ceil(claims / slicesOfBatch));
  const verdicts: number[] = [];
  for (let from = 0; from < batch.length; from = claimUntil(batch, from)) {
    if (verdicts.length === most) post(Uint8Array.from(verdicts.splice(0)), null);
    const { publicKey, context, message, signature } = claimAt(batch, from);
    verdicts.push(check.isGenuine(publicKey, context, message, signature) ? 1 : 0);
  }
  post(Uint8Array.from(verdicts), batch);
}

port.on('message', (batch: Uint8Array<ArrayBuffer> | 'close') => {
  if (batch === 'close') port.close();
  else answer(batch);
});
