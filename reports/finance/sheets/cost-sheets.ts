/**
 * Sheets 5 to 8: cost by scenario and repetition, unit economics, allocation, rate sheet.
 * Owns: their columns. Does not own: any amount.
 */

import { NOT_SET } from '#budgets/finance-settings.ts';
import { chargesByRun, isPortfolio, PORTFOLIO } from '#budgets/focus/charges.ts';
import type { Forecast, ForecastRow } from '#budgets/forecast.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { allocate, multiply, sum, type UsdMicros, ZERO_USD } from '#budgets/money.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import type { CostComponent } from '#budgets/stacks.ts';
import {
  type FinanceReportInput,
  perMillionFinalised,
  settingsOf,
  shownForecast,
} from '#reports/finance/finance-input.ts';
import {
  column,
  number,
  type ReportSheet,
  type SheetCell,
  sumOf,
  text,
  usd,
} from '#reports/finance/sheet-model.ts';
import { orNone } from '#reports/finance/sheets/front-sheets.ts';
import { totalIn } from '#reports/finance/sheets/ledger-view.ts';

const groups: readonly (readonly [string, readonly CostComponent[]])[] = [
  ['Compute $', ['compute']],
  ['Storage $', ['storage']],
  ['Network $', ['network']],
  ['Control plane $', ['control-plane', 'system']],
  ['Observability $', ['observability']],
  ['Other $', ['redeploys', 're-runs', 'risk']],
];

function componentCells(charges: readonly Charge[]): SheetCell[] {
  return groups.map(([, components]) =>
    usd(
      sum(
        charges
          .filter(({ component }) => components.some((one) => one === component))
          .map(({ usdMicros }) => usdMicros),
      ),
    ),
  );
}

/** Charges of one repetition, of deploy and teardown, of the whole: what a line of the sheet stands for. */
export function stretchOf(charge: Charge): string {
  return `${charge.rowId ?? ''}#${charge.repetition ?? 0}${isPortfolio(charge) ? '#whole' : ''}`;
}

const round2 = (value: number): number => Math.round(value * 100) / 100;
const hoursOf = (us: number): number => round2(us / HOUR_US);

function repetitionRow(
  input: FinanceReportInput,
  row: ForecastRow,
  repetition: number,
  charges: readonly Charge[],
): SheetCell[] {
  const [first] = charges;
  const status = input.statuses?.[row.rowId] ?? 'not judged';
  const mine = (charge: Charge): boolean => charge.rowId === row.rowId && charge.repetition === repetition;
  const metered = totalIn(input, 'METERED', mine);
  const failed = status === 'FAILED' || status === 'INCONCLUSIVE' || status === 'ABORTED';
  return [
    text(row.rowId),
    number(repetition + 1),
    text(first?.periodStart ?? ''),
    text(charges.at(-1)?.periodEnd ?? ''),
    number(hoursOf(row.billedUs)),
    number(hoursOf(row.runUs)),
    number(hoursOf(row.billedUs - row.runUs)),
    number(row.vms),
    number(round2((row.vms * row.billedUs) / HOUR_US)),
    number(round2((row.nodes * row.runUs) / HOUR_US)),
    ...componentCells(charges),
    sumOf(10, 11, 12, 13, 14, 15),
    orNone(metered),
    text(`${status} (simulated)`),
    metered !== null && failed ? usd(metered) : text('none yet'),
  ];
}

