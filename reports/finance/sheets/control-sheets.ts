/**
 * Sheets 9 to 15: accruals, reconciliation, guardrail log, savings, assumptions, audit trail, line items.
 * Owns: their columns. Does not own: any amount, or what was decided.
 */
import { chargesByRun } from '#budgets/focus/charges.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { type UsdMicros, usdMicros } from '#budgets/money.ts';
import { type FinanceReportInput, shownForecast } from '#reports/finance/finance-input.ts';
import {
  column,
  difference,
  number,
  type ReportSheet,
  type SheetCell,
  type SheetTable,
  share,
  sumOf,
  text,
  usd,
} from '#reports/finance/sheet-model.ts';
import { orNone } from '#reports/finance/sheets/front-sheets.ts';
import { chargesIn, totalIn } from '#reports/finance/sheets/ledger-view.ts';

const table = (title: string, columns: SheetTable['columns'], rows: SheetTable['rows']): SheetTable => ({
  title,
  columns,
  rows,
  totals: [],
  checks: [],
});

export function accrualSheet(input: FinanceReportInput): ReportSheet {
  const accruals = (input.ledger ?? []).flatMap(({ record }) => (record.type === 'accrual' ? [record] : []));
  const rows = accruals.map((one): SheetCell[] => [
    text(one.period),
    text(one.provider),
    text(one.service),
    usd(one.metered),
    usd(one.billed),
    usd(one.direction === 'accrue' ? one.usdMicros : usdMicros(0)),
    usd(one.direction === 'reverse' ? usdMicros(-one.usdMicros) : usdMicros(0)),
    sumOf(5, 6),
  ]);
  return {
    number: 9,
    id: 'accrual-sheet',
    name: 'Accruals',
    note:
      rows.length === 0
        ? 'None: nothing was metered that is not billed.'
        : 'Metered and not yet billed, and the reversal when the bill came.',
    tables: [
      {
        ...table(
          'Accruals and reversals',
          [
            column('Period'),
            column('Provider'),
            column('Service', 'text', 32),
            column('Metered $', 'usd'),
            column('Billed $', 'usd'),
            column('Accrual $', 'usd'),
            column('Reversal $', 'usd'),
            column('Open $', 'usd'),
          ],
          rows,
        ),
        totals: rows.length === 0 ? [] : [5, 6, 7],
      },
    ],
  };
}

const TOLERANCE_PERCENT = 5;

const RECONCILIATION = [
  column('Service', 'text', 36),
  column('Metered $', 'usd'),
  column('Billed $', 'usd'),
  column('Invoiced $', 'usd'),
  column('Diff $', 'usd'),
  column('Diff %', 'percent'),
  column('Tolerance'),
  column('Status', 'text', 28),
];

function reconciliationRow(input: FinanceReportInput, service: string): SheetCell[] {
  const of = (state: 'METERED' | 'BILLED' | 'INVOICED'): UsdMicros | null =>
    totalIn(input, state, (charge) => charge.service === service);
  const [metered, billed, invoiced] = [of('METERED'), of('BILLED'), of('INVOICED')];
  const both = metered !== null && billed !== null;
  const off = both && billed !== 0 ? Math.abs((metered - billed) / billed) * 100 : null;
  const status =
    off === null
      ? 'open: only one side is known'
      : off <= TOLERANCE_PERCENT
        ? 'reconciled'
        : 'out of tolerance';
  return [
    text(service),
    orNone(metered),
    orNone(billed),
    orNone(invoiced),
    both ? difference(1, 2) : null,
    both ? share(4, 2) : null,
    text(`${TOLERANCE_PERCENT} %`),
    text(status, status === 'out of tolerance'),
  ];
}

export function reconciliationSheet(input: FinanceReportInput): ReportSheet {
  const states = ['METERED', 'BILLED', 'INVOICED'] as const;
  const services = [
    ...new Set(states.flatMap((state) => chargesIn(input, state).map(({ service }) => service))),
  ].sort();
  const rows = services.map((service) => reconciliationRow(input, service));
  return {
    number: 10,
    id: 'reconciliation-sheet',
    name: 'Reconciliation',
    note:
      rows.length === 0
        ? 'Nothing to reconcile: nothing was metered or billed yet.'
        : 'Metered against billed and invoiced, per service. Bytes of traffic and logs are never metered: they are on the bill alone.',
    tables: [table('Metered, billed, invoiced', RECONCILIATION, rows)],
  };
}

const rings: readonly (readonly [string, string, string])[] = [
  ['1', 'forecast gate: limits, approval bound to plan and prices', 'before anything is spent'],
  ['2', 'maximum size of every pool, service quota', 'always'],
  ['3', 'dead-man in the cloud: groups to zero at the deadline', 'at the deadline, without us'],
  ['4', 'guard: inventory x price', '15 s polls, two blind ones at most'],
  ['5', 'sweep by tag after the teardown', 'minutes'],
  ['6', 'cloud budgets', '8 to 24 h: audit, no brake'],
];

const fact = (facts: Readonly<Record<string, unknown>>, key: string): string =>
  typeof facts[key] === 'string' ? facts[key] : '';

