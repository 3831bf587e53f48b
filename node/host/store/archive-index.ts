/**
 * What an archive keeps in memory: status and order of every vertex within the window and of some before it, and what was settled
 * before it.
 * Owns: the index, the rules of acceptance, and the operations that make its changes durable. Does not own: writing them.
 * The index changes at once and the disk follows in the same order: after a failed write the archive is of no more use.
 */
import { ArchiveError } from '#node/host/store/archive-error.ts';
import {
  type DecisionRecord,
  decisionKey,
  decisionKind,
  decodeDecision,
  decodeHead,
  decodeHorizon,
  encodeDecision,
  encodeHead,
  encodeHorizon,
  encodeVertexRecord,
  everyKey,
  type Horizon,
  headKey,
  horizonKey,
  idBytes,
  numberOf,
  type PlacedDecision,
  settledKey,
  settledKind,
  undecidedKey,
  undecidedKind,
  type VertexRecord,
  vertexKey,
} from '#node/host/store/archive-records.ts';
import {
  decodeSettled,
  encodeSettled,
  type SettledCreator,
  Settlements,
} from '#node/host/store/settlements.ts';
import type { Store, StoreOperation } from '#node/host/store/store.ts';
import { IdTable } from './id-table.ts';

const isUndecided = -1;
const decidedState = ({ order, status }: PlacedDecision): number =>
  2 * order + (status === 'finalised' ? 1 : 0);
/** There and back. */
const pruned = (state: number): number => -2 - state;
const nothing = new Uint8Array(0);

/** Each byte of the id a character. */
export function nameOfId(id: Uint8Array): string {
  if (id.length !== idBytes) throw new RangeError(`an id of ${id.length} bytes, not ${idBytes}`);
  return Buffer.from(id.buffer, id.byteOffset, idBytes).toString('latin1');
}

/** Creator and sequence of a canonical vertex. */
export function authorOf(body: Uint8Array): readonly [creator: number, sequence: number] {
  if (body.length < 12) throw new RangeError(`a body of ${body.length} bytes is no vertex`);
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  return [view.getUint32(4, true), view.getUint32(8, true)];
}

export class ArchiveIndex {
  readonly settlements = new Settlements();
  readonly undecided = new Set<string>();
  readonly member: number;
  nextOrder = 0;
  horizon: Horizon = { firstOrder: 0 };
  lastOwnSequence = 0;
  /** Undecided: -1. Decided: twice the order, plus one when finalised. Pruned and remembered: that, counted down from -2. */
  readonly #states = new IdTable();
  #finalised = 0;
  #rejected = 0;

  private constructor(member: number) {
    this.member = member;
  }

  /** Reads all decisions of the window. Writes the head of a new archive. */
  static async load(store: Store, member: number): Promise<ArchiveIndex> {
    const head = await store.get(headKey);
    if (head === null) await store.write([{ kind: 'put', key: headKey, value: encodeHead(member) }]);
    else if (decodeHead(head) !== member)
      throw new ArchiveError(
        'format',
        `the archive belongs to member ${decodeHead(head)}, not ${member}: give every member a folder of its own`,
      );
    const index = new ArchiveIndex(member);
    const horizon = await store.get(horizonKey);
    if (horizon !== null) index.horizon = decodeHorizon(horizon);
    index.nextOrder = index.horizon.firstOrder;
    for await (const [key, bytes] of store.range(...everyKey(settledKind)))
      index.settlements.merge(decodeSettled(numberOf(key), bytes));
    for await (const [key, bytes] of store.range(...everyKey(decisionKind))) {
      const decision = decodeDecision(numberOf(key), bytes);
      if (decision.order >= index.horizon.firstOrder) index.#place(decision);
      else index.#states.set(decision.id, pruned(decidedState(decision)));
    }
    for await (const [key] of store.range(...everyKey(undecidedKind))) {
      index.#states.set(key.subarray(1), isUndecided);
      index.undecided.add(nameOfId(key.subarray(1)));
      const vertex = await store.get(vertexKey(key.subarray(1)));
      // The signature's length says where the body begins.
      if (vertex !== null) index.#sawVertex(vertex.subarray(3 + vertex[1]! + 256 * vertex[2]!));
    }
    index.#sawSequence(member, index.settlements.last(member));
    return index;
  }

  get finalised(): number {
    const { settled, rejected } = this.settlements.totals;
    return this.#finalised + settled - rejected;
  }

  get rejected(): number {
    return this.#rejected + this.settlements.totals.rejected;
  }

  status(id: Uint8Array): 'unknown' | 'undecided' | DecisionRecord['status'] {
    const state = this.#states.get(id);
    if (state === undefined) return 'unknown';
    if (state === isUndecided) return 'undecided';
    return (state < 0 ? pruned(state) : state) % 2 === 1 ? 'finalised' : 'rejected';
  }

  /** The vertex that a short name means under this salt. */
  named(names: Uint8Array, at: number, salt: number): Uint8Array | null {
    return this.#states.named(names, at, salt);
  }

