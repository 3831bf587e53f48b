/**
 * What only the buyer's finance department knows: cost centre, accounts, purchase order, the currency it reports in.
 * Owns: the record, what stands in for it, and the conversion at its rate. Does not own: its file (campaigns/schema/finance-settings.ts).
 */
import { divide, type UsdMicros } from '#budgets/money.ts';

export interface Account {
  readonly id: string;
  readonly name: string;
}

export interface ExchangeRate {
  /** ISO 4217, not USD. */
  readonly currency: string;
  /** Units of `currency` for one dollar, plain decimal text of at most six decimals. */
  readonly perUsd: string;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly source: string;
}

/** null = not set: reports say so, nothing is guessed. */
export interface FinanceSettings {
  readonly costCentre: string | null;
  readonly glCode: string | null;
  readonly project: string | null;
  readonly purchaseOrder: string | null;
  /** Who pays the provider's bill, and the account that the machines are rented in. */
  readonly billingAccount: Account | null;
  readonly subAccount: Account | null;
  readonly exchangeRate: ExchangeRate | null;
}

export const noFinanceSettings: FinanceSettings = {
  costCentre: null,
  glCode: null,
  project: null,
  purchaseOrder: null,
  billingAccount: null,
  subAccount: null,
  exchangeRate: null,
};

export const NOT_SET = 'not set';

/** "EUR 1,234.56": dollars at the rate, half to even on the cent. For reading; no sum is ever made of it. */
export function converted(amount: UsdMicros, { currency, perUsd }: ExchangeRate): string {
  const [whole = '0', fraction = ''] = perUsd.split('.');
  const millionths = BigInt(whole + fraction.padEnd(6, '0').slice(0, 6));
  const cents = divide(BigInt(amount) * millionths, 10_000_000_000n, 'half-even');
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  const grouped = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',');
  const text = `${currency} ${grouped}.${digits.slice(-2)}`;
  return cents < 0n ? `(${text})` : text;
}
