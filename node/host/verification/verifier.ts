/**
 * Checking of ML-DSA-44 signatures as the node sees it.
 * Owns: the interface, its figures, its error, the sizes of the scheme. Does not own: how it is done
 * (verification-pipeline.ts on threads, inline-verifier.ts on the caller's).
 */

export const publicKeyBytes = 1_312;
export const signatureBytes = 2_420;

export interface VerifierFigures {
  /** Answers "genuine" that were computed. */
  readonly verified: number;
  /** Answers "not genuine" that were computed; an impossible size is one without any work. */
  readonly rejected: number;
  /** Answered from the same check in flight or a recent one. */
  readonly deduplicated: number;
  /** Of these, answered from what another node of this process had asked for. 0 unless that was switched on. */
  readonly deduplicatedAcrossNodes: number;
  /** Not taken, because the queue was full. */
  readonly refused: number;
  /** Calls not yet answered. */
  readonly queueDepth: number;
  readonly queueDepthMost: number;
  /** Batches handed to a thread: size and how many had it. With a shared pipeline, the batches of all its nodes. */
  readonly batchSizes: ReadonlyMap<number, number>;
  /** CPU time that threads spent on it, updated with every batch. */
  readonly cpuUs: number;
}

/**
 * 'full': stop reading from whoever sends, try again after `whenRoom`. 'closed': `close` was called.
 * 'failed': a thread ended by an error, the cause; nothing more will be verified.
 */
export type VerifierErrorCode = 'full' | 'closed' | 'failed';

export class VerifierError extends Error {
  override readonly name = 'VerifierError';
  readonly code: VerifierErrorCode;

  constructor(code: VerifierErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface Verifier {
  /**
   * True when `signature` was made over `message` in `context` by the owner of `publicKey`. The caller must not change the
   * arrays before the answer. Answers come in the order of completion. Rejects with VerifierError only, never because of the
   * bytes; a context that is empty or longer than 255 bytes is a RangeError at once, for contexts are the program's own.
   */
  verify(
    publicKey: Uint8Array,
    context: string,
    message: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean>;
  /** Resolves when at least one more would be taken; rejects when none ever will. */
  whenRoom(): Promise<void>;
  readonly figures: VerifierFigures;
  /** Takes nothing more, answers what was taken, then resolves. */
  close(): Promise<void>;
}
