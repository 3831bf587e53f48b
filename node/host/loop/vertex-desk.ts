/**
 * The life of a vertex at this node after its checks: taken in, decided, made durable, told, let go.
 * Owns: what is persisted for each step and in which order, news to listeners, what a rejected own vertex leaves to be issued again.
 * Does not own: votes (core), the journal's promise, how vertices arrive (body-intake.ts, issuer.ts).
 * Invariant: a slot is released only after its decision is durable; listeners hear of durable decisions only.
 */
import { rejectedByParent } from '#node/core/ports.ts';
import { genesis, lost } from '#node/core/vertex-table.ts';
import type { Clock } from '#node/host/clock.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import type { DecisionNews, HostLimits, HostListener, VertexNews } from '#node/host/host-parts.ts';
import type { Measurements } from '#node/host/metrics/measurements.ts';
import type { SettledCreator } from '#node/host/store/settlements.ts';
import { nameKey } from '#node/host/wire/vertex-name.ts';
import { inputsOf, type VerifiedVertex } from './body-intake.ts';
import type { CoreDriver } from './core-driver.ts';
import type { Journal } from './journal.ts';
import { type LedgerEntry, type OwnContent, sameId, type VertexLedger } from './vertex-ledger.ts';

export interface DeskParts {
  readonly ledger: VertexLedger;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly measurements: Measurements;
  readonly limits: HostLimits;
  readonly number: number;
  readonly listeners: readonly HostListener[];
  readonly genesis: Uint8Array;
  readonly reissue: (content: OwnContent) => void;
}

