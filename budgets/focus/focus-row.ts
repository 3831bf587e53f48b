/**
 * Charges as rows of FOCUS 1.2 (FinOps Open Cost and Usage Specification, Cost and Usage dataset).
 * Owns: the columns with their types, and what a charge says in each. Does not own: files (reports/finance) or amounts.
 *
 * Choices where the specification leaves one open: BilledCost is 0 until something was billed (a forecast and a meter are
 * EffectiveCost), so that nobody adds an estimate to an invoice; spot is PricingCategory Dynamic; the provider is also the issuer.
 * Every column is written, null where unused: the validator demands columns, not values.
 */
import { focusCategory } from '#budgets/focus/providers.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { decimalUsd, divide, type UsdMicros } from '#budgets/money.ts';
import { tagKeys } from '#budgets/tag-keys.ts';

export type FocusType = 'text' | 'decimal' | 'time';

/** Name and type, alphabetical as the specification lists them; ours start with x_. */
export const focusColumns = [
  ['AvailabilityZone', 'text'],
  ['BilledCost', 'decimal'],
  ['BillingAccountId', 'text'],
  ['BillingAccountName', 'text'],
  ['BillingAccountType', 'text'],
  ['BillingCurrency', 'text'],
  ['BillingPeriodEnd', 'time'],
  ['BillingPeriodStart', 'time'],
  ['CapacityReservationId', 'text'],
  ['CapacityReservationStatus', 'text'],
  ['ChargeCategory', 'text'],
  ['ChargeClass', 'text'],
  ['ChargeDescription', 'text'],
  ['ChargeFrequency', 'text'],
  ['ChargePeriodEnd', 'time'],
  ['ChargePeriodStart', 'time'],
  ['CommitmentDiscountCategory', 'text'],
  ['CommitmentDiscountId', 'text'],
  ['CommitmentDiscountName', 'text'],
  ['CommitmentDiscountQuantity', 'decimal'],
  ['CommitmentDiscountStatus', 'text'],
  ['CommitmentDiscountType', 'text'],
  ['CommitmentDiscountUnit', 'text'],
  ['ConsumedQuantity', 'decimal'],
  ['ConsumedUnit', 'text'],
  ['ContractedCost', 'decimal'],
  ['ContractedUnitPrice', 'decimal'],
  ['EffectiveCost', 'decimal'],
  ['InvoiceId', 'text'],
  ['InvoiceIssuerName', 'text'],
  ['ListCost', 'decimal'],
  ['ListUnitPrice', 'decimal'],
  ['PricingCategory', 'text'],
  ['PricingCurrency', 'text'],
  ['PricingCurrencyContractedUnitPrice', 'decimal'],
  ['PricingCurrencyEffectiveCost', 'decimal'],
  ['PricingCurrencyListUnitPrice', 'decimal'],
  ['PricingQuantity', 'decimal'],
  ['PricingUnit', 'text'],
  ['ProviderName', 'text'],
  ['PublisherName', 'text'],
  ['RegionId', 'text'],
  ['RegionName', 'text'],
  ['ResourceId', 'text'],
  ['ResourceName', 'text'],
  ['ResourceType', 'text'],
  ['ServiceCategory', 'text'],
  ['ServiceName', 'text'],
  ['ServiceSubcategory', 'text'],
  ['SkuId', 'text'],
  ['SkuMeter', 'text'],
  ['SkuPriceDetails', 'text'],
  ['SkuPriceId', 'text'],
  ['SubAccountId', 'text'],
  ['SubAccountName', 'text'],
  ['SubAccountType', 'text'],
  ['Tags', 'text'],
  ['x_AllocationBasis', 'text'],
  ['x_CampaignId', 'text'],
  ['x_Component', 'text'],
  ['x_CostState', 'text'],
  ['x_P90Cost', 'decimal'],
  ['x_PriceQuoteId', 'text'],
  ['x_Repetition', 'text'],
  ['x_RunId', 'text'],
  ['x_Scenario', 'text'],
] as const satisfies readonly (readonly [string, FocusType])[];

export type FocusColumn = (typeof focusColumns)[number][0];
/** Text of each value; null = NULL. Decimals are plain, times ISO 8601 UTC. */
export type FocusRow = Readonly<Record<FocusColumn, string | null>>;

export interface FocusContext {
  readonly billingAccountId: string;
  readonly billingAccountName: string;
  readonly subAccountId: string;
  readonly subAccountName: string;
  /** A tag of every row; null = not set. */
  readonly costCentre: string | null;
  /** List price over price paid of the node pool, as a ratio; null when it is its own list price. */
  readonly listOverPaid: { readonly list: UsdMicros; readonly paid: UsdMicros } | null;
  readonly isSpot: boolean;
}

const regionNames: Readonly<Record<string, string>> = {
  'us-east-1': 'US East (N. Virginia)',
  'us-east-2': 'US East (Ohio)',
  'us-west-2': 'US West (Oregon)',
  'eu-west-1': 'Europe (Ireland)',
};

const chargeCategories = {
  usage: 'Usage',
  purchase: 'Purchase',
  tax: 'Tax',
  credit: 'Credit',
  adjustment: 'Adjustment',
} as const;

