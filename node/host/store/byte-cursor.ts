/**
 * Reading and writing little-endian fields of archive records and snapshots, strictly.
 * Owns: bounds, canonical numbers. Does not own: layouts (archive-records.ts, snapshot-entry.ts).
 */

const span = 4_294_967_296;
const mostHigh = 0x1f_ffff;

/** Bytes that are not what they should be. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    this.#need(1);
    return this.#bytes[this.#at++]!;
  }

  half(): number {
    return this.byte() | (this.byte() << 8);
  }

  word(): number {
    this.#need(4);
    const [b, at] = [this.#bytes, this.#at];
    this.#at += 4;
    return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
  }

  /** A safe integer in 8 bytes. */
  long(): number {
    const low = this.word();
    const high = this.word();
    if (high > mostHigh) throw new RecordError('a number beyond 2^53');
    return high * span + low;
  }

  /** A finite double. */
  double(): number {
    this.#need(8);
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 8);
    this.#at += 8;
    const value = view.getFloat64(0, true);
    if (!Number.isFinite(value)) throw new RecordError('a number that is not finite');
    return value;
  }

  /** A view. */
  bytes(length: number): Uint8Array {
    this.#need(length);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Throws when anything is left. */
  end(): void {
    if (this.left > 0) throw new RecordError(`${this.left} bytes after the end`);
  }

  #need(length: number): void {
    if (length > this.left) throw new RecordError(`${length} bytes are needed, ${this.left} are there`);
  }
}

/** Writes into a buffer of exactly the length that the layout takes. */
export class ByteWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  byte(value: number): this {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
    return this;
  }

  half(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  word(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  long(value: number): this {
    return this.word(value % span).word(Math.floor(value / span));
  }

  double(value: number): this {
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
    return this;
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }
}
