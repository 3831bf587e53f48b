/**
 * Totals of one agent that never fall, although its nodes and its process start anew and count from 0 again.
 * Owns: adding up lives and incarnations. Does not own: figures over time (progress-track.ts) or what is shown (fleet-meter.ts).
 */
import { type NodeCounter, type NodeProgress, nodeCounters, type PushBody } from '#node/agent-push.ts';

export type ProgressPush = Extract<PushBody, { kind: 'progress' }>;

export const noCounters = (): Record<NodeCounter, number> =>
  Object.fromEntries(nodeCounters.map((name) => [name, 0])) as Record<NodeCounter, number>;

export class CounterTotals {
  readonly counters = noCounters();
  /** User and system time of the process, over all its incarnations. */
  cpuUs = 0;
  readonly #lastOf = new Map<number, NodeProgress>();
  #incarnation = '';
  #processCpuUs = 0;

  /** In the order of time. */
  add(incarnation: string, { nodes, process }: ProgressPush): void {
    const cpuUs = process.cpuUserUs + process.cpuSystemUs;
    const before = incarnation === this.#incarnation ? this.#processCpuUs : 0;
    this.cpuUs += Math.max(0, cpuUs - before);
    this.#processCpuUs = cpuUs;
    for (const node of nodes) {
      const last = this.#lastOf.get(node.node);
      const isSame = last !== undefined && last.life === node.life && incarnation === this.#incarnation;
      for (const name of nodeCounters) {
        const counted = node.counters[name];
        const known = isSame ? last.counters[name] : 0;
        // Fewer than before in the same life: the next run has made the node anew.
        this.counters[name] += counted >= known ? counted - known : counted;
      }
      this.#lastOf.set(node.node, node);
    }
    this.#incarnation = incarnation;
  }
}