export function repetitionSheet(input: FinanceReportInput): ReportSheet {
  const { shown } = shownForecast(input.forecast);
  const stretches = Map.groupBy(chargesByRun(shown), stretchOf);
  const rows = [...stretches.values()].map((charges): SheetCell[] => {
    const row = shown.rows.find(({ rowId }) => rowId === charges[0]?.rowId);
    if (row !== undefined) return repetitionRow(input, row, charges[0]?.repetition ?? 0, charges);
    const us = shown.overhead?.us ?? 0;
    return [
      text(charges[0] !== undefined && isPortfolio(charges[0]) ? PORTFOLIO : 'deploy and teardown'),
      null,
      text(charges[0]?.periodStart ?? ''),
      text(charges.at(-1)?.periodEnd ?? ''),
      number(hoursOf(us)),
      number(0),
      number(hoursOf(us)),
      number(shown.overhead?.vms ?? 0),
      number(round2(((shown.overhead?.vms ?? 0) * us) / HOUR_US)),
      number(0),
      ...componentCells(charges),
      sumOf(10, 11, 12, 13, 14, 15),
      text('none yet'),
      text('shared'),
      text('none yet'),
    ];
  });
  return {
    number: 5,
    id: 'repetition-sheet',
    name: 'Cost by repetition',
    note: 'FORECAST P50 of every repetition, and what was metered where it was. Wasted: metered cost of runs that failed or answered nothing.',
    tables: [
      {
        title: 'Scenario and repetition',
        columns: [
          column('Line', 'text', 26),
          column('Rep', 'count', 6),
          column('Start', 'text', 21),
          column('End', 'text', 21),
          column('Billable h', 'hours', 10),
          column('Measuring h', 'hours', 10),
          column('Overhead h', 'hours', 10),
          column('VMs', 'count', 8),
          column('VM-h', 'hours', 12),
          column('Node-h', 'hours', 13),
          ...groups.map(([label]) => column(label, 'usd')),
          column('Total $', 'usd'),
          column('Metered $', 'usd'),
          column('Result'),
          column('Wasted $', 'usd'),
        ],
        rows,
        totals: [8, 9, 10, 11, 12, 13, 14, 15, 16],
        checks: [{ column: 16, expected: shown.total.p50.usdMicros, what: 'forecast P50' }],
      },
    ],
  };
}

export function unitSheet(input: FinanceReportInput): ReportSheet {
  const { shown } = shownForecast(input.forecast);
  const rows = shown.rows.map((row): SheetCell[] => {
    const vmUs = BigInt(row.vms) * BigInt(row.billedUs);
    const perVmHour = multiply(row.perRun.p50.usdMicros, { times: BigInt(HOUR_US), over: vmUs });
    const metered = totalIn(input, 'METERED', ({ rowId }) => rowId === row.rowId);
    const perMillion = perMillionFinalised(input, row);
    const vcpu = shown.stack.kind === 'cloud' ? shown.stack.pool.vcpu : 1;
    return [
      text(row.rowId),
      usd(row.perRun.p50.usdMicros),
      usd(row.perRun.p90.usdMicros),
      orNone(metered),
      usd(perVmHour),
      usd(multiply(perVmHour, { times: 1n, over: BigInt(vcpu) })),
      usd(multiply(row.perThousandNodeHours, { times: 1n, over: 1_000n })),
      usd(row.perThousandNodeHours),
      perMillion === null ? text('none finalised yet') : usd(perMillion),
    ];
  });
  return {
    number: 6,
    id: 'unit-sheet',
    name: 'Unit economics',
    note: 'All-in P50 of a run, divided by what it delivers. Finalised transactions are those of the runs so far, simulated or measured on this machine; no cluster has run.',
    tables: [
      {
        title: 'Per run and per unit',
        columns: [
          column('Scenario', 'text', 26),
          column('$/run P50', 'usd'),
          column('$/run P90', 'usd'),
          column('Metered $', 'usd'),
          column('$/VM-h', 'price'),
          column('$/vCPU-h', 'price'),
          column('$/node-h', 'price'),
          column('$/1,000 node-h', 'usd'),
          column('$/million finalised tx', 'usd', 26),
        ],
        rows,
        totals: [],
        checks: [],
      },
    ],
  };
}

function vmTime(shown: Forecast, scenarioId: string): number {
  return shown.rows
    .filter((row) => row.scenarioId === scenarioId)
    .reduce((total, row) => total + row.vms * Math.round(row.billedUs / 1e6) * row.repetitions, 0);
}

