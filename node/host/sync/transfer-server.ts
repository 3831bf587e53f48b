/**
 * Decided vertices for members that missed them, in batches of checksummed chunks.
 * Owns: who is served at once and how much. Does not own: the chunks (store/snapshot-writer.ts), asking (transfer-client.ts).
 */
import { blake3 } from '#node/host/hash/blake3.ts';
import type { Archive } from '#node/host/store/archive.ts';
import { decodeChunk, decodeManifest } from '#node/host/store/snapshot-chunk.ts';
import type { SnapshotRange } from '#node/host/store/snapshot-writer.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import type { SyncOutcome, SyncRequestFrame } from '#node/host/wire/frame.ts';

/** Of one batch: a lost frame costs the whole of it. */
export const batchBytesMost = 262_144;
const snapshotBytesMost = 64 * 1_048_576;
const servedAtOnceMost = 4;

export interface TransferServerParts {
  readonly archive: Archive;
  readonly send: (member: number, bytes: Uint8Array) => void;
  readonly touch: () => void;
}

export class TransferServer {
  bytes = 0;
  /** Off while the node sheds work for others. */
  isServing = true;
  readonly #parts: TransferServerParts;
  readonly #serving = new Set<number>();
  #isClosed = false;

  constructor(parts: TransferServerParts) {
    this.#parts = parts;
  }

  request(member: number, frame: SyncRequestFrame): void {
    const { archive, touch } = this.#parts;
    const { transfer, mode, fromOrder } = frame;
    const isBusy = this.#serving.has(member) || this.#serving.size >= servedAtOnceMost;
    if (!this.isServing || isBusy) this.#end(member, transfer, 'refused', 0, 0);
    else if (mode === 'delta' && fromOrder < archive.firstOrder)
      this.#end(member, transfer, 'snapshot-needed', 0, archive.firstOrder);
    else if (mode === 'delta' && fromOrder >= archive.nextOrder)
      this.#end(member, transfer, 'complete', 0, archive.nextOrder);
    else {
      this.#serving.add(member);
      void this.#serve(member, frame)
        .catch(() => this.#end(member, transfer, 'refused', 0, 0))
        .finally(() => {
          this.#serving.delete(member);
          touch();
        });
    }
  }

  async #serve(member: number, { transfer, mode, fromOrder }: SyncRequestFrame): Promise<void> {
    const { archive, send, touch } = this.#parts;
    const range: SnapshotRange =
      mode === 'delta'
        ? { from: fromOrder, mostBytes: await this.#batchBytes(fromOrder), hash: hashInto }
        : { from: 'beginning', mostBytes: snapshotBytesMost, hash: hashInto };
    let chunks = 0;
    let untilOrder = fromOrder;
    for await (const data of archive.snapshot(range)) {
      if (this.#isClosed) return;
      send(member, encodeFrame({ kind: 'sync-chunk', transfer, index: chunks, data }));
      this.bytes += data.length;
      chunks += 1;
      if (chunks % 16 === 0) touch();
      const chunk = decodeChunk(data);
      if (chunk.kind === 'manifest') untilOrder = decodeManifest(chunk.payload).untilOrder;
    }
    const outcome = untilOrder < archive.nextOrder ? 'continue' : 'complete';
    this.#end(member, transfer, outcome, chunks, untilOrder);
  }

  /** Room for one vertex at least, however large it is. */
  async #batchBytes(fromOrder: number): Promise<number> {
    const { archive } = this.#parts;
    for await (const { id } of archive.decisions(fromOrder, fromOrder + 1)) {
      const vertex = await archive.vertex(id);
      if (vertex !== null) return Math.max(batchBytesMost, vertex.body.length + 8_192);
    }
    return batchBytesMost;
  }

  #end(member: number, transfer: number, outcome: SyncOutcome, chunks: number, untilOrder: number): void {
    if (this.#isClosed) return;
    this.#parts.send(member, encodeFrame({ kind: 'sync-end', transfer, outcome, chunks, untilOrder }));
  }

  close(): void {
    this.#isClosed = true;
  }
}

export function hashInto(bytes: Uint8Array, out: Uint8Array): void {
  blake3(bytes, out);
}
