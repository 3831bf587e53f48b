/**
 * The figures of one agent over time: totals that never fall, although nodes and processes start anew, and gauges.
 * Owns: adding up lives, reading a total at any moment of the run. Does not own: what is made of them (replay.ts).
 */
import { type NodeCounter, type NodeProgress, nodeCounters, type PushBody } from '#node/agent-push.ts';

type Progress = Extract<PushBody, { kind: 'progress' }>;

/** Totals since the first push of the agent, over all lives of its nodes. */
export interface Totals {
  readonly cpuUs: number;
  readonly counters: Readonly<Record<NodeCounter, number>>;
}

interface Point extends Totals {
  readonly atUs: number;
  readonly residentBytes: number;
  readonly nodes: readonly NodeProgress[];
  readonly loopBusyShare: number;
}

const none = (): Record<NodeCounter, number> =>
  Object.fromEntries(nodeCounters.map((name) => [name, 0])) as Record<NodeCounter, number>;

/** Without news for this long the nodes of a process are not there: pushes come several times a second. */
export const silentUs = 2_000_000;

export class ProgressTrack {
  readonly #points: Point[] = [];
  readonly #lastOf = new Map<number, NodeProgress>();
  readonly #counters = none();
  #incarnation = '';
  #processCpuUs = 0;
  #cpuUs = 0;

  /** In the order of time. */
  add(atUs: number, incarnation: string, { nodes, process }: Progress): void {
    const cpuUs = process.cpuUserUs + process.cpuSystemUs;
    const before = incarnation === this.#incarnation ? this.#processCpuUs : 0;
    this.#cpuUs += Math.max(0, cpuUs - before);
    this.#processCpuUs = cpuUs;
    for (const node of nodes) {
      const last = this.#lastOf.get(node.node);
      const isSame = last !== undefined && last.life === node.life && incarnation === this.#incarnation;
      for (const name of nodeCounters) {
        this.#counters[name] += Math.max(0, node.counters[name] - (isSame ? last.counters[name] : 0));
      }
      this.#lastOf.set(node.node, node);
    }
    this.#incarnation = incarnation;
    this.#points.push({
      atUs,
      cpuUs: this.#cpuUs,
      counters: { ...this.#counters },
      residentBytes: process.residentBytes,
      nodes,
      loopBusyShare: process.loopBusyShare,
    });
  }

  /** Totals at a moment, between two pushes in proportion to the time. */
  at(atUs: number): Totals {
    const index = this.#indexAt(atUs);
    const point = this.#points[index];
    if (point === undefined) return { cpuUs: 0, counters: none() };
    const next = this.#points[index + 1];
    if (next === undefined) return point;
    const part = (atUs - point.atUs) / Math.max(1, next.atUs - point.atUs);
    const between = (a: number, b: number): number => a + (b - a) * part;
    const counters = none();
    for (const name of nodeCounters) counters[name] = between(point.counters[name], next.counters[name]);
    return { cpuUs: between(point.cpuUs, next.cpuUs), counters };
  }

  /** What the last push said, or null when the agent was silent. */
  gauges(atUs: number): { readonly residentBytes: number; readonly nodes: readonly NodeProgress[] } | null {
    const point = this.#points[this.#indexAt(atUs)];
    return point === undefined || atUs - point.atUs > silentUs ? null : point;
  }

  /** Busiest event loop of [fromUs, untilUs], 0..1. */
  busiestLoop(fromUs: number, untilUs: number): number {
    return this.#points.reduce(
      (most, point) =>
        point.atUs >= fromUs && point.atUs <= untilUs ? Math.max(most, point.loopBusyShare) : most,
      0,
    );
  }

  /** Index of the last point at or before `atUs`; -1 without one. */
  #indexAt(atUs: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle]!.atUs <= atUs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