const allocationColumns = [
  column('Cost centre'),
  column('GL code'),
  column('Project'),
  column('Scenario'),
  column('Tag set', 'text', 34),
  column('Allocation method'),
  column('Direct $', 'usd'),
  column('Shared $', 'usd'),
  column('Total $', 'usd'),
];

export function allocationSheet(input: FinanceReportInput): ReportSheet {
  const { shown } = shownForecast(input.forecast);
  const shared: UsdMicros = shown.overhead?.total.p50.usdMicros ?? ZERO_USD;
  const weights = shown.byScenario.map(({ scenarioId }) => vmTime(shown, scenarioId));
  const { costCentre, glCode, project } = settingsOf(input);
  const owner = [costCentre, glCode, project].map((one) => text(one ?? NOT_SET));
  const parts = weights.some((weight) => weight > 0)
    ? allocate(shared, weights)
    : weights.map(() => ZERO_USD);
  const rows = shown.byScenario.map(({ scenarioId, amount }, i): SheetCell[] => [
    ...owner,
    text(scenarioId),
    text(`bft:campaign=${input.campaign}`),
    text('by VM time'),
    usd(amount.p50.usdMicros),
    usd(parts[i] ?? ZERO_USD),
    sumOf(6, 7),
  ]);
  const portfolio = shown.portfolio.p50.usdMicros;
  if (portfolio !== 0)
    rows.push([
      ...owner,
      text(PORTFOLIO),
      text(''),
      text('of the whole'),
      usd(portfolio),
      usd(ZERO_USD),
      sumOf(6, 7),
    ]);
  return {
    number: 7,
    id: 'allocation-sheet',
    name: 'Allocation',
    note: 'Deploy and teardown are split by VM time, to the micro-dollar: unallocated $0.00 (0 %, target <= 2 %).',
    tables: [
      {
        title: 'By cost object',
        columns: allocationColumns,
        rows,
        totals: [6, 7, 8],
        checks: [
          {
            column: 8,
            expected: rows.length === 0 ? ZERO_USD : shown.total.p50.usdMicros,
            what: 'forecast P50',
          },
        ],
      },
    ],
  };
}

export function rateSheet(input: FinanceReportInput): ReportSheet {
  const { shown } = shownForecast(input.forecast);
  const unpriced = new Set(shown.unpriced.map(({ unpriced: one }) => one.item));
  const rows = shown.rates.map(({ use, price }): SheetCell[] => {
    const discount =
      price.list === null || price.list === 0
        ? null
        : Math.round(((price.list - price.expected) / price.list) * 10_000) / 100;
    const alarm = unpriced.has(price.item);
    return [
      text(alarm ? `UNPRICED: ${price.item}` : price.item, alarm),
      text(use),
      text(price.unit),
      price.list === null ? null : usd(price.list),
      usd(price.expected),
      discount === null ? null : number(discount),
      usd(price.low),
      usd(price.high),
      text(price.source),
      text(price.date ?? 'undated'),
      price.ageDays === null ? null : number(price.ageDays),
    ];
  });
  return {
    number: 8,
    id: 'rate-sheet',
    name: 'Rate sheet',
    note: 'Every price used. An item without a price is counted at the worst of its class and marked; it is never zero.',
    tables: [
      {
        title: 'Prices',
        columns: [
          column('SKU', 'text', 34),
          column('Used for', 'text', 20),
          column('Unit', 'text', 12),
          column('List price', 'price'),
          column('Price used', 'price'),
          column('Discount %', 'percent'),
          column('Min', 'price'),
          column('Max', 'price'),
          column('Source', 'text', 44),
          column('Quoted', 'text', 12),
          column('Age d', 'count', 8),
        ],
        rows,
        totals: [],
        checks: [],
      },
    ],
  };
}
