/**
 * Bills in FOCUS 1.x, CSV or Parquet, as ledger charges. DuckDB reads the file; every value arrives as text, so no amount is ever a float.
 * Owns: columns, the quirks of providers, which component a line belongs to. Does not own: the ledger, or which lines are new.
 * Quirks taken as they are: null unit prices and names, dates with a space or without zone, columns in any order, unknown columns,
 * account ids that a reader took for numbers, exponent notation, renamed provider columns (1.3+).
 */
import { existsSync, readFileSync } from 'node:fs';
import { BudgetError } from '#budgets/budget-error.ts';
import { type Charge, checkedRecord, type LedgerState } from '#budgets/ledger/entry.ts';
import { divide, usdMicros } from '#budgets/money.ts';
import { sha256Hex } from '#budgets/sha256.ts';
import { tagKeys } from '#budgets/tag-keys.ts';

export interface FocusImport {
  /** Name of the file, as it is to stand in the ledger. */
  readonly name: string;
  readonly sha256: string;
  readonly charges: readonly Charge[];
  /** Rows of the file that are not this campaign's: tagged with another one, or not tagged where others are. */
  readonly leftOut: { readonly ofOthers: number; readonly untagged: number };
}

type Row = Readonly<Record<string, string | null>>;

const DECIMAL = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Micro-dollars of a decimal of any length, half-even; null when it is no number. */
export function microsOf(text: string): ReturnType<typeof usdMicros> | null {
  const match = DECIMAL.exec(text.trim());
  if (match === null || ((match[2] ?? '') === '' && (match[3] ?? '') === '')) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const shift = 6 - fraction.length + Number(exponent);
  const digits = BigInt(`${whole}${fraction}`);
  const micros =
    shift >= 0 ? digits * 10n ** BigInt(shift) : divide(digits, 10n ** BigInt(-shift), 'half-even');
  return usdMicros(sign === '-' ? -micros : micros);
}

