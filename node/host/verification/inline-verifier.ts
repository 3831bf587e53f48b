/**
 * Verification at once, on the caller's thread: for tools that check a few signatures, and for hosts on virtual time, where
 * an answer must not depend on threads.
 * Owns: the same answers as the pipeline. Does not own: the check (signature-check.ts). No queue, no memory of answers.
 */
import { SignatureCheck } from './signature-check.ts';
import { contextBytes } from './signature-context.ts';
import { type Verifier, VerifierError } from './verifier.ts';

export function createInlineVerifier(): Verifier {
  const check = new SignatureCheck();
  let verified = 0;
  let rejected = 0;
  let cpuUs = 0;
  let isClosed = false;
  const closed = (): VerifierError => new VerifierError('closed', 'this verifier is closed');
  return {
    verify: (publicKey, context, message, signature) => {
      const bytes = contextBytes(context);
      if (isClosed) return Promise.reject(closed());
      const fromMs = performance.now();
      const isGenuine = check.isGenuine(publicKey, bytes, message, signature);
      cpuUs += (performance.now() - fromMs) * 1_000;
      if (isGenuine) verified++;
      else rejected++;
      return Promise.resolve(isGenuine);
    },
    whenRoom: () => (isClosed ? Promise.reject(closed()) : Promise.resolve()),
    get figures() {
      return {
        ...{ verified, rejected, deduplicated: 0, deduplicatedAcrossNodes: 0, refused: 0 },
        ...{ queueDepth: 0, queueDepthMost: verified + rejected > 0 ? 1 : 0 },
        batchSizes: new Map([[1, verified + rejected]]),
        cpuUs: Math.round(cpuUs),
      };
    },
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
}
