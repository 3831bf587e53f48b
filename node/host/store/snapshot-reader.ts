/**
 * Puts the chunks of another node together, trusting nothing: order, checksums, limits, every field, the manifest.
 * Owns: the transfer while it arrives, its limits. Does not own: what happens to an archive (archive-transfer.ts), signatures.
 * Memory: what has arrived, never what a length field promises. After the first error every call throws the same one.
 */
import type { Hash } from '#node/core/vertex.ts';
import type { Spent } from '#node/host/store/archive-records.ts';
import { RecordError } from '#node/host/store/byte-cursor.ts';
import type { SettledCreator } from '#node/host/store/settlements.ts';
import {
  ChunkRoot,
  decodeChunk,
  decodeManifest,
  entryHeaderBytes,
  type Manifest,
} from '#node/host/store/snapshot-chunk.ts';
import { chargeOf, decodeEntry, type SnapshotEntry, type Told } from '#node/host/store/snapshot-entry.ts';

export interface SnapshotLimits {
  /** Of memory for one transfer, as `chargeOf` counts it. */
  readonly mostBytes: number;
  /** Of one entry. */
  readonly mostEntryBytes: number;
}

export const defaultSnapshotLimits: SnapshotLimits = {
  mostBytes: 64 * 1_048_576,
  mostEntryBytes: 5 * 1_048_576,
};

/** Complete and consistent in itself. Not yet known: whether it is true. */
export interface Transfer {
  /** Decisions [fromOrder, untilOrder) of the sender: a delta goes on at `untilOrder`. */
  readonly fromOrder: number;
  readonly untilOrder: number;
  readonly settled: readonly SettledCreator[];
  readonly spent: readonly Spent[];
  readonly told: readonly Told[];
}

export class SnapshotReader {
  readonly #hash: Hash;
  readonly #limits: SnapshotLimits;
  readonly #root: ChunkRoot;
  readonly #settled = new Map<number, SettledCreator>();
  readonly #spent = new Map<number, Spent>();
  readonly #told: Told[] = [];
  readonly #ids = new Set<string>();
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #chunks = 0;
  #entries = 0;
  #streamBytes = 0;
  #chargedBytes = 0;
  #manifest: Manifest | null = null;
  #failed: RecordError | null = null;

  constructor(hash: Hash, limits: SnapshotLimits = defaultSnapshotLimits) {
    this.#hash = hash;
    this.#limits = limits;
    this.#root = new ChunkRoot(hash);
  }

  /** The manifest has come: `finish` may be called. */
  get isComplete(): boolean {
    return this.#manifest !== null;
  }

  /** Chunks in their order. Throws RecordError: the sender is wrong, and nothing of its transfer is to be used. */
  add(bytes: Uint8Array): void {
    this.#orRefuse(() => {
      if (this.#manifest !== null) throw new RecordError('a chunk after the manifest');
      const chunk = decodeChunk(bytes);
      if (chunk.index !== this.#chunks)
        throw new RecordError(`chunk ${chunk.index} where ${this.#chunks} is due`);
      if (chunk.kind === 'manifest') this.#manifest = this.#checked(decodeManifest(chunk.payload));
      else {
        if (chunk.payload.length === 0) throw new RecordError('an empty chunk');
        this.#streamBytes += chunk.payload.length;
        this.#root.add(bytes);
        this.#chunks += 1;
        this.#parts.push(new Uint8Array(chunk.payload));
        this.#partBytes += chunk.payload.length;
        this.#charge(0);
        this.#takeEntries();
      }
    });
  }

