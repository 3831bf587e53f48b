/**
 * CPU of the simulated nodes: one event loop and a pool of signature workers each, as queues of service times.
 * Owns: when work is done and how busy a node was. Does not own: what the work is. Times are virtual microseconds.
 * A node with one core shares it between loop and signatures.
 */

import { type ArrayMaker, plainArrays } from '#node/core/arrays.ts';

/** A backlog longer than this is refused: the node's input queue is bounded. */
export const longestBacklogUs = 2_000_000;

export class Cpu {
  /** When the event loop of a node is free. */
  readonly loopFreeUs: Float64Array;
  readonly #poolFreeUs: Float64Array;
  readonly loopBusyUs: Float64Array;
  readonly #poolBusyUs: Float64Array;
  /** By which costs are multiplied. */
  readonly factor: Float64Array;
  readonly #workers: number;
  readonly #shared: boolean;
  refused = 0;
  throttledUs = 0;
  #throttledNodes = 0;

  constructor(nodes: number, cores: number, arrays: ArrayMaker = plainArrays) {
    this.loopFreeUs = arrays.float64(nodes);
    this.#poolFreeUs = new Float64Array(nodes);
    this.loopBusyUs = arrays.float64(nodes);
    this.#poolBusyUs = new Float64Array(nodes);
    this.factor = arrays.float64(nodes).fill(1);
    this.#shared = cores < 2;
    this.#workers = Math.max(1, Math.floor(cores) - 1);
  }

  /** Some costs are multiplied. */
  get isThrottled(): boolean {
    return this.#throttledNodes !== 0;
  }

  /** Work of the event loop; returns when it is done. */
  loop(node: number, costUs: number, nowUs: number): number {
    const cost = this.#throttledNodes === 0 ? costUs : this.#throttle(node, costUs);
    const free = this.loopFreeUs[node]!;
    const done = (free > nowUs ? free : nowUs) + cost;
    this.loopFreeUs[node] = done;
    this.loopBusyUs[node]! += cost;
    return done;
  }

  /** Signature work; returns when it is done. Several workers serve one queue. */
  pool(node: number, costUs: number, nowUs: number): number {
    const cost = this.#throttledNodes === 0 ? costUs : this.#throttle(node, costUs);
    this.#poolBusyUs[node]! += cost;
    const free = this.#shared ? this.loopFreeUs : this.#poolFreeUs;
    const start = free[node]! > nowUs ? free[node]! : nowUs;
    free[node] = start + cost / this.#workers;
    return start + cost;
  }

  /** True when the event loop is too far behind to take more work; counts it. */
  isOverloaded(node: number, nowUs: number): boolean {
    if (this.loopFreeUs[node]! - nowUs <= longestBacklogUs) return false;
    this.refused += 1;
    return true;
  }

  /** Work done until now; what still waits in the queues is not counted. */
  busyUs(node: number, nowUs: number): number {
    const doneUs = this.loopBusyUs[node]! + this.#poolBusyUs[node]!;
    return doneUs - this.#loopWaitsUs(node, nowUs) - this.#poolWaitsUs(node, nowUs);
  }

  #loopWaitsUs(node: number, nowUs: number): number {
    return Math.max(0, this.loopFreeUs[node]! - nowUs);
  }

  #poolWaitsUs(node: number, nowUs: number): number {
    return this.#shared ? 0 : this.#workers * Math.max(0, this.#poolFreeUs[node]! - nowUs);
  }

  signatureUs(node: number): number {
    return this.#poolBusyUs[node]!;
  }

  /** Costs of these nodes are multiplied by `factor` from now on (1 / factor takes it back). */
  setFactor(nodes: Int32Array, factor: number, on: boolean): void {
    for (const node of nodes)
      this.factor[node] = on ? this.factor[node]! * factor : this.factor[node]! / factor;
    this.#throttledNodes += on ? nodes.length : -nodes.length;
  }

  /** A crash throws away what waits in the queues: it is never done. */
  reset(node: number, nowUs: number): void {
    this.loopBusyUs[node]! -= this.#loopWaitsUs(node, nowUs);
    this.#poolBusyUs[node]! -= this.#poolWaitsUs(node, nowUs);
    this.loopFreeUs[node] = nowUs;
    this.#poolFreeUs[node] = nowUs;
  }

  #throttle(node: number, costUs: number): number {
    const cost = costUs * this.factor[node]!;
    this.throttledUs += cost - costUs;
    return cost;
  }
}
