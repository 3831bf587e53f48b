/**
 * A second reading of the protocol: from the answers each poll received it counts votes, successes and confidence again and
 * checks every decision against the parameters AS STATED. Shares no code with the consensus core.
 * Owns: the rules of a poll and of finalisation and rejection at one node. Does not own: agreement between nodes
 * (campaigns/analysis/safety.ts), how observations reach it (watched-core.ts). Vertices are named by serial.
 */
import type { VertexRecord } from '#campaigns/analysis/decision-record.ts';

/** The parameters that the specification states, whatever the core was given. */
export interface Stated {
  readonly k: number;
  readonly alphaConfidence: number;
  readonly beta: number;
  readonly threshold: number;
}

/** What a node has observed of an undecided vertex. */
interface Progress {
  successes: number;
  polls: number;
  confidence: number;
}

interface Poll {
  /** Serial of each slot in scope, -1 outside. */
  readonly serials: Int32Array;
  readonly slots: number[];
  readonly yes: Uint16Array;
  /** Attempt awaited per query, or -1 when it was answered or never sent. */
  readonly awaited: Int8Array;
  readonly peers: Set<number>;
  /** The first timeout has passed: each slot without an answer was given to a fresh peer or, where none is left, stays empty. */
  isTimedOut: boolean;
}

const reportedMost = 10;
/** The core keeps confidence in single precision. */
const tolerance = 1e-4;

export class Conformance {
  readonly violations: string[] = [];
  total = 0;
  /** Decisions that were checked. */
  finalisations = 0;
  rejections = 0;
  failedPolls = 0;
  readonly #stated: Stated;
  readonly #weight: number;
  readonly #vertexOf: (serial: number) => VertexRecord;
  readonly #polls = new Map<number, Poll>();
  readonly #progress: Map<number, Progress>[];
  readonly #finalised: Set<number>[];
  readonly #rejected: Set<number>[];
  /** Key -> serial finalised at the node. */
  readonly #keys: Map<number, number>[];

  constructor(stated: Stated, nodes: number, vertexOf: (serial: number) => VertexRecord) {
    this.#stated = stated;
    this.#weight = 1 - (1 - stated.threshold) ** (1 / stated.beta);
    this.#vertexOf = vertexOf;
    const each = <T>(make: () => T): T[] => Array.from({ length: nodes }, make);
    this.#progress = each(() => new Map<number, Progress>());
    this.#finalised = each(() => new Set<number>());
    this.#rejected = each(() => new Set<number>());
    this.#keys = each(() => new Map<number, number>());
  }

