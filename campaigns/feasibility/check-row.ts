/**
 * Everything feasibility has to say about one run specification and the criteria it is judged by.
 * Owns: which checks are asked. Does not own: the checks. It sees numbers only: no scenario id, no title, no label.
 */
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { meanTps, peakTps } from '#campaigns/workloads/load-profile.ts';
import { violations } from '#node/core/params.ts';
import { byzantineFinding } from './byzantine-tolerance.ts';
import { contestedHealFinding } from './contested-heal.ts';
import type { Finding } from './finding.ts';
import { line, lowerLimits, shown } from './finding.ts';
import { latencyFinding } from './latency-floor.ts';
import { measuredNodeFinding } from './measured-node.ts';
import type { RowMoney } from './money.ts';
import { rowMoneyFinding } from './money.ts';
import type { PollTimes } from './node-load.ts';
import { contradictionFinding, resourceFindings } from './resource-limits.ts';
import { splitBrainFinding } from './split-brain.ts';

/** `known` keeps poll times between rows of one plan. Never throws for a specification of any values. */
export function checkRow(
  spec: RunSpec,
  criteria: readonly Criterion[],
  money: RowMoney | null,
  known: PollTimes = new Map(),
): Finding[] {
  const invalid = violations(spec.consensus, spec.nodes);
  const paid = money === null ? [] : [rowMoneyFinding(money)];
  if (invalid.length > 0) return [invalidFinding(invalid), ...paid];
  const findings: (Finding | null)[] = [
    byzantineFinding(spec, criteria),
    splitBrainFinding(spec, criteria),
    contestedHealFinding(spec, criteria),
    latencyFinding(spec, criteria, known),
    ...resourceFindings(spec, criteria, known),
    contradictionFinding(spec, criteria, known),
    measuredNodeFinding(spec, criteria, known),
    offeredFinding(spec, criteria),
    ...paid,
  ];
  return findings.filter((finding) => finding !== null);
}

function invalidFinding(invalid: readonly string[]): Finding {
  return {
    topic: 'self-contradiction',
    conclusion: 'cannot-pass',
    because: `cannot pass, because the parameters do not fit the network: ${invalid.join('; ')}`,
    arithmetic: [],
    metrics: [],
    nearest: null,
  };
}

/** A throughput criterion above what the workload ever offers. */
function offeredFinding(spec: RunSpec, criteria: readonly Criterion[]): Finding | null {
  const { workload } = spec;
  if (workload.kind === 'single') return null;
  const mean = meanTps(workload);
  const peak = peakTps(workload);
  const missed = [
    ...lowerLimits(criteria, ['throughput.avg_tps', 'throughput.min_tps']).filter(
      (c) => c.limit > mean * 1.001,
    ),
    ...lowerLimits(criteria, ['throughput.peak_tps', 'throughput.sustainable_tps']).filter(
      (c) => c.limit > peak * 1.001,
    ),
  ];
  const [first] = missed;
  if (first === undefined) return null;
  return {
    topic: 'self-contradiction',
    conclusion: 'cannot-pass',
    because: `cannot pass, because the workload offers ${shown(mean)} transactions/s on average and ${shown(peak)} at most, against ${first.metric} ${first.written}`,
    arithmetic: [
      line('mean', mean, 'tps', `offered by the ${workload.kind} workload`),
      line('peak', peak, 'tps', 'highest load it offers'),
      line('limit', first.limit, 'tps', `${first.metric} ${first.written}`),
    ],
    metrics: missed.map((c) => c.metric),
    nearest: {
      change: `offer ${shown(first.limit)} transactions/s`,
      values: { tps: first.limit },
      achieves: `${first.metric} ${first.written}`,
    },
  };
}
