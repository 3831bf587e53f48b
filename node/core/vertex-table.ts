/**
 * Facts about vertices that are the same for every node: parents, children, conflicts, creator and sequence.
 * Owns: slots (dense integers, reused), the DAG edges, the conflict graph and its keys, what pruned vertices leave behind.
 * Does not own: what a node thinks of a vertex (standing.ts). A process that hosts one node has one node's facts here.
 *
 * Invariants: a slot is free, or its edges are linked in both directions; conflicts are symmetric; a parent reference is
 * a live slot, `genesis` or `lost`.
 */

import { KeyIndex } from './key-index.ts';
import { Settled } from './settled.ts';

/** Parent reference: genesis, or a finalised vertex that was pruned. */
export const genesis = -1;
/** Parent reference: a rejected vertex that was pruned; its descendants are rejected on arrival. */
export const lost = -2;

export const maximumParents = 8;

/** A vertex as it is registered. `inputs` are conflict keys (safe integers > 0) that its transactions spend. */
export interface VertexFacts {
  readonly creator: number;
  readonly sequence: number;
  readonly parents: readonly number[];
  readonly inputs: readonly number[];
}

const noEdge = -1;
/** Sets input keys apart from (creator, sequence) keys. */
const inputMark = 0x4000_0000;
const span = 4_294_967_296;

export class VertexTable {
  capacity: number;
  creator: Int32Array;
  sequence: Int32Array;
  parentCount: Uint8Array;
  parents: Int32Array;
  /** Counts registrations; unique over the life of the table. */
  serial: Int32Array;
  /** Hosted nodes that have not decided it yet; 0 frees the slot. */
  outstanding: Int32Array;
  /** 1 when it descends from, or is, one of two conflicting ancestors: never valid. */
  invalid: Uint8Array;
  live: Int32Array; // bitset
  childHead: Int32Array; // first edge, an edge is slot * 8 + index of the parent
  childNext: Int32Array;
  childPrevious: Int32Array;
  conflictHead: Int32Array;
  /** Bitset of the live slots that conflict with another one. */
  contested: Int32Array;
  /** Live slots never exceed this; it is the number of words that a scan must read. */
  highWord = 0;
  liveCount = 0;
  registered = 0;
  /** No slot below this one is free. */
  #lowest = 0;

  readonly #nodes: number;
  #conflictTo = new Int32Array(64);
  #conflictNext = new Int32Array(64).fill(noEdge);
  #conflictFree = noEdge;
  #conflictUsed = 0;
  /** Directed conflict edges that are linked now. */
  #conflictEdges = 0;
  /** Counts conflicts that came and slots that were freed: while it stands, whose past holds a conflict does, too. */
  conflictChanges = 0;
  readonly #keys: KeyIndex;
  #stamp: Int32Array;
  #epoch = 0;
  /** What pruned vertices leave behind. */
  readonly settled: Settled;

  constructor(members: number, hosted: number, capacity: number) {
    this.#nodes = hosted;
    this.capacity = capacity;
    this.creator = new Int32Array(capacity);
    this.sequence = new Int32Array(capacity);
    this.parentCount = new Uint8Array(capacity);
    this.parents = new Int32Array(capacity * maximumParents);
    this.serial = new Int32Array(capacity);
    this.outstanding = new Int32Array(capacity);
    this.invalid = new Uint8Array(capacity);
    this.live = new Int32Array(capacity >>> 5);
    this.childHead = new Int32Array(capacity).fill(noEdge);
    this.childNext = new Int32Array(capacity * maximumParents).fill(noEdge);
    this.childPrevious = new Int32Array(capacity * maximumParents).fill(noEdge);
    this.conflictHead = new Int32Array(capacity).fill(noEdge);
    this.contested = new Int32Array(capacity >>> 5);
    this.#stamp = new Int32Array(capacity);
    this.#keys = new KeyIndex(capacity);
    this.settled = new Settled(members);
  }

  /** True when no slot is free: grow before registering. */
  get full(): boolean {
    return this.liveCount === this.capacity;
  }

  /** Registers a vertex in the lowest free slot and links its edges. */
  register(facts: VertexFacts): number {
    const slot = this.#lowestFree();
    this.live[slot >>> 5]! |= 1 << (slot & 31);
    this.liveCount += 1;
    if (slot >>> 5 >= this.highWord) this.highWord = (slot >>> 5) + 1;
    this.creator[slot] = facts.creator;
    this.sequence[slot] = facts.sequence;
    this.serial[slot] = this.registered++;
    this.outstanding[slot] = this.#nodes;
    this.parentCount[slot] = facts.parents.length;
    for (let i = 0; i < facts.parents.length; i++) this.#linkParent(slot, i, facts.parents[i]!);
    this.#linkKey(slot, facts.creator, facts.sequence);
    for (const input of facts.inputs) this.#linkKey(slot, inputMark | ((input / span) | 0), input | 0);
    this.invalid[slot] = this.#isSettled(facts) || this.#contradictsItself(slot) ? 1 : 0;
    return slot;
  }

