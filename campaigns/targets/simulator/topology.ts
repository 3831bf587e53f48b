/**
 * Who relays vertices to whom: the six topologies as undirected, connected graphs, and how far apart nodes are in them.
 * Owns: the graphs (compressed rows), hop counts measured on a graph and estimated without one.
 * Does not own: delays (network profile), what is relayed (network.ts), sampling (uniform over members, whatever the graph).
 */
import type { TopologyKind } from '#campaigns/run-spec.ts';
import { below, mix, purpose, streamKey } from '#node/core/random.ts';

export interface RelayGraph {
  /** Everybody reaches everybody: no rows are stored (at 10,000 nodes they would be 10^8 entries). */
  readonly isDirect: boolean;
  readonly nodes: number;
  /** Neighbours of v are neighbours[offsets[v] .. offsets[v + 1]), ascending. Empty when direct. */
  readonly offsets: Int32Array;
  readonly neighbours: Int32Array;
}

/** Mean and largest number of hops from a creator to the other nodes. */
export interface Hops {
  readonly mean: number;
  readonly most: number;
}

export const defaultDegree = 8;

/**
 * The graph of a topology. `degree`: links per node (mesh), mean links per node (random), cluster size (hierarchical);
 * ring, star and full have their own. Positions in the shape are drawn from the seed, so that a hub or super node
 * has nothing to do with a node's number. O(nodes x degree); throws RangeError without nodes or with degree < 2
 * where it matters.
 */
export function relayGraph(kind: TopologyKind, degree: number, nodes: number, seed: number): RelayGraph {
  if (!Number.isInteger(nodes) || nodes < 1) throw new RangeError(`a topology needs nodes, got ${nodes}`);
  if (kind === 'full')
    return { isDirect: true, nodes, offsets: new Int32Array(0), neighbours: new Int32Array(0) };
  const links = new Links(nodes, streamKey(seed, 0, purpose.topology, 0));
  switch (kind) {
    case 'ring':
      links.cycle();
      break;
    case 'star':
      links.star();
      break;
    case 'mesh':
      for (let cycle = 0; cycle < checked(degree) >> 1; cycle += 1) links.cycle();
      if (degree % 2 === 1) links.matching();
      break;
    case 'hierarchical':
      links.clusters(checked(degree));
      break;
    case 'random':
      links.random(checked(degree));
      break;
  }
  return links.toGraph();
}

/** Hops from one node by breadth-first search; -1 entries do not occur: the graph is connected. */
export function hopsFrom(graph: RelayGraph, source: number): Int32Array {
  const hops = new Int32Array(graph.nodes).fill(graph.isDirect ? 1 : -1);
  hops[source] = 0;
  if (graph.isDirect) return hops;
  const queue = new Int32Array(graph.nodes);
  queue[0] = source;
  for (let head = 0, tail = 1; head < tail; head += 1) {
    const node = queue[head]!;
    for (let edge = graph.offsets[node]!; edge < graph.offsets[node + 1]!; edge += 1) {
      const neighbour = graph.neighbours[edge]!;
      if (hops[neighbour]! >= 0) continue;
      hops[neighbour] = hops[node]! + 1;
      queue[tail++] = neighbour;
    }
  }
  return hops;
}

/** Mean and largest hops over up to `sources` evenly spread creators; exact when `sources` >= nodes. */
export function measuredHops(graph: RelayGraph, sources: number): Hops {
  const { nodes } = graph;
  if (nodes < 2) return { mean: 0, most: 0 };
  const taken = Math.min(sources, nodes);
  let sum = 0;
  let most = 0;
  for (let source = 0; source < taken; source += 1) {
    for (const hops of hopsFrom(graph, Math.floor((source * nodes) / taken))) {
      sum += hops;
      if (hops > most) most = hops;
    }
  }
  return { mean: sum / (taken * (nodes - 1)), most };
}

