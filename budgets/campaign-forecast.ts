/**
 * Everything that is known about money before spending: the forecast, what it breaks, how to get back inside, what moves it.
 * Owns: putting the parts together, as stored in forecast.json. Does not own: mapping a plan (campaigns) or printing (reports).
 */
import { type Forecast, type ForecastInput, forecast } from '#budgets/forecast.ts';
import { type Impossibility, impossibleRuns } from '#budgets/least-run.ts';
import { type Lever, leversFor } from '#budgets/levers.ts';
import { type Alert, alertsReached, type Breach, breaches, type Limits } from '#budgets/limits.ts';
import { type Saving, savings } from '#budgets/savings.ts';
import { type SensitivityLine, sensitivity } from '#budgets/sensitivity.ts';
import type { CloudStack } from '#budgets/stacks.ts';

export interface BreachWithLevers extends Breach {
  readonly levers: readonly Lever[];
}

export interface CampaignForecast {
  readonly forecast: Forecast;
  /** A local phase: what the same rows would cost on a cloud stack. Not planned, not part of any total. */
  readonly whatIf: Forecast | null;
  readonly limits: Limits;
  readonly breaches: readonly BreachWithLevers[];
  /** Of the runs that break their limit: those that no price on the sheet brings inside. */
  readonly impossible: readonly Impossibility[];
  readonly alerts: readonly Alert[];
  readonly savings: readonly Saving[];
  readonly sensitivity: readonly SensitivityLine[];
  readonly priceSheet: {
    readonly date: string;
    readonly currency: string;
    readonly tax: string;
    readonly warning: string;
    /** SHA-256 of the sheet's file, hex; absent when the prices came from no file. */
    readonly sha256?: string;
  };
}

export interface ForecastAround {
  /** Priced beside a local phase. */
  readonly whatIfStack?: CloudStack | null;
  readonly sheetSha256?: string;
}

/** Throws what `forecast` throws. */
export function forecastCampaign(
  input: ForecastInput,
  limits: Limits,
  { whatIfStack = null, sheetSha256 }: ForecastAround = {},
): CampaignForecast {
  const own = forecast(input);
  const found = breaches(own, limits);
  const { date, currency, tax, warning } = input.sheet;
  // Dozens of forecasts each: made when they are first read, so that an answer without them stays fast.
  let saved: readonly Saving[] | null = null;
  let moved: readonly SensitivityLine[] | null = null;
  return {
    forecast: own,
    whatIf:
      input.stack.kind === 'local' && whatIfStack !== null
        ? forecast({ ...input, stack: whatIfStack })
        : null,
    limits,
    breaches: found.map((breach) => ({ ...breach, levers: leversFor(breach, found, input, limits) })),
    impossible: impossibleRuns(
      { ...input, rows: input.rows.filter(({ rowId }) => found.some(({ subject }) => subject === rowId)) },
      limits,
    ),
    alerts: alertsReached(own, limits),
    get savings() {
      saved ??= savings(input, own);
      return saved;
    },
    get sensitivity() {
      moved ??= sensitivity(input);
      return moved;
    },
    priceSheet: {
      date,
      currency,
      tax,
      warning,
      ...(sheetSha256 === undefined ? {} : { sha256: sheetSha256 }),
    },
  };
}
