/**
 * Writes numbers and bytes of a frame into a buffer of the right size.
 * Owns: the form of numbers (little-endian words, shortest varints). Does not own: what is written (encode-frame.ts).
 */
import { WireError } from './wire-error.ts';

const span = 0x1_0000_0000;

/** Length of a varint: 7 bits a byte, at most 8 bytes for a safe integer. Throws when the number is none. */
export function varintBytes(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new WireError('range', `${value} is no safe integer >= 0`);
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/** One at a time: `start` begins a frame, `finish` hands its bytes over; what writes returns the writer itself. */
export class FrameWriter {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  start(bytes: number): void {
    this.#bytes = new Uint8Array(bytes);
    this.#at = 0;
  }

  finish(): Uint8Array {
    const bytes = this.#bytes;
    if (this.#at !== bytes.length) throw new RangeError(`${this.#at} of ${bytes.length} bytes were written`);
    this.#bytes = new Uint8Array(0);
    return bytes;
  }

  byte(value: number): this {
    this.#bytes[this.#at++] = value;
    return this;
  }

  half(value: number): this {
    this.byte(value);
    this.byte(value >>> 8);
    return this;
  }

  /** u32. */
  word(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value >= span)
      throw new WireError('range', `${value} is no u32`);
    this.half(value);
    this.half(value >>> 16);
    return this;
  }

  varint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }
}
