/**
 * Writes both reports of a campaign from its record; the same record gives the same bytes.
 * Owns: handing the record to the report writers. Does not own: the reports, or when they are written (operator.ts).
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LEDGER_FILE, readLedger } from '#budgets/ledger/ledger-file.ts';
import { readPriceSheetText } from '#budgets/price-sheet.ts';
import { sha256Hex } from '#budgets/sha256.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { evidenceFile, readEvidence } from '#campaigns/guard/evidence.ts';
import { planHash } from '#campaigns/plan.ts';
import { planningOf } from '#campaigns/planning.ts';
import type { CampaignRecord } from '#campaigns/results/reader.ts';
import { loadFinanceSettings } from '#campaigns/schema/finance-settings.ts';
import type { GuardLogLine } from '#reports/finance/finance-input.ts';
import { type ReportFormat, reportFormats, writeFinanceReport } from '#reports/finance/finance-report.ts';
import { writeScaleReport } from '#reports/scale/scale-report.ts';

/** Of the sheet that the forecast was made with, which need not be the one in force today. */
function sheetHash({ forecast }: CampaignRecord): string {
  return forecast?.priceSheet.sha256 ?? sha256Hex(readPriceSheetText());
}

/** Everything that the figures come from, so that a reader can prove them. */
function inputHashes(record: CampaignRecord): { readonly name: string; readonly sha256: string }[] {
  const manifests = [...record.journal.state.manifests].sort(([a], [b]) => (a < b ? -1 : 1));
  const files = [LEDGER_FILE, evidenceFile]
    .filter((name) => existsSync(path.join(record.dir, name)))
    .map((name) => ({ name, sha256: sha256Hex(readFileSync(path.join(record.dir, name))) }));
  return [
    { name: 'plan', sha256: planHash(record.plan) },
    { name: 'price sheet', sha256: sheetHash(record) },
    { name: 'limits', sha256: sha256Hex(canonicalJson(record.forecast?.limits ?? null)) },
    {
      name: `results (${manifests.length} ${manifests.length === 1 ? 'run' : 'runs'})`,
      sha256: sha256Hex(canonicalJson(manifests)),
    },
    ...files,
  ];
}

/** Mean over the finished runs of each row; a row without one is absent. */
function finalisedTx({ plan, results }: CampaignRecord): Readonly<Record<string, number>> {
  const rows = plan.rows.flatMap(({ rowId, cells }) => {
    const counts = cells.flatMap(({ id }) => {
      const run = results.get(id);
      return run === undefined ? [] : [run.result.results.throughput.total_transactions];
    });
    return counts.length === 0
      ? []
      : [[rowId, counts.reduce((sum, one) => sum + one, 0) / counts.length] as const];
  });
  return Object.fromEntries(rows);
}

function guardLogOf(folder: string): readonly GuardLogLine[] {
  const file = path.join(folder, evidenceFile);
  return existsSync(file) ? readEvidence(file) : [];
}

/** Where money is planned, finance gets its own formats without asking. */
function formatsOf(phase: string, asked: readonly ReportFormat[] | undefined): readonly ReportFormat[] {
  return asked ?? (['phase2', 'phase3', 'phase4'].includes(phase) ? reportFormats : []);
}

export interface ReportWriting {
  readonly formats?: readonly ReportFormat[] | undefined;
  /** PEM of the key that signs the cost report; null = nobody signs. */
  readonly privateKeyPem?: string | null;
  /** File of the settings; null = finance.yaml, when there is one. */
  readonly finance?: string | null;
}

/** Fills `folder` with `scale/` and `finance/`. Throws CampaignError when a step before the reports is missing. */
export async function writeReports(
  record: CampaignRecord,
  verdict: CampaignVerdict,
  folder: string,
  writing: ReportWriting = {},
): Promise<void> {
  const { plan, forecast, approval, feasibility } = record;
  if (forecast === null || approval === null) {
    throw new CampaignError(
      'results-damaged',
      `${record.dir} has no forecast yet`,
      'finish it: npm run campaign resume',
    );
  }
  await writeScaleReport(
    { campaign: plan.campaign, plan, verdict, feasibility, runs: record.results, planning: planningOf(plan) },
    path.join(folder, 'scale'),
  );
  const { settings, sha256 } = loadFinanceSettings(writing.finance ?? null);
  const ownHashes = sha256 === null ? [] : [{ name: 'finance settings', sha256 }];
  const statuses = Object.fromEntries(verdict.rows.map((row) => [row.rowId, row.status]));
  await writeFinanceReport(
    {
      campaign: plan.campaign,
      phase: plan.phase,
      plan,
      forecast,
      approval,
      statuses,
      finalisedTx: finalisedTx(record),
      inputHashes: [...inputHashes(record), ...ownHashes],
      settings,
      ledger: readLedger(path.join(record.dir, LEDGER_FILE)).entries,
      guardLog: guardLogOf(record.dir),
    },
    path.join(folder, 'finance'),
    {
      formats: formatsOf(plan.phase, writing.formats),
      before: path.join(record.dir, 'reports', 'finance'),
      privateKeyPem: writing.privateKeyPem ?? null,
    },
  );
}
