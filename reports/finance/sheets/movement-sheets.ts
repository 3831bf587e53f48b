/**
 * Sheets 3 and 4: the variance bridge and the burn-down, and the figures that their charts draw.
 * Owns: effects by cause, cost over planned time. Does not own: any price or quantity.
 */
import { chargesByRun, isPortfolio, PORTFOLIO } from '#budgets/focus/charges.ts';
import type { Forecast } from '#budgets/forecast.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { formatUsd, multiply, sum, type UsdMicros, usdMicros, ZERO_USD } from '#budgets/money.ts';
import { type FinanceReportInput, shownForecast } from '#reports/finance/finance-input.ts';
import {
  column,
  difference,
  number,
  type ReportSheet,
  type SheetCell,
  sumOf,
  text,
  usd,
} from '#reports/finance/sheet-model.ts';
import { stretchOf } from '#reports/finance/sheets/cost-sheets.ts';
import { chargesIn } from '#reports/finance/sheets/ledger-view.ts';

export interface BridgeStep {
  readonly from: string;
  readonly to: string;
  readonly start: UsdMicros;
  readonly price: UsdMicros;
  readonly volume: UsdMicros;
  readonly interruption: UsdMicros;
  readonly other: UsdMicros;
  readonly end: UsdMicros;
}

const interruptions = new Set(['redeploys', 're-runs']);

/** From list price to P50, to P90, and to what was metered where something was. Each step adds up to its end exactly. */
export function bridgeSteps(input: FinanceReportInput, shown: Forecast): readonly BridgeStep[] {
  const charges = chargesByRun(shown);
  const only = (which: (charge: Charge) => boolean, pick: (charge: Charge) => UsdMicros | null): UsdMicros =>
    sum(charges.filter(which).map((charge) => pick(charge) ?? ZERO_USD));
  const isInterruption = ({ component }: Charge): boolean => interruptions.has(component);
  const isCompute = ({ component }: Charge): boolean => component === 'compute';
  const paid = ({ usdMicros: micros }: Charge): UsdMicros => micros;
  const p50 = shown.total.p50.usdMicros;
  const p90 = shown.total.p90.usdMicros;
  const pool = shown.rates.find(({ use }) => use === 'node pool')?.price;
  const compute = only(isCompute, paid);
  const listed =
    pool === undefined || pool.list === null || pool.expected === 0
      ? compute
      : multiply(compute, { times: BigInt(pool.list), over: BigInt(pool.expected) });
  const extra = only(isInterruption, paid);
  const start = usdMicros(p50 - compute + listed - extra);
  const rise = (which: (charge: Charge) => boolean): UsdMicros =>
    usdMicros(only(which, ({ p90UsdMicros }) => p90UsdMicros) - only(which, paid));
  const priceRise = rise(isCompute);
  const interruptionRise = rise(isInterruption);
  const steps: BridgeStep[] = [
    {
      from: 'all on demand at list price',
      to: 'forecast P50',
      start,
      price: usdMicros(compute - listed),
      volume: ZERO_USD,
      interruption: extra,
      other: ZERO_USD,
      end: p50,
    },
    {
      from: 'forecast P50',
      to: 'forecast P90',
      start: p50,
      price: priceRise,
      volume: ZERO_USD,
      interruption: interruptionRise,
      other: usdMicros(p90 - p50 - priceRise - interruptionRise),
      end: p90,
    },
  ];
  const metered = meteredStep(input, charges, p50);
  return metered === null ? steps : [...steps, metered];
}

const quantityOf = (charges: readonly Charge[]): bigint =>
  charges.reduce((total, { quantity }) => total + BigInt(Math.round(Number(quantity ?? '0') * 1e6)), 0n);

/** Price: what was used, at another price. Volume: more or less used, at the forecast's price. */
function meteredStep(
  input: FinanceReportInput,
  planned: readonly Charge[],
  p50: UsdMicros,
): BridgeStep | null {
  const actual = chargesIn(input, 'METERED');
  if (actual.length === 0) return null;
  const cost = (charges: readonly Charge[]): UsdMicros => sum(charges.map(({ usdMicros: micros }) => micros));
  const pick = (charges: readonly Charge[], component: (name: string) => boolean): Charge[] =>
    charges.filter((one) => component(one.component));
  const compute = (name: string): boolean => name === 'compute';
  const [was, is] = [pick(planned, compute), pick(actual, compute)];
  const before = quantityOf(was);
  const atOldPrice = before === 0n ? ZERO_USD : multiply(cost(was), { times: quantityOf(is), over: before });
  const volume = usdMicros(atOldPrice - cost(was));
  const price = usdMicros(cost(is) - atOldPrice);
  const redo = (name: string): boolean => interruptions.has(name);
  const interruption = usdMicros(cost(pick(actual, redo)) - cost(pick(planned, redo)));
  const end = cost(actual);
  const other = usdMicros(end - p50 - price - volume - interruption);
  return { from: 'forecast P50', to: 'metered to date', start: p50, price, volume, interruption, other, end };
}

