/**
 * Reads numbers and bytes of a frame, never past its end.
 * Owns: truncation, the one canonical form of a number, counts against the bytes left. Does not own: fields (decode-frame.ts).
 */
import { WireError } from './wire-error.ts';

const mostVarintBytes = 8;

/** One at a time: `start` puts it at the beginning of the bytes. */
export class FrameReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  start(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#at = 0;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Refuses what follows the last field, and lets go of the bytes. */
  finish(): void {
    const { left } = this;
    this.start(new Uint8Array(0));
    if (left > 0) throw new WireError('trailing-bytes', `${left} bytes after the end`);
  }

  #need(bytes: number): void {
    if (bytes > this.left)
      throw new WireError('truncated', `${bytes} bytes are needed, ${this.left} are left`);
  }

  byte(): number {
    this.#need(1);
    return this.#bytes[this.#at++]!;
  }

  half(): number {
    this.#need(2);
    const value = this.#bytes[this.#at]! | (this.#bytes[this.#at + 1]! << 8);
    this.#at += 2;
    return value;
  }

  word(): number {
    this.#need(4);
    return (this.half() | (this.half() << 16)) >>> 0;
  }

  /** A safe integer >= 0 in its shortest form. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < mostVarintBytes; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) throw new WireError('not-canonical', 'a varint with a leading zero');
        if (value > Number.MAX_SAFE_INTEGER) throw new WireError('range', 'a number above 2^53 - 1');
        return value;
      }
      scale *= 0x80;
    }
    throw new WireError('not-canonical', `a varint of more than ${mostVarintBytes} bytes`);
  }

  /** A number of things that take at least `leastBytes` each, checked against the bytes left before anything is made. */
  count(most: number, leastBytes: number): number {
    const count = this.varint();
    if (count > most) throw new WireError('count', `a count of ${count}, at most ${most}`);
    if (count * leastBytes > this.left)
      throw new WireError('count', `a count of ${count} needs more than the ${this.left} bytes left`);
    return count;
  }

  /** A view, not a copy. */
  raw(bytes: number): Uint8Array {
    this.#need(bytes);
    this.#at += bytes;
    return this.#bytes.subarray(this.#at - bytes, this.#at);
  }
}
