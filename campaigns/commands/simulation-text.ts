/**
 * What `simulate` answers: a line per run for people with what the formulas expect beside it, the runs for programs.
 * Owns: the document and the summary. Does not own: the runs (results/schema.ts), the formulas or the verdict.
 */

import { sha256Hex } from '#budgets/sha256.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import { type Column, formatFigure, textTable } from '#campaigns/commands/text-table.ts';
import type { CampaignRecord, StoredRun } from '#campaigns/results/reader.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import { analyticRun } from '#campaigns/targets/simulator/analytic-run.ts';

/** Runs in plan order. */
function runsOf(record: CampaignRecord): { readonly rowId: string; readonly run: StoredRun }[] {
  return record.plan.rows.flatMap((row) =>
    row.cells.flatMap((cell) => {
      const run = record.results.get(cell.id);
      return run === undefined ? [] : [{ rowId: row.rowId, run }];
    }),
  );
}

/** Of one run its own trace hash; of several the hash of theirs in plan order. */
export function traceHashOf(record: CampaignRecord): string | null {
  const hashes = runsOf(record).map(({ run }) => run.result.determinism.trace_hash);
  if (hashes.length <= 1) return hashes[0] ?? null;
  return sha256Hex(hashes.join('\n'));
}

const optional = (value: number | null): string => (value === null ? '-' : formatFigure(value));

export function simulationText(record: CampaignRecord): string {
  const columns: Column[] = [
    { title: 'row', most: 40 },
    { title: 'run', align: 'right' },
    { title: 'TPS', align: 'right' },
    { title: 'p50 ms', align: 'right' },
    { title: 'p95 ms', align: 'right' },
    { title: 'rounds', align: 'right' },
    { title: 'finalised', align: 'right' },
    { title: 'M messages/CPU-s', align: 'right' },
    { title: 'trace hash', most: 17 },
  ];
  const expected = expectations(record);
  const runs = runsOf(record);
  const lines = record.plan.rows.flatMap((row) => {
    const own = runs.filter(({ rowId }) => rowId === row.rowId);
    const law = expected.get(row.rowId);
    return [
      ...own.map(({ run }, index) => [row.rowId, String(index + 1), ...figures(run.result)]),
      ...(law === undefined ? [] : [[row.rowId, 'formula', ...figures(law)]]),
    ];
  });
  const left = [...expected.values()].flatMap((result) => (result.reason === '' ? [] : [result.reason]));
  const notes = [...new Set(left)].map((reason) => `the formulas leave out: ${reason}\n`);
  const fidelities = runs.flatMap(({ run }) =>
    run.result.anomalies.filter((note) => /^(?:fidelity|spliced:) /.test(note)),
  );
  return `${textTable(columns, lines)}${[...new Set(fidelities)].map((note) => `${note}\n`).join('')}${notes.join('')}`;
}

function figures({ results, determinism, tier }: RunResult): string[] {
  const { throughput, latency, consensus_metrics: consensus, simulation } = results;
  return [
    formatFigure(throughput.avg_tps),
    optional(latency.p50_ms),
    optional(latency.p95_ms),
    optional(consensus.rounds.mean),
    `${formatFigure(100 * consensus.finalized_share)} %`,
    tier === 'analytic' ? '-' : formatFigure(simulation.messages_per_cpu_second / 1e6),
    tier === 'analytic' ? '-' : determinism.trace_hash,
  ];
}

/** What the formulas expect of every simulated row. */
function expectations({ plan }: CampaignRecord): Map<string, RunResult> {
  const simulated = plan.rows.flatMap(({ rowId, cells }) => {
    const spec = cells[0]?.spec;
    return spec === undefined || spec.tier === 'analytic' ? [] : [{ rowId, spec }];
  });
  return new Map(
    simulated.map(({ rowId, spec }) => [rowId, analyticRun({ ...spec, tier: 'analytic' }).result]),
  );
}

export function simulationDocument(
  record: CampaignRecord,
  verdict: CampaignVerdict | null,
): Record<string, unknown> {
  const runs = runsOf(record).map(({ run }) => run.result);
  return {
    scenario: record.plan.rows[0]?.scenarioId ?? null,
    tier: runs[0]?.tier ?? record.plan.rows[0]?.cells[0]?.spec.tier ?? null,
    seed: record.plan.seed,
    trace_hash: traceHashOf(record),
    runs,
    summary: {
      campaign: record.plan.campaign,
      folder: record.dir,
      code_version: record.plan.codeVersion,
      expected: Object.fromEntries([...expectations(record)].map(([rowId, { results }]) => [rowId, results])),
      status: verdict?.status ?? 'ABORTED',
      rows: verdict?.rows ?? [],
    },
  };
}
