/**
 * The irreversible part: finalisation, rejection with descendants, and the release of slots everybody decided.
 * Owns: the finalisation rule and its cascades. Does not own: votes and counters that lead to it.
 *
 * Invariants: a parent is finalised before its child at every node; of two conflicting vertices a node finalises at most one;
 * every descendant of a rejected vertex is rejected.
 */
import type { ConsensusParams } from './params.ts';
import type { PollBook } from './poll-book.ts';
import { type CorePorts, rejectedByConflict, rejectedByParent } from './ports.ts';
import type { Preference } from './preference.ts';
import { confidenceTarget } from './snow.ts';
import type { Standing } from './standing.ts';
import { genesis, maximumParents, type VertexTable } from './vertex-table.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const parentSlots = maximumParents;
const noParent = genesis;

export class Decisions {
  readonly #table: VertexTable;
  readonly #standing: Standing;
  readonly #preference: Preference;
  readonly #polls: PollBook;
  readonly #ports: CorePorts;
  readonly #beta: number;
  readonly #target: number;
  readonly #concurrent: number;
  readonly #stack: number[] = [];
  /** Slot last finalised by each node and its serial: a parent for want of a better one. */
  readonly #lastSlot: Int32Array;
  readonly #lastSerial: Int32Array;
  /** Slots that every hosted node decided, in order, until the host lets them go. */
  readonly #decidedByAll: number[] = [];
  /** 1 when some node finalised the slot. */
  #everFinalised: Uint8Array;

  constructor(
    table: VertexTable,
    standing: Standing,
    preference: Preference,
    polls: PollBook,
    ports: CorePorts,
    params: ConsensusParams,
  ) {
    this.#table = table;
    this.#standing = standing;
    this.#preference = preference;
    this.#polls = polls;
    this.#ports = ports;
    this.#beta = params.beta;
    this.#target = confidenceTarget(params.threshold, params.beta);
    this.#concurrent = params.concurrentPolls;
    this.#lastSlot = new Int32Array(standing.nodes).fill(noParent);
    this.#lastSerial = new Int32Array(standing.nodes);
    this.#everFinalised = new Uint8Array(table.capacity);
  }

  /** The vertex the node finalised last if it is still in the table, else genesis. */
  lastFinalised(node: number): number {
    const slot = this.#lastSlot[node]!;
    // A crash may have lost the decision.
    const holds =
      slot >= 0 &&
      this.#table.isLive(slot) &&
      this.#table.serial[slot] === this.#lastSerial[node] &&
      this.#standing.has(this.#standing.finalised, node, slot);
    return holds ? slot : noParent;
  }

  /** Counter and confidence are there; parents and conflicts may not be. */
  isRipe(node: number, slot: number): boolean {
    const cell = node * this.#standing.capacity + slot;
    return this.#standing.counter[cell]! >= this.#beta && this.#standing.confidence[cell]! >= this.#target;
  }

