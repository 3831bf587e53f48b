/**
 * One node of the protocol written down naively: sets, loops over everything, ids that are never reused.
 * Owns: an independent recomputation of every state the core keeps. Does not own: polls' votes (the test counts them).
 * Nothing is imported from the core but the arithmetic of confidence.
 */
import type { ConsensusParams } from '#node/core/params.ts';
import { confidenceTarget, confidenceWeight, nextConfidence } from '#node/core/snow.ts';

export type Status = 'unknown' | 'pending' | 'undecided' | 'finalised' | 'rejected';

export interface ReferenceVertex {
  readonly id: number;
  /** Ids; the genesis is not listed. */
  readonly parents: readonly number[];
  readonly keys: readonly string[];
  status: Status;
  score: number;
  counter: number;
  rounds: number;
  confidence: number;
  seen: number;
  cause: 'conflict' | 'parent' | 'invalid' | null;
}

export class ReferenceNode {
  readonly vertices: ReferenceVertex[] = [];
  /** Ids in the order of their decision. */
  readonly decisions: number[] = [];
  readonly #params: ConsensusParams;
  readonly #weight: number;
  readonly #target: number;
  #arrivals = 0;

  constructor(params: ConsensusParams) {
    this.#params = params;
    this.#weight = confidenceWeight(params.threshold, params.beta);
    this.#target = confidenceTarget(params.threshold, params.beta);
  }

  register(parents: readonly number[], keys: readonly string[]): number {
    const id = this.vertices.length;
    const fresh = { status: 'unknown' as Status, score: 0, counter: 0, rounds: 0, confidence: 0, seen: -1 };
    this.vertices.push({ id, parents, keys, ...fresh, cause: null });
    return id;
  }

  at(id: number): ReferenceVertex {
    return this.vertices[id]!;
  }

  conflict(a: number, b: number): boolean {
    return a !== b && this.at(a).keys.some((key) => this.at(b).keys.includes(key));
  }

  rivals(id: number): ReferenceVertex[] {
    return this.vertices.filter((other) => this.conflict(id, other.id));
  }

  ancestors(id: number): Set<number> {
    const found = new Set<number>();
    const waiting = [...this.at(id).parents];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      waiting.push(...this.at(next).parents);
    }
    return found;
  }

  isKnown(id: number): boolean {
    return ['undecided', 'finalised', 'rejected'].includes(this.at(id).status);
  }

  /** Never valid: it descends from, or is one of, two vertices that conflict. */
  isInvalid(id: number): boolean {
    const past = [id, ...this.ancestors(id)];
    return past.some((a) => past.some((b) => this.conflict(a, b)));
  }

  deliver(id: number): void {
    if (this.isKnown(id)) return;
    this.at(id).status = 'pending';
    for (let progress = true; progress; ) {
      const ready = this.vertices.find(
        (v) => v.status === 'pending' && v.parents.every((parent) => this.isKnown(parent)),
      );
      progress = ready !== undefined;
      if (ready !== undefined) this.#enter(ready);
    }
  }

  #enter(vertex: ReferenceVertex): void {
    vertex.status = 'undecided';
    vertex.seen = this.#arrivals++;
    if (this.rivals(vertex.id).some((rival) => rival.status === 'finalised'))
      this.#reject(vertex, 'conflict');
    else if (this.isInvalid(vertex.id)) this.#reject(vertex, 'invalid');
    else if (vertex.parents.some((parent) => this.at(parent).status === 'rejected'))
      this.#reject(vertex, 'parent');
  }

  #reject(vertex: ReferenceVertex, cause: 'conflict' | 'parent' | 'invalid'): void {
    vertex.status = 'rejected';
    vertex.cause = cause;
    this.decisions.push(vertex.id);
  }

  isPreferred(id: number): boolean {
    const own = this.at(id);
    if (own.status !== 'undecided') return false;
    return this.rivals(id).every((rival) => {
      if (rival.status === 'finalised') return false;
      if (rival.status !== 'undecided') return true;
      return own.score > rival.score || (own.score === rival.score && own.seen < rival.seen);
    });
  }

  saysYes(id: number): boolean {
    if (this.at(id).status === 'finalised') return true;
    if (!this.isPreferred(id)) return false;
    return [...this.ancestors(id)].every(
      (ancestor) => this.at(ancestor).status === 'finalised' || this.isPreferred(ancestor),
    );
  }

  get undecided(): number[] {
    return this.vertices.filter((v) => v.status === 'undecided').map((v) => v.id);
  }

  /** A poll ends: `yes` counts its votes per vertex of its scope. */
  complete(yes: ReadonlyMap<number, number>): void {
    for (const [id, votes] of yes) {
      const vertex = this.at(id);
      if (vertex.status !== 'undecided') continue;
      const chit = votes >= this.#params.alphaConfidence;
      vertex.rounds += 1;
      if (votes >= this.#params.alphaPreference) vertex.score += 1;
      vertex.counter = chit ? vertex.counter + 1 : 0;
      vertex.confidence = nextConfidence(vertex.confidence, this.#weight, chit ? 1 : 0);
    }
    for (let next = this.#nextToFinalise(); next !== undefined; next = this.#nextToFinalise()) {
      next.status = 'finalised';
      this.decisions.push(next.id);
      this.#rejectLosers();
    }
  }

  #nextToFinalise(): ReferenceVertex | undefined {
    return this.vertices.find(
      (v) =>
        v.status === 'undecided' &&
        v.counter >= this.#params.beta &&
        v.confidence >= this.#target &&
        v.parents.every((parent) => this.at(parent).status === 'finalised') &&
        !this.rivals(v.id).some((rival) => rival.status === 'finalised'),
    );
  }

  #rejectLosers(): void {
    const isLoser = (v: ReferenceVertex): boolean =>
      this.rivals(v.id).some((rival) => rival.status === 'finalised');
    for (const v of this.vertices) if (v.status === 'undecided' && isLoser(v)) this.#reject(v, 'conflict');
    for (let progress = true; progress; ) {
      const orphan = this.vertices.find(
        (v) => v.status === 'undecided' && v.parents.some((parent) => this.at(parent).status === 'rejected'),
      );
      progress = orphan !== undefined;
      if (orphan !== undefined) this.#reject(orphan, 'parent');
    }
  }
}
