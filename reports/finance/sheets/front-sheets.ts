/**
 * Sheets 0 to 2: cover, summary, budget against forecast and actual.
 * Owns: their columns. Does not own: any amount.
 */

import { NOT_SET } from '#budgets/finance-settings.ts';
import { PORTFOLIO } from '#budgets/focus/charges.ts';
import type { Forecast, ForecastRow } from '#budgets/forecast.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { formatUsd, times, type UsdMicros, usdMicros } from '#budgets/money.ts';
import { componentLabel } from '#budgets/stacks.ts';
import {
  type FinanceReportInput,
  hoursText,
  settingsOf,
  shownForecast,
  standingOf,
} from '#reports/finance/finance-input.ts';
import {
  column,
  difference,
  number,
  type ReportSheet,
  type SheetCell,
  share,
  sumOf,
  text,
  usd,
} from '#reports/finance/sheet-model.ts';
import { chargesIn, statusOf, totalIn } from '#reports/finance/sheets/ledger-view.ts';

export const orNone = (micros: UsdMicros | null): SheetCell =>
  micros === null ? text('none yet') : usd(micros);

export function reportId(input: FinanceReportInput): string {
  return `COST-${input.campaign}-v${input.identity?.version ?? 1}`;
}

export function exchangeText(input: FinanceReportInput): string {
  const { exchangeRate } = settingsOf(input);
  if (exchangeRate === null) return 'none: every price is in USD';
  const { currency, perUsd, date, source } = exchangeRate;
  return `1 USD = ${perUsd} ${currency}, ${date}, ${source}`;
}

const ROLE_NAMES = {
  engineering: 'Engineering',
  'budget-owner': 'Budget owner',
  finance: 'Finance',
  sponsor: 'Sponsor',
} as const;

export interface SignOff {
  readonly role: string;
  /** Null: nobody signed yet. */
  readonly by: { readonly person: string; readonly at: string; readonly comment: string } | null;
}

/** Who has to approve the spending, and finance for the report itself, whatever the amount. */
export function signOffs({ approval }: FinanceReportInput): readonly SignOff[] {
  const { need, state } = approval;
  const signed = state.state === 'approved' ? state.by : [];
  const roles = need.needed ? need.roles : (['engineering'] as const);
  const spending = roles.map((role) => ({
    role: `${ROLE_NAMES[role]}${need.needed ? ': spending' : ''}`,
    by: signed.find((one) => one.role === role) ?? null,
  }));
  return [...spending, { role: 'Finance: this report', by: null }];
}

/** What was metered or billed says when; before that there is a length and no date. */
export function periodText(input: FinanceReportInput): string {
  const { forecast } = input.forecast;
  const actual = (['METERED', 'BILLED', 'INVOICED'] as const).flatMap((state) => chargesIn(input, state));
  if (actual.length === 0)
    return forecast.overhead === null
      ? `nothing is bought; prices as of ${forecast.asOf}`
      : `planned: a window of ${hoursText(forecast.windowUs)} h, no date yet`;
  const from = actual.map(({ periodStart }) => periodStart).sort()[0] ?? '';
  const until =
    actual
      .map(({ periodEnd }) => periodEnd)
      .sort()
      .at(-1) ?? '';
  return `${from.slice(0, 16)}Z to ${until.slice(0, 16)}Z`;
}

function coverFacts(input: FinanceReportInput): readonly (readonly [string, string])[] {
  const { priceSheet } = input.forecast;
  const { state } = input.approval;
  const { costCentre, glCode, project, purchaseOrder, billingAccount } = settingsOf(input);
  return [
    ['Report ID', reportId(input)],
    ['Version', String(input.identity?.version ?? 1)],
    ['Supersedes', input.identity?.supersedes ?? 'nothing: this is the first version'],
    ['Campaign', input.campaign],
    ['Phase', input.phase],
    ['Period (UTC)', periodText(input)],
    ['Status', statusOf(input)],
    ['Data through (UTC)', `price sheet of ${priceSheet.date}; ledger entries: ${input.ledger?.length ?? 0}`],
    ['Currency', priceSheet.currency],
    ['FX rate + date', exchangeText(input)],
    ['Cost centre', costCentre ?? NOT_SET],
    ['GL code', glCode ?? NOT_SET],
    ['Project', project ?? NOT_SET],
    ['Purchase order', purchaseOrder ?? NOT_SET],
    ['Billing account', billingAccount === null ? NOT_SET : `${billingAccount.id}, ${billingAccount.name}`],
    ['Tax included?', priceSheet.tax],
    ['Prepared by', `bft-scale ${input.plan.codeVersion}`],
    ['Approval', state.state === 'approved' ? `approved, valid until ${state.validUntil}` : state.why],
    ['Bound to', input.approval.hash],
  ];
}

