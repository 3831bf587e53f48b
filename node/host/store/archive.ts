/**
 * What a node remembers for ever: own sequences, vertices, decisions in a local order, and what was pruned.
 * Owns: which records go together into one batch, the rules that no restart may break. Does not own: layouts
 * (archive-records.ts), the disk (store.ts), the form of a transfer (snapshot-writer.ts, snapshot-reader.ts).
 *
 * Use: `openArchive(store, options)`, `for await (entry of archive.load())`, then `commit` before anything that depends on it is
 * sent. Numbers and statuses count at once; they are durable when `commit` has resolved.
 */

import { decodeVertex } from '#node/core/vertex.ts';
import { ArchiveIndex, nameOfId } from '#node/host/store/archive-index.ts';
import { pruneStep } from '#node/host/store/archive-pruning.ts';
import {
  type DecisionRecord,
  decisionKey,
  decisionKind,
  decodeDecision,
  decodeSpent,
  decodeVertexRecord,
  everyKey,
  mostOrder,
  numberOf,
  type PlacedDecision,
  type Spent,
  spentKey,
  spentKind,
  type VertexRecord,
  vertexKey,
} from '#node/host/store/archive-records.ts';
import { mergeTransfer, type TransferResult } from '#node/host/store/archive-transfer.ts';
import { OwnSequences } from '#node/host/store/own-sequences.ts';
import type { SettledCreator, Settlements } from '#node/host/store/settlements.ts';
import type { Transfer } from '#node/host/store/snapshot-reader.ts';
import { type SnapshotRange, snapshotChunks } from '#node/host/store/snapshot-writer.ts';
import type { Store, StoreOperation } from '#node/host/store/store.ts';

export type {
  DecisionRecord,
  PlacedDecision,
  Spent,
  VertexRecord,
} from '#node/host/store/archive-records.ts';

export interface ArchiveOptions {
  /** Own member number; an archive belongs to one member. */
  readonly member: number;
  /**
   * What `commit` waits for. 'process': a kill of the process loses nothing; after a power cut the last decisions may be gone, and
   * the node could decide them again, and otherwise. 'power': the log is synced too, about a millisecond each time. Own
   * sequences survive a power cut with both: they are reserved in synced blocks.
   */
  readonly durability: 'process' | 'power';
}

/**
 * Pruned decisions that are still known by id, unless said otherwise. Members prune at different orders: one that comes back polls
 * what some of them still have, and the others have to vote on it.
 */
export const rememberedDecisions = 50_000;

export type ArchiveEntry =
  | { readonly kind: 'settled'; readonly settled: SettledCreator }
  | { readonly kind: 'spent'; readonly spent: Spent }
  | { readonly kind: 'decided'; readonly decision: PlacedDecision; readonly vertex: VertexRecord }
  /** Parents come before children. Own ones among them were issued and may have been sent. */
  | { readonly kind: 'undecided'; readonly vertex: VertexRecord };

export type VertexStatus = 'unknown' | 'undecided' | DecisionRecord['status'];

/** Opens, or begins, the archive of a member over a store that stays its owner's to close. Throws ArchiveError, StoreError. */
export async function openArchive(store: Store, options: ArchiveOptions): Promise<Archive> {
  const index = await ArchiveIndex.load(store, options.member);
  const sequences = await OwnSequences.open(store, index.lastOwnSequence);
  return new Archive(store, options, index, sequences);
}

export class Archive {
  readonly #store: Store;
  readonly #options: ArchiveOptions;
  readonly #index: ArchiveIndex;
  readonly #sequences: OwnSequences;
  /** Pruning and transfers, one after the other. */
  #alone: Promise<unknown> = Promise.resolve();

  constructor(store: Store, options: ArchiveOptions, index: ArchiveIndex, sequences: OwnSequences) {
    this.#store = store;
    this.#options = options;
    this.#index = index;
    this.#sequences = sequences;
  }

  /** Decisions made by this node so far; the order of the next one. */
  get nextOrder(): number {
    return this.#index.nextOrder;
  }

  /** Order of the oldest decision that was not pruned. */
  get firstOrder(): number {
    return this.#index.horizon.firstOrder;
  }

  /** Pruned ones included. */
  get finalised(): number {
    return this.#index.finalised;
  }

  get rejected(): number {
    return this.#index.rejected;
  }

  get undecidedCount(): number {
    return this.#index.undecided.size;
  }

  /** What was pruned, by creator and sequence: finalised ones still answer yes, rejected ones no. */
  get settlements(): Settlements {
    return this.#index.settlements;
  }

  /** Highest own sequence that was stored. */
  get lastOwnSequence(): number {
    return this.#index.lastOwnSequence;
  }

  /**
   * The next own sequence, from 1. Throws ArchiveError 'no-sequence' while the next block is being reserved; `reserve` waits for it.
   * A number that was taken and whose vertex was not committed is given out again after a restart: nobody has seen it.
   */
  nextSequence(): number {
    return this.#sequences.next();
  }

  get sequencesLeft(): number {
    return this.#sequences.left;
  }

  /** Resolves when sequences are there. */
  reserve(): Promise<void> {
    return this.#sequences.reserve();
  }

  /** A node that lost its disk learns from its peers how far it had come: no sequence up to this one is given out again. */
  skipSequences(upTo: number): Promise<void> {
    return this.#sequences.skip(upTo);
  }

  /** Whether and how a vertex is decided here that is on disk, or was lately. */
  status(id: Uint8Array): VertexStatus {
    return this.#index.status(id);
  }

