/**
 * How far past forecasts were off, per cost component, and what the next forecast makes of it.
 * Owns: the record of reconciled campaigns and the ratio it gives. Does not own: the scores (ledger/reconcile.ts) or drawing.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { writeWhole } from '#budgets/approval-file.ts';
import { BudgetError } from '#budgets/budget-error.ts';
import { defaultRisks, type RiskModel } from '#budgets/risk.ts';

const score = z.strictObject({
  component: z.string().min(1),
  /** actual / P50. */
  ratio: z.number().nonnegative(),
  actualState: z.enum(['METERED', 'BILLED']),
  insideP90: z.boolean(),
});
const record = z.strictObject({
  version: z.literal(1),
  /** By campaign: reconciled again, it replaces its own scores. */
  campaigns: z.record(z.string(), z.strictObject({ ledgerHead: z.string(), scores: z.array(score) })),
});
export type AccuracyRecord = z.infer<typeof record>;
export type AccuracyScore = z.infer<typeof score>;

/** Beside the user's price sheets: both are what forecasts are made of. */
export const accuracyFile = path.join('prices', 'accuracy.json');

/** Empty when nothing was reconciled yet. Throws `ledger-damaged` for a file that is no record. */
export function readAccuracy(file: string = accuracyFile): AccuracyRecord {
  if (!existsSync(file)) return { version: 1, campaigns: {} };
  let json: unknown = null;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Not JSON is not a record either: the same error says so.
  }
  const parsed = record.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BudgetError(
    'ledger-damaged',
    `${file} is no record of forecast accuracy: ${issue?.path.join('.') || '(top)'}: ${issue?.message}`,
  );
}

/** Whole or not at all. A campaign without scores leaves the record as it is. */
export function storeAccuracy(
  campaign: string,
  ledgerHead: string,
  scores: readonly AccuracyScore[],
  file: string = accuracyFile,
): boolean {
  if (scores.length === 0) return false;
  const before = readAccuracy(file);
  const campaigns = { ...before.campaigns, [campaign]: { ledgerHead, scores: [...scores] } };
  mkdirSync(path.dirname(file), { recursive: true });
  writeWhole(file, `${JSON.stringify(record.parse({ version: 1, campaigns }), null, 2)}\n`);
  return true;
}

/** The assumption "as forecast" counts as so many lines. */
const PRIOR_LINES = 4;

/** The risk model with what was observed: per component the mean ratio, drawn towards 1 while there are few lines. */
export function risksFrom(accuracy: AccuracyRecord, risks: RiskModel = defaultRisks): RiskModel {
  const ratios = new Map<string, number[]>();
  for (const { scores } of Object.values(accuracy.campaigns)) {
    for (const { component, ratio } of scores)
      ratios.set(component, [...(ratios.get(component) ?? []), ratio]);
  }
  if (ratios.size === 0) return risks;
  const observed = [...ratios]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([component, lines]) => {
      const sum = lines.reduce((total, one) => total + one, 0);
      const ratio = Math.round(((PRIOR_LINES + sum) / (PRIOR_LINES + lines.length)) * 1e6) / 1e6;
      return [component, { ratio, lines: lines.length }] as const;
    });
  return { ...risks, observedRatio: { ...risks.observedRatio, ...Object.fromEntries(observed) } };
}
