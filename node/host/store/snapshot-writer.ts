/**
 * An archive as chunks for another node: from an order on, with or without what was pruned before.
 * Owns: which entries, cutting the stream into chunks, the manifest at the end. Does not own: layouts.
 * The chunks of one call show one moment: decisions that come later belong to the next transfer.
 */
import type { Hash } from '#node/core/vertex.ts';
import type { PlacedDecision, Spent, VertexRecord } from '#node/host/store/archive-records.ts';
import { decodeSpent, everyKey, numberOf, spentKind } from '#node/host/store/archive-records.ts';
import type { SettledCreator } from '#node/host/store/settlements.ts';
import { ChunkRoot, encodeChunk, encodeManifest, payloadBytes } from '#node/host/store/snapshot-chunk.ts';
import {
  chargeOf,
  encodeDecidedEntry,
  encodeSettledEntry,
  encodeSpentEntry,
} from '#node/host/store/snapshot-entry.ts';
import type { Store } from '#node/host/store/store.ts';

const spentPerEntry = 512;

export interface SnapshotRange {
  /**
   * 'delta': decisions from this order on; an order before `firstOrder` is a RangeError: those were pruned, a snapshot is needed.
   * 'snapshot': everything, with what pruned vertices settled and spent.
   */
  readonly from: number | 'beginning';
  /** What a reader may be charged for (`chargeOf`): no decision is added that would pass it, and the manifest says how far it came. */
  readonly mostBytes: number;
  /** BLAKE3. */
  readonly hash: Hash;
}

interface Source {
  readonly firstOrder: number;
  readonly nextOrder: number;
  readonly settlements: { creators(): Iterable<SettledCreator> };
  decisions(fromOrder: number, untilOrder: number): AsyncIterable<PlacedDecision>;
  vertex(id: Uint8Array): Promise<VertexRecord | null>;
}

export async function* snapshotChunks(
  source: Source,
  store: Store,
  range: SnapshotRange,
): AsyncGenerator<Uint8Array> {
  const isWhole = range.from === 'beginning';
  const fromOrder = range.from === 'beginning' ? source.firstOrder : range.from;
  if (fromOrder < source.firstOrder || fromOrder > source.nextOrder)
    throw new RangeError(
      `order ${fromOrder} is not between ${source.firstOrder} and ${source.nextOrder}: ask for a snapshot`,
    );
  const cut = new ChunkCutter(range.hash);
  let untilOrder = fromOrder;
  if (isWhole) {
    for (const settled of [...source.settlements.creators()]) yield* cut.add(encodeSettledEntry(settled));
    for await (const spent of spentLists(store)) yield* cut.add(encodeSpentEntry(spent));
    if (cut.chargedBytes > range.mostBytes)
      throw new RangeError(
        `what was pruned takes ${cut.chargedBytes} of the ${range.mostBytes} bytes of a transfer: raise the limit on both sides`,
      );
  }
  for await (const decision of source.decisions(fromOrder, source.nextOrder)) {
    const vertex = await source.vertex(decision.id);
    if (vertex === null) throw new RangeError(`order ${decision.order} was pruned meanwhile: begin anew`);
    const entry = encodeDecidedEntry(decision.order, decision, vertex);
    if (cut.chargedBytes + chargeOf(entry[0]!, entry.length) > range.mostBytes) break;
    yield* cut.add(entry);
    untilOrder = decision.order + 1;
  }
  yield* cut.end(fromOrder, untilOrder);
}

async function* spentLists(store: Store): AsyncGenerator<Spent[]> {
  let list: Spent[] = [];
  for await (const [key, bytes] of store.range(...everyKey(spentKind))) {
    list.push(decodeSpent(numberOf(key), bytes));
    if (list.length < spentPerEntry) continue;
    yield list;
    list = [];
  }
  if (list.length > 0) yield list;
}

/** Entries in, full chunks out. */
class ChunkCutter {
  chargedBytes = 0;
  readonly #root: ChunkRoot;
  readonly #payload = new Uint8Array(payloadBytes);
  #filled = 0;
  #entries = 0;
  #chunks = 0;
  #streamBytes = 0;

  constructor(hash: Hash) {
    this.#root = new ChunkRoot(hash);
  }

  *add(entry: Uint8Array): Iterable<Uint8Array> {
    this.#entries += 1;
    this.#streamBytes += entry.length;
    this.chargedBytes += chargeOf(entry[0]!, entry.length);
    for (let at = 0; at < entry.length; ) {
      const part = entry.subarray(at, at + payloadBytes - this.#filled);
      this.#payload.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === payloadBytes) yield this.#chunk();
    }
  }

  *end(fromOrder: number, untilOrder: number): Iterable<Uint8Array> {
    if (this.#filled > 0) yield this.#chunk();
    const counts = { entries: this.#entries, streamBytes: this.#streamBytes, chunks: this.#chunks };
    const payload = encodeManifest({ fromOrder, untilOrder, ...counts, root: this.#root.root() });
    yield encodeChunk({ kind: 'manifest', index: this.#chunks, payload });
  }

  #chunk(): Uint8Array {
    const payload = this.#payload.subarray(0, this.#filled);
    const chunk = encodeChunk({ kind: 'data', index: this.#chunks, payload });
    this.#root.add(chunk);
    this.#chunks += 1;
    this.#filled = 0;
    return chunk;
  }
}