  orderOf(id: Uint8Array): number | null {
    const state = this.#states.get(id);
    if (state === undefined || state === isUndecided) return null;
    return Math.floor((state < 0 ? pruned(state) : state) / 2);
  }

  /** What has to be written. Throws ArchiveError, and then nothing has changed. */
  accept(vertices: readonly VertexRecord[], decisions: readonly DecisionRecord[]): StoreOperation[] {
    const fresh = new Map<string, VertexRecord>();
    for (const vertex of vertices) {
      authorOf(vertex.body);
      if (!this.#states.has(vertex.id)) fresh.set(nameOfId(vertex.id), vertex);
    }
    const placed = this.#placesFor(fresh, decisions);
    const operations: StoreOperation[] = [];
    for (const [name, vertex] of fresh) {
      operations.push({ kind: 'put', key: vertexKey(vertex.id), value: encodeVertexRecord(vertex) });
      this.#states.set(vertex.id, isUndecided);
      this.#sawVertex(vertex.body);
      if (placed.has(name)) continue;
      this.undecided.add(name);
      operations.push({ kind: 'put', key: undecidedKey(vertex.id), value: nothing });
    }
    for (const [name, decision] of placed) {
      operations.push({ kind: 'put', key: decisionKey(decision.order), value: encodeDecision(decision) });
      if (this.undecided.delete(name)) operations.push({ kind: 'delete', key: undecidedKey(decision.id) });
      this.#place(decision);
    }
    return operations;
  }

  /**
   * Moves the horizon behind these decisions; what they settled is written with it. Their ids are remembered, because others may
   * have pruned less and ask about them; those of `forgotten` no more.
   */
  forget(decisions: readonly PlacedDecision[], forgotten: readonly PlacedDecision[]): StoreOperation[] {
    const creators = new Set<number>();
    for (const decision of decisions) {
      const { id, creator, sequence, status, order } = decision;
      this.settlements.note(creator, sequence, status === 'finalised');
      creators.add(creator);
      this.#states.set(id, pruned(decidedState(decision)));
      if (status === 'finalised') this.#finalised -= 1;
      else this.#rejected -= 1;
      this.horizon = { firstOrder: order + 1 };
    }
    for (const { id } of forgotten) this.#states.delete(id);
    const operations = [...creators].map((creator) => this.#settledOperation(creator));
    operations.push({ kind: 'put', key: horizonKey, value: encodeHorizon(this.horizon) });
    return operations;
  }

  /** Takes over what another node pruned. */
  settle(others: readonly SettledCreator[]): StoreOperation[] {
    for (const settled of others) {
      this.settlements.merge(settled);
      this.#sawSequence(settled.creator, this.settlements.last(settled.creator));
    }
    return others.map(({ creator }) => this.#settledOperation(creator));
  }

  #settledOperation(creator: number): StoreOperation {
    return { kind: 'put', key: settledKey(creator), value: encodeSettled(this.settlements.of(creator)) };
  }

  #placesFor(
    fresh: ReadonlyMap<string, VertexRecord>,
    decisions: readonly DecisionRecord[],
  ): Map<string, PlacedDecision> {
    const placed = new Map<string, PlacedDecision>();
    for (const decision of decisions) {
      const name = nameOfId(decision.id);
      const state = this.#states.get(decision.id) ?? (fresh.has(name) ? isUndecided : undefined);
      if (state === undefined) {
        throw new ArchiveError(
          'unknown-vertex',
          `a decision about vertex ${hex(decision.id)}, which is not stored`,
        );
      }
      const before = state === isUndecided ? placed.get(name)?.status : this.status(decision.id);
      if (before !== undefined && before !== decision.status)
        throw new ArchiveError(
          'contradiction',
          `vertex ${hex(decision.id)} is ${before}, not ${decision.status}`,
        );
      const { creator, sequence, status } = decision;
      if (before === undefined && status === 'finalised' && this.settlements.isFinalised(creator, sequence))
        throw new ArchiveError(
          'contradiction',
          `vertex ${hex(decision.id)} is a twin of a finalised one: member ${creator}, sequence ${sequence}`,
        );
      if (before === undefined) placed.set(name, { ...decision, order: this.nextOrder + placed.size });
    }
    return placed;
  }

  #place(decision: PlacedDecision): void {
    const { id, creator, sequence, status, order } = decision;
    if (order !== this.nextOrder)
      throw new ArchiveError('format', `decision ${this.nextOrder} is missing before decision ${order}`);
    this.nextOrder = order + 1;
    this.#states.set(id, decidedState(decision));
    if (status === 'finalised') this.#finalised += 1;
    else this.#rejected += 1;
    this.#sawSequence(creator, sequence);
  }

  #sawVertex(body: Uint8Array): void {
    this.#sawSequence(...authorOf(body));
  }

  #sawSequence(creator: number, sequence: number): void {
    if (creator === this.member) this.lastOwnSequence = Math.max(this.lastOwnSequence, sequence);
  }
}

export function hex(id: Uint8Array): string {
  return Buffer.from(id.subarray(0, 8)).toString('hex');
}
