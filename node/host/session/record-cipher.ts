/**
 * Seals and opens the records of one direction: ChaCha20-Poly1305, nonce = number of the record.
 * Owns: the counter, the change of keys, the end of both, which implementation computes. Does not own: the framing of records
 * (record-splitter.ts), short records (small-aead.ts).
 *
 * The number is not sent: both ends count. A record that was altered, repeated, left out or moved does not open, and nothing
 * opens after it. After 2^20 records the key is replaced by a hash of itself; after 2^32 records the session must end.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { nextKey } from './key-schedule.ts';
import { SessionError } from './session-error.ts';
import { smallAead } from './small-aead.ts';

export const tagBytes = 16;
const nonceBytes = 12;
const algorithm = 'chacha20-poly1305';
const options = { authTagLength: tagBytes };
/** Longer ones are OpenSSL's: its vector code is faster then. */
const shortMost = 2_048;

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
    if (out.length - at - tagBytes <= shortMost) {
      smallAead.seal(this.#key.key, nonce, chunks, out, at);
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
      if (length <= shortMost) {
        const opened = smallAead.open(this.#key.key, nonce, sealed);
        if (opened === null) throw new Error('the tag is another');
        return opened;
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
