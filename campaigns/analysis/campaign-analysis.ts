/**
 * The analysis of a whole campaign as the scale report shows it: scaling tables, bottlenecks, Byzantine effects.
 * Owns: applying the analyses to every scenario of a plan. Does not own: each analysis (scaling, bottleneck, byzantine).
 */
import {
  type Bottleneck,
  bottlenecks,
  type RecommendedScale,
  recommendedScale,
} from '#campaigns/analysis/bottleneck.ts';
import { type ByzantineEntry, byzantineTable } from '#campaigns/analysis/byzantine.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import {
  analyseScaling,
  type ScaleRow,
  type ScalingAnalysis,
  scaleGroups,
} from '#campaigns/analysis/scaling.ts';
import { type Plan, targetOf } from '#campaigns/plan-record.ts';

/** Rows of one scenario that differ by their scale alone. */
export interface ScenarioScaling extends ScalingAnalysis {
  readonly scenarioId: string;
  readonly bottlenecks: readonly Bottleneck[];
  readonly recommended: RecommendedScale;
}

export interface CampaignAnalysis {
  readonly scaling: readonly ScenarioScaling[];
  readonly byzantine: readonly { readonly scenarioId: string; readonly entries: readonly ByzantineEntry[] }[];
}

/** Rows without a finished run are left out; a group of one scale has a table of one line and no fit. */
export function analyseCampaign(plan: Plan, resultsByCell: ReadonlyMap<string, RunRecord>): CampaignAnalysis {
  const rowsOfScenario = new Map<string, ScaleRow[]>();
  // A machine that carries all nodes says nothing about scaling; measured rows are compared with their simulation instead.
  for (const row of plan.rows.filter((one) => targetOf(one) === 'simulator')) {
    const runs = row.cells.flatMap((cell) => finished(resultsByCell.get(cell.id)));
    const payloadBytes = row.cells[0]?.spec.workload.payloadBytes ?? null;
    const rows = rowsOfScenario.get(row.scenarioId) ?? [];
    rows.push({ rowId: row.rowId, runs, payloadBytes });
    rowsOfScenario.set(row.scenarioId, rows);
  }
  const scenarios = [...rowsOfScenario];
  return {
    scaling: scenarios.flatMap(([scenarioId, rows]) =>
      scaleGroups(rows).map((group) => scalingOf(scenarioId, group)),
    ),
    byzantine: scenarios.flatMap(([scenarioId, rows]) => {
      const entries = byzantineTable(rows);
      return entries.some(({ attackers }) => attackers > 0) ? [{ scenarioId, entries }] : [];
    }),
  };
}

function finished(run: RunRecord | undefined): RunRecord[] {
  if (run === undefined || run.result.test_status === 'ABORTED' || run.result.test_status === 'SKIPPED')
    return [];
  return [run];
}

function scalingOf(scenarioId: string, group: readonly ScaleRow[]): ScenarioScaling {
  const analysis = analyseScaling(group);
  const { entries } = analysis;
  return {
    scenarioId,
    ...analysis,
    bottlenecks: bottlenecks(entries),
    recommended: recommendedScale(entries),
  };
}
