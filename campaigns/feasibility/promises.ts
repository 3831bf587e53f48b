/**
 * What the requirements promise at every scale, whatever single rows ask for.
 * Owns: those figures. Does not own: checking them (check-plan.ts). Source: requirements 2.5 (NFR-2.2, SPEC 5).
 */
import type { Criterion } from '#campaigns/plan-record.ts';

export interface ScaleTarget {
  readonly nodes: number;
  readonly tps: number;
  readonly p95Ms: number;
  readonly memoryMb: number;
  readonly cpuPercent: number;
  readonly bandwidthMbps: number;
}

export interface Promises {
  /** Attackers that must not stop the network. */
  readonly toleratedShare: number;
  readonly scaleTargets: readonly ScaleTarget[];
}

export const promises: Promises = {
  toleratedShare: 0.3,
  scaleTargets: [
    { nodes: 1_000, tps: 200, p95Ms: 100, memoryMb: 512, cpuPercent: 50, bandwidthMbps: 10 },
    { nodes: 5_000, tps: 500, p95Ms: 200, memoryMb: 512, cpuPercent: 60, bandwidthMbps: 20 },
    { nodes: 10_000, tps: 1_000, p95Ms: 500, memoryMb: 768, cpuPercent: 70, bandwidthMbps: 30 },
  ],
};

export function criteriaOf(target: ScaleTarget): Criterion[] {
  const atMost = (metric: string, limit: number, unit: string): Criterion => ({
    metric,
    comparator: 'at_most',
    limit,
    written: `at_most: ${limit} ${unit}`,
    overUs: null,
    scope: 'row',
    note: null,
  });
  return [
    atMost('latency.p95', target.p95Ms, 'ms'),
    atMost('resources.memory', target.memoryMb, 'MB'),
    atMost('resources.cpu', target.cpuPercent, '%'),
    atMost('resources.bandwidth', target.bandwidthMbps, 'Mbps'),
  ];
}
