/**
 * Transfers that a liar might send: changed inside, with checksums, counts and the manifest made right again.
 * Owns: their making and the judgement. Does not own: the reader.
 */
import assert from 'node:assert/strict';
import { openArchive } from '#node/host/store/archive.ts';
import { ArchiveError } from '#node/host/store/archive-error.ts';
import { RecordError } from '#node/host/store/byte-cursor.ts';
import { MemoryStore } from '#node/host/store/memory-store.ts';
import {
  ChunkRoot,
  decodeChunk,
  decodeManifest,
  encodeChunk,
  encodeManifest,
  payloadBytes,
} from '#node/host/store/snapshot-chunk.ts';
import { SnapshotReader } from '#node/host/store/snapshot-reader.ts';
import { hash } from './vertex-samples.ts';

/** The bytes as the payload of a well formed chunk. */
export function mutant(payload: Uint8Array): Uint8Array {
  const chunk = encodeChunk({ kind: 'data', index: 0, payload });
  return payload.length === 0 ? chunk : encodeChunk({ kind: 'data', index: 1, payload });
}

/** A small generator of its own: the same inputs on every machine. */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b_79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) % below;
  };
}

function changed(stream: Uint8Array, draw: (below: number) => number): Uint8Array {
  const copy = new Uint8Array(stream);
  for (let n = draw(3); n > 0; n--) copy[draw(copy.length)] = draw(4) === 0 ? 0xff : draw(256);
  const kind = draw(6);
  const at = draw(copy.length);
  if (kind === 0) return copy.subarray(0, at);
  if (kind === 1) return Buffer.concat([copy.subarray(0, at), copy.subarray(draw(at + 1))]);
  return copy;
}

function rebuilt(stream: Uint8Array, manifest: Uint8Array, draw: (below: number) => number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const root = new ChunkRoot(hash);
  for (let at = 0; at < stream.length; at += payloadBytes) {
    const payload = stream.subarray(at, at + payloadBytes);
    const chunk = encodeChunk({ kind: 'data', index: chunks.length, payload });
    root.add(chunk);
    chunks.push(chunk);
  }
  const before = decodeManifest(manifest);
  const told = { ...before, chunks: chunks.length, streamBytes: stream.length, root: root.root() };
  if (draw(10) === 0) told.entries += draw(3);
  if (draw(10) === 0) told.untilOrder += draw(3);
  chunks.push(encodeChunk({ kind: 'manifest', index: chunks.length, payload: encodeManifest(told) }));
  return chunks;
}

/** Throws when a lie crashes the reader, or an archive with anything but its own errors. Returns how many were refused. */
export async function hostileInputs(chunks: readonly Uint8Array[], count: number): Promise<number> {
  const payloads = chunks.map((chunk) => decodeChunk(chunk).payload);
  const stream = Buffer.concat(payloads.slice(0, -1));
  let refused = 0;
  for (let seed = 1; seed <= count; seed++) {
    const draw = draws(seed);
    const store = new MemoryStore();
    const archive = await openArchive(store, { member: 1, durability: 'process' });
    try {
      const reader = new SnapshotReader(hash);
      for (const chunk of rebuilt(changed(stream, draw), payloads.at(-1)!, draw)) reader.add(chunk);
      const transfer = reader.finish();
      assert.equal(transfer.told.length, transfer.untilOrder - transfer.fromOrder);
      await archive.apply(transfer);
      assert.equal(archive.nextOrder, transfer.told.length);
    } catch (error) {
      assert.ok(
        error instanceof RecordError || error instanceof ArchiveError,
        `seed ${seed}: ${String(error)}`,
      );
      assert.equal(archive.nextOrder, 0, `seed ${seed} left something`);
      refused += 1;
    }
  }
  return refused;
}
