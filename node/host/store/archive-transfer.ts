/**
 * What a checked transfer of another node changes in an archive, as one batch.
 * Owns: what is new, what is known, what contradicts. Does not own: checking signatures or asking other peers first (host),
 * decoding (snapshot-reader.ts). Local orders differ between nodes: what is new is appended in the teller's order.
 */
import { ArchiveError } from '#node/host/store/archive-error.ts';
import { type ArchiveIndex, hex } from '#node/host/store/archive-index.ts';
import { decodeSpent, encodeSpent, type Spent, spentKey } from '#node/host/store/archive-records.ts';
import type { Told } from '#node/host/store/snapshot-entry.ts';
import type { Transfer } from '#node/host/store/snapshot-reader.ts';
import type { Store, StoreOperation } from '#node/host/store/store.ts';

export interface TransferResult {
  /** New decisions have the orders [firstOrder, firstOrder + applied). */
  readonly firstOrder: number;
  readonly applied: number;
  /** Decided alike here before, pruned ones included. */
  readonly known: number;
}

/** Throws ArchiveError 'contradiction': a vertex that is decided otherwise here, or an input that is spent otherwise. */
export async function mergeTransfer(
  store: Store,
  index: ArchiveIndex,
  transfer: Transfer,
): Promise<{ readonly operations: readonly StoreOperation[]; readonly result: TransferResult }> {
  const fresh: Told[] = [];
  const spends: Spent[] = [...transfer.spent];
  for (const told of transfer.told) {
    const { id, creator, sequence, status } = told.decision;
    const here = index.status(id);
    if ((here === 'finalised' || here === 'rejected') && here !== status)
      throw new ArchiveError('contradiction', `vertex ${hex(id)} is ${here} here and ${status} there`);
    // Of a pruned vertex only the sequence is known; a twin of a finalised one is settled with it.
    if (here === status || index.settlements.isFinalised(creator, sequence)) continue;
    fresh.push(told);
    if (status === 'finalised') for (const input of told.inputs) spends.push({ input, creator, sequence });
  }
  const unspent = await notYetSpent(store, spends);
  const pruned = new Set(transfer.spent);
  const firstOrder = index.nextOrder;
  const operations: StoreOperation[] = index.accept(
    fresh.map(({ vertex }) => vertex),
    fresh.map(({ decision }) => decision),
  );
  operations.push(...index.settle(transfer.settled));
  for (const spent of unspent)
    if (pruned.has(spent))
      operations.push({ kind: 'put', key: spentKey(spent.input), value: encodeSpent(spent) });
  const applied = index.nextOrder - firstOrder;
  const result = { firstOrder, applied, known: transfer.told.length - applied };
  return { operations, result };
}

/** Those that no pruned vertex of this node has spent. Throws when another vertex has. */
async function notYetSpent(store: Store, spends: readonly Spent[]): Promise<Spent[]> {
  const found: Spent[] = [];
  for (let at = 0; at < spends.length; at += 64) {
    const part = spends.slice(at, at + 64);
    const records = await Promise.all(part.map(({ input }) => store.get(spentKey(input))));
    for (const [i, bytes] of records.entries()) {
      const spent = part[i]!;
      if (bytes === null) {
        found.push(spent);
        continue;
      }
      const { creator, sequence } = decodeSpent(spent.input, bytes);
      if (creator !== spent.creator || sequence !== spent.sequence)
        throw new ArchiveError(
          'contradiction',
          `input ${spent.input} is spent by member ${creator}, sequence ${sequence} here and by member ${spent.creator}, ` +
            `sequence ${spent.sequence} there`,
        );
    }
  }
  return found;
}
