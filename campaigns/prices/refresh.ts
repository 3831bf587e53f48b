/**
 * A new sheet from the providers whose credentials are at hand.
 * Owns: who is asked for what, and the new file. Does not own: asking (aws-prices.ts, gcp-prices.ts), which quote is believed
 * (budgets/price-refresh.ts). Nothing is written unless every provider that was asked answered.
 */
import { BudgetError } from '#budgets/budget-error.ts';
import { type FetchedPrice, type PriceChange, refreshedSheet } from '#budgets/price-refresh.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { sheetInForce, userSheetsFolder, writeSheet } from '#budgets/sheet-store.ts';
import { gcpCatalogue } from '#campaigns/prices/gcp-prices.ts';

const awsVariables = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE'];
const gcpVariable = 'GOOGLE_API_KEY';

export interface RefreshOptions {
  readonly now: Date;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the new sheet goes. */
  readonly folder?: string;
  readonly gcpEndpoint?: string;
}

export interface Refreshed {
  readonly file: string;
  readonly before: string;
  readonly asked: readonly string[];
  /** Providers that nobody could be asked at, and what is missing for it. */
  readonly notAsked: readonly string[];
  readonly changes: readonly PriceChange[];
}

function awsWanted(sheet: PriceSheet): ReadonlyMap<string, ReadonlySet<string>> {
  const wanted = new Map<string, Set<string>>();
  for (const { provider, region, sku } of sheet.instances) {
    if (provider !== 'aws') continue;
    const skus = wanted.get(region) ?? new Set();
    wanted.set(region, skus.add(sku));
  }
  return wanted;
}

function failed(provider: string, error: unknown): BudgetError {
  if (error instanceof BudgetError) return error;
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new BudgetError(
    'refresh-failed',
    `${provider} could not be asked for prices, nothing was written: ${why}`,
  );
}

/** Throws `no-credentials`, `refresh-failed`, `sheet-exists`, `bad-price-sheet`; then nothing was written. */
export async function refreshPrices(options: RefreshOptions): Promise<Refreshed> {
  const { now, environment, folder = userSheetsFolder, gcpEndpoint = gcpCatalogue } = options;
  const has = (name: string): boolean => (environment[name] ?? '') !== '';
  const isAws = awsVariables.some(has);
  const isGcp = has(gcpVariable);
  const needs = {
    aws: `one of ${awsVariables.join(', ')} (rights: pricing:GetProducts, ec2:DescribeSpotPriceHistory)`,
    gcp: `${gcpVariable} (an API key for the Cloud Billing API)`,
  };
  if (!isAws && !isGcp)
    throw new BudgetError(
      'no-credentials',
      `prices cannot be refreshed: for AWS set ${needs.aws}; for GCP set ${needs.gcp}`,
    );
  const { file: before, text, sheet } = sheetInForce(folder);
  const at = now.toISOString();
  const fetched: FetchedPrice[] = [];
  const sources: Record<string, string> = {};
  if (isAws) {
    const { awsPrices } = await import('#campaigns/prices/aws-prices.ts');
    fetched.push(
      ...(await awsPrices(awsWanted(sheet), now).catch((error: unknown) =>
        Promise.reject(failed('AWS', error)),
      )),
    );
    sources['aws on-demand'] = `AWS Price List API GetProducts, asked ${at}`;
    sources['aws spot'] = `Amazon EC2 DescribeSpotPriceHistory, latest price of each zone, asked ${at}`;
  }
  if (isGcp) {
    const { gcpPrices } = await import('#campaigns/prices/gcp-prices.ts');
    const machines = sheet.instances.filter(({ provider }) => provider === 'gcp');
    const key = environment[gcpVariable] ?? '';
    fetched.push(
      ...(await gcpPrices(machines, key, gcpEndpoint).catch((error: unknown) =>
        Promise.reject(failed('GCP', error)),
      )),
    );
    sources['gcp on-demand'] = `Cloud Billing catalogue, OnDemand, cores and memory, asked ${at}`;
    sources['gcp spot'] = `Cloud Billing catalogue, Preemptible, cores and memory, asked ${at}`;
  }
  if (fetched.length === 0)
    throw new BudgetError('refresh-failed', 'not one price of the sheet was quoted, nothing was written');
  const refreshed = refreshedSheet(text, fetched, { date: at.slice(0, 10), sources });
  const notAsked = [
    ...(isAws ? [] : [`AWS: set ${needs.aws}`]),
    ...(isGcp ? [] : [`GCP: set ${needs.gcp}`]),
    'Azure: not asked by this version',
  ];
  return {
    file: writeSheet(refreshed.text, folder),
    before,
    asked: Object.values(sources),
    notAsked,
    changes: refreshed.changes,
  };
}
