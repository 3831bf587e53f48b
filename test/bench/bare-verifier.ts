/**
 * A thread that does nothing but verify: one of the loops that the pipeline is measured against.
 * Owns: the loop over node:crypto with a prepared key. Does not own: the claims, which it is started with. Run as a worker only.
 */
import { createPublicKey, verify } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

export interface BareClaim {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export interface BareWork {
  readonly context: string;
  readonly claims: readonly BareClaim[];
}

const { context, claims }: BareWork = workerData;
const contextBytes = Buffer.from(context);
const ready = claims.map(({ publicKey, message, signature }) => {
  const key = createPublicKey({
    key: Buffer.from(publicKey),
    format: 'raw-public',
    asymmetricKeyType: 'ml-dsa-44',
  });
  return { key: { key, context: contextBytes }, message, signature };
});

parentPort?.on('message', () => {
  for (const { key, message, signature } of ready) {
    if (!verify(null, message, key, signature)) throw new Error('a genuine signature was rejected');
  }
  parentPort?.postMessage('done');
});
