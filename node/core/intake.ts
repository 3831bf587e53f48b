/**
 * How a vertex enters a node: duplicates, missing parents, validity, conflicts with what is already decided.
 * Owns: the bounded buffer of pending vertices and requests for missing ones. Does not own: signatures (the host verified them).
 */
import type { Decisions } from './decisions.ts';
import { type CorePorts, rejectedByConflict, rejectedByParent } from './ports.ts';
import type { Preference } from './preference.ts';
import type { Standing } from './standing.ts';
import type { Suspicion } from './suspicion.ts';
import { signedEvidence } from './suspicion.ts';
import { genesis, lost, maximumParents, type VertexTable } from './vertex-table.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const parentSlots = maximumParents;
const noParent = genesis;

/** Vertices a node keeps while their parents are missing; beyond it a vertex is dropped and asked for again later. */
export const maximumPending = 4096;

export type Delivery = 'entered' | 'duplicate' | 'pending' | 'dropped';

export interface IntakeParts {
  readonly table: VertexTable;
  readonly standing: Standing;
  readonly decisions: Decisions;
  readonly suspicion: Suspicion;
}

export class Intake {
  readonly #table: VertexTable;
  readonly #standing: Standing;
  readonly #preference: Preference;
  readonly #decisions: Decisions;
  readonly #suspicion: Suspicion;
  readonly #ports: CorePorts;
  /** How long a node waits for an answer. Asked for where something is missing only: it is far from what a delivery touches. */
  readonly #timeoutUs: (node: number) => number;

  constructor(
    parts: IntakeParts,
    preference: Preference,
    ports: CorePorts,
    timeoutUs: (node: number) => number,
  ) {
    const { table, standing, decisions, suspicion } = parts;
    this.#table = table;
    this.#standing = standing;
    this.#preference = preference;
    this.#decisions = decisions;
    this.#suspicion = suspicion;
    this.#ports = ports;
    this.#timeoutUs = timeoutUs;
  }

  /** A verified vertex arrives from a peer (or is the node's own: from < 0). */
  deliver(node: number, slot: number, from: number, nowUs: number): Delivery {
    if (this.#standing.isKnown(node, slot)) return 'duplicate';
    // Nearly always, and then nothing else has to be asked about them.
    const strong = this.#preference.parentsStrong(node, slot);
    if (!strong && !this.#parentsKnown(node, slot)) return this.#pend(node, slot, from, nowUs);
    this.#enter(node, slot, strong, nowUs);
    if (this.#standing.pendingCount[node] !== 0) this.#enterWaiting(node, slot, nowUs);
    return 'entered';
  }

  /** Enters the pending vertices that waited for one that has just entered and, in turn, those that waited for them. */
  #enterWaiting(node: number, from: number, nowUs: number): void {
    const standing = this.#standing;
    const ready: number[] = [];
    for (let slot: number | undefined = from; slot !== undefined; slot = ready.pop()) {
      if (slot !== from) this.#enter(node, slot, this.#preference.parentsStrong(node, slot), nowUs);
      if (standing.pendingCount[node] === 0) continue;
      for (let edge = this.#table.childHead[slot]!; edge >= 0; edge = this.#table.childNext[edge]!) {
        const child = (edge / parentSlots) | 0;
        if (
          standing.has(standing.pending, node, child) &&
          !ready.includes(child) &&
          this.#parentsKnown(node, child)
        ) {
          ready.push(child);
        }
      }
    }
  }

  /** `strong`: the node says yes to all its parents. */
  #enter(node: number, slot: number, strong: boolean, nowUs: number): void {
    this.#standing.enter(node, slot);
    this.#noteEquivocation(node, slot, nowUs);
    const doom = this.#doom(node, slot, strong);
    if (doom >= 0) {
      this.#decisions.reject(node, slot, doom);
      return;
    }
    this.#preference.enter(node, slot, strong);
  }

  /** Why the vertex must be rejected at once, or -1. A conflict of its own comes first: only without one is it valid elsewhere. */
  #doom(node: number, slot: number, strong: boolean): number {
    const table = this.#table;
    if (table.invalid[slot] === 1 || this.#decisions.hasFinalisedRival(node, slot)) return rejectedByConflict;
    if (strong) return -1;
    for (let i = 0; i < table.parentCount[slot]!; i++) {
      const parent = table.parents[slot * parentSlots + i]!;
      if (parent === lost) return rejectedByParent;
      if (parent >= 0 && this.#standing.has(this.#standing.rejected, node, parent)) return rejectedByParent;
    }
    return -1;
  }

  #noteEquivocation(node: number, slot: number, nowUs: number): void {
    const table = this.#table;
    for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
      const rival = table.conflictAt(edge);
      if (!table.equivocate(slot, rival) || !this.#standing.isKnown(node, rival)) continue;
      const creator = table.creator[slot]!;
      if (this.#suspicion.strike(node, creator, signedEvidence, nowUs)) this.#ports.convicted(node, creator);
    }
  }

  #parentsKnown(node: number, slot: number): boolean {
    for (let i = 0; i < this.#table.parentCount[slot]!; i++) {
      const parent = this.#table.parents[slot * parentSlots + i]!;
      if (parent !== noParent && parent !== lost && !this.#standing.isKnown(node, parent)) return false;
    }
    return true;
  }

  #pend(node: number, slot: number, from: number, nowUs: number): Delivery {
    if (this.#standing.pendingCount[node]! >= maximumPending) return 'dropped';
    this.#standing.pend(node, slot);
    if (from < 0) return 'pending';
    for (let i = 0; i < this.#table.parentCount[slot]!; i++) {
      const parent = this.#table.parents[slot * parentSlots + i]!;
      if (parent >= 0) this.want(node, parent, from, nowUs);
    }
    return 'pending';
  }

  /** Asks a peer for a vertex that is missing here, once per timeout. */
  want(node: number, slot: number, peer: number, nowUs: number): void {
    const standing = this.#standing;
    if (standing.isKnown(node, slot)) return;
    if (nowUs >= standing.repeatAtUs[node]!) {
      standing.forgetRequests(node);
      standing.repeatAtUs[node] = nowUs + this.#timeoutUs(node);
    }
    if (standing.has(standing.requested, node, slot)) return;
    standing.set(standing.requested, node, slot);
    this.#ports.request(node, slot, peer);
  }
}
