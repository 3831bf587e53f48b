/**
 * Counter-based random numbers: a draw is a pure function of (keys, counter), never of the order of events.
 * Owns: the mixing function, stream keys and bounded integers. Does not own: what is drawn (sampler, links, workloads).
 * All results are signed 32-bit integers: V8 keeps those unboxed.
 */

/** Purposes separate the streams of one node. */
export const purpose = {
  poll: 1,
  query: 2,
  answer: 3,
  gossip: 4,
  workload: 5,
  fault: 6,
  attack: 7,
  topology: 8,
  pair: 9,
  shape: 10,
} as const;

/** What a counter is multiplied with: a Weyl sequence. Who draws with counters in a row adds it instead. */
export const weylStep = 0x9e3779b1 | 0;

/**
 * A 32-bit draw from a 64-bit key (two words) and a counter: the MurmurHash3 finaliser (A. Appleby) over a Weyl sequence,
 * with the second key word added between its rounds.
 */
export function mix(keyA: number, keyB: number, counter: number): number {
  return mixEnd(mixBegin(keyA, Math.imul(counter, 0x9e3779b1)), keyB);
}

/** The first half of a draw, which streams of one key share; `weyl` is the counter times `weylStep`. */
export function mixBegin(keyA: number, weyl: number): number {
  let h = keyA ^ weyl;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return h ^ (h >>> 13);
}

/** The second half, in which a stream becomes one of its own. */
export function mixEnd(begun: number, keyB: number): number {
  let h = (begun + keyB) | 0;
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Key of the stream (seed, node, purpose, index). */
export function streamKey(seed: number, node: number, use: number, index: number): number {
  return mix(mix(seed, use, node), Math.imul(use, 0x85ebca6b), index);
}

/** A uniform integer in [0, bound), bound <= 2^21; bias at most bound / 2^32. */
export function below(random: number, bound: number): number {
  return ((random >>> 0) * bound * 2.3283064365386963e-10) | 0;
}

/** A uniform number in [0, 1) with 32 bits. */
export function unit(random: number): number {
  return (random >>> 0) * 2.3283064365386963e-10;
}
