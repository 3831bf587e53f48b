/**
 * Writes both reports of a campaign from its record; the same record gives the same bytes.
 * Owns: handing the record to the report writers. Does not own: the reports, or when they are written (operator.ts).
 */
import path from 'node:path';
import { readPriceSheetText } from '#budgets/price-sheet.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import { canonicalJson, sha256Hex } from '#campaigns/canonical-json.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { planHash } from '#campaigns/plan.ts';
import type { CampaignRecord } from '#campaigns/results/reader.ts';
import { writeFinanceReport } from '#reports/finance/finance-report.ts';
import { writeScaleReport } from '#reports/scale/scale-report.ts';

/** Everything that the figures come from, so that a reader can prove them. */
function inputHashes(record: CampaignRecord): { readonly name: string; readonly sha256: string }[] {
  const manifests = [...record.journal.state.manifests].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    { name: 'plan', sha256: planHash(record.plan) },
    { name: 'price sheet', sha256: sha256Hex(readPriceSheetText()) },
    { name: 'limits', sha256: sha256Hex(canonicalJson(record.forecast?.limits ?? null)) },
    { name: `results (${manifests.length} runs)`, sha256: sha256Hex(canonicalJson(manifests)) },
  ];
}

/** Fills `folder` with `scale/` and `finance/`. Throws CampaignError when a step before the reports is missing. */
export async function writeReports(
  record: CampaignRecord,
  verdict: CampaignVerdict,
  folder: string,
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
    { campaign: plan.campaign, plan, verdict, feasibility, runs: record.results },
    path.join(folder, 'scale'),
  );
  const statuses = Object.fromEntries(verdict.rows.map((row) => [row.rowId, row.status]));
  await writeFinanceReport(
    {
      campaign: plan.campaign,
      phase: plan.phase,
      plan,
      forecast,
      approval,
      statuses,
      inputHashes: inputHashes(record),
    },
    path.join(folder, 'finance'),
  );
}
