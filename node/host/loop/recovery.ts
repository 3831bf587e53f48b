/**
 * What a start reads back from disk into the core and the ledger.
 * Owns: the order of it, and that recovered decisions are told as such. Does not own: the archive's records.
 * Invariant: nothing that was decided is asked about again; undecided vertices begin anew with fresh counters.
 */

import { decodeVertex } from '#node/core/vertex.ts';
import type { HostListener } from '#node/host/host-parts.ts';
import type { Archive, ArchiveEntry } from '#node/host/store/archive.ts';
import { inputsOf } from './body-intake.ts';
import type { CoreDriver } from './core-driver.ts';
import type { VertexDesk } from './vertex-desk.ts';
import type { LedgerEntry, VertexLedger } from './vertex-ledger.ts';

export interface RecoveryParts {
  readonly archive: Archive;
  readonly number: number;
  readonly driver: CoreDriver;
  readonly ledger: VertexLedger;
  readonly desk: VertexDesk;
  readonly listeners: readonly HostListener[];
  readonly nowUs: number;
}

/** Resolves with the own vertices that are not decided: they may never have been announced. */
export async function recover(parts: RecoveryParts): Promise<LedgerEntry[]> {
  const own: LedgerEntry[] = [];
  const { settled } = parts.driver.core.table;
  for await (const entry of parts.archive.load()) {
    switch (entry.kind) {
      case 'settled':
        parts.desk.settled(entry.settled);
        break;
      case 'spent':
        settled.spend(entry.spent.input);
        break;
      case 'decided':
        recoverDecision(parts, entry);
        break;
      case 'undecided': {
        const { id, body, signature } = entry.vertex;
        const vertex = decodeVertex(body);
        const isOwn = vertex.creator === parts.number;
        const content = isOwn
          ? { transactions: vertex.transactions, dueUs: null, items: [], replaces: null }
          : null;
        const taken = parts.desk.take({ id, vertex, body, signature }, -1, content, true);
        if (isOwn) own.push(taken);
        break;
      }
    }
  }
  return own;
}

function recoverDecision(
  { driver, desk, listeners, nowUs }: RecoveryParts,
  { decision, vertex: record }: Extract<ArchiveEntry, { kind: 'decided' }>,
): void {
  const { id, creator, sequence, status, rounds, confidence } = decision;
  const { parents, transactions, ...rest } = decodeVertex(record.body);
  const inputs = inputsOf({ parents, transactions, ...rest });
  const { settled } = driver.core.table;
  if (status === 'finalised') for (const input of inputs) settled.spend(input);
  desk.recovered(id, creator, sequence, status);
  const vertex = {
    id,
    creator,
    sequence,
    parents,
    inputs,
    transactions: transactions.length,
    items: [],
    replaces: null,
  };
  for (const listener of listeners)
    listener.decided({ vertex, status, rounds, confidence, atUs: nowUs, dueUs: null, isRecovered: true });
}
