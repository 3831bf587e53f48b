/**
 * What limits a scale, how far it may grow and what would help: the rules of requirements 2.6 with their numbers.
 * Owns: the rules, the recommended number of nodes, the recommendations. Does not own: the table (scaling.ts).
 */
import type { ScaleEntry } from '#campaigns/analysis/scaling.ts';

export type BottleneckKind = 'throughput' | 'latency' | 'cpu' | 'memory' | 'network-efficiency';

export interface Bottleneck {
  readonly kind: BottleneckKind;
  readonly rowId: string;
  readonly nodes: number;
  readonly observed: number;
  readonly limit: number;
  readonly unit: string;
  /** The finding with its arithmetic, one sentence. */
  readonly finding: string;
  /** What to do about it, with the numbers it rests on. */
  readonly recommendation: string;
}

export interface Rule {
  readonly throughputShareLeast: number;
  readonly latencyRatioMost: number;
  readonly cpuPercentMost: number;
  readonly memoryMbMost: number;
  readonly networkEfficiencyLeast: number;
}

/** Requirements 2.6. */
export const rule: Rule = {
  throughputShareLeast: 0.5,
  latencyRatioMost: 3,
  cpuPercentMost: 80,
  memoryMbMost: 8 * 1_024,
  networkEfficiencyLeast: 0.3,
};

/** Every rule that a scale breaks; the smallest scale is the baseline for throughput and latency. */
export function bottlenecks(entries: readonly ScaleEntry[]): Bottleneck[] {
  const base = entries[0];
  if (base === undefined) return [];
  return entries.flatMap((entry) => [
    ...throughputBottleneck(entry, base),
    ...latencyBottleneck(entry, base),
    ...cpuBottleneck(entry),
    ...memoryBottleneck(entry),
    ...networkBottleneck(entry),
  ]);
}

function throughputBottleneck(entry: ScaleEntry, base: ScaleEntry): Bottleneck[] {
  const share = base.avgTps > 0 ? entry.avgTps / base.avgTps : 0;
  if (base.avgTps > 0 && share >= rule.throughputShareLeast) return [];
  return [
    {
      kind: 'throughput',
      rowId: entry.rowId,
      nodes: entry.nodes,
      observed: 100 * share,
      limit: 100 * rule.throughputShareLeast,
      unit: 'percent of baseline',
      finding:
        base.avgTps > 0
          ? `${entry.nodes} nodes finalise ${show(entry.avgTps)} TPS, ${show(100 * share)} % of the ${show(base.avgTps)} TPS at ${base.nodes} nodes.`
          : `${entry.nodes} nodes: no baseline, because ${base.nodes} nodes finalised nothing.`,
      recommendation: `Offer at most ${show(entry.avgTps)} TPS at ${entry.nodes} nodes, or put more transactions into a vertex: ${show(entry.messagesPerNodeTransaction ?? 0)} messages per node and transaction is the work to share.`,
    },
  ];
}

function latencyBottleneck(entry: ScaleEntry, base: ScaleEntry): Bottleneck[] {
  if (base.p95Ms === null || base.p95Ms <= 0) return [];
  const ratio = entry.p95Ms === null ? Number.POSITIVE_INFINITY : entry.p95Ms / base.p95Ms;
  if (ratio <= rule.latencyRatioMost) return [];
  const seen =
    entry.p95Ms === null
      ? 'is not reached: more than 5 % of the pairs are undecided'
      : `is ${show(entry.p95Ms)} ms`;
  return [
    {
      kind: 'latency',
      rowId: entry.rowId,
      nodes: entry.nodes,
      observed: ratio,
      limit: rule.latencyRatioMost,
      unit: 'times baseline',
      finding: `The p95 at ${entry.nodes} nodes ${seen}; ${base.nodes} nodes have ${show(base.p95Ms)} ms.`,
      recommendation: `Poll more often or lower beta: a node starts ${show(entry.pollsPerNodeSecond)} polls per second at ${entry.nodes} nodes against ${show(base.pollsPerNodeSecond)} at ${base.nodes}.`,
    },
  ];
}