  /** True when a key of the vertex was already settled by a pruned, finalised vertex. */
  #isSettled(facts: VertexFacts): boolean {
    if (this.settled.isFinalised(facts.creator, facts.sequence)) return true;
    for (const input of facts.inputs) if (this.settled.isSpent(input)) return true;
    return false;
  }

  /** Frees a decided slot. References of its children become `genesis` when it was finalised, else `lost`. */
  release(slot: number, finalised: boolean): void {
    this.conflictChanges += 1;
    for (let edge = this.childHead[slot]!; edge !== noEdge; ) {
      const next = this.childNext[edge]!;
      this.parents[edge] = finalised ? genesis : lost;
      this.childNext[edge] = noEdge;
      this.childPrevious[edge] = noEdge;
      edge = next;
    }
    this.childHead[slot] = noEdge;
    for (let i = 0; i < this.parentCount[slot]!; i++) this.#unlinkParent(slot, i);
    this.#unlinkConflicts(slot, finalised);
    if (finalised) this.#spendInputs(slot);
    this.#keys.remove(slot);
    this.settled.note(this.creator[slot]!, this.sequence[slot]!, finalised);
    if (slot < this.#lowest) this.#lowest = slot;
    this.live[slot >>> 5]! &= ~(1 << (slot & 31));
    this.liveCount -= 1;
    while (this.highWord > 0 && this.live[this.highWord - 1] === 0) this.highWord -= 1;
  }

  isLive(slot: number): boolean {
    return (this.live[slot >>> 5]! & (1 << (slot & 31))) !== 0;
  }

  /** Some live vertices conflict. */
  get hasConflicts(): boolean {
    return this.#conflictEdges > 0;
  }

  /** First conflict edge of a slot, -1 when none; follow with `nextConflict`, read with `conflictAt`. */
  firstConflict(slot: number): number {
    return this.conflictHead[slot]!;
  }

  nextConflict(edge: number): number {
    return this.#conflictNext[edge]!;
  }

  conflictAt(edge: number): number {
    return this.#conflictTo[edge]!;
  }

  conflicts(a: number, b: number): boolean {
    for (let e = this.conflictHead[a]!; e !== noEdge; e = this.#conflictNext[e]!) {
      if (this.#conflictTo[e] === b) return true;
    }
    return false;
  }

  /** True when the two slots share (creator, sequence): signed evidence of equivocation. */
  equivocate(a: number, b: number): boolean {
    return this.creator[a] === this.creator[b] && this.sequence[a] === this.sequence[b];
  }

  /** Doubles the number of slots. */
  grow(): void {
    const capacity = this.capacity * 2;
    const wider = (from: Int32Array, size: number, fill = 0): Int32Array => {
      const to = new Int32Array(size).fill(fill);
      to.set(from);
      return to;
    };
    this.creator = wider(this.creator, capacity);
    this.sequence = wider(this.sequence, capacity);
    this.serial = wider(this.serial, capacity);
    this.outstanding = wider(this.outstanding, capacity);
    this.live = wider(this.live, capacity >>> 5);
    this.contested = wider(this.contested, capacity >>> 5);
    this.parents = wider(this.parents, capacity * maximumParents);
    this.childHead = wider(this.childHead, capacity, noEdge);
    this.childNext = wider(this.childNext, capacity * maximumParents, noEdge);
    this.childPrevious = wider(this.childPrevious, capacity * maximumParents, noEdge);
    this.conflictHead = wider(this.conflictHead, capacity, noEdge);
    const counts = new Uint8Array(capacity);
    counts.set(this.parentCount);
    this.parentCount = counts;
    const invalid = new Uint8Array(capacity);
    invalid.set(this.invalid);
    this.invalid = invalid;
    this.#stamp = wider(this.#stamp, capacity);
    this.#keys.widen(capacity);
    this.capacity = capacity;
  }

  #lowestFree(): number {
    for (let w = this.#lowest >>> 5; w < this.live.length; w++) {
      const free = ~this.live[w]!;
      if (free === 0) continue;
      this.#lowest = (w << 5) + (31 - Math.clz32(free & -free));
      return this.#lowest;
    }
    throw new RangeError('vertex table is full: grow it before registering');
  }

  #linkParent(slot: number, index: number, parent: number): void {
    const edge = slot * maximumParents + index;
    this.parents[edge] = parent;
    this.childPrevious[edge] = noEdge;
    this.childNext[edge] = noEdge;
    if (parent < 0) return;
    const head = this.childHead[parent]!;
    this.childNext[edge] = head;
    if (head !== noEdge) this.childPrevious[head] = edge;
    this.childHead[parent] = edge;
  }

  #unlinkParent(slot: number, index: number): void {
    const edge = slot * maximumParents + index;
    const parent = this.parents[edge]!;
    if (parent < 0) return;
    const next = this.childNext[edge]!;
    const previous = this.childPrevious[edge]!;
    if (previous === noEdge) this.childHead[parent] = next;
    else this.childNext[previous] = next;
    if (next !== noEdge) this.childPrevious[next] = previous;
  }

  #linkKey(slot: number, a: number, b: number): void {
    for (let entry = this.#keys.find(a, b); entry !== noEdge; entry = this.#keys.findNext(entry)) {
      const other = this.#keys.slotAt(entry);
      if (other === slot || this.conflicts(slot, other)) continue;
      this.#addConflict(slot, other);
      this.#addConflict(other, slot);
    }
    this.#keys.add(slot, a, b);
  }

  #spendInputs(slot: number): void {
    for (let entry = this.#keys.firstOf(slot); entry !== noEdge; entry = this.#keys.siblingOf(entry)) {
      const [a, b] = this.#keys.keyAt(entry);
      if ((a & inputMark) !== 0) this.settled.spend((a & ~inputMark) * span + (b >>> 0));
    }
  }

  #addConflict(from: number, to: number): void {
    let edge = this.#conflictFree;
    if (edge !== noEdge) this.#conflictFree = this.#conflictNext[edge]!;
    else edge = this.#conflictUsed++;
    if (edge >= this.#conflictTo.length) {
      const to2 = new Int32Array(this.#conflictTo.length * 2);
      to2.set(this.#conflictTo);
      this.#conflictTo = to2;
      const next2 = new Int32Array(to2.length).fill(noEdge);
      next2.set(this.#conflictNext);
      this.#conflictNext = next2;
    }
    this.#conflictEdges += 1;
    this.conflictChanges += 1;
    this.#conflictTo[edge] = to;
    this.#conflictNext[edge] = this.conflictHead[from]!;
    this.conflictHead[from] = edge;
    this.contested[from >>> 5]! |= 1 << (from & 31);
  }

  #unlinkConflicts(slot: number, finalised: boolean): void {
    for (let edge = this.conflictHead[slot]!; edge !== noEdge; ) {
      const next = this.#conflictNext[edge]!;
      // Whoever meets the other one from now on must reject it: its key is settled.
      if (finalised) this.invalid[this.#conflictTo[edge]!] = 1;
      this.#dropConflict(this.#conflictTo[edge]!, slot);
      this.#freeConflict(edge);
      edge = next;
    }
    this.#uncontest(slot);
  }

  #uncontest(slot: number): void {
    this.conflictHead[slot] = noEdge;
    this.contested[slot >>> 5]! &= ~(1 << (slot & 31));
  }

  #dropConflict(from: number, to: number): void {
    let previous = noEdge;
    for (let edge = this.conflictHead[from]!; edge !== noEdge; edge = this.#conflictNext[edge]!) {
      if (this.#conflictTo[edge] === to) {
        if (previous === noEdge) this.conflictHead[from] = this.#conflictNext[edge]!;
        else this.#conflictNext[previous] = this.#conflictNext[edge]!;
        this.#freeConflict(edge);
        if (this.conflictHead[from] === noEdge) this.#uncontest(from);
        return;
      }
      previous = edge;
    }
  }

  #freeConflict(edge: number): void {
    this.#conflictNext[edge] = this.#conflictFree;
    this.#conflictFree = edge;
    this.#conflictEdges -= 1;
  }

  /** True when two of the vertex's live ancestors (itself included) conflict. */
  #contradictsItself(slot: number): boolean {
    if (this.#conflictEdges === 0) return false;
    const contested: number[] = [];
    const epoch = ++this.#epoch;
    const stack = [slot];
    this.#stamp[slot] = epoch;
    while (stack.length > 0) {
      const at = stack.pop()!;
      if (this.conflictHead[at] !== noEdge) {
        if (contested.some((other) => this.conflicts(at, other))) return true;
        contested.push(at);
      }
      for (let i = 0; i < this.parentCount[at]!; i++) {
        const parent = this.parents[at * maximumParents + i]!;
        if (parent < 0 || this.#stamp[parent] === epoch) continue;
        this.#stamp[parent] = epoch;
        stack.push(parent);
      }
    }
    return false;
  }
}
