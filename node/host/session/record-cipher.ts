/**
 * Seals and opens the records of one direction: ChaCha20-Poly1305, nonce = number of the record.
 * Owns: the counter, the change of keys, the end of both, which library computes. Does not own: the framing of records
 * (record-splitter.ts).
 *
 * The number is not sent: both ends count. A record that was altered, repeated, left out or moved does not open, and nothing
 * opens after it. After 2^20 records the key is replaced by a hash of itself; after 2^32 records the session must end.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ChaCha20Poly1305, newInstance } from '@chainsafe/as-chacha20poly1305';
import { nextKey } from './key-schedule.ts';
import { SessionError } from './session-error.ts';

export const tagBytes = 16;
const nonceBytes = 12;
const algorithm = 'chacha20-poly1305';
const options = { authTagLength: tagBytes };
/**
 * OpenSSL by way of Node makes objects for every record, 9 to 12 us; the library of libp2p's own session takes 2 us for 64 bytes and
 * as long as OpenSSL for about 900.
 */
export const shortMostBytes = 768;
const short = new ChaCha20Poly1305(newInstance());
const shortPlain = Buffer.alloc(shortMostBytes);

export interface RecordLimits {
  /** Records sealed with one key. */
  readonly perKey: number;
  /** Records of one direction, all keys together. */
  readonly inAll: number;
}

export const recordLimits: RecordLimits = { perKey: 2 ** 20, inAll: 2 ** 32 };

class RecordKey {
  #key: Uint8Array;
  #records = 0;
  #ofKey = 0;
  readonly #nonce = Buffer.alloc(nonceBytes);
  readonly #limits: RecordLimits;

  constructor(key: Uint8Array, limits: RecordLimits) {
    this.#key = key;
    this.#limits = limits;
  }

  get key(): Uint8Array {
    return this.#key;
  }

  /** The nonce of the next record, each only once. Read `key` after it. Valid until the next call. */
  next(): Buffer {
    if (this.#records === this.#limits.inAll)
      throw new SessionError('exhausted', `${this.#records} records: the session must be opened anew`);
    if (this.#ofKey === this.#limits.perKey) {
      this.#key = nextKey(this.#key);
      this.#ofKey = 0;
    }
    this.#nonce.writeUIntLE(this.#ofKey, 4, 6);
    this.#records++;
    this.#ofKey++;
    return this.#nonce;
  }
}

export class RecordSealer {
  readonly #key: RecordKey;

  constructor(key: Uint8Array, limits = recordLimits) {
    this.#key = new RecordKey(key, limits);
  }

  /** Writes the sealed chunks (as one message) and their tag to `out[at ..]`, which has plain length + 16 bytes. */
  seal(chunks: Iterable<Uint8Array>, out: Buffer, at: number): void {
    const nonce = this.#key.next();
    if (out.length - at - tagBytes <= shortMostBytes) {
      let bytes = 0;
      for (const chunk of chunks) {
        shortPlain.set(chunk, bytes);
        bytes += chunk.length;
      }
      const sealed = out.subarray(at, at + bytes + tagBytes);
      short.seal(this.#key.key, nonce, shortPlain.subarray(0, bytes), undefined, sealed);
      return;
    }
    const cipher = createCipheriv(algorithm, this.#key.key, nonce, options);
    let end = at;
    for (const chunk of chunks) {
      out.set(cipher.update(chunk), end);
      end += chunk.length;
    }
    cipher.final();
    out.set(cipher.getAuthTag(), end);
  }
}

export class RecordOpener {
  readonly #key: RecordKey;
  #isOver = false;

  constructor(key: Uint8Array, limits = recordLimits) {
    this.#key = new RecordKey(key, limits);
  }

  /** The plain bytes. Throws SessionError; then nothing opens any more. */
  open(sealed: Uint8Array): Uint8Array {
    if (this.#isOver) throw new SessionError('sealed', 'a record after one that did not open');
    const length = sealed.length - tagBytes;
    if (length < 0) throw new SessionError('size', `a record of ${sealed.length} bytes`);
    try {
      const nonce = this.#key.next();
      if (length <= shortMostBytes) {
        const plain = Buffer.allocUnsafe(length);
        if (short.open(this.#key.key, nonce, sealed, undefined, plain) === null) throw new Error('wrong tag');
        return plain;
      }
      const decipher = createDecipheriv(algorithm, this.#key.key, nonce, options);
      decipher.setAuthTag(sealed.subarray(length));
      const plain = decipher.update(sealed.subarray(0, length));
      decipher.final();
      return plain;
    } catch (cause) {
      this.#isOver = true;
      if (cause instanceof SessionError) throw cause;
      throw new SessionError('sealed', 'a record that does not open: altered, repeated, left out or moved', {
        cause,
      });
    }
  }
}