export function coverSheet(input: FinanceReportInput): ReportSheet {
  const facts = coverFacts(input);
  return {
    number: 0,
    id: 'cover-sheet',
    name: 'Cover',
    note: 'What this report is, what it is made from and who signs it.',
    tables: [
      {
        title: 'Report',
        columns: [column('Field', 'text', 22), column('Value', 'text', 80)],
        rows: facts.map(([name, value]) => [text(name), text(value)]),
        totals: [],
        checks: [],
      },
      {
        title: 'Sign-off',
        columns: [
          column('Role', 'text', 26),
          ...['Name', 'Date (UTC)', 'Comment', 'Signature'].map((label) => column(label, 'text', 24)),
        ],
        rows: signOffs(input).map(({ role, by }) =>
          [role, by?.person ?? '', by?.at ?? '', by?.comment ?? '', by === null ? '' : 'approved'].map(
            (one) => text(one),
          ),
        ),
        totals: [],
        checks: [],
      },
      {
        title: 'Input hashes',
        columns: [column('Input'), column('sha256', 'text', 70)],
        rows: input.inputHashes.map(({ name, sha256 }) => [text(name), text(sha256)]),
        totals: [],
        checks: [],
      },
    ],
  };
}

const POSITION = [
  column('Budget', 'usd'),
  column('Approved', 'usd'),
  column('Actual to date (metered)', 'usd'),
  column('Billed', 'usd'),
  column('Forecast to complete', 'usd'),
  column('Estimate at completion', 'usd'),
  column('Forecast P90', 'usd'),
  column('Variance $', 'usd'),
  column('Variance %', 'percent'),
];

function position(input: FinanceReportInput): SheetCell[] {
  const { forecast, limits } = input.forecast;
  const { need, state } = input.approval;
  const actual = totalIn(input, 'METERED');
  const approved = state.state === 'approved' && need.needed ? need.amount : null;
  const { p50, p90 } = forecast.total;
  const toComplete = actual === null ? p50.usdMicros : usdMicros(Math.max(0, p50.usdMicros - actual));
  return [
    usd(limits.campaign),
    orNone(approved),
    orNone(actual),
    orNone(totalIn(input, 'BILLED')),
    usd(toComplete),
    sumOf(2, 4),
    usd(p90.usdMicros),
    difference(0, 5),
    share(7, 0),
  ];
}

const RAG = {
  'no-cloud': 'GREEN: nothing is bought',
  inside: 'GREEN: inside all limits',
  'at-risk': 'AMBER: P90 breaks a limit',
  over: 'RED: outside limits',
} as const;

function inWords(input: FinanceReportInput): SheetCell[][] {
  const { forecast, breaches } = input.forecast;
  const { p50, p90 } = forecast.total;
  const actual = totalIn(input, 'METERED');
  const spent =
    actual === null ? 'nothing was metered, billed or invoiced yet' : `${formatUsd(actual)} metered`;
  const isOver = breaches.some(({ severity }) => severity === 'over');
  const decision = isOver
    ? 'Do not approve as planned: choose a lever, or record an exception with its reason'
    : `Approve up to ${formatUsd(p90.usdMicros)}`;
  const expected = `${formatUsd(p50.usdMicros)} expected (P50), ${formatUsd(p90.usdMicros)} cautious (P90)`;
  return [
    [text('Standing'), text(RAG[standingOf(input.forecast)])],
    [text('Status'), text(`${statusOf(input)}: ${spent}`)],
    [text('Forecast'), text(expected)],
    ...breaches.map(({ sentence }) => [text('Breach', true), text(sentence, true)]),
    [text('Decision'), text(decision)],
  ];
}

