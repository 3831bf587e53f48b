/**
 * One step of pruning an archive: what goes, the spent inputs that stay, and the decisions that stay for a while.
 * Owns: the operations of a step. Does not own: the index and the settled creators (archive-index.ts), writing (archive.ts).
 */
import { decodeVertex } from '#node/core/vertex.ts';
import {
  decisionKey,
  decodeDecision,
  decodeVertexRecord,
  encodeSpent,
  numberOf,
  type PlacedDecision,
  spentKey,
  vertexKey,
} from '#node/host/store/archive-records.ts';
import type { Store, StoreOperation } from '#node/host/store/store.ts';

/** Decisions of one batch. */
const stepDecisions = 256;

export interface PruneStep {
  readonly decisions: readonly PlacedDecision[];
  /** Pruned earlier, remembered until now. */
  readonly forgotten: readonly PlacedDecision[];
  readonly operations: readonly StoreOperation[];
}

export async function pruneStep(
  store: Store,
  firstOrder: number,
  beforeOrder: number,
  remembered: number,
): Promise<PruneStep> {
  const until = Math.min(beforeOrder, firstOrder + stepDecisions);
  const decisions = until <= firstOrder ? [] : await decisionsOf(store, firstOrder, until);
  if (decisions.length === 0) return { decisions, forgotten: [], operations: [] };
  const spent = await Promise.all(decisions.map((decision) => spentBy(store, decision)));
  const rememberedFrom = Math.max(0, Math.min(firstOrder, decisions.at(-1)!.order + 1 - remembered));
  const forgotten = await decisionsOf(store, 0, rememberedFrom);
  const operations: StoreOperation[] = [
    ...spent.flat(),
    ...decisions.map(({ id }) => ({ kind: 'delete', key: vertexKey(id) }) as const),
  ];
  if (forgotten.length > 0)
    operations.push({ kind: 'delete-range', from: decisionKey(0), until: decisionKey(rememberedFrom) });
  return { decisions, forgotten, operations };
}

async function decisionsOf(store: Store, from: number, until: number): Promise<PlacedDecision[]> {
  const decisions: PlacedDecision[] = [];
  for await (const [key, bytes] of store.range(decisionKey(from), decisionKey(until)))
    decisions.push(decodeDecision(numberOf(key), bytes));
  return decisions;
}

async function spentBy(
  store: Store,
  { id, status, creator, sequence }: PlacedDecision,
): Promise<StoreOperation[]> {
  if (status === 'rejected') return [];
  const bytes = await store.get(vertexKey(id));
  if (bytes === null) return [];
  const { transactions } = decodeVertex(decodeVertexRecord(id, bytes).body);
  const value = encodeSpent({ creator, sequence });
  return transactions.flatMap(({ inputs }) =>
    inputs.map((input) => ({ kind: 'put', key: spentKey(input), value }) as const),
  );
}