  /** The vertex that a short name means under this salt. */
  named(names: Uint8Array, at: number, salt: number): Uint8Array | null {
    return this.#index.named(names, at, salt);
  }

  /**
   * One atomic batch: vertices first, then decisions about them or about earlier ones. What is stored or decided already is left
   * out. Throws ArchiveError 'contradiction' and 'unknown-vertex', before anything is written; StoreError.
   */
  async commit(vertices: readonly VertexRecord[], decisions: readonly DecisionRecord[]): Promise<void> {
    const operations = this.#index.accept(vertices, decisions);
    if (operations.length > 0) await this.#write(operations);
  }

  putVertex(vertex: VertexRecord): Promise<void> {
    return this.commit([vertex], []);
  }

  decide(decisions: readonly DecisionRecord[]): Promise<void> {
    return this.commit([], decisions);
  }

  async vertex(id: Uint8Array): Promise<VertexRecord | null> {
    const bytes = await this.#store.get(vertexKey(id));
    return bytes === null ? null : decodeVertexRecord(id, bytes);
  }

  async decision(id: Uint8Array): Promise<PlacedDecision | null> {
    const order = this.#index.orderOf(id);
    if (order === null) return null;
    const bytes = await this.#store.get(decisionKey(order));
    return bytes === null ? null : decodeDecision(order, bytes);
  }

  /** From `fromOrder` on, in order, as they stood at the first step. */
  async *decisions(fromOrder = 0, untilOrder = Number.MAX_SAFE_INTEGER): AsyncGenerator<PlacedDecision> {
    if (fromOrder >= untilOrder) return;
    const until = untilOrder > mostOrder ? everyKey(decisionKind)[1] : decisionKey(untilOrder);
    for await (const [key, bytes] of this.#store.range(decisionKey(fromOrder), until))
      yield decodeDecision(numberOf(key), bytes);
  }

  /** Whether a pruned finalised vertex spent it, and which. */
  async spent(input: number): Promise<Spent | null> {
    const bytes = await this.#store.get(spentKey(input));
    return bytes === null ? null : decodeSpent(input, bytes);
  }

  /** Everything that a restarted node has to know: settled creators, spent inputs, decided vertices in order, undecided ones. */
  async *load(): AsyncGenerator<ArchiveEntry> {
    for (const settled of this.settlements.creators()) yield { kind: 'settled', settled };
    for await (const [key, bytes] of this.#store.range(...everyKey(spentKind)))
      yield { kind: 'spent', spent: decodeSpent(numberOf(key), bytes) };
    for await (const decision of this.decisions(this.firstOrder)) {
      const vertex = await this.vertex(decision.id);
      if (vertex !== null) yield { kind: 'decided', decision, vertex };
    }
    yield* this.#undecided();
  }

  /**
   * Forgets vertices before this order; what they settle and spend stays, and how the last `remembered` of them were decided. In
   * steps that a crash may come between. Resolves with the number of vertices that went.
   */
  prune(beforeOrder: number, remembered = rememberedDecisions): Promise<number> {
    return this.#exclusively(async () => {
      let pruned = 0;
      for (;;) {
        const { firstOrder } = this.#index.horizon;
        const step = await pruneStep(this.#store, firstOrder, beforeOrder, remembered);
        if (step.decisions.length === 0) return pruned;
        await this.#store.write([...step.operations, ...this.#index.forget(step.decisions, step.forgotten)]);
        pruned += step.decisions.length;
      }
    });
  }

  /** Chunks for another node: see snapshot-writer.ts. */
  snapshot(range: SnapshotRange): AsyncIterable<Uint8Array> {
    return snapshotChunks(this, this.#store, range);
  }

  /** All of a complete, checked transfer, in one batch, or nothing of it: see archive-transfer.ts. */
  apply(transfer: Transfer): Promise<TransferResult> {
    return this.#exclusively(async () => {
      const { operations, result } = await mergeTransfer(this.#store, this.#index, transfer);
      if (operations.length > 0) await this.#write(operations);
      await this.#sequences.skip(this.#index.lastOwnSequence);
      return result;
    });
  }

  async *#undecided(): AsyncGenerator<ArchiveEntry> {
    const waiting = new Map<string, VertexRecord>();
    for (const name of this.#index.undecided) {
      const vertex = await this.vertex(Buffer.from(name, 'latin1'));
      if (vertex !== null) waiting.set(name, vertex);
    }
    for (const vertex of parentsFirst(waiting)) yield { kind: 'undecided', vertex };
  }

  async #write(operations: readonly StoreOperation[]): Promise<void> {
    await this.#store.write(operations);
    if (this.#options.durability === 'power') await this.#store.flush();
  }

  #exclusively<Value>(action: () => Promise<Value>): Promise<Value> {
    const turn = this.#alone.then(action, action);
    this.#alone = turn.catch(() => undefined);
    return turn;
  }
}

/** Depth first, without recursion: a chain may be as long as the number of undecided vertices. */
function* parentsFirst(waiting: Map<string, VertexRecord>): Iterable<VertexRecord> {
  const open: string[] = [...waiting.keys()].reverse();
  const entered = new Set<string>();
  for (let name = open.at(-1); name !== undefined; name = open.at(-1)) {
    const vertex = waiting.get(name);
    const parents =
      vertex === undefined || entered.has(name)
        ? []
        : decodeVertex(vertex.body)
            .parents.map(nameOfId)
            .filter((parent) => waiting.has(parent));
    entered.add(name);
    if (parents.length > 0) open.push(...parents);
    else {
      open.pop();
      waiting.delete(name);
      if (vertex !== undefined) yield vertex;
    }
  }
}
