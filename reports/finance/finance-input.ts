/**
 * What the cost report is made from, and the few words its sections share.
 * Owns: the record, how the campaign stands against its limits, text of quantities.
 * Does not own: any figure.
 */
import type { ApprovalNeed, ApprovalState } from '#budgets/approval.ts';
import type { CampaignForecast } from '#budgets/campaign-forecast.ts';
import { type FinanceSettings, noFinanceSettings } from '#budgets/finance-settings.ts';
import type { Forecast, ForecastRow } from '#budgets/forecast.ts';
import type { ChainedEntry } from '#budgets/ledger/chain.ts';
import { multiply, type UsdMicros } from '#budgets/money.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';

/** One thing the guard saw, decided or ordered; from its evidence file. */
export interface GuardLogLine {
  readonly at: string;
  readonly kind: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface ReportIdentity {
  /** 1 for the first report of a campaign. */
  readonly version: number;
  /** sha256 of the manifest of the version before; null for the first. */
  readonly supersedes: string | null;
  /** Headline figures that differ from the version before; dollars as decimal text. */
  readonly changes: readonly {
    readonly figure: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

export interface FinanceReportInput {
  /** Everything in the campaign's ledger, proven; absent = it has none. */
  readonly ledger?: readonly ChainedEntry[];
  readonly guardLog?: readonly GuardLogLine[];
  /** Absent = the buyer set nothing. */
  readonly settings?: FinanceSettings;
  readonly identity?: ReportIdentity;
  readonly campaign: string;
  readonly phase: string;
  readonly plan: Plan;
  readonly forecast: CampaignForecast;
  readonly approval: {
    /** What an approval would be bound to (budgets/approval.ts). */
    readonly hash: string;
    readonly need: ApprovalNeed;
    readonly state: ApprovalState;
  };
  /** Verdict of each row on the simulator, by row id; absent = not judged yet. */
  readonly statuses?: Readonly<Record<string, TestStatus>>;
  /** Transactions that a run of the row finalised in its window, mean of its runs on the target of the plan, by row id. */
  readonly finalisedTx?: Readonly<Record<string, number>>;
  /** sha256 of everything that the figures come from: plan, price sheet, limits, results. */
  readonly inputHashes: readonly { readonly name: string; readonly sha256: string }[];
}

export function settingsOf({ settings }: FinanceReportInput): FinanceSettings {
  return settings ?? noFinanceSettings;
}

export type Standing = 'no-cloud' | 'inside' | 'at-risk' | 'over';

export function standingOf({ forecast, breaches }: CampaignForecast): Standing {
  if (forecast.stack.kind === 'local' || forecast.overhead === null) return 'no-cloud';
  if (breaches.some((breach) => breach.severity === 'over')) return 'over';
  return breaches.length > 0 ? 'at-risk' : 'inside';
}

/** The forecast whose tables are shown: the plan's own, or for a local phase the comparison (which says so everywhere). */
export function shownForecast({ forecast, whatIf }: CampaignForecast): {
  readonly shown: Forecast;
  readonly isWhatIf: boolean;
} {
  return forecast.overhead === null && whatIf !== null && whatIf.overhead !== null
    ? { shown: whatIf, isWhatIf: true }
    : { shown: forecast, isWhatIf: false };
}

/** Forecast P50 of a run over the millions of transactions that its runs finalised; null = none did, or none was run. */
export function perMillionFinalised(
  { finalisedTx }: FinanceReportInput,
  row: Pick<ForecastRow, 'rowId' | 'perRun'>,
): UsdMicros | null {
  const transactions = Math.round(finalisedTx?.[row.rowId] ?? 0);
  if (transactions <= 0) return null;
  return multiply(row.perRun.p50.usdMicros, { times: 1_000_000n, over: BigInt(transactions) });
}

/** Hours with at most two decimals, thousands grouped. */
export function hoursText(us: number): string {
  return quantity(us / HOUR_US, 2);
}

/** "1 run", "2 runs", "1,200 runs". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${quantity(count, 0)} ${count === 1 ? one : many}`;
}

/** A quantity (never money) with fixed decimals and grouped thousands. */
export function quantity(value: number, decimals: number): string {
  const [whole = '0', fraction] = value.toFixed(decimals).split('.');
  const left = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? left : `${left}.${fraction}`;
}
