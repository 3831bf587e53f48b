/**
 * The records of a link in a stream of bytes: length (u32), channel (u8), payload.
 * Owns: the layout, its strict reading in pieces of any size. Does not own: the stream (frame-link.ts), what a payload means.
 * A length is checked before anything is kept, and only bytes that arrived are kept.
 */

export const recordHeaderBytes = 5;

/** What a record carries. */
export const channel = { frame: 0, gossip: 1, ask: 2, reply: 3 } as const;
export type Channel = (typeof channel)[keyof typeof channel];
const channels: readonly Channel[] = [channel.frame, channel.gossip, channel.ask, channel.reply];

export class RecordError extends Error {
  override readonly name = 'RecordError';
}

export function writeRecordHeader(out: Buffer, at: number, use: Channel, length: number): void {
  out.writeUInt32LE(length, at);
  out[at + 4] = use;
}

export class RecordReader {
  readonly #mostBytes: number;
  readonly #onRecord: (use: Channel, payload: Uint8Array) => void;
  readonly #header = Buffer.alloc(recordHeaderBytes);
  #headerBytes = 0;
  #channel: Channel = channel.frame;
  #length = 0;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;

  /** `onRecord` gets a copy that is its own. It lies in a pool, as Buffers do: their `slice` is a view that keeps the pool. */
  constructor(mostBytes: number, onRecord: (use: Channel, payload: Uint8Array) => void) {
    this.#mostBytes = mostBytes;
    this.#onRecord = onRecord;
  }

  /** Throws RecordError for a record that nobody may send; the stream has no meaning after it. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#headerBytes < recordHeaderBytes) {
        at += this.#takeHeader(bytes, at);
        continue;
      }
      const take = Math.min(bytes.length - at, this.#length - this.#pieceBytes);
      const piece = Buffer.allocUnsafe(take);
      piece.set(bytes.subarray(at, at + take));
      at += take;
      this.#pieceBytes += take;
      if (this.#pieceBytes < this.#length) {
        this.#pieces.push(piece);
        continue;
      }
      const payload = this.#pieces.length === 0 ? piece : Buffer.concat([...this.#pieces, piece]);
      this.#headerBytes = 0;
      this.#pieces = [];
      this.#pieceBytes = 0;
      this.#onRecord(this.#channel, payload);
    }
  }

  #takeHeader(bytes: Uint8Array, at: number): number {
    const take = Math.min(bytes.length - at, recordHeaderBytes - this.#headerBytes);
    this.#header.set(bytes.subarray(at, at + take), this.#headerBytes);
    this.#headerBytes += take;
    if (this.#headerBytes < recordHeaderBytes) return take;
    const length = this.#header.readUInt32LE(0);
    const use = channels.find((known) => known === this.#header[4]);
    if (use === undefined) throw new RecordError(`a record of kind ${this.#header[4]}`);
    if (length === 0 || length > this.#mostBytes)
      throw new RecordError(`a record of ${length} bytes, 1 to ${this.#mostBytes} are allowed`);
    this.#channel = use;
    this.#length = length;
    return take;
  }
}
