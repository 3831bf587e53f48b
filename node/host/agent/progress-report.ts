/**
 * The regular push of figures: one record per node and one of the process.
 * Owns: reading them. Histograms are handed over, so a report that is not sent must not be made.
 * Does not own: how often (agent.ts).
 */
import type { HistogramDelta, NodeProgress, PushBody } from '#node/agent-push.ts';
import type { ProcessMeter } from '#node/host/metrics/process-meter.ts';
import type { HostedNode } from './hosted-node.ts';

export function progressReport(nodes: Iterable<HostedNode>, meter: ProcessMeter): PushBody {
  const records: NodeProgress[] = [];
  const queries: HistogramDelta[] = [];
  const rounds: HistogramDelta[] = [];
  for (const node of nodes) {
    node.refresh();
    const { counters, gauges, latencyUs, queryUs, roundUs } = node.measurements;
    queries.push(queryUs.takeDelta());
    rounds.push(roundUs.takeDelta());
    records.push({
      node: node.number,
      life: node.life,
      isUp: node.isUp,
      counters: { ...counters },
      activeVertices: gauges.activeVertices,
      queuedTransactions: gauges.queuedTransactions,
      connections: gauges.connections,
      degradedLevel: gauges.degradedLevel,
      latency: latencyUs.takeDelta(),
    });
  }
  return {
    kind: 'progress',
    nodes: records,
    queryLatency: sumOf(queries),
    roundDuration: sumOf(rounds),
    process: meter.read(),
  };
}

function sumOf(deltas: readonly HistogramDelta[]): HistogramDelta {
  const counts = new Map<number, number>();
  for (const [value, count] of deltas.flat()) counts.set(value, (counts.get(value) ?? 0) + count);
  return [...counts].sort(([a], [b]) => a - b);
}
