/**
 * Small variants of catalogue entries and what becomes of them on the simulator.
 * Owns: making an entry small, running its rows, judging them. Does not own: which causes are planted (plants.ts).
 * Criteria are never touched: what a planted variant fails by is its cause.
 */
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import { judgeCampaign } from '#campaigns/analysis/verdict.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import { applyOverrides } from '#campaigns/overrides.ts';
import { buildPlan } from '#campaigns/plan.ts';
import { resolveScenario } from '#campaigns/resolve.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { RunScenario } from '#campaigns/schema.ts';
import { createSimulator } from '#campaigns/targets/simulator/target.ts';
import { peakTps } from '#campaigns/workloads/load-profile.ts';

/** What a variant changes. */
export interface Variant {
  /** Keys of the scenario. */
  readonly scenario?: Partial<RunScenario>;
  /** Of every row, once resolved. */
  readonly spec?: (spec: RunSpec) => RunSpec;
  /** Of every result, where the simulator cannot show the cause: a record as a defective node would leave it. */
  readonly record?: (record: RunRecord) => RunRecord;
}

/** The highest load of a small variant. */
const tpsMost = 20;

/** Few nodes that take the same part of the parameters of the large ones: 0.8 k, a few polls. */
export const small: Partial<RunScenario> = {
  nodes: [30],
  consensus: { k: 10, alpha: 8, beta: 6, rounds: 60 },
  message_budget: 600_000,
};

function variantOf(entry: RunScenario, variants: readonly Variant[]): RunScenario {
  const { only_on: _only, ...answerable } = entry;
  const changes = variants.map(({ scenario }) => scenario ?? {});
  const sizes = changes.flatMap(({ nodes }) => (nodes === undefined ? [] : [{ nodes }]));
  const shrunk: RunScenario = Object.assign({ ...answerable, only_on: undefined, ...small }, ...sizes);
  const tps = Math.min(tpsMost, peakTps(shrunk.workload));
  const light = tps === 0 ? shrunk : applyOverrides(shrunk, { tps });
  if (light.kind !== 'run') throw new Error('a benchmark has no small variant');
  return Object.assign({}, light, ...changes);
}

/** Runs every row with three repetitions and judges it by the criteria of the entry. */
export async function verdictOf(entry: RunScenario, variants: readonly Variant[]): Promise<CampaignVerdict> {
  const edits = variants.flatMap(({ spec }) => (spec === undefined ? [] : [spec]));
  const rows = resolveScenario(variantOf(entry, variants), { seed: 7, replications: 3 }).map((row) => ({
    ...row,
    specs: row.specs.map((spec) => edits.reduce((edited, edit) => edit(edited), spec)),
  }));
  const plan = buildPlan({
    campaign: 'planted',
    phase: 'simulate',
    stack: 'local',
    target: 'simulator',
    codeVersion: 'test',
    nodeVersion: process.version,
    seed: 7,
    rows,
  });
  const simulator = createSimulator();
  const defects = variants.flatMap(({ record }) => (record === undefined ? [] : [record]));
  const results = new Map<string, RunRecord>();
  for (const { id, spec } of plan.rows.flatMap(({ cells }) => cells)) {
    const outcome = await simulator.run(spec, () => undefined, new AbortController().signal);
    const record = { result: outcome.result, series: outcome.series };
    results.set(
      id,
      defects.reduce((left, defect) => defect(left), record),
    );
  }
  return judgeCampaign(plan, results);
}

/** What failed, and why the rest was not judged, for messages. */
export function explain({ rows }: CampaignVerdict): string {
  return rows
    .flatMap(({ rowId, reason, criteria }) => [
      `${rowId}: ${reason}`,
      ...criteria.map(({ metric, status, reason: why }) => `  ${metric} ${status} ${why}`),
    ])
    .join('\n');
}