/** Hops estimated without building the graph (feasibility, window planning); full, star and ring are exact. */
export function expectedHops(kind: TopologyKind, degree: number, nodes: number): Hops {
  if (nodes < 2) return { mean: 0, most: 0 };
  switch (kind) {
    case 'full':
      return { mean: 1, most: 1 };
    case 'star':
      return nodes === 2 ? { mean: 1, most: 1 } : { mean: 2 - 2 / nodes, most: 2 };
    case 'ring':
      return { mean: Math.floor((nodes * nodes) / 4) / (nodes - 1), most: Math.floor(nodes / 2) };
    case 'mesh':
      return branching(Math.max(2, degree), Math.max(1.5, degree - 1), nodes);
    case 'random':
      return branching(Math.max(2, degree), Math.max(1.5, degree), nodes);
    case 'hierarchical': {
      // Up to the common super node and down again, across the top cluster by its ring; most pairs meet at the top.
      let levels = 0;
      for (let reached = 1; reached < nodes; reached *= Math.max(2, degree)) levels += 1;
      return { mean: Math.max(1, 2 * levels - 2.5), most: Math.max(1, 2 * levels - 1) };
    }
  }
}

/**
 * Messages that carry one vertex to everybody when every node passes it once to all neighbours but the one it came from;
 * direct: the creator sends it to each.
 */
export function relayMessages(graph: RelayGraph): number {
  return graph.isDirect ? graph.nodes - 1 : graph.neighbours.length - (graph.nodes - 1);
}

/** The same without a graph. */
export function expectedRelayMessages(kind: TopologyKind, degree: number, nodes: number): number {
  if (kind === 'full' || kind === 'star') return nodes - 1;
  const meanDegree = { ring: 2, mesh: degree, hierarchical: 4, random: degree }[kind];
  return Math.max(nodes - 1, nodes * (Math.min(meanDegree, nodes - 1) - 1) + 1);
}

/** Generations until a branching process has reached everybody: `first` children of the root, `next` of all others. */
function branching(first: number, next: number, nodes: number): Hops {
  let reached = 1;
  let generation = Math.min(first, nodes - 1);
  let weighted = 0;
  let most = 0;
  while (reached < nodes) {
    most += 1;
    // New nodes of a generation: links that do not lead to somebody already reached.
    const fresh = Math.min(
      nodes - reached,
      Math.max(1e-3 * nodes, generation * (1 - (reached - 1) / (nodes - 1))),
    );
    weighted += most * fresh;
    reached += fresh;
    generation = fresh * next;
  }
  // The last few nodes are found a generation later than the mean field says.
  return { mean: weighted / (nodes - 1), most: Math.min(nodes - 1, most + 1) };
}

function checked(degree: number): number {
  if (!Number.isInteger(degree) || degree < 2)
    throw new RangeError(`degree must be an integer >= 2, got ${degree}`);
  return degree;
}

/** Collects links in any order, each possibly more than once; `toGraph` drops loops and duplicates. */
class Links {
  readonly #nodes: number;
  readonly #key: number;
  readonly #ends: number[] = [];
  #draws = 0;

  constructor(nodes: number, key: number) {
    this.#nodes = nodes;
    this.#key = key;
  }

  /** A cycle through all nodes in a drawn order: by itself it connects everybody. */
  cycle(): void {
    const order = this.#shuffled();
    for (let i = 0; i < order.length; i += 1) this.#link(order[i]!, order[(i + 1) % order.length]!);
  }

  /** Disjoint pairs; with an odd number of nodes one is left out. */
  matching(): void {
    const order = this.#shuffled();
    for (let i = 0; i + 1 < order.length; i += 2) this.#link(order[i]!, order[i + 1]!);
  }

  star(): void {
    const order = this.#shuffled();
    for (let i = 1; i < order.length; i += 1) this.#link(order[0]!, order[i]!);
  }