export function summarySheet(input: FinanceReportInput): ReportSheet {
  const words = [column('Point', 'text', 16), column('Statement', 'text', 100)];
  return {
    number: 1,
    id: 'summary-sheet',
    name: 'Summary',
    note: 'One line of money, then what it means.',
    tables: [
      {
        title: 'Position of the campaign',
        columns: POSITION,
        rows: [position(input)],
        totals: [],
        checks: [],
      },
      { title: 'In words', columns: words, rows: inWords(input), totals: [], checks: [] },
    ],
  };
}

function band(budget: UsdMicros, spend: UsdMicros): string {
  if (spend <= budget) return 'within';
  const over = budget === 0 ? 100 : ((spend - budget) / budget) * 100;
  return over < 5 ? 'over < 5 %' : over < 10 ? 'over 5-10 %' : over <= 20 ? 'over 10-20 %' : 'over > 20 %';
}

function budgetRow(input: FinanceReportInput, row: ForecastRow): SheetCell[] {
  const mine = (charge: Charge): boolean => charge.rowId === row.rowId;
  const budget = times(input.forecast.limits.perRun, row.repetitions);
  const dearest = [...row.lines].sort((a, b) => b.amount.p50.usdMicros - a.amount.p50.usdMicros)[0];
  const done = new Set(
    chargesIn(input, 'METERED')
      .filter(mine)
      .map(({ repetition }) => repetition),
  ).size;
  const label = band(budget, row.total.p50.usdMicros);
  return [
    text(row.rowId),
    text(row.scenarioId),
    number(row.nodes),
    number(row.repetitions),
    number(done),
    usd(budget),
    usd(row.total.p50.usdMicros),
    usd(row.total.p90.usdMicros),
    orNone(totalIn(input, 'METERED', mine)),
    orNone(totalIn(input, 'BILLED', mine)),
    difference(5, 6),
    share(10, 5),
    text(label, label !== 'within'),
    text(dearest === undefined ? '' : `${componentLabel[dearest.component]}: ${dearest.label}`),
  ];
}

/** What the whole costs less than the sum of its parts. */
function portfolioRow({ portfolio }: Forecast): SheetCell[][] {
  const { p50, p90 } = portfolio;
  if (p50.usdMicros === 0 && p90.usdMicros === 0) return [];
  return [
    [text(PORTFOLIO), text('the whole'), null, null, null, null, usd(p50.usdMicros), usd(p90.usdMicros)],
  ];
}

export function budgetSheet(input: FinanceReportInput): ReportSheet {
  const { shown, isWhatIf } = shownForecast(input.forecast);
  const overhead = shown.overhead?.total;
  const rows = shown.rows.map((row) => budgetRow(input, row));
  const shared: SheetCell[] =
    overhead === undefined
      ? []
      : [
          text('deploy and teardown'),
          text('shared'),
          null,
          null,
          null,
          null,
          usd(overhead.p50.usdMicros),
          usd(overhead.p90.usdMicros),
        ];
  return {
    number: 2,
    id: 'budget-sheet',
    name: 'Budget vs forecast',
    note: `${isWhatIf ? 'COMPARISON, NOT PLANNED. ' : ''}Budget of a line: limit per run x repetitions. Variance: budget less forecast P50; brackets are over budget.`,
    tables: [
      {
        title: 'Budget, forecast, metered, billed',
        columns: [
          column('Line', 'text', 26),
          column('Scenario'),
          column('Scale', 'count'),
          column('Reps planned', 'count'),
          column('Reps metered', 'count'),
          column('Budget', 'usd'),
          column('Forecast P50', 'usd'),
          column('Forecast P90', 'usd'),
          column('Metered', 'usd'),
          column('Billed', 'usd'),
          column('Variance $', 'usd'),
          column('Variance %', 'percent'),
          column('Band'),
          column('Driver', 'text', 30),
        ],
        rows: [...rows, ...(shared.length === 0 ? [] : [shared]), ...portfolioRow(shown)],
        totals: [6, 7],
        checks: [
          { column: 6, expected: shown.total.p50.usdMicros, what: 'forecast P50' },
          { column: 7, expected: shown.total.p90.usdMicros, what: 'forecast P90' },
        ],
      },
    ],
  };
}