export class VertexDesk {
  finalisedCount = 0;
  rejectedCount = 0;
  /** Exclusive or of the hash of each finalised (creator, sequence): what was pruned keeps its part in it. */
  readonly digest = new Uint8Array(32);
  /** The finalised vertex that a new one may build on when nothing is undecided. */
  lastFinalised: Uint8Array | null = null;
  readonly #parts: DeskParts;
  readonly #key = new DataView(new ArrayBuffer(8));
  readonly #hash = new Uint8Array(32);
  #driver: CoreDriver | null = null;
  /** Decided in this life, and how many of those are durable, and released. */
  #decided = 0;
  #durable = 0;
  #released = 0;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  attach(driver: CoreDriver): void {
    this.#driver = driver;
  }

  get #core(): CoreDriver {
    if (this.#driver === null) throw new Error('attach a driver first');
    return this.#driver;
  }

  /** A verified vertex whose parents are all known, foreign or own, enters the core. `isStored`: it was read from disk. */
  take(verified: VerifiedVertex, from: number, own: OwnContent | null, isStored = false): LedgerEntry {
    const { ledger, journal, measurements } = this.#parts;
    const { id, vertex, body, signature } = verified;
    const { creator, sequence, transactions } = vertex;
    const entry: LedgerEntry = {
      id,
      key: nameKey(id, 0),
      creator,
      sequence,
      parents: vertex.parents.map((parent) => parent.slice()),
      inputs: inputsOf(vertex),
      transactions: transactions.length,
      body,
      signature,
      status: 'undecided',
      slot: -1,
      own,
      next: null,
    };
    const parents = entry.parents.map((parent) => this.#referenceOf(parent, isStored));
    ledger.place(entry, this.#core.register({ creator, sequence, parents, inputs: entry.inputs }));
    measurements.counters.verticesProcessed += 1;
    if (!isStored) journal.vertex({ id, body, signature });
    const news = newsOf(entry);
    for (const listener of this.#parts.listeners) listener.vertex(news);
    this.#core.deliver(entry.slot, from);
    return entry;
  }

  /** The core's reference to a parent: its slot, or how it was decided. */
  #referenceOf(parent: Uint8Array, isStored: boolean): number {
    const entry = this.#parts.ledger.find(parent);
    if (entry === null) {
      // Of a vertex on disk every parent was known once; one that is no more was pruned as finalised.
      if (!isStored && !sameId(parent, this.#parts.genesis))
        throw new Error('a vertex is taken in before its parents');
      return genesis;
    }
    if (entry.slot >= 0) return entry.slot;
    return entry.status === 'rejected' ? lost : genesis;
  }

  /** A decision that an earlier life made. */
  recovered(id: Uint8Array, creator: number, sequence: number, status: 'finalised' | 'rejected'): void {
    this.#core.core.table.settled.note(creator, sequence, status === 'finalised');
    if (status === 'rejected') this.rejectedCount += 1;
    else this.#noteFinalised(id, creator, sequence);
  }

  /** What was pruned: here before, or everywhere before this node came back. */
  settled({ creator, runs, rejected }: SettledCreator): void {
    const { settled } = this.#core.core.table;
    const refused = new Set(rejected);
    for (const [first, last] of runs) {
      for (let sequence = first; sequence <= last; sequence++) {
        if (settled.isFinalised(creator, sequence) || settled.isRejected(creator, sequence)) continue;
        settled.note(creator, sequence, !refused.has(sequence));
        if (refused.has(sequence)) this.rejectedCount += 1;
        else this.#noteFinalised(null, creator, sequence);
      }
    }
  }

  #noteFinalised(id: Uint8Array | null, creator: number, sequence: number): void {
    this.finalisedCount += 1;
    if (id !== null) this.lastFinalised = id;
    this.#key.setUint32(0, creator, true);
    this.#key.setUint32(4, sequence, true);
    blake3(keyBytes(this.#key), this.#hash);
    for (let i = 0; i < 32; i++) this.digest[i]! ^= this.#hash[i]!;
  }

  finalised(slot: number, rounds: number, confidence: number): void {
    const entry = this.#parts.ledger.at(slot);
    entry.status = 'finalised';
    this.#noteFinalised(entry.id, entry.creator, entry.sequence);
    this.#decide(entry, rounds, confidence);
  }

  rejected(slot: number, cause: number): void {
    const entry = this.#parts.ledger.at(slot);
    entry.status = 'rejected';
    this.rejectedCount += 1;
    const { own } = entry;
    this.#decide(entry, 0, 0);
    if (own === null) return;
    const rest = cause === rejectedByParent ? own.transactions : this.#unspent(entry, own);
    if (rest.length > 0) this.#parts.reissue({ ...own, transactions: rest, replaces: entry.id });
  }

  /**
   * Transactions of a rejected vertex whose inputs no finalised vertex took. When none was taken the vertex contradicted its own
   * past: then what another vertex wants, too, is given up, or it would be issued and rejected for ever.
   */
  #unspent(entry: LedgerEntry, own: OwnContent): OwnContent['transactions'] {
    const { table } = this.#core.core;
    const taken = new Set<number>();
    const wanted = new Set<number>();
    for (let edge = table.firstConflict(entry.slot); edge >= 0; edge = table.nextConflict(edge)) {
      const rival = this.#parts.ledger.at(table.conflictAt(edge));
      for (const input of rival.inputs) (rival.status === 'finalised' ? taken : wanted).add(input);
    }
    const rest = own.transactions.filter(({ inputs }) =>
      inputs.every((input) => !taken.has(input) && !table.settled.isSpent(input)),
    );
    if (rest.length < own.transactions.length) return rest;
    return own.transactions.filter(({ inputs }) => inputs.every((input) => !wanted.has(input)));
  }

  #decide(entry: LedgerEntry, rounds: number, confidence: number): void {
    const { journal, clock, measurements, listeners } = this.#parts;
    const { id, status, own } = entry;
    if (status !== 'finalised' && status !== 'rejected') throw new Error('a decision without a status');
    const vertex = newsOf(entry);
    journal.decision({ id, creator: entry.creator, sequence: entry.sequence, status, rounds, confidence });
    this.#decided += 1;
    journal.afterwards(() => {
      this.#durable += 1;
      const atUs = clock.nowUs();
      const dueUs = own?.dueUs ?? null;
      if (status === 'finalised')
        measurements.finalised(dueUs === null ? null : atUs - dueUs, vertex.transactions, confidence);
      else measurements.counters.rejected += 1;
      const news: DecisionNews = { vertex, status, rounds, confidence, atUs, dueUs, isRecovered: false };
      for (const listener of listeners) listener.decided(news);
    });
  }

  undecidedAtLimit(slot: number): void {
    const { ledger, clock, listeners, measurements } = this.#parts;
    measurements.counters.undecidedAtLimit += 1;
    const news = newsOf(ledger.at(slot));
    for (const listener of listeners) listener.undecidedAtLimit(news, clock.nowUs());
  }

  /** Lets go of the oldest decided vertices beyond those that are kept. Not from within a call of the core. */
  release(): void {
    const waiting = this.#core.core.decisions.releasable.length;
    const durable = this.#durable - this.#released;
    const count = Math.min(durable, waiting - this.#parts.limits.retainedDecided);
    if (count <= 0) return;
    this.#core.release(count);
    this.#released += count;
  }
}

function keyBytes(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}

export function newsOf(entry: LedgerEntry): VertexNews {
  const { id, creator, sequence, parents, inputs, transactions, own } = entry;
  return {
    id,
    creator,
    sequence,
    parents,
    inputs,
    transactions,
    items: own?.items ?? [],
    replaces: own?.replaces ?? null,
  };
}
