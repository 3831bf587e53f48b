// A second reading of frontier polling: every node and every vertex by itself, counters kept one by one.
// Shares nothing with the chain that counts nodes.

export interface NaiveOptions {
  readonly nodes: number;
  readonly beta: number;
  readonly maxRounds: number;
  readonly p: number;
  readonly issued: (round: number) => number;
  readonly rounds: number;
  /** Nodes 0..count-1 are down in rounds [from, until). */
  readonly outage?: { readonly count: number; readonly from: number; readonly until: number };
  /** Uniform in [0, 1). */
  readonly unit: () => number;
}

export interface NaiveCounts {
  /** Pairs by polls that named the vertex, and by rounds since it was issued. */
  readonly byPolls: Map<number, number>;
  readonly byLag: Map<number, number>;
  readonly pending: number;
  readonly limit: number;
  readonly polls: number;
}

export function naiveNodes(options: NaiveOptions): NaiveCounts {
  const { nodes, beta, maxRounds, p, issued, rounds, outage, unit } = options;
  const open: { issuedIn: number; polls: number; counter: number }[][] = Array.from(
    { length: nodes },
    () => [],
  );
  const byPolls = new Map<number, number>();
  const byLag = new Map<number, number>();
  let limit = 0;
  let polls = 0;
  const add = (to: Map<number, number>, key: number): void => {
    to.set(key, (to.get(key) ?? 0) + 1);
  };
  for (let round = 0; round < rounds; round += 1) {
    const fresh = issued(round);
    open.forEach((vertices, node) => {
      for (let i = 0; i < fresh; i += 1) vertices.push({ issuedIn: round, polls: 0, counter: 0 });
      const isDown =
        outage !== undefined && node < outage.count && round >= outage.from && round < outage.until;
      if (isDown) {
        for (const vertex of vertices) vertex.counter = 0;
        for (const vertex of vertices) vertex.polls = 0;
        return;
      }
      if (vertices.length === 0) return;
      polls += 1;
      const success = unit() < p;
      for (let i = vertices.length - 1; i >= 0; i -= 1) {
        const vertex = vertices[i]!;
        vertex.polls += 1;
        vertex.counter = success ? vertex.counter + 1 : 0;
        if (vertex.counter >= beta) {
          add(byPolls, vertex.polls);
          add(byLag, round - vertex.issuedIn + 1);
          vertices.splice(i, 1);
        } else if (vertex.polls === maxRounds) limit += 1;
      }
    });
  }
  const pending = open.reduce((sum, vertices) => sum + vertices.length, 0);
  return { byPolls, byLag, pending, limit, polls };
}
