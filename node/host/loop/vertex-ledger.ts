/**
 * Which vertex is meant: ids, short names and slots of the vertices that this node knows.
 * Owns: the maps between them, bodies of live vertices, the memory of pruned ones (bounded). Does not own: what the node thinks of
 * a vertex (node/core), bytes on disk and which vertices were decided (archive).
 * Invariant: a vertex with a slot is in `#bySlot` and in `#byKey`; one without was decided, and the archive knows how as long as it
 * has its body: a member that comes back after a long time asks about everything that is still to be had.
 */

import type { Transaction } from '#node/core/vertex.ts';
import { isNameOf, nameKey } from '#node/host/wire/vertex-name.ts';

/** `pruned`: settled before anybody here could look at it. It counts as a finalised parent, but no vote is given on it. */
export type LedgerStatus = 'undecided' | 'finalised' | 'rejected' | 'pruned';

/** What an own vertex carries, kept until it is finalised: its transactions may have to be issued again. */
export interface OwnContent {
  readonly transactions: readonly Transaction[];
  /** Null when it was read back after a restart. */
  readonly dueUs: number | null;
  readonly items: readonly number[];
  readonly replaces: Uint8Array | null;
}

export interface LedgerEntry {
  readonly id: Uint8Array;
  readonly key: number;
  readonly creator: number;
  readonly sequence: number;
  parents: readonly Uint8Array[];
  inputs: readonly number[];
  readonly transactions: number;
  /** Empty once it has no slot: then it is on disk only. */
  body: Uint8Array;
  signature: Uint8Array;
  status: LedgerStatus;
  /** -1 when the core has let it go. */
  slot: number;
  own: OwnContent | null;
  /** Another vertex with the same key. */
  next: LedgerEntry | null;
}

/** What the archive knows of decided vertices. */
export interface DecidedVertices {
  status(id: Uint8Array): 'unknown' | 'undecided' | 'finalised' | 'rejected';
  named(names: Uint8Array, at: number, salt: number): Uint8Array | null;
}

const nothing = new Uint8Array(0);

export function sameId(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) if (a[i] !== b[i]) return false;
  return true;
}

export class VertexLedger {
  readonly #byKey = new Map<number, LedgerEntry>();
  readonly #bySlot: (LedgerEntry | null)[] = [];
  readonly #past: DecidedVertices;
  /** Pruned entries, oldest first from `#oldest` on. */
  #pruned: LedgerEntry[] = [];
  #oldest = 0;
  readonly #prunedMost: number;

  constructor(past: DecidedVertices, prunedMost: number) {
    this.#past = past;
    this.#prunedMost = prunedMost;
  }

  /** An entry of a vertex that was decided and let go of is made for the question: it is nobody's to keep. */
  find(id: Uint8Array): LedgerEntry | null {
    let entry = this.#byKey.get(nameKey(id, 0)) ?? null;
    while (entry !== null && !sameId(entry.id, id)) entry = entry.next;
    return entry ?? this.#decidedBefore(id);
  }

  /** By a short name under the salt of its query. */
  findName(names: Uint8Array, at: number, salt: number): LedgerEntry | null {
    let entry = this.#byKey.get(nameKey(names, at)) ?? null;
    while (entry !== null && !isNameOf(names, at, entry.id, 0, salt)) entry = entry.next;
    if (entry !== null) return entry;
    const id = this.#past.named(names, at, salt);
    return id === null ? null : this.#decidedBefore(id);
  }

  #decidedBefore(id: Uint8Array): LedgerEntry | null {
    const status = this.#past.status(id);
    return status === 'finalised' || status === 'rejected' ? entryWithoutSlot(id, status) : null;
  }

  /** Another vertex known here could be taken for it: name it in full. */
  isAmbiguous(entry: LedgerEntry): boolean {
    return this.#byKey.get(entry.key) !== entry || entry.next !== null;
  }

  at(slot: number): LedgerEntry {
    const entry = this.#bySlot[slot];
    if (entry === null || entry === undefined) throw new Error(`slot ${slot} holds no vertex`);
    return entry;
  }

  /** A vertex that the core has taken in. */
  place(entry: LedgerEntry, slot: number): void {
    entry.slot = slot;
    while (this.#bySlot.length <= slot) this.#bySlot.push(null);
    this.#bySlot[slot] = entry;
    this.#link(entry);
  }

  /** Settled before anybody here could look at it: no archive will know its id. The oldest of too many is forgotten. */
  rememberPruned(id: Uint8Array): void {
    const entry = entryWithoutSlot(id.slice(), 'pruned');
    this.#link(entry);
    this.#pruned.push(entry);
    if (this.remembered <= this.#prunedMost) return;
    this.#unlink(this.#pruned[this.#oldest]!);
    this.#oldest += 1;
    if (this.#oldest <= this.#prunedMost) return;
    this.#pruned = this.#pruned.slice(this.#oldest);
    this.#oldest = 0;
  }

  /** The core lets go of a slot; the decision is on disk. */
  release(slot: number): void {
    const entry = this.at(slot);
    this.#bySlot[slot] = null;
    entry.slot = -1;
    this.#unlink(entry);
  }

  *live(): Iterable<LedgerEntry> {
    for (const entry of this.#bySlot) if (entry !== null) yield entry;
  }

  get remembered(): number {
    return this.#pruned.length - this.#oldest;
  }

  #link(entry: LedgerEntry): void {
    entry.next = this.#byKey.get(entry.key) ?? null;
    this.#byKey.set(entry.key, entry);
  }

  #unlink(entry: LedgerEntry): void {
    const head = this.#byKey.get(entry.key) ?? null;
    if (head === entry) {
      if (entry.next === null) this.#byKey.delete(entry.key);
      else this.#byKey.set(entry.key, entry.next);
      return;
    }
    for (let at = head; at !== null; at = at.next) {
      if (at.next === entry) {
        at.next = entry.next;
        return;
      }
    }
  }
}

function entryWithoutSlot(id: Uint8Array, status: Exclude<LedgerStatus, 'undecided'>): LedgerEntry {
  return {
    id,
    key: nameKey(id, 0),
    creator: 0,
    sequence: 0,
    parents: [],
    inputs: [],
    transactions: 0,
    body: nothing,
    signature: nothing,
    status,
    slot: -1,
    own: null,
    next: null,
  };
}