  #violate(sentence: string): void {
    this.total += 1;
    if (this.violations.length < reportedMost) this.violations.push(sentence);
  }

  /** A poll opens over `slots` (with their serials now). */
  begin(poll: number, slots: readonly number[], serials: readonly number[], capacity: number): void {
    const state: Poll = {
      serials: new Int32Array(capacity).fill(-1),
      slots: [...slots],
      yes: new Uint16Array(capacity),
      awaited: new Int8Array(this.#stated.k).fill(-1),
      peers: new Set(),
      isTimedOut: false,
    };
    slots.forEach((slot, i) => {
      state.serials[slot] = serials[i]!;
    });
    this.#polls.set(poll, state);
  }

  /** A query leaves for a peer. */
  asked(node: number, poll: number, query: number, attempt: number, peer: number): void {
    const state = this.#polls.get(poll);
    if (state === undefined) {
      this.#violate(`node ${node} asks outside a poll`);
      return;
    }
    if (peer === node) this.#violate(`node ${node} asks itself`);
    if (state.peers.has(peer)) this.#violate(`node ${node} asks peer ${peer} twice in one poll`);
    state.peers.add(peer);
    state.awaited[query] = attempt;
    if (attempt > 0) state.isTimedOut = true;
  }

  /** An answer arrives: bit b of yesWord(w) is a yes to slot 32 w + b. Only the first answer to the last attempt counts. */
  answered(poll: number, query: number, attempt: number, yesWord: (word: number) => number): void {
    const state = this.#polls.get(poll);
    if (state === undefined || state.awaited[query] !== attempt) return;
    if (attempt === 0 && state.isTimedOut) return;
    state.awaited[query] = -1;
    let word = -1;
    let bits = 0;
    for (const slot of state.slots) {
      if (slot >>> 5 !== word) {
        word = slot >>> 5;
        bits = yesWord(word);
      }
      if ((bits & (1 << (slot & 31))) !== 0) state.yes[slot]! += 1;
    }
  }

  /** The poll is over: its outcome counts for every vertex of its scope that the node has not decided meanwhile. */
  end(node: number, poll: number): void {
    const state = this.#polls.get(poll);
    if (state === undefined) {
      this.#violate(`node ${node} ends a poll it has not begun`);
      return;
    }
    this.#polls.delete(poll);
    const progress = this.#progress[node]!;
    for (const slot of state.slots) {
      const serial = state.serials[slot]!;
      if (this.#finalised[node]!.has(serial) || this.#rejected[node]!.has(serial)) continue;
      let own = progress.get(serial);
      if (own === undefined) {
        own = { successes: 0, polls: 0, confidence: 0 };
        progress.set(serial, own);
      }
      const success = state.yes[slot]! >= this.#stated.alphaConfidence;
      own.polls += 1;
      own.successes = success ? own.successes + 1 : 0;
      own.confidence = own.confidence * (1 - this.#weight) + (success ? this.#weight : 0);
      if (!success) this.failedPolls += 1;
    }
  }

  finalised(node: number, serial: number, polls: number): void {
    this.finalisations += 1;
    const { beta, threshold } = this.#stated;
    const own = this.#progress[node]!.get(serial) ?? { successes: 0, polls: 0, confidence: 0 };
    const vertex = this.#vertexOf(serial);
    const what = `node ${node} finalised vertex ${serial}`;
    if (own.successes < beta) {
      this.#violate(`${what} after ${own.successes} consecutive successful polls, beta is ${beta}`);
    }
    if (own.confidence < threshold - tolerance) {
      this.#violate(`${what} at confidence ${own.confidence.toFixed(4)}, the threshold is ${threshold}`);
    }
    if (own.polls !== polls) this.#violate(`${what} and reports ${polls} polls, there were ${own.polls}`);
    if (this.isDecided(node, serial)) this.#violate(`${what} although it had decided it`);
    for (const parent of vertex.parents) {
      if (parent >= 0 && !this.#finalised[node]!.has(parent))
        this.#violate(`${what} before its parent ${parent}`);
    }
    const keys = this.#keys[node]!;
    for (const key of vertex.keys) {
      const rival = keys.get(key);
      if (rival !== undefined && rival !== serial) this.#violate(`${what} after its rival ${rival}`);
      keys.set(key, serial);
    }
    this.#finalised[node]!.add(serial);
    this.#progress[node]!.delete(serial);
  }

  /** A rejection needs a reason at that node: a finalised rival, a rejected parent, or conflicting ancestors. */
  rejected(node: number, serial: number): void {
    this.rejections += 1;
    if (this.isDecided(node, serial))
      this.#violate(`node ${node} rejected vertex ${serial} although it had decided it`);
    this.#rejected[node]!.add(serial);
    this.#progress[node]!.delete(serial);
    const vertex = this.#vertexOf(serial);
    if (vertex.parents.some((parent) => parent >= 0 && this.#rejected[node]!.has(parent))) return;
    const keys = this.#keys[node]!;
    if (vertex.keys.some((key) => (keys.get(key) ?? serial) !== serial)) return;
    if (!this.#contradictsItself(serial))
      this.#violate(`node ${node} rejected vertex ${serial} without a reason`);
  }

  isDecided(node: number, serial: number): boolean {
    return this.#finalised[node]!.has(serial) || this.#rejected[node]!.has(serial);
  }

  #contradictsItself(serial: number): boolean {
    const holder = new Map<number, number>();
    const seen = new Set<number>([serial]);
    for (const at of seen) {
      for (const key of this.#vertexOf(at).keys) {
        if ((holder.get(key) ?? at) !== at) return true;
        holder.set(key, at);
      }
      for (const parent of this.#vertexOf(at).parents) if (parent >= 0) seen.add(parent);
    }
    return false;
  }

  /** A crash: open polls and every undecided count are gone, and the decisions that were not durable. */
  crashed(node: number, polls: readonly number[], lost: (serial: number) => boolean): void {
    for (const poll of polls) this.#polls.delete(poll);
    this.#progress[node]!.clear();
    for (const serial of this.#finalised[node]!) {
      if (!lost(serial)) continue;
      this.#finalised[node]!.delete(serial);
      for (const key of this.#vertexOf(serial).keys) this.#keys[node]!.delete(key);
    }
    for (const serial of this.#rejected[node]!) if (lost(serial)) this.#rejected[node]!.delete(serial);
  }

  /** At the end: what was ripe must have been finalised. Returns nothing; adds violations. */
  closing(nodes: readonly number[]): void {
    const { beta, threshold } = this.#stated;
    for (const node of nodes) {
      for (const [serial, own] of this.#progress[node]!) {
        const vertex = this.#vertexOf(serial);
        if (own.successes < beta || own.confidence < threshold + tolerance) continue;
        const ready = vertex.parents.every((parent) => parent < 0 || this.#finalised[node]!.has(parent));
        const free = vertex.keys.every((key) => (this.#keys[node]!.get(key) ?? serial) === serial);
        if (ready && free) {
          this.#violate(
            `node ${node} left vertex ${serial} undecided after ${own.successes} successful polls in a row`,
          );
        }
      }
    }
  }
}
