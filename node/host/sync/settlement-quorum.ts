/**
 * What was pruned everywhere before this node came back: believed when several members say the same.
 * Owns: collecting what members told, what they agree on. Does not own: transfers, what becomes of it.
 *
 * Pruned vertices cannot be polled: nobody has their ids any more. A sequence is settled, an input spent, when every one of the
 * members asked says so, and rejected only when all say that too; f attackers of N make that up with a chance of (f/N)^tellers.
 */
import { decodeVertex } from '#node/core/vertex.ts';
import { idText } from '#node/host/loop/body-intake.ts';
import type { Spent } from '#node/host/store/archive.ts';
import type { SettledCreator } from '#node/host/store/settlements.ts';
import type { Transfer } from '#node/host/store/snapshot-reader.ts';

export interface AgreedSettlements {
  readonly settled: readonly SettledCreator[];
  readonly spent: readonly Spent[];
  /** Ids of pruned vertices that finalised ones were built on: finalised, too. */
  readonly past: readonly Uint8Array[];
}

export class SettlementQuorum {
  readonly #needed: number;
  readonly #told = new Map<number, Transfer>();

  constructor(needed: number) {
    this.#needed = needed;
  }

  get tellers(): readonly number[] {
    return [...this.#told.keys()];
  }

  /** What all tellers agree on, once there are enough; null before. */
  add(member: number, transfer: Transfer): AgreedSettlements | null {
    this.#told.set(member, transfer);
    if (this.#told.size < this.#needed) return null;
    const [first, ...others] = [...this.#told.values()];
    this.#told.clear();
    if (first === undefined) return null;
    const settled = first.settled.map((mine) =>
      others.reduce((agreed, { settled: theirs }) => {
        const other = theirs.find(({ creator }) => creator === mine.creator);
        return intersection(agreed, other ?? { creator: mine.creator, runs: [], rejected: [] });
      }, mine),
    );
    const spent = first.spent.filter((mine) => others.every((other) => hasSpent(other, mine)));
    const pasts = others.map((transfer) => new Set(pastOf(transfer).map(idText)));
    const past = pastOf(first).filter((id) => pasts.every((ids) => ids.has(idText(id))));
    return { settled: settled.filter(({ runs }) => runs.length > 0), spent, past };
  }
}

/** Without sequences of which a vertex is known here: whether it is the settled one is for polls to say, or was decided. */
export function leaveOut(
  agreed: AgreedSettlements,
  here: readonly { readonly creator: number; readonly sequence: number }[],
): AgreedSettlements {
  const settled = agreed.settled.map(({ creator, runs, rejected }) => {
    const open = new Set(here.filter((other) => other.creator === creator).map(({ sequence }) => sequence));
    return {
      creator,
      runs: runs.flatMap(([first, last]) => without(first, last, open)),
      rejected: rejected.filter((sequence) => !open.has(sequence)),
    };
  });
  const isOpen = (spent: Spent): boolean =>
    here.some(({ creator, sequence }) => creator === spent.creator && sequence === spent.sequence);
  return { ...agreed, settled, spent: agreed.spent.filter((spent) => !isOpen(spent)) };
}

/** Parents of finalised vertices that the member told nothing else about. */
function pastOf({ told }: Transfer): Uint8Array[] {
  const ids = new Set(told.map(({ vertex }) => idText(vertex.id)));
  const past = new Map<string, Uint8Array>();
  for (const { decision, vertex } of told) {
    if (decision.status === 'rejected') continue;
    for (const parent of decodeVertex(vertex.body).parents)
      if (!ids.has(idText(parent))) past.set(idText(parent), parent);
  }
  return [...past.values()];
}

/** Spent by the same vertex: pruned at the teller, or still told with its decision. */
function hasSpent(transfer: Transfer, { input, creator, sequence }: Spent): boolean {
  const isBy = (other: { readonly creator: number; readonly sequence: number }): boolean =>
    other.creator === creator && other.sequence === sequence;
  return (
    transfer.spent.some((other) => other.input === input && isBy(other)) ||
    transfer.told.some(({ decision, inputs }) => isBy(decision) && inputs.includes(input))
  );
}

/** Sequences settled by both, without those that only one calls rejected. */
function intersection(a: SettledCreator, b: SettledCreator): SettledCreator {
  const disputed = new Set<number>();
  for (const sequence of a.rejected) if (!b.rejected.includes(sequence)) disputed.add(sequence);
  for (const sequence of b.rejected) if (!a.rejected.includes(sequence)) disputed.add(sequence);
  const runs: (readonly [number, number])[] = [];
  for (const [first, last] of a.runs) {
    for (const [from, until] of b.runs) {
      const low = Math.max(first, from);
      const high = Math.min(last, until);
      if (low <= high) runs.push(...without(low, high, disputed));
    }
  }
  const isIn = (sequence: number): boolean => runs.some(([low, high]) => sequence >= low && sequence <= high);
  return { creator: a.creator, runs, rejected: a.rejected.filter((sequence) => isIn(sequence)) };
}

function without(low: number, high: number, disputed: ReadonlySet<number>): (readonly [number, number])[] {
  const runs: (readonly [number, number])[] = [];
  let from = low;
  for (const sequence of [...disputed].filter((at) => at >= low && at <= high).sort((x, y) => x - y)) {
    if (sequence > from) runs.push([from, sequence - 1]);
    from = sequence + 1;
  }
  if (from <= high) runs.push([from, high]);
  return runs;
}
