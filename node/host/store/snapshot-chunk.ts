/**
 * The chunks in which a node's state travels to another one.
 * Owns: layout of a chunk, of the manifest, and of the stream of entries inside; strict decoding, limits. Does not own: which
 * entries (snapshot-writer.ts), putting chunks together (snapshot-reader.ts).
 *
 * Chunk, little-endian, at most 16 KiB: "QASC", version u8, kind u8 (0 data, 1 manifest), index u32, payload u16, CRC-32 u32 over
 * those 12 bytes and the payload. The payloads of the data chunks are one stream of entries: kind u8, length u32, bytes.
 */
import { crc32 } from 'node:zlib';
import type { Hash } from '#node/core/vertex.ts';
import { ByteReader, ByteWriter, RecordError } from '#node/host/store/byte-cursor.ts';

export const chunkBytes = 16 * 1_024;
const headerBytes = 16;
export const payloadBytes = chunkBytes - headerBytes;
export const entryHeaderBytes = 5;
export const digestBytes = 32;
const version = 1;
const magic = Uint8Array.from('QASC', (letter) => letter.charCodeAt(0));

export interface Chunk {
  readonly kind: 'data' | 'manifest';
  readonly index: number;
  /** A view. */
  readonly payload: Uint8Array;
}

/** The last chunk: what the others were. */
export interface Manifest {
  /** Decisions [fromOrder, untilOrder) of the sender, none left out. */
  readonly fromOrder: number;
  readonly untilOrder: number;
  readonly entries: number;
  readonly streamBytes: number;
  /** Data chunks. */
  readonly chunks: number;
  /** Hash of the hashes of all data chunks. */
  readonly root: Uint8Array;
}

export function encodeChunk({ kind, index, payload }: Chunk): Uint8Array {
  const out = new ByteWriter(headerBytes + payload.length);
  out
    .put(magic)
    .byte(version)
    .byte(kind === 'data' ? 0 : 1)
    .word(index)
    .half(payload.length);
  out.word(crc32(payload, crc32(out.bytes.subarray(0, 12)))).put(payload);
  return out.bytes;
}

/** Throws RecordError. */
export function decodeChunk(bytes: Uint8Array): Chunk {
  if (bytes.length > chunkBytes)
    throw new RecordError(`a chunk of ${bytes.length} bytes, at most ${chunkBytes}`);
  const from = new ByteReader(bytes);
  if (!magic.every((letter) => from.byte() === letter)) throw new RecordError('this is no chunk');
  const found = from.byte();
  if (found !== version) throw new RecordError(`a chunk of version ${found}, not ${version}`);
  const kind = from.byte();
  if (kind > 1) throw new RecordError(`a chunk of kind ${kind}`);
  const index = from.word();
  const length = from.half();
  const sum = from.word();
  const payload = from.bytes(length);
  from.end();
  if (sum !== crc32(payload, crc32(bytes.subarray(0, 12))))
    throw new RecordError(`the checksum of chunk ${index} does not fit`);
  return { kind: kind === 0 ? 'data' : 'manifest', index, payload };
}

/** Orders, entries and bytes u64, chunks u32, root. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const out = new ByteWriter(36 + digestBytes);
  out.long(manifest.fromOrder).long(manifest.untilOrder).long(manifest.entries).long(manifest.streamBytes);
  return out.word(manifest.chunks).put(manifest.root).bytes;
}

export function decodeManifest(bytes: Uint8Array): Manifest {
  const from = new ByteReader(bytes);
  const [fromOrder, untilOrder, entries, streamBytes] = [from.long(), from.long(), from.long(), from.long()];
  const manifest = {
    fromOrder,
    untilOrder,
    entries,
    streamBytes,
    chunks: from.word(),
    root: from.bytes(digestBytes),
  };
  from.end();
  return manifest;
}

/** The hash over all chunks, fed chunk by chunk. */
export class ChunkRoot {
  readonly #hash: Hash;
  #digests: Uint8Array = new Uint8Array(64 * digestBytes);
  #count = 0;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  add(chunk: Uint8Array): void {
    if (this.#count * digestBytes === this.#digests.length) {
      const grown = new Uint8Array(2 * this.#digests.length);
      grown.set(this.#digests);
      this.#digests = grown;
    }
    const at = this.#count * digestBytes;
    this.#hash(chunk, this.#digests.subarray(at, at + digestBytes));
    this.#count += 1;
  }

  root(): Uint8Array {
    const out = new Uint8Array(digestBytes);
    this.#hash(this.#digests.subarray(0, this.#count * digestBytes), out);
    return out;
  }
}