export function bridgeSheet(input: FinanceReportInput): ReportSheet {
  const { shown } = shownForecast(input.forecast);
  const rows = shown.overhead === null ? [] : bridgeSteps(input, shown);
  return {
    number: 3,
    id: 'bridge-sheet',
    name: 'Variance bridge',
    note: 'Computed, not narrated: each step from its start to its end, by cause. The last column must be 0. On the way to P90, price is the quoted range; other is what is drawn beyond it: how far a spot price moves until it is paid (most of it where the quote is old or undated), repeated runs, failed deploys.',
    tables: [
      {
        title: 'From, to, by cause',
        columns: [
          column('From', 'text', 26),
          column('To', 'text', 20),
          column('Start', 'usd'),
          column('Price effect', 'usd'),
          column('Volume effect', 'usd'),
          column('Interruption effect', 'usd'),
          column('Other', 'usd'),
          column('End by causes', 'usd'),
          column('End', 'usd'),
          column('Check (= 0)', 'usd'),
        ],
        rows: rows.map((step) => [
          text(step.from),
          text(step.to),
          usd(step.start),
          usd(step.price),
          usd(step.volume),
          usd(step.interruption),
          usd(step.other),
          sumOf(2, 3, 4, 5, 6),
          usd(step.end),
          difference(7, 8),
        ]),
        totals: [],
        checks: [],
      },
    ],
  };
}

export interface BurnPoint {
  readonly at: string;
  readonly event: string;
  readonly vms: number;
  readonly nodes: number;
  /** Null: an allowance, spread over no time. */
  readonly perHour: UsdMicros | null;
  readonly cumulative: UsdMicros;
}

/** Cost as it would add up, run after run; the end of each stretch. */
export function burnPoints(shown: Forecast): readonly BurnPoint[] {
  const points: BurnPoint[] = [];
  let cumulative = 0;
  const stretches = Map.groupBy(chargesByRun(shown), stretchOf);
  for (const charges of stretches.values()) {
    const [first] = charges;
    const last = charges.at(-1);
    if (first === undefined || last === undefined) continue;
    const cost = sum(charges.map(({ usdMicros: micros }) => micros));
    cumulative += cost;
    const row = shown.rows.find(({ rowId }) => rowId === first.rowId);
    const us = row?.billedUs ?? shown.overhead?.us ?? 1;
    points.push({
      at: last.periodEnd,
      event:
        row === undefined
          ? isPortfolio(first)
            ? PORTFOLIO
            : 'deploy and teardown'
          : `end of ${row.rowId}, repetition ${(first.repetition ?? 0) + 1}`,
      vms: isPortfolio(first) ? 0 : (row?.vms ?? shown.overhead?.vms ?? 0),
      nodes: row?.nodes ?? 0,
      perHour: isPortfolio(first) ? null : multiply(cost, { times: 3_600_000_000n, over: BigInt(us) }),
      cumulative: usdMicros(cumulative),
    });
  }
  return points;
}

export function burnSheet(input: FinanceReportInput): ReportSheet {
  const { shown } = shownForecast(input.forecast);
  const { limits } = input.forecast;
  let before: UsdMicros = ZERO_USD;
  const rows = burnPoints(shown).map((point): SheetCell[] => {
    const crossed = limits.alerts
      .filter((at) => before < at && point.cumulative >= at)
      .map((at) => formatUsd(at));
    before = point.cumulative;
    return [
      text(point.at),
      number(point.vms),
      number(point.nodes),
      point.perHour === null ? null : usd(point.perHour),
      usd(point.cumulative),
      usd(limits.campaign),
      difference(5, 4),
      text(crossed.join(', '), crossed.length > 0),
      text(point.event),
    ];
  });
  return {
    number: 4,
    id: 'burn-sheet',
    name: 'Burn-down',
    note: 'FORECAST: cost as it would add up if the window opened on the day of the prices, run after run.',
    tables: [
      {
        title: 'Cumulative cost against the budget',
        columns: [
          column('Timestamp UTC', 'text', 22),
          column('Active VMs', 'count'),
          column('Active nodes', 'count'),
          column('$/h', 'usd'),
          column('Cumulative', 'usd'),
          column('Budget line', 'usd'),
          column('Left', 'usd'),
          column('Alarm crossed'),
          column('Event', 'text', 44),
        ],
        rows,
        totals: [],
        checks: [],
      },
    ],
  };
}
