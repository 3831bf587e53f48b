/**
 * A forecast as charges, the same record that the ledger keeps for what was metered and billed: one path into FOCUS and the reports.
 * Owns: splitting a forecast into charges whose sum is its total, and where in time they are put. Does not own: any amount.
 * A forecast has no dates of its own: the window is put on the day its prices are used, run after run.
 */

import { providerNames, serviceOf } from '#budgets/focus/providers.ts';
import type { Forecast, ForecastRow } from '#budgets/forecast.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { allocate, type UsdMicros, usdMicros } from '#budgets/money.ts';
import { type CostLine, HOUR_US } from '#budgets/run-cost.ts';
import type { CloudStack } from '#budgets/stacks.ts';

interface Stretch {
  readonly startMs: number;
  readonly us: number;
}

/** Pieces of a stretch that lie within one calendar month each: a charge never crosses a billing period. */
export function byMonth(
  startMs: number,
  endMs: number,
): readonly { readonly startMs: number; readonly endMs: number }[] {
  const pieces: { startMs: number; endMs: number }[] = [];
  for (let from = startMs; from < endMs; ) {
    const at = new Date(from);
    const next = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
    const until = Math.min(next, endMs);
    pieces.push({ startMs: from, endMs: until });
    from = until;
  }
  return pieces;
}

/** Machine-hours, gigabytes and the like with six decimals, as text: a quantity is no money. */
function quantityOf({ usage }: CostLine, ms: number): Pick<Charge, 'quantity' | 'unit'> {
  // A line that nothing is counted by, like repeated minutes, is so much for each hour.
  const { perHour, unit } = usage ?? { perHour: 1, unit: 'Hours' };
  return { quantity: ((perHour * ms * 1_000) / HOUR_US).toFixed(6), unit };
}

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

function chargesOf(
  forecast: Forecast,
  stack: CloudStack,
  line: CostLine,
  stretch: Stretch,
  owner: Pick<Charge, 'rowId' | 'scenarioId' | 'repetition'>,
): Charge[] {
  const durationMs = Math.max(1_000, Math.round(stretch.us / 1_000));
  const pieces = byMonth(stretch.startMs, stretch.startMs + durationMs);
  const weights = pieces.map(({ startMs, endMs }) => endMs - startMs);
  const split = (micros: UsdMicros): readonly UsdMicros[] => allocate(micros, weights);
  const [p50, p90] = [split(line.amount.p50.usdMicros), split(line.amount.p90.usdMicros)];
  const isPool = line.component === 'compute';
  return pieces.map(({ startMs, endMs }, i) => ({
    type: 'charge',
    campaign: forecast.campaign,
    ...owner,
    state: 'FORECAST',
    usdMicros: p50[i] ?? usdMicros(0),
    currency: 'USD',
    // What sampling adds or takes is no usage: it has no quantity, and may be negative.
    category: line.component === 'risk' ? 'adjustment' : 'usage',
    provider: providerNames[stack.provider],
    service: serviceOf(stack.provider, line.component),
    component: line.component,
    description: `${line.label}: ${line.arithmetic}`,
    region: stack.region,
    sku: isPool ? stack.pool.sku : line.label,
    resourceId: null,
    periodStart: iso(startMs),
    periodEnd: iso(endMs),
    ...quantityOf(line, endMs - startMs),
    p90UsdMicros: p90[i] ?? usdMicros(0),
    source: `price sheet ${forecast.priceSheetDate}`,
    sourceSha256: null,
    invoiceId: null,
  }));
}

function rowCharges(forecast: Forecast, stack: CloudStack, row: ForecastRow, startMs: number): Charge[] {
  return Array.from({ length: row.repetitions }, (_, repetition) => {
    const stretch = {
      startMs: startMs + repetition * Math.round(row.billedUs / 1_000),
      us: row.billedUs,
    };
    const owner = { rowId: row.rowId, scenarioId: row.scenarioId, repetition };
    return row.lines.flatMap((line) => chargesOf(forecast, stack, line, stretch, owner));
  }).flat();
}

export const PORTFOLIO = 'not everything goes wrong together';

function portfolioLine({ portfolio }: Forecast): CostLine {
  return {
    component: 'risk',
    label: PORTFOLIO,
    amount: portfolio,
    arithmetic: 'the whole as drawn - its parts',
  };
}

export function isPortfolio({ sku }: Charge): boolean {
  return sku === PORTFOLIO;
}

/**
 * Every cost line of every repetition, then deploy and teardown. Their sum is the forecast's total, P50 and P90. The ledger's grain,
 * one charge per row, is ledger/forecast-charges.ts.
 */
export function chargesByRun(forecast: Forecast): readonly Charge[] {
  const { stack, overhead } = forecast;
  if (stack.kind === 'local' || overhead === null) return [];
  let startMs = Date.parse(`${forecast.asOf.slice(0, 10)}T00:00:00Z`);
  const charges: Charge[] = [];
  for (const row of forecast.rows) {
    charges.push(...rowCharges(forecast, stack, row, startMs));
    startMs += row.repetitions * Math.round(row.billedUs / 1_000);
  }
  const around = { startMs, us: overhead.us };
  const shared = { rowId: null, scenarioId: null, repetition: null };
  for (const line of [...overhead.lines, portfolioLine(forecast)])
    charges.push(...chargesOf(forecast, stack, line, around, shared));
  return charges;
}