export function guardSheet(input: FinanceReportInput): ReportSheet {
  const lines = (input.guardLog ?? []).filter(({ kind }) => kind !== 'poll');
  const log = lines.map(({ at, kind, facts }): SheetCell[] => [
    text(at),
    text(kind),
    text(fact(facts, 'reason') || fact(facts, 'alarm') || fact(facts, 'order')),
    text(fact(facts, 'because') || fact(facts, 'outcome') || fact(facts, 'failed')),
  ]);
  return {
    number: 11,
    id: 'guard-sheet',
    name: 'Guardrail log',
    note:
      lines.length === 0
        ? 'No guard ran: nothing was deployed.'
        : `${lines.length} entries of the guard's hash-chained evidence.`,
    tables: [
      table(
        'Rings, outermost last',
        [column('Ring', 'text', 8), column('What', 'text', 54), column('Reacts', 'text', 34)],
        rings.map((ring) => ring.map((one) => text(one))),
      ),
      table(
        'Log',
        [
          column('Time', 'text', 25),
          column('Kind', 'text', 14),
          column('What', 'text', 30),
          column('Outcome', 'text', 60),
        ],
        log,
      ),
    ],
  };
}

export function savingsSheet(input: FinanceReportInput): ReportSheet {
  const rows = input.forecast.savings.map((one): SheetCell[] => [
    text(one.lever),
    text(one.status),
    usd(one.before),
    usd(one.after),
    difference(2, 3),
    text(one.evidence),
    text(one.risk),
  ]);
  return {
    number: 12,
    id: 'savings-sheet',
    name: 'Savings',
    note: 'P50 of the phase, each lever on its own: savings do not add up. Brackets: the lever costs more.',
    tables: [
      table(
        'Levers',
        [
          column('Lever', 'text', 34),
          column('Status', 'text', 12),
          column('Before $', 'usd'),
          column('After $', 'usd'),
          column('Saved $', 'usd'),
          column('Evidence', 'text', 40),
          column('Risk', 'text', 40),
        ],
        rows,
      ),
    ],
  };
}

export function sensitivitySheet(input: FinanceReportInput): ReportSheet {
  const rows = input.forecast.sensitivity.map(({ assumption, minus, plus }): SheetCell[] => [
    text(assumption),
    usd(minus),
    usd(plus),
  ]);
  return {
    number: 13,
    id: 'assumption-sheet',
    name: 'Assumptions',
    note: 'What the P50 total moves by when one assumption is 10 % lower or higher. Their values and sources are on the page.',
    tables: [
      table(
        'Sensitivities',
        [column('Assumption', 'text', 48), column('10 % lower', 'usd'), column('10 % higher', 'usd')],
        rows,
      ),
    ],
  };
}

export function auditSheet(input: FinanceReportInput): ReportSheet {
  const rows = (input.ledger ?? []).map(({ seq, at, record, prev, hash }): SheetCell[] => {
    const [actor, action, object] =
      record.type === 'event'
        ? [record.actor, record.action, `${record.object}: ${record.reason}`]
        : record.type === 'accrual'
          ? ['bft-scale', `accrual ${record.direction}`, `${record.period} ${record.service}`]
          : ['bft-scale', `charge ${record.state}`, record.description];
    const [before, after] = record.type === 'event' ? [record.before ?? '', record.after ?? ''] : ['', ''];
    return [
      number(seq),
      text(at),
      text(actor),
      text(action),
      text(object),
      text(before),
      text(after),
      text(prev),
      text(hash),
    ];
  });
  return {
    number: 14,
    id: 'audit-sheet',
    name: 'Audit trail',
    note:
      rows.length === 0
        ? 'The campaign has no ledger entries yet.'
        : 'Every line of the ledger; each hash covers the line before.',
    tables: [
      table(
        'Ledger',
        [
          column('Seq', 'count', 8),
          column('Time', 'text', 25),
          column('Actor'),
          column('Action', 'text', 20),
          column('Object', 'text', 60),
          column('Old'),
          column('New'),
          column('Prev hash', 'text', 66),
          column('Hash', 'text', 66),
        ],
        rows,
      ),
    ],
  };
}

function itemRow(charge: Charge): SheetCell[] {
  return [
    text(charge.state),
    text(charge.scenarioId ?? 'shared'),
    text(charge.rowId ?? 'deploy and teardown'),
    charge.repetition === null ? null : number(charge.repetition + 1),
    text(charge.periodStart),
    text(charge.periodEnd),
    text(charge.service),
    text(charge.sku ?? ''),
    number(Number(charge.quantity ?? '0')),
    text(charge.unit ?? ''),
    usd(charge.usdMicros),
    charge.p90UsdMicros === null ? null : usd(charge.p90UsdMicros),
    text(charge.description),
    text(charge.source),
  ];
}

/** The rows of the FOCUS file, in the workbook's words; one table per state, so that no total mixes them. */
export function itemSheet(input: FinanceReportInput): ReportSheet {
  const { shown } = shownForecast(input.forecast);
  const columns = [
    column('State'),
    column('Scenario'),
    column('Line', 'text', 26),
    column('Rep', 'count', 6),
    column('Start', 'text', 21),
    column('End', 'text', 21),
    column('Service', 'text', 32),
    column('SKU'),
    column('Quantity', 'hours'),
    column('Unit', 'text', 8),
    column('Cost $', 'usd'),
    column('P90 $', 'usd'),
    column('Description', 'text', 60),
    column('Quote', 'text', 26),
  ];
  const forecast: SheetTable = {
    ...table('FORECAST', columns, chargesByRun(shown).map(itemRow)),
    totals: [10, 11],
    checks:
      shown.overhead === null
        ? []
        : [{ column: 10, expected: shown.total.p50.usdMicros, what: 'forecast P50' }],
  };
  const actual = (['METERED', 'BILLED', 'INVOICED'] as const).flatMap((state): SheetTable[] => {
    const charges = chargesIn(input, state);
    return charges.length === 0 ? [] : [{ ...table(state, columns, charges.map(itemRow)), totals: [10] }];
  });
  return {
    number: 15,
    id: 'item-sheet',
    name: 'Line items',
    note: 'One line per charge, as in the FOCUS 1.2 file; states are never added to each other.',
    tables: [forecast, ...actual],
  };
}
