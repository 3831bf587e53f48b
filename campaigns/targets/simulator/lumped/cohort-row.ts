/**
 * Nodes whose last failed poll was in the same round, grouped by the oldest cohort they have not finalised.
 * Owns: the groups, merging equal ones, taking nodes out one by one. Does not own: what a poll does to them (workload-chain.ts).
 */

/** Invariants: every group has nodes > 0; total = sum of nodes. Equal groups are merged where that is cheap. */
export class CohortRow {
  /** Round in which the oldest undecided cohort of the group was issued. */
  oldest = new Int32Array(16);
  /** First round the group polls again after it was down, -1 when it never was: rounds count from there. */
  since = new Int32Array(16);
  nodes = new Int32Array(16);
  length = 0;
  total = 0;
  /** Where the group of an oldest cohort was put last, by its low bits. */
  readonly #place = new Uint16Array(256);

  clear(): void {
    this.length = 0;
    this.total = 0;
  }

  add(oldest: number, since: number, nodes: number): void {
    if (nodes === 0) return;
    this.total += nodes;
    const i = this.#place[oldest & 255]!;
    if (i < this.length && this.oldest[i] === oldest && this.since[i] === since) {
      this.nodes[i]! += nodes;
      return;
    }
    if (this.length === this.oldest.length) this.#grow();
    this.oldest[this.length] = oldest;
    this.since[this.length] = since;
    this.nodes[this.length] = nodes;
    this.#place[oldest & 255] = this.length;
    this.length += 1;
  }

  /** Takes `nodes` out of group `i`; returns true when the group is empty and the last group took its place. */
  take(i: number, nodes: number): boolean {
    this.nodes[i]! -= nodes;
    this.total -= nodes;
    if (this.nodes[i]! > 0) return false;
    const last = this.length - 1;
    this.oldest[i] = this.oldest[last]!;
    this.since[i] = this.since[last]!;
    this.nodes[i] = this.nodes[last]!;
    this.length = last;
    return true;
  }

  /** The group that holds the member of this rank, 0 <= rank < total. */
  groupOf(rank: number): number {
    let left = rank;
    let i = 0;
    while (left >= this.nodes[i]!) {
      left -= this.nodes[i]!;
      i += 1;
    }
    return i;
  }

  #grow(): void {
    const wide = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(2 * from.length);
      to.set(from);
      return to;
    };
    this.oldest = wide(this.oldest);
    this.since = wide(this.since);
    this.nodes = wide(this.nodes);
  }
}
