/**
 * One step of pruning an archive: what goes, and the spent inputs that stay.
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
  readonly operations: readonly StoreOperation[];
}

export async function pruneStep(store: Store, firstOrder: number, beforeOrder: number): Promise<PruneStep> {
  const until = Math.min(beforeOrder, firstOrder + stepDecisions);
  if (until <= firstOrder) return { decisions: [], operations: [] };
  const decisions: PlacedDecision[] = [];
  for await (const [key, bytes] of store.range(decisionKey(firstOrder), decisionKey(until)))
    decisions.push(decodeDecision(numberOf(key), bytes));
  if (decisions.length === 0) return { decisions, operations: [] };
  const spent = await Promise.all(decisions.map((decision) => spentBy(store, decision)));
  const end = decisionKey(decisions.at(-1)!.order + 1);
  const operations: StoreOperation[] = [
    ...spent.flat(),
    ...decisions.map(({ id }) => ({ kind: 'delete', key: vertexKey(id) }) as const),
    { kind: 'delete-range', from: decisionKey(firstOrder), until: end },
  ];
  return { decisions, operations };
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
