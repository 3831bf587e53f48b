/**
 * Who suffers a fault: drawn from the seed, the same whatever else happens in the run.
 * Owns: node choice, the bound on nodes that are down together, group assignment of partitions.
 * Does not own: times (placement.ts).
 */
import { below, mix, purpose, streamKey } from '#node/core/random.ts';

export interface VictimsOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Nodes that may be killed: the honest ones. */
  readonly honest: Int32Array;
}

/** Invariants: a node is never taken down while it is down; fewer than a third of all nodes are down at once. */
export class Victims {
  readonly #options: VictimsOptions;
  readonly #downUntilUs: Float64Array;

  constructor(options: VictimsOptions) {
    this.#options = options;
    this.#downUntilUs = new Float64Array(options.nodes).fill(-1);
  }

  /** Most nodes that are down together: fewer than a third, and never every honest node. */
  get mostDown(): number {
    const { nodes, honest } = this.#options;
    return Math.max(0, Math.min(Math.ceil(nodes / 3) - 1, honest.length - 1));
  }

  /**
   * Up to `wanted` honest nodes that are up at `fromUs`; they count as down until `untilUs`. Ascending. Calls come
   * in order of `fromUs`.
   */
  takeDown(fault: number, effect: number, wanted: number, fromUs: number, untilUs: number): Int32Array {
    const up = this.#options.honest.filter((node) => this.#downUntilUs[node]! <= fromUs);
    let down = 0;
    for (const until of this.#downUntilUs) if (until > fromUs) down += 1;
    const count = Math.max(0, Math.min(wanted, this.mostDown - down, up.length));
    const taken = drawn(up, count, this.#key(fault), effect);
    for (const node of taken) this.#downUntilUs[node] = untilUs;
    return taken;
  }

  /** `count` honest nodes, ascending. */
  honest(fault: number, count: number): Int32Array {
    const { honest } = this.#options;
    return drawn(honest, Math.min(count, honest.length), this.#key(fault), 0);
  }

  /** A share of all nodes, ascending: at least one when the share is positive. */
  share(fault: number, share: number): Int32Array {
    const { nodes } = this.#options;
    const count = share <= 0 ? 0 : Math.max(1, Math.min(nodes, Math.round(share * nodes)));
    return drawn(allNodes(nodes), count, this.#key(fault), 0);
  }

  /** Group of every node: sizes in proportion to `weights`, the members drawn. */
  groups(fault: number, weights: readonly number[]): Uint8Array {
    const { nodes } = this.#options;
    const groupOf = new Uint8Array(nodes);
    const order = shuffled(allNodes(nodes), nodes, this.#key(fault), 0);
    let at = 0;
    groupSizes(weights, nodes).forEach((size, group) => {
      for (let i = 0; i < size; i += 1) groupOf[order[at++]!] = group;
    });
    return groupOf;
  }

  #key(fault: number): number {
    return streamKey(this.#options.seed, fault, purpose.fault, 0);
  }
}

/** Sizes that add up to `nodes`, each within one of its exact share (largest remainders, first wins a tie). */
export function groupSizes(weights: readonly number[], nodes: number): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const exact = weights.map((weight) => (weight / sum) * nodes);
  const sizes = exact.map((share) => Math.floor(share + 1e-9));
  const byRemainder = exact
    .map((share, group) => ({ group, remainder: share - sizes[group]! }))
    .sort((a, b) => b.remainder - a.remainder || a.group - b.group);
  const missing = nodes - sizes.reduce((total, size) => total + size, 0);
  for (const { group } of byRemainder.slice(0, missing)) sizes[group] = sizes[group]! + 1;
  return sizes;
}

/** The partition that holds when both do: nodes are together when both leave them together. */
export function refine(a: Uint8Array, b: Uint8Array): Uint8Array {
  const codes = new Map<number, number>();
  return a.map((group, node) => {
    const code = group * 256 + b[node]!;
    const known = codes.get(code);
    if (known !== undefined) return known;
    codes.set(code, codes.size);
    return codes.size - 1;
  });
}

function allNodes(nodes: number): Int32Array {
  return Int32Array.from({ length: nodes }, (_, node) => node);
}

function drawn(from: Int32Array, count: number, key: number, stream: number): Int32Array {
  return shuffled(from, count, key, stream).slice(0, count).sort();
}

/** A copy whose first `count` entries are a uniform draw without replacement, in drawn order. */
function shuffled(from: Int32Array, count: number, key: number, stream: number): Int32Array {
  const order = from.slice();
  for (let i = 0; i < Math.min(count, order.length - 1); i += 1) {
    const chosen = i + below(mix(key, stream, i), order.length - i);
    const moved = order[i]!;
    order[i] = order[chosen]!;
    order[chosen] = moved;
  }
  return order;
}
