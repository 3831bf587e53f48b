/**
 * The dated price sheet: a JSON file of quotes, each with source, date and basis.
 * Owns: its schema, reading it, and turning decimal strings into micro-dollars. Does not own: looking a price up (prices.ts) or
 * judging it (price-rules.ts).
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BudgetError } from '#budgets/budget-error.ts';
import { type JsonPath, jsonLine } from '#budgets/json-line.ts';
import { parseUsd, type UsdMicros } from '#budgets/money.ts';

/** Nobody pays to sell; `least`: of a machine a price above zero, since an unknown one is null. */
const usdFrom = (least: 0 | 1) =>
  z.string().transform((text, context): UsdMicros => {
    const refuse = (why: string): never => {
      context.addIssue({ code: 'custom', message: `${why}: ${JSON.stringify(text)}` });
      return z.NEVER;
    };
    let price: UsdMicros;
    try {
      price = parseUsd(text);
    } catch {
      return refuse('not a price');
    }
    if (price >= least) return price;
    return refuse(least === 0 ? 'a price is not negative' : 'a price is above zero, an unknown one is null');
  });
/** Some units are free, like a gateway endpoint: known to cost nothing. */
const unitUsd = usdFrom(0);
const usd = usdFrom(1);

/** A day, a month or a year; null = the stored copy carries no date. */
const date = z
  .string()
  .regex(/^\d{4}(-\d{2}(-\d{2})?)?$/)
  .nullable();
const provider = z.enum(['aws', 'gcp', 'azure']);
export type Provider = z.infer<typeof provider>;
export const interruptionBand = z.enum(['<5%', '5-10%', '10-15%', '15-20%', '>20%']);
export type InterruptionBand = z.infer<typeof interruptionBand>;

const instance = z.strictObject({
  provider,
  region: z.string().min(1),
  sku: z.string().min(1),
  arch: z.enum(['amd64', 'arm64']),
  vcpu: z.int().positive(),
  memGiB: z.string().transform(Number).pipe(z.number().positive()),
  onDemand: z.strictObject({ usdPerHour: usd, basis: z.string(), source: z.string(), date }).nullable(),
  spot: z
    .strictObject({
      usdPerHour: usd,
      minUsdPerHour: usd.optional(),
      maxUsdPerHour: usd.optional(),
      zones: z.int().positive().optional(),
      basis: z.string(),
      source: z.string(),
      date,
    })
    .nullable(),
  interruption: z.strictObject({ band: interruptionBand, source: z.string(), date }).nullable(),
});
export type InstanceQuote = z.infer<typeof instance>;

const unitPrice = z.strictObject({
  id: z.string().min(1),
  provider,
  /** Items of one class stand in for each other: the dearest prices an unpriced one. */
  class: z.string().min(1),
  item: z.string().min(1),
  unit: z.string().min(1),
  usd: unitUsd.nullable(),
  basis: z.string(),
  source: z.string(),
  date,
  note: z.string().nullable(),
});
export type UnitQuote = z.infer<typeof unitPrice>;

export const priceSheetSchema = z.strictObject({
  version: z.literal(1),
  date: z.iso.date(),
  currency: z.literal('USD'),
  os: z.string(),
  tax: z.string(),
  warning: z.string(),
  sources: z.record(z.string(), z.string()),
  bases: z.record(z.string(), z.string()),
  unitPrices: z.array(unitPrice),
  instances: z.array(instance),
});
export type PriceSheet = z.infer<typeof priceSheetSchema>;

/** What is wrong with a sheet, as "file:line: path: why". */
export function sheetError(
  code: 'bad-price-sheet' | 'unknown-sku',
  text: string,
  name: string,
  fault: { readonly path: JsonPath; readonly message: string },
): BudgetError {
  const where = fault.path.length === 0 ? '(top)' : fault.path.join('.');
  return new BudgetError(code, `${name}:${jsonLine(text, fault.path)}: ${where}: ${fault.message}`);
}

/** `name`: of the file, for errors. Throws `bad-price-sheet` naming line and path of the first thing that is wrong. */
export function parsePriceSheet(text: string, name = 'price sheet'): PriceSheet {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new BudgetError('bad-price-sheet', `${name} is not JSON: ${String(error)}`);
  }
  const parsed = priceSheetSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).filter((key) => typeof key !== 'symbol');
  throw sheetError('bad-price-sheet', text, name, { path, message: issue?.message ?? 'unreadable' });
}

/** The sheet that ships with the product. */
export const SHIPPED_PRICE_SHEET: URL = new URL('./price-sheets/2026-11-21.json', import.meta.url);

/** Bytes of a sheet as they are on disk: what an approval hash is taken over. */
export function readPriceSheetText(file: URL | string = SHIPPED_PRICE_SHEET): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BudgetError('bad-price-sheet', `cannot read the price sheet ${String(file)}: ${String(error)}`);
  }
}

export function readPriceSheet(file: URL | string = SHIPPED_PRICE_SHEET): PriceSheet {
  return parsePriceSheet(readPriceSheetText(file), String(file));
}
