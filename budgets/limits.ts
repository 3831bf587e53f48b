/**
 * What may be spent, and what breaks it.
 * Owns: the limits, the comparison and its words. Does not own: ways back inside (levers.ts) or stopping a run (the guard).
 */
import type { Forecast } from '#budgets/forecast.ts';
import { divide, formatUsd, parseUsd, type UsdMicros, usdMicros } from '#budgets/money.ts';

export interface Limits {
  readonly campaign: UsdMicros;
  /** Of one run: one repetition of one row, deployed alone. */
  readonly perRun: UsdMicros;
  readonly alerts: readonly UsdMicros[];
}

/** Requirements 3: $10,000 for the campaign, $1,000 per run, alerts at $500, $1,000 and $5,000. */
export const defaultLimits: Limits = {
  campaign: parseUsd('10,000'),
  perRun: parseUsd('1,000'),
  alerts: [parseUsd('500'), parseUsd('1,000'), parseUsd('5,000')],
};

export interface Breach {
  readonly limit: 'campaign' | 'per-run';
  /** Row id, or the phase for the campaign limit. */
  readonly subject: string;
  /** `over`: already P50 is above. `at-risk`: only P90 is. */
  readonly severity: 'over' | 'at-risk';
  readonly limitUsd: UsdMicros;
  readonly p50: UsdMicros;
  readonly p90: UsdMicros;
  /** How far the figure that breaks the limit is above it: P50 when over, P90 when at risk. */
  readonly by: UsdMicros;
  readonly byPercent: number;
  readonly sentence: string;
}

function compare(
  limit: Breach['limit'],
  subject: string,
  what: string,
  limitUsd: UsdMicros,
  value: { readonly p50: UsdMicros; readonly p90: UsdMicros },
): Breach | null {
  const { p50, p90 } = value;
  if (p90 <= limitUsd) return null;
  const severity = p50 > limitUsd ? 'over' : 'at-risk';
  const breaking = severity === 'over' ? p50 : p90;
  const by = usdMicros(breaking - limitUsd);
  const byPercent =
    limitUsd === 0 ? 100 : Number(divide(BigInt(by) * 1_000n, BigInt(limitUsd), 'half-even')) / 10;
  const sentence =
    `${what} costs ${formatUsd(p50)} (P90 ${formatUsd(p90)}) against a limit of ${formatUsd(limitUsd)}: ` +
    `${severity === 'over' ? 'over' : 'P90 is over'} by ${formatUsd(by)} (${byPercent} %)`;
  return { limit, subject, severity, limitUsd, p50, p90, by, byPercent, sentence };
}

/** Everything that breaks a limit, runs in row order, the campaign last. Empty = inside at P90. */
export function breaches(forecast: Forecast, limits: Limits): readonly Breach[] {
  const found: (Breach | null)[] = forecast.rows.map((row) =>
    compare('per-run', row.rowId, `one run of ${row.rowId}, deployed alone,`, limits.perRun, {
      p50: row.alone.p50.usdMicros,
      p90: row.alone.p90.usdMicros,
    }),
  );
  found.push(
    compare('campaign', forecast.phase, `the whole of ${forecast.phase}`, limits.campaign, {
      p50: forecast.total.p50.usdMicros,
      p90: forecast.total.p90.usdMicros,
    }),
  );
  return found.filter((breach) => breach !== null);
}

export interface Alert {
  readonly at: UsdMicros;
  readonly reached: 'at P50' | 'at P90 only' | 'not reached';
}

/** Which of the spending alerts the forecast would ring. */
export function alertsReached(forecast: Forecast, limits: Limits): readonly Alert[] {
  const { p50, p90 } = forecast.total;
  return limits.alerts.map((at) => ({
    at,
    reached: p50.usdMicros >= at ? 'at P50' : p90.usdMicros >= at ? 'at P90 only' : 'not reached',
  }));
}

/** Shares of the limit per run at which an alert rings, per cent; the guard rings at the same. */
export const runAlertPercents: readonly number[] = [50, 80, 100];

export interface RunAlert {
  readonly rowId: string;
  /** The highest of `runAlertPercents` that one run, deployed alone, reaches. */
  readonly percent: number;
  readonly reached: 'at P50' | 'at P90 only';
}

/** Runs that would ring, in row order; one entry for each, the loudest. */
export function runAlerts(forecast: Forecast, limits: Limits): readonly RunAlert[] {
  return forecast.rows.flatMap(({ rowId, alone }): RunAlert[] => {
    const percent = runAlertPercents.findLast((share) => alone.p90.usdMicros * 100 >= limits.perRun * share);
    if (percent === undefined) return [];
    const isAtP50 = alone.p50.usdMicros * 100 >= limits.perRun * percent;
    return [{ rowId, percent, reached: isAtP50 ? 'at P50' : 'at P90 only' }];
  });
}