function cpuBottleneck(entry: ScaleEntry): Bottleneck[] {
  if (entry.cpuPercent <= rule.cpuPercentMost) return [];
  const rest = entry.cpuPercent - entry.signatureCpuPercent;
  const signaturesLead = entry.signatureCpuPercent > rest;
  return [
    {
      kind: 'cpu',
      rowId: entry.rowId,
      nodes: entry.nodes,
      observed: entry.cpuPercent,
      limit: rule.cpuPercentMost,
      unit: 'percent',
      finding: `A node at ${entry.nodes} nodes uses ${show(entry.cpuPercent)} % of its CPU: ${show(entry.signatureCpuPercent)} for signatures, ${show(rest)} for messages.`,
      recommendation: signaturesLead
        ? `Fewer signatures: a batch twice as large halves the ${show(entry.signatureCpuPercent)} % they take.`
        : `Fewer messages: ${show(entry.messagesPerNodeSecond)} per node and second; a poll interval twice as long about halves the ${show(rest)} % they take.`,
    },
  ];
}

function memoryBottleneck(entry: ScaleEntry): Bottleneck[] {
  if (entry.peakMemoryMb <= rule.memoryMbMost) return [];
  return [
    {
      kind: 'memory',
      rowId: entry.rowId,
      nodes: entry.nodes,
      observed: entry.peakMemoryMb,
      limit: rule.memoryMbMost,
      unit: 'MB',
      finding: `A node at ${entry.nodes} nodes needs ${show(entry.peakMemoryMb)} MB at its peak.`,
      recommendation: `Shorten the window kept behind the frontier or lower maxUndecided: ${show(entry.peakMemoryMb - rule.memoryMbMost)} MB must go.`,
    },
  ];
}

function networkBottleneck(entry: ScaleEntry): Bottleneck[] {
  const observed = entry.networkEfficiency;
  if (observed === null || observed >= rule.networkEfficiencyLeast) return [];
  return [
    {
      kind: 'network-efficiency',
      rowId: entry.rowId,
      nodes: entry.nodes,
      observed: 100 * observed,
      limit: 100 * rule.networkEfficiencyLeast,
      unit: 'percent',
      finding: `Of the ${show(entry.networkMbps)} Mbps that a node at ${entry.nodes} nodes sends, ${show(100 * observed)} % is finalised payload (${show(entry.avgTps)} TPS).`,
      recommendation: `Larger batches: signatures and ${show(entry.pollsPerNodeSecond)} polls per second cost the same for one transaction as for a hundred.`,
    },
  ];
}

export interface RecommendedScale {
  /** Largest scale that, like every smaller one, is free of limits; null when not even the smallest is. */
  readonly nodes: number | null;
  /** True when no measured scale reached a limit: the true maximum is this or more. */
  readonly lowerBound: boolean;
  readonly reason: string;
}

/** Least share of (honest node, vertex) pairs that a recommended scale must finalise. */
const successLeast = 0.99;

/**
 * Recommended maximum of nodes: it serves its load, finalises 99 % of the pairs and breaks no rule that speaks about
 * capacity. Network efficiency is a matter of cost and stops no scale.
 */
export function recommendedScale(entries: readonly ScaleEntry[]): RecommendedScale {
  const stopping = bottlenecks(entries).filter(({ kind }) => kind !== 'network-efficiency');
  let nodes: number | null = null;
  for (const entry of entries) {
    const found = stopping.find(({ rowId }) => rowId === entry.rowId);
    const stop = stopReason(entry, found);
    if (stop !== null) return { nodes, lowerBound: false, reason: stop };
    nodes = entry.nodes;
  }
  const reason = nodes === null ? 'nothing was measured' : `no limit was reached up to ${nodes} nodes`;
  return { nodes, lowerBound: nodes !== null, reason };
}

function stopReason(entry: ScaleEntry, found: Bottleneck | undefined): string | null {
  if (entry.successShare < successLeast) {
    return `${entry.nodes} nodes finalise ${show(100 * entry.successShare)} % of the pairs, less than ${100 * successLeast} %`;
  }
  if (!entry.loadBound) {
    return `${entry.nodes} nodes finalise ${show(entry.avgTps)} of ${show(entry.offeredTps)} TPS offered`;
  }
  return found === undefined ? null : found.finding;
}

function show(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : 'no';
}