  /** Throws RecordError when the manifest has not come. */
  finish(): Transfer {
    return this.#orRefuse(() => {
      if (this.#manifest === null) throw new RecordError('the transfer ends before its manifest');
      const { fromOrder, untilOrder } = this.#manifest;
      const settled = [...this.#settled.values()];
      return { fromOrder, untilOrder, settled, spent: [...this.#spent.values()], told: this.#told };
    });
  }

  #orRefuse<Value>(action: () => Value): Value {
    if (this.#failed !== null) throw this.#failed;
    try {
      return action();
    } catch (error) {
      if (error instanceof RecordError) this.#failed = error;
      throw error;
    }
  }

  /** Every entry that is complete. */
  #takeEntries(): void {
    for (;;) {
      const length = this.#entryBytes();
      if (length === null || this.#partBytes < length) return;
      const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
      this.#parts = all.length > length ? [all.subarray(length)] : [];
      this.#partBytes -= length;
      this.#entries += 1;
      this.#charge(chargeOf(all[0]!, length));
      this.#take(decodeEntry(all[0]!, all.subarray(entryHeaderBytes, length), this.#hash));
    }
  }

  /** What has arrived and is not complete counts, too. */
  #charge(bytes: number): void {
    this.#chargedBytes += bytes;
    if (this.#chargedBytes + this.#partBytes > this.#limits.mostBytes)
      throw new RecordError(`more than ${this.#limits.mostBytes} bytes in one transfer`);
  }

  /** Of the next entry, header included; null while its header is incomplete. */
  #entryBytes(): number | null {
    if (this.#partBytes < entryHeaderBytes) return null;
    while (this.#parts[0]!.length < entryHeaderBytes)
      this.#parts.splice(0, 2, Buffer.concat([this.#parts[0]!, this.#parts[1]!]));
    const first = this.#parts[0]!;
    const length = (first[1]! | (first[2]! << 8) | (first[3]! << 16) | (first[4]! << 24)) >>> 0;
    if (length > this.#limits.mostEntryBytes)
      throw new RecordError(`an entry of ${length} bytes, at most ${this.#limits.mostEntryBytes}`);
    return entryHeaderBytes + length;
  }

  #take(entry: SnapshotEntry): void {
    switch (entry.kind) {
      case 'settled':
        if (this.#settled.has(entry.settled.creator) || this.#told.length > 0)
          throw new RecordError('settled creators out of place');
        this.#settled.set(entry.settled.creator, entry.settled);
        break;
      case 'spent':
        for (const spent of entry.spent) {
          if (this.#spent.has(spent.input)) throw new RecordError(`input ${spent.input} is spent twice`);
          this.#spent.set(spent.input, spent);
        }
        break;
      case 'decided':
        this.#tell(entry.told);
    }
  }

  #tell(told: Told): void {
    const before = this.#told.at(-1);
    if (before !== undefined && told.order !== before.order + 1)
      throw new RecordError(`order ${told.order} after order ${before.order}`);
    const id = Buffer.from(told.decision.id).toString('latin1');
    if (this.#ids.has(id)) throw new RecordError('a vertex that is decided twice');
    this.#ids.add(id);
    this.#told.push(told);
  }

  #checked(manifest: Manifest): Manifest {
    const { fromOrder, untilOrder } = manifest;
    const isWhole =
      this.#partBytes === 0 &&
      manifest.entries === this.#entries &&
      manifest.chunks === this.#chunks &&
      manifest.streamBytes === this.#streamBytes &&
      untilOrder - fromOrder === this.#told.length &&
      (this.#told.length === 0 || this.#told[0]!.order === fromOrder);
    if (!isWhole) throw new RecordError('the manifest does not describe what came before it');
    if (!this.#root.root().every((byte, i) => byte === manifest.root[i]))
      throw new RecordError('the hash of the manifest does not fit');
    checkConflicts(this.#told, this.#spent);
    return { ...manifest, root: new Uint8Array(manifest.root) };
  }
}

/** No honest node finalises two vertices that share a key. */
function checkConflicts(told: readonly Told[], spent: ReadonlyMap<number, Spent>): void {
  const sequences = new Set<string>();
  const inputs = new Set<number>(spent.keys());
  for (const { decision, inputs: spends } of told) {
    if (decision.status === 'rejected') continue;
    const key = `${decision.creator}/${decision.sequence}`;
    if (sequences.has(key)) throw new RecordError(`two finalised vertices of member ${key}`);
    sequences.add(key);
    for (const input of new Set(spends)) {
      if (inputs.has(input)) throw new RecordError(`two finalised vertices spend input ${input}`);
      inputs.add(input);
    }
  }
}
