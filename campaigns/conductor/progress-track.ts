/**
 * The figures of one agent over time: totals that never fall, although nodes and processes start anew, and gauges.
 * Owns: reading a total at any moment of the run. Adding up lives is counter-totals.ts. Does not own: what is made of them (replay.ts).
 */
import { CounterTotals, noCounters, type ProgressPush } from '#campaigns/conductor/counter-totals.ts';
import { type NodeCounter, type NodeProgress, nodeCounters } from '#node/agent-push.ts';

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

/** Without news for this long the nodes of a process are not there: pushes come several times a second. */
export const silentUs = 2_000_000;

export class ProgressTrack {
  readonly #points: Point[] = [];
  readonly #totals = new CounterTotals();

  /** In the order of time. */
  add(atUs: number, incarnation: string, push: ProgressPush): void {
    this.#totals.add(incarnation, push);
    const { nodes, process } = push;
    this.#points.push({
      atUs,
      cpuUs: this.#totals.cpuUs,
      counters: { ...this.#totals.counters },
      residentBytes: process.residentBytes,
      nodes,
      loopBusyShare: process.loopBusyShare,
    });
  }

  /** Totals at a moment, between two pushes in proportion to the time. */
  at(atUs: number): Totals {
    const index = this.#indexAt(atUs);
    const point = this.#points[index];
    if (point === undefined) return { cpuUs: 0, counters: noCounters() };
    const next = this.#points[index + 1];
    if (next === undefined) return point;
    const part = (atUs - point.atUs) / Math.max(1, next.atUs - point.atUs);
    const between = (a: number, b: number): number => a + (b - a) * part;
    const counters = noCounters();
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
