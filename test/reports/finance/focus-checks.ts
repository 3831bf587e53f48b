/**
 * Checks of FOCUS rows where the official validator is blind: arithmetic, periods, states. Imports no code of the writer.
 * Owns: those rules. Does not own: what the validator checks by itself.
 */
type Row = Readonly<Record<string, string | null>>;

const micro = (text: string | null | undefined): number => Math.round(Number(text) * 1e6);

/** The validator reports a category that is none only by what follows from it. */
const CATEGORIES = new Set(['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment']);

function rowProblems(row: Row): string[] {
  const wrong: string[] = [];
  const need = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what);
  };
  for (const price of ['List', 'Contracted']) {
    const product = Number(row[`${price}UnitPrice`]) * Number(row['PricingQuantity']);
    need(
      row['PricingQuantity'] === null || Math.abs(product - Number(row[`${price}Cost`])) <= 1e-6,
      `${price}Cost is not ${price}UnitPrice x PricingQuantity`,
    );
  }
  const [from, to] = [String(row['ChargePeriodStart']), String(row['ChargePeriodEnd'])];
  need(from < to, 'the charge ends before it starts');
  need(
    from >= String(row['BillingPeriodStart']) && to <= String(row['BillingPeriodEnd']),
    'the charge leaves its billing period',
  );
  need(micro(row['EffectiveCost']) <= micro(row['ListCost']), 'costs more than its list price');
  const billed = row['x_CostState'] === 'BILLED' || row['x_CostState'] === 'INVOICED';
  need(billed || micro(row['BilledCost']) === 0, 'an estimate claims to be billed');
  need((row['InvoiceId'] === null) === (row['x_CostState'] !== 'INVOICED'), 'invoice id and state disagree');
  need(CATEGORIES.has(row['ChargeCategory'] ?? ''), 'no charge category of FOCUS');
  need(/^[A-Z]{3}$/.test(row['BillingCurrency'] ?? ''), 'no currency');
  for (const name of ['Tags', 'SkuPriceDetails']) {
    try {
      JSON.parse(row[name] ?? '{}');
    } catch {
      wrong.push(`${name} is not JSON`);
    }
  }
  return wrong;
}

/** Empty when every row is sound. */
export function focusProblems(rows: readonly Row[]): readonly string[] {
  return rows.flatMap((row, i) => rowProblems(row).map((what) => `row ${i}: ${what}`));
}
