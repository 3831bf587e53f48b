/**
 * One line of the ledger: a charge in exactly one state, an accrual or its reversal, or an event (approval, override, alarm).
 * Owns: the shapes and what makes one refused. Does not own: order, hashes (chain.ts) or the file (ledger-file.ts).
 */
import { z } from 'zod';
import { BudgetError } from '#budgets/budget-error.ts';
import { type Amount, amount, type UsdMicros, usdMicros } from '#budgets/money.ts';

/** What a figure is. Two states are never added: see `addAmounts`. */
export const ledgerStates = ['FORECAST', 'METERED', 'BILLED', 'INVOICED'] as const;
export type LedgerState = (typeof ledgerStates)[number];

const micros = z.int().transform((value): UsdMicros => usdMicros(value));
/** A plain decimal, kept as text: quantities are no money and never become floats here. */
const decimal = z.string().regex(/^-?\d+(\.\d+)?$/);
const moment = z.iso.datetime();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Which part of a campaign a figure belongs to; null = shared or unknown, never guessed. */
const scope = {
  campaign: z.string().min(1),
  rowId: z.string().nullable(),
  scenarioId: z.string().nullable(),
  /** 0-based. */
  repetition: z.int().nonnegative().nullable(),
};

const charge = z.strictObject({
  type: z.literal('charge'),
  ...scope,
  state: z.enum(ledgerStates),
  usdMicros: micros,
  currency: z.literal('USD'),
  /** What kind of charge it is on a bill. Credits and corrections may be negative. */
  category: z.enum(['usage', 'purchase', 'tax', 'credit', 'adjustment']),
  provider: z.string().min(1),
  service: z.string().min(1),
  /** A cost component of the forecast, e.g. "compute"; "other" when a bill's line fits none. */
  component: z.string().min(1),
  description: z.string(),
  region: z.string().nullable(),
  sku: z.string().nullable(),
  resourceId: z.string().nullable(),
  /** Inclusive. */
  periodStart: moment,
  /** Exclusive, after periodStart. */
  periodEnd: moment,
  quantity: decimal.nullable(),
  unit: z.string().nullable(),
  /** P90 of a forecast line; null for every other state. */
  p90UsdMicros: micros.nullable(),
  /** Price sheet, bill or meter the figure was taken from, by name. */
  source: z.string().min(1),
  /** sha256 of that source as it was read; null when it is no document. */
  sourceSha256: sha256.nullable(),
  invoiceId: z.string().nullable(),
});
export type Charge = z.infer<typeof charge>;

/** Metered and not yet billed at the end of a period, and its reversal when the bill arrives. */
const accrual = z.strictObject({
  type: z.literal('accrual'),
  campaign: scope.campaign,
  direction: z.enum(['accrue', 'reverse']),
  /** "2026-11" */
  period: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
  provider: z.string().min(1),
  service: z.string().min(1),
  /** Positive; the direction says the sign. */
  usdMicros: micros.refine((value) => value >= 0, 'an accrual is not negative'),
  metered: micros,
  billed: micros,
});
export type Accrual = z.infer<typeof accrual>;

/** Something that was decided or happened. An override without a reason does not exist. */
const event = z.strictObject({
  type: z.literal('event'),
  campaign: scope.campaign,
  action: z.enum([
    'opened',
    'approved',
    'refused',
    'overridden',
    'alarm',
    'guard',
    'imported',
    'refreshed',
    'reconciled',
    'torn-line',
    'closed',
  ]),
  actor: z.string().min(1),
  object: z.string().min(1),
  before: z.string().nullable(),
  after: z.string().nullable(),
  reason: z.string().min(1),
});
export type LedgerEvent = z.infer<typeof event>;

export const ledgerRecord = z.discriminatedUnion('type', [charge, accrual, event]);
export type LedgerRecord = z.infer<typeof ledgerRecord>;

/** A record in its place: `seq` from 0, `at` never before the entry in front of it. */
export const ledgerEntry = z.strictObject({
  seq: z.int().nonnegative(),
  /** ISO 8601, UTC: when it was written. */
  at: moment,
  /** How far the clock stood behind the entry in front, ms; 0 unless the clock jumped back. */
  clockBackMs: z.int().nonnegative(),
  record: ledgerRecord,
});
export type LedgerEntry = z.infer<typeof ledgerEntry>;

/** Throws `bad-ledger-entry` naming the first thing that is wrong. */
export function checkedRecord(record: LedgerRecord): LedgerRecord {
  const parsed = ledgerRecord.safeParse(record);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined ? '' : `${issue.path.join('.') || '(top)'}: ${issue.message}`;
    throw new BudgetError('bad-ledger-entry', `ledger entry: ${where}`);
  }
  const { data } = parsed;
  if (data.type === 'charge') {
    if (Date.parse(data.periodEnd) <= Date.parse(data.periodStart))
      throw new BudgetError('bad-ledger-entry', `ledger entry: the period ends at or before its start`);
    const mayBeNegative = data.category === 'credit' || data.category === 'adjustment';
    if (data.usdMicros < 0 && !mayBeNegative)
      throw new BudgetError('bad-ledger-entry', `ledger entry: a ${data.category} charge is not negative`);
    if ((data.p90UsdMicros !== null) !== (data.state === 'FORECAST'))
      throw new BudgetError(
        'bad-ledger-entry',
        'ledger entry: a P90 belongs to a forecast and to nothing else',
      );
  }
  return data;
}

export function amountOf({ state, usdMicros: micros }: Pick<Charge, 'state' | 'usdMicros'>): Amount {
  return amount(state, micros);
}
