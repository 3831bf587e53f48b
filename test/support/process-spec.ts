/**
 * Small specifications for runs with real node processes: few nodes, short polls, seconds of real time.
 * Owns: the specification. Does not own: any expectation.
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import { runSpecExample } from '#test/support/run-spec-example.ts';

const second = 1_000_000;

/** 4 nodes in two processes, k = 3, ten vertices a second, a window of 4 s. */
export function processSpec(changes: Partial<RunSpec> = {}): RunSpec {
  const example = runSpecExample();
  const nodes = changes.nodes ?? 4;
  const k = Math.min(10, nodes - 1);
  return {
    ...example,
    nodes,
    nodesPerProcess: 2,
    resources: { name: 'shared', cpuCores: 1, memoryBytes: 536_870_912 },
    consensus: {
      ...example.consensus,
      k,
      alphaPreference: Math.ceil(0.7 * k),
      alphaConfidence: Math.ceil(0.7 * k),
      beta: 4,
      maxRounds: 400,
      pollIntervalUs: 40_000,
    },
    workload: {
      kind: 'constant',
      tps: 10,
      batch: 1,
      payloadBytes: 100,
      parents: { kind: 'count', least: 1, most: 3 },
      conflictShare: 0,
    },
    duration: { warmupUs: second, measureUs: 4 * second, cooldownUs: second },
    ...changes,
  };
}