/** "2026-11-21 10:00:00", "…T10:00:00.000Z", "2026-11-21": ISO 8601 UTC, or null. A moment without a zone is UTC. */
export function momentOf(text: string): string | null {
  const plain = text
    .trim()
    .replace(' ', 'T')
    .replace(/\s*UTC$/, 'Z')
    .replace(/\+00(:?00)?$/, 'Z');
  const zoned = /[Zz]$|[+-]\d{2}:?\d{2}$/.test(plain)
    ? plain
    : plain.includes('T')
      ? `${plain}Z`
      : `${plain}T00:00:00Z`;
  const ms = Date.parse(zoned);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

const categories: Readonly<Record<string, Charge['category']>> = {
  usage: 'usage',
  purchase: 'purchase',
  tax: 'tax',
  credit: 'credit',
  adjustment: 'adjustment',
};

const componentPatterns: readonly (readonly [RegExp, string])[] = [
  [/control.?plane|kubernetes service|kubernetes engine|\beks\b|\bgke\b/i, 'control-plane'],
  [/log|cloudwatch|monitoring|observab/i, 'observability'],
  [/block storage|volume|\bebs\b|persistent disk|storage/i, 'storage'],
  [/transfer|endpoint|nat ?gateway|network|load balanc|address/i, 'network'],
  [/compute|virtual machine|instance|\bec2\b/i, 'compute'],
];

/** Component of the forecast that a bill's line belongs to; "other" when none fits. */
export function componentOf(words: string): string {
  return componentPatterns.find(([pattern]) => pattern.test(words))?.[1] ?? 'other';
}

/** `tags`: a JSON object, in AWS exports also with a `user_` or `user:` in front of each key; ours are written with `bft:`. */
function tagOf(tags: string | null, key: string): string | null {
  if (tags === null || tags === '') return null;
  let json: unknown;
  try {
    json = JSON.parse(tags);
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null) return null;
  const found = Object.entries(json).find(
    ([name]) => name.toLowerCase().replace(/^(user[_:])?(bft[_:])?/, '') === key,
  );
  return typeof found?.[1] === 'string' ? found[1] : null;
}

function needed(row: Row, column: string, number: number): string {
  const value = row[column.toLowerCase()];
  if (value === undefined || value === null || value === '')
    throw new BudgetError('bad-bill', `row ${number}: ${column} is empty`);
  return value;
}

function numberOrNull(text: string | null | undefined): string | null {
  return text !== null && text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? text : null;
}

function moment(row: Row, column: string, number: number): string {
  const text = needed(row, column, number);
  const found = momentOf(text);
  if (found === null) throw new BudgetError('bad-bill', `row ${number}: ${column} is no moment: ${text}`);
  return found;
}

interface Source {
  readonly name: string;
  readonly sha256: string;
  readonly campaign: string;
  readonly state: LedgerState;
}

function chargeOf(row: Row, number: number, source: Source): Charge {
  const currency = needed(row, 'BillingCurrency', number);
  if (currency !== 'USD')
    throw new BudgetError('bad-bill', `row ${number}: BillingCurrency ${currency}, only USD is read`);
  const costText = needed(row, 'BilledCost', number);
  const cost = microsOf(costText);
  if (cost === null) throw new BudgetError('bad-bill', `row ${number}: BilledCost is no number: ${costText}`);
  const correction = (row['chargeclass'] ?? '').toLowerCase() === 'correction';
  const named = categories[needed(row, 'ChargeCategory', number).toLowerCase()];
  if (named === undefined)
    throw new BudgetError('bad-bill', `row ${number}: ChargeCategory ${row['chargecategory']} is unknown`);
  const service = needed(row, 'ServiceName', number);
  const words = [row['servicesubcategory'], service, row['chargedescription'], row['servicecategory']].join(
    ' ',
  );
  const tags = row['tags'] ?? null;
  const repetition = Number(tagOf(tags, 'rep') ?? Number.NaN);
  const provider = row['providername'] ?? row['serviceprovidername'] ?? row['invoiceissuername'] ?? 'unknown';
  const record = checkedRecord({
    type: 'charge',
    campaign: source.campaign,
    rowId: tagOf(tags, 'row'),
    scenarioId: tagOf(tags, 'scenario'),
    repetition: Number.isSafeInteger(repetition) && repetition >= 0 ? repetition : null,
    state: source.state,
    usdMicros: cost,
    currency: 'USD',
    category: correction ? 'adjustment' : named,
    provider,
    service,
    component: named === 'tax' || named === 'credit' ? named : componentOf(words),
    description: row['chargedescription'] ?? '',
    region: row['regionid'] ?? null,
    sku: row['skumeter'] ?? row['skuid'] ?? null,
    resourceId: row['resourceid'] ?? null,
    periodStart: moment(row, 'ChargePeriodStart', number),
    periodEnd: moment(row, 'ChargePeriodEnd', number),
    quantity: numberOrNull(row['pricingquantity']),
    unit: row['pricingunit'] ?? null,
    p90UsdMicros: null,
    source: source.name,
    sourceSha256: source.sha256,
    invoiceId: row['invoiceid'] ?? null,
  });
  if (record.type !== 'charge') throw new BudgetError('bad-bill', `row ${number}: no charge`);
  return record;
}

async function readRows(file: string): Promise<Row[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const reader = /\.parquet$/i.test(file)
    ? 'read_parquet($1)'
    : "read_csv($1, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"')";
  try {
    const result = await connection.runAndReadAll(`select columns(*)::varchar from ${reader}`, [file]);
    const names = result.deduplicatedColumnNames().map((name) => name.toLowerCase());
    return result.getRows().map((values) =>
      Object.fromEntries(
        names.map((name, i) => {
          const value = values[i];
          return [name, value === null || value === undefined || value === 'NULL' ? null : String(value)];
        }),
      ),
    );
  } catch (error) {
    throw new BudgetError(
      'bad-bill',
      `${file}: not a readable FOCUS file: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    connection.closeSync();
  }
}

/**
 * The rows of one campaign: those with its tag. Where no row has a tag of a campaign, the bill is that of an account for it alone.
 * Each with its number in the file. Throws `bad-bill` when the file has campaigns and not this one.
 */
function ownRows(
  rows: readonly Row[],
  { campaign }: Pick<Source, 'campaign'>,
): { readonly own: readonly (readonly [Row, number])[]; readonly leftOut: FocusImport['leftOut'] } {
  const tagged = rows.map((row, i) => ({ row, number: i + 1, of: tagOf(row['tags'] ?? null, 'campaign') }));
  const isShared = tagged.some(({ of }) => of !== null);
  const own = isShared ? tagged.filter(({ of }) => of === campaign) : tagged;
  if (own.length === 0) {
    const others = [...new Set(tagged.map(({ of }) => of).filter((of) => of !== null))];
    const named = others.slice(0, 3).join(', ');
    throw new BudgetError(
      'bad-bill',
      `no row carries the tag ${tagKeys.campaign}=${campaign}; the file has ${named}${others.length > 3 ? ', ...' : ''}`,
    );
  }
  const ofOthers = tagged.filter(({ of }) => of !== null && of !== campaign).length;
  const untagged = rows.length - own.length - ofOthers;
  return { own: own.map(({ row, number }) => [row, number] as const), leftOut: { ofOthers, untagged } };
}

const neededColumns = [
  'BilledCost',
  'BillingCurrency',
  'ChargeCategory',
  'ChargePeriodStart',
  'ChargePeriodEnd',
  'ServiceName',
];

/** Reads what a bill has of one campaign. `state`: BILLED for an export, INVOICED for a closed one. Throws `bad-bill` naming file, row and column. */
export async function readFocus(
  file: string,
  options: { readonly name: string; readonly campaign: string; readonly state: 'BILLED' | 'INVOICED' },
): Promise<FocusImport> {
  if (!existsSync(file)) throw new BudgetError('bad-bill', `${file}: no such file`);
  const sha256 = sha256Hex(readFileSync(file));
  const rows = await readRows(file);
  const [first] = rows;
  if (first === undefined) throw new BudgetError('bad-bill', `${file}: the bill has no rows`);
  const missing = neededColumns.filter((column) => !(column.toLowerCase() in first));
  if (missing.length > 0)
    throw new BudgetError('bad-bill', `${file}: columns are missing: ${missing.join(', ')}`);
  const source = { ...options, sha256 };
  try {
    const { own, leftOut } = ownRows(rows, source);
    const charges = own.map(([row, number]) => chargeOf(row, number, source));
    return { name: options.name, sha256, charges, leftOut };
  } catch (error) {
    if (error instanceof BudgetError) throw new BudgetError('bad-bill', `${file}: ${error.message}`);
    throw error;
  }
}