  /** Finalises a ripe vertex when its parents are finalised and no rival is; then ripe children that waited for it. */
  finaliseIfAllowed(node: number, from: number): void {
    const standing = this.#standing;
    const stack: number[] = [from];
    while (stack.length > 0) {
      const slot = stack.pop()!;
      if (!standing.has(standing.undecided, node, slot) || !this.isRipe(node, slot)) continue;
      if (!this.#parentsFinalised(node, slot) || this.hasFinalisedRival(node, slot)) continue;
      this.#finalise(node, slot);
      for (let edge = this.#table.childHead[slot]!; edge >= 0; edge = this.#table.childNext[edge]!) {
        stack.push((edge / parentSlots) | 0);
      }
    }
  }

  #parentsFinalised(node: number, slot: number): boolean {
    const base = slot * parentSlots;
    for (let i = 0; i < this.#table.parentCount[slot]!; i++) {
      const parent = this.#table.parents[base + i]!;
      if (parent === noParent) continue;
      if (parent < 0 || !this.#standing.has(this.#standing.finalised, node, parent)) return false;
    }
    return true;
  }

  /** A vertex that conflicts with this one is finalised at the node. */
  hasFinalisedRival(node: number, slot: number): boolean {
    const table = this.#table;
    for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
      if (this.#standing.has(this.#standing.finalised, node, table.conflictAt(edge))) return true;
    }
    return false;
  }

  #finalise(node: number, slot: number): void {
    const table = this.#table;
    const cell = node * this.#standing.capacity + slot;
    const rounds = this.#standing.rounds[cell]!;
    const confidence = this.#standing.confidence[cell]!;
    const wasStrong = this.#standing.saysYes(node, slot);
    this.#decide(node, slot, true);
    if (!wasStrong) this.#preference.refreshChildren(node, slot);
    this.#everFinalised[slot] = 1;
    this.#lastSlot[node] = slot;
    this.#lastSerial[node] = table.serial[slot]!;
    this.#ports.finalised(node, slot, rounds, confidence);
    for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
      const rival = table.conflictAt(edge);
      if (this.#standing.has(this.#standing.undecided, node, rival))
        this.reject(node, rival, rejectedByConflict);
    }
  }

  /** Rejects a vertex that is undecided at the node, and every descendant known there. */
  reject(node: number, from: number, cause: number): void {
    const standing = this.#standing;
    const table = this.#table;
    const stack = this.#stack;
    const bottom = stack.length;
    stack.push(from);
    while (stack.length > bottom) {
      const slot = stack.pop()!;
      if (!standing.has(standing.undecided, node, slot)) continue;
      this.#decide(node, slot, false);
      const lostItself = slot !== from && this.hasFinalisedRival(node, slot);
      this.#ports.rejected(
        node,
        slot,
        lostItself ? rejectedByConflict : slot === from ? cause : rejectedByParent,
      );
      this.#preference.refreshRivals(node, slot);
      for (let edge = table.childHead[slot]!; edge >= 0; edge = table.childNext[edge]!) {
        stack.push((edge / parentSlots) | 0);
      }
    }
  }

  #decide(node: number, slot: number, finalised: boolean): void {
    this.#standing.decide(node, slot, finalised);
    for (let j = 0; j < this.#concurrent; j++) this.#polls.drop(node * this.#concurrent + j, slot);
    this.#table.outstanding[slot]! -= 1;
    if (this.#table.outstanding[slot] === 0) this.#decidedByAll.push(slot);
  }

  /** Decisions that a crash lost: the slots have to be decided again. */
  reopen(slots: readonly number[]): void {
    for (const slot of slots) {
      if (this.#table.outstanding[slot] === 0) {
        this.#decidedByAll.splice(this.#decidedByAll.indexOf(slot), 1);
      }
      this.#table.outstanding[slot]! += 1;
      if (this.#everFinalised[slot] === 1 && !this.#isFinalisedAnywhere(slot)) this.#everFinalised[slot] = 0;
    }
  }

  #isFinalisedAnywhere(slot: number): boolean {
    for (let node = 0; node < this.#standing.nodes; node++) {
      if (this.#standing.has(this.#standing.finalised, node, slot)) return true;
    }
    return false;
  }

  /** Slots decided by every hosted node and not yet released, oldest first. */
  get releasable(): readonly number[] {
    return this.#decidedByAll;
  }

  /** Frees the first `count` releasable slots. The host calls it when their decisions are durable everywhere. */
  release(count: number): void {
    for (let i = 0; i < count; i++) {
      const slot = this.#decidedByAll[i]!;
      this.#ports.released(slot);
      this.#table.release(slot, this.#everFinalised[slot] === 1);
      this.#everFinalised[slot] = 0;
      this.#standing.release(slot);
    }
    this.#decidedByAll.splice(0, count);
  }

  grow(): void {
    const wider = new Uint8Array(this.#table.capacity);
    wider.set(this.#everFinalised);
    this.#everFinalised = wider;
  }
}
