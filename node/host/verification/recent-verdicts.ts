/**
 * What was verified lately, so that the same bytes are not verified twice.
 * Owns: the memory of answered batches, bounded in bytes, the oldest forgotten first. Does not own: checks in flight
 * (verification-pipeline.ts).
 *
 * An answer is found by some bits of the signature and taken only when every byte of the claim is the same: another
 * signature, message, key or context is always another claim.
 */
import { claimUntil, isClaimAt, type SignatureClaim } from './verification-batch.ts';

export interface RecentAnswer {
  readonly isGenuine: boolean;
  /** Number of the node that asked. */
  readonly node: number;
}

interface Remembered extends RecentAnswer {
  readonly batch: Uint8Array;
  readonly from: number;
}

/** The claims of a batch, in the order of its bytes. */
export interface AnsweredBatch {
  /** Nobody else may change it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly names: readonly number[];
  readonly nodes: readonly number[];
  readonly verdicts: readonly boolean[];
}

export class RecentVerdicts {
  readonly #byName = new Map<number, Remembered>();
  #batches: AnsweredBatch[] = [];
  #bytes = 0;
  readonly #mostBytes: number;
  readonly #onForgotten: (memory: ArrayBuffer) => void;

  /** `onForgotten` gets the memory of a batch that is not needed any more. */
  constructor(mostBytes: number, onForgotten: (memory: ArrayBuffer) => void) {
    this.#mostBytes = mostBytes;
    this.#onForgotten = onForgotten;
  }

  /** Claims that are known. */
  get size(): number {
    return this.#byName.size;
  }

  /** Of the batches that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  find(name: number, claim: SignatureClaim): RecentAnswer | null {
    const found = this.#byName.get(name);
    return found !== undefined && isClaimAt(found.batch, found.from, claim) ? found : null;
  }

  remember(batch: AnsweredBatch): void {
    const { bytes, names, nodes, verdicts } = batch;
    const size = bytes.buffer.byteLength;
    if (size > this.#mostBytes) {
      this.#onForgotten(bytes.buffer);
      return;
    }
    let from = 0;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const isGenuine = verdicts[i]!;
      // Whoever copies the beginning of a good signature must not push out its answer.
      if (isGenuine || this.#byName.get(name)?.isGenuine !== true)
        this.#byName.set(name, { batch: bytes, from, isGenuine, node: nodes[i]! });
      from = claimUntil(bytes, from);
    }
    this.#batches.push(batch);
    this.#bytes += size;
    let oldest = 0;
    while (this.#bytes > this.#mostBytes) this.#forget(this.#batches[oldest++]!);
    if (oldest > 0) this.#batches = this.#batches.slice(oldest);
  }

  #forget({ bytes, names }: AnsweredBatch): void {
    for (const name of names) {
      if (this.#byName.get(name)?.batch === bytes) this.#byName.delete(name);
    }
    this.#bytes -= bytes.buffer.byteLength;
    this.#onForgotten(bytes.buffer);
  }
}