  /**
   * Clusters of `size` nodes: members form a ring and know their super node, the first of the cluster;
   * the super nodes of a level form the clusters of the next, up to one.
   */
  clusters(size: number): void {
    let level = this.#shuffled();
    while (level.length > 1) {
      const superNodes: number[] = [];
      for (let from = 0; from < level.length; from += size) {
        const until = Math.min(from + size, level.length);
        superNodes.push(level[from]!);
        for (let i = from + 1; i < until; i += 1) {
          this.#link(level[from]!, level[i]!);
          this.#link(level[i]!, level[i + 1 < until ? i + 1 : from]!);
        }
      }
      level = Int32Array.from(superNodes);
    }
  }

  /** Erdos-Renyi with nodes x degree / 2 links; parts that stay apart are then linked to the first one. */
  random(degree: number): void {
    const nodes = this.#nodes;
    const pairs = (nodes * (nodes - 1)) / 2;
    const wanted = Math.min(pairs, Math.round((nodes * degree) / 2));
    const seen = new Set<number>();
    // Near the complete graph drawing distinct links would take long: give all of them.
    if (wanted > 0.7 * pairs) {
      for (let a = 0; a < nodes; a += 1) for (let b = a + 1; b < nodes; b += 1) this.#link(a, b);
      return;
    }
    while (seen.size < wanted) {
      const a = this.#draw(nodes);
      const b = this.#draw(nodes);
      const key = a < b ? a * nodes + b : b * nodes + a;
      if (a === b || seen.has(key)) continue;
      seen.add(key);
      this.#link(a, b);
    }
    this.#connect();
  }

  toGraph(): RelayGraph {
    const nodes = this.#nodes;
    const keys = new Float64Array(this.#ends.length);
    for (let i = 0; i < this.#ends.length; i += 2) {
      const a = this.#ends[i]!;
      const b = this.#ends[i + 1]!;
      keys[i] = a * nodes + b;
      keys[i + 1] = b * nodes + a;
    }
    keys.sort();
    const distinct = keys.filter((key, i) => i === 0 || key !== keys[i - 1]!);
    const offsets = new Int32Array(nodes + 1);
    const neighbours = new Int32Array(distinct.length);
    distinct.forEach((key, i) => {
      const from = Math.floor(key / nodes);
      neighbours[i] = key - from * nodes;
      offsets[from + 1] = i + 1;
    });
    for (let node = 1; node <= nodes; node += 1) offsets[node] = Math.max(offsets[node]!, offsets[node - 1]!);
    return { isDirect: false, nodes, offsets, neighbours };
  }

  #connect(): void {
    const parent = Int32Array.from({ length: this.#nodes }, (_, node) => node);
    const rootOf = (node: number): number => {
      let at = node;
      while (parent[at]! !== at) {
        parent[at] = parent[parent[at]!]!;
        at = parent[at]!;
      }
      return at;
    };
    for (let i = 0; i < this.#ends.length; i += 2)
      parent[rootOf(this.#ends[i]!)] = rootOf(this.#ends[i + 1]!);
    for (let node = 1; node < this.#nodes; node += 1) {
      const root = rootOf(node);
      const joined = rootOf(0);
      if (root === joined) continue;
      // A drawn node of the part that is already joined: any node below this one is.
      this.#link(node, this.#draw(node));
      parent[root] = joined;
    }
  }

  #link(a: number, b: number): void {
    if (a !== b) this.#ends.push(a, b);
  }

  #shuffled(): Int32Array {
    const order = Int32Array.from({ length: this.#nodes }, (_, node) => node);
    for (let last = order.length - 1; last > 0; last -= 1) {
      const chosen = this.#draw(last + 1);
      const moved = order[last]!;
      order[last] = order[chosen]!;
      order[chosen] = moved;
    }
    return order;
  }

  #draw(bound: number): number {
    this.#draws += 1;
    return below(mix(this.#key, 0, this.#draws), bound);
  }
}