/** Price per unit with twelve decimals: cost / quantity, so that their product is the cost to the micro-dollar. */
export function unitPrice(cost: UsdMicros, quantity: string): string {
  const [whole = '0', fraction = ''] = quantity.split('.');
  const millionths = BigInt(whole + fraction.padEnd(6, '0').slice(0, 6));
  if (millionths <= 0n) return '0';
  const picos = divide(BigInt(cost) * 1_000_000_000_000n, millionths, 'half-even');
  const text = String(picos < 0n ? -picos : picos).padStart(13, '0');
  return `${picos < 0n ? '-' : ''}${text.slice(0, -12)}.${text.slice(-12)}`;
}

function month(moment: string, offset: number): string {
  const at = new Date(moment);
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + offset, 1))
    .toISOString()
    .replace('.000Z', 'Z');
}

function listCost(charge: Charge, { listOverPaid }: FocusContext): UsdMicros {
  if (charge.component !== 'compute' || listOverPaid === null || listOverPaid.paid === 0)
    return charge.usdMicros;
  const micros = divide(
    BigInt(charge.usdMicros) * BigInt(listOverPaid.list),
    BigInt(listOverPaid.paid),
    'half-even',
  );
  return Number(micros) as UsdMicros;
}

function prices(charge: Charge, context: FocusContext): Partial<Record<FocusColumn, string | null>> {
  const isPriced = charge.category === 'usage' || charge.category === 'purchase';
  const cost = decimalUsd(charge.usdMicros);
  const list = listCost(charge, context);
  const base = {
    ListCost: decimalUsd(list),
    ContractedCost: decimalUsd(list),
    EffectiveCost: cost,
    PricingCurrency: charge.currency,
    PricingCurrencyEffectiveCost: cost,
  };
  if (!isPriced) return base;
  const quantity = charge.quantity ?? '1';
  const unit = charge.unit ?? 'Units';
  const each = unitPrice(list, quantity);
  const sku = charge.sku ?? charge.component;
  return {
    ...base,
    ListUnitPrice: each,
    ContractedUnitPrice: each,
    PricingCurrencyListUnitPrice: each,
    PricingCurrencyContractedUnitPrice: each,
    PricingQuantity: quantity,
    PricingUnit: unit,
    ConsumedQuantity: quantity,
    ConsumedUnit: unit,
    PricingCategory: charge.component === 'compute' && context.isSpot ? 'Dynamic' : 'Standard',
    SkuId: `${charge.region ?? 'global'}/${sku}`,
    SkuPriceId: `${charge.region ?? 'global'}/${sku}${charge.component === 'compute' && context.isSpot ? '.SPOT' : ''}`,
    SkuMeter: charge.component,
    SkuPriceDetails:
      charge.component === 'compute'
        ? JSON.stringify({ InstanceType: sku, OperatingSystem: 'Linux' })
        : JSON.stringify({}),
  };
}

/** One charge as one row. */
export function focusRow(charge: Charge, context: FocusContext): FocusRow {
  const [category, subcategory] = focusCategory(charge.component);
  const isBilled = charge.state === 'BILLED' || charge.state === 'INVOICED';
  const empty = Object.fromEntries(focusColumns.map(([name]) => [name, null])) as Record<
    FocusColumn,
    string | null
  >;
  const resource = charge.resourceId ?? `${charge.campaign}/${charge.rowId ?? 'shared'}/${charge.component}`;
  return {
    ...empty,
    ...prices(charge, context),
    BilledCost: isBilled ? decimalUsd(charge.usdMicros) : '0.00',
    BillingAccountId: context.billingAccountId,
    BillingAccountName: context.billingAccountName,
    BillingAccountType: 'Payer Account',
    BillingCurrency: charge.currency,
    BillingPeriodStart: month(charge.periodStart, 0),
    BillingPeriodEnd: month(charge.periodStart, 1),
    ChargeCategory: chargeCategories[charge.category],
    ChargeDescription: charge.description,
    ChargeFrequency: 'Usage-Based',
    ChargePeriodStart: charge.periodStart,
    ChargePeriodEnd: charge.periodEnd,
    InvoiceId: charge.invoiceId,
    InvoiceIssuerName: charge.provider,
    ProviderName: charge.provider,
    PublisherName: charge.provider,
    RegionId: charge.region,
    RegionName: charge.region === null ? null : (regionNames[charge.region] ?? charge.region),
    ResourceId: resource,
    ResourceName: resource,
    ResourceType: charge.component,
    ServiceCategory: category,
    ServiceName: charge.service,
    ServiceSubcategory: subcategory,
    SubAccountId: context.subAccountId,
    SubAccountName: context.subAccountName,
    SubAccountType: 'Member Account',
    Tags: JSON.stringify({
      [tagKeys.campaign]: charge.campaign,
      ...(charge.scenarioId === null ? {} : { [tagKeys.scenario]: charge.scenarioId }),
      ...(context.costCentre === null ? {} : { 'cost-centre': context.costCentre }),
    }),
    x_AllocationBasis: charge.rowId === null ? 'shared by the window' : 'direct',
    x_CampaignId: charge.campaign,
    x_Component: charge.component,
    x_CostState: charge.state,
    x_P90Cost: charge.p90UsdMicros === null ? null : decimalUsd(charge.p90UsdMicros),
    x_PriceQuoteId: charge.source,
    x_Repetition: charge.repetition === null ? null : String(charge.repetition + 1),
    x_RunId: charge.rowId === null ? null : `${charge.rowId}/r${(charge.repetition ?? 0) + 1}`,
    x_Scenario: charge.scenarioId,
  };
}
