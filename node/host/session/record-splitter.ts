/**
 * Cuts a stream of bytes into records: a length of two bytes, big-endian, then as many bytes.
 * Owns: the limits of a record's length and the one record that is incomplete. Does not own: what a record holds.
 */
import { SessionError } from './session-error.ts';

export const lengthBytes = 2;
export const mostRecordBytes = 0xffff;

export class RecordSplitter {
  readonly #least: number;
  readonly #take: (record: Uint8Array) => void;
  readonly #most: number;
  /** Bytes of the record that is not complete yet, its length included. */
  #part: Buffer = Buffer.alloc(0);
  #filled = 0;

  /** `take` gets views of what was pushed, or of a buffer of their own. When it throws, so does `push`. */
  constructor(least: number, most: number, take: (record: Uint8Array) => void) {
    this.#least = least;
    this.#most = most;
    this.#take = take;
  }

  /** Whether bytes of an incomplete record are held. */
  get isInside(): boolean {
    return this.#filled > 0;
  }

  /** Bytes held. */
  get heldBytes(): number {
    return this.#part.length;
  }

  /** Throws SessionError 'size', before it holds anything of the record in question. */
  push(chunk: Uint8Array): void {
    let at = this.#filled > 0 ? this.#complete(chunk) : 0;
    while (chunk.length - at >= lengthBytes) {
      const end = at + lengthBytes + this.#length(chunk[at]!, chunk[at + 1]!);
      if (end > chunk.length) break;
      this.#take(chunk.subarray(at + lengthBytes, end));
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk.subarray(at));
  }

  /** Adds to the incomplete record. Returns how many bytes of the chunk were used. */
  #complete(chunk: Uint8Array): number {
    let at = 0;
    if (this.#filled < lengthBytes) {
      this.#part[this.#filled++] = chunk[at++]!;
      if (chunk.length === at) {
        this.#length(this.#part[0]!, this.#part[1]!);
        return at;
      }
    }
    const length = lengthBytes + this.#length(this.#part[0]!, this.#part[1]!);
    if (this.#part.length < length) this.#part = Buffer.concat([this.#part], length);
    const use = Math.min(length - this.#filled, chunk.length - at);
    this.#part.set(chunk.subarray(at, at + use), this.#filled);
    this.#filled += use;
    if (this.#filled === length) {
      const record = this.#part.subarray(lengthBytes);
      this.#part = Buffer.alloc(0);
      this.#filled = 0;
      this.#take(record);
    }
    return at + use;
  }

  #hold(rest: Uint8Array): void {
    const length = rest.length < lengthBytes ? lengthBytes : lengthBytes + this.#length(rest[0]!, rest[1]!);
    this.#part = Buffer.alloc(length);
    this.#part.set(rest);
    this.#filled = rest.length;
  }

  #length(high: number, low: number): number {
    const length = high * 256 + low;
    if (length < this.#least || length > this.#most)
      throw new SessionError(
        'size',
        `a record of ${length} bytes, ${this.#least} to ${this.#most} are allowed`,
      );
    return length;
  }
}
