/**
 * What AWS billed a campaign for, from Cost Explorer through the SDK v3 client: days, services and usage types of its tag.
 * Owns: the call, its pages, and lines as charges. Does not own: the ledger, or which lines are new (budgets/ledger/reconcile.ts).
 * Days that AWS still estimates are left out: a bill is what will not change by itself.
 */
import { CostExplorerClient, GetCostAndUsageCommand, type ResultByTime } from '@aws-sdk/client-cost-explorer';
import { BudgetError } from '#budgets/budget-error.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { componentOf, microsOf } from '#budgets/ledger/focus-import.ts';
import { sha256Hex } from '#budgets/sha256.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';

/** Cost Explorer has one endpoint for all regions. */
const REGION = 'us-east-1';
export const COST_EXPLORER = 'AWS Cost Explorer';

export interface CostQuestion {
  readonly campaign: string;
  /** Key of the tag whose value is the campaign; must be active for cost allocation. */
  readonly tagKey: string;
  /** ISO dates; `until` is not included. */
  readonly from: string;
  readonly until: string;
}

export interface BilledDays {
  readonly name: string;
  readonly sha256: string;
  readonly charges: readonly Charge[];
  /** Days that are still estimated. */
  readonly estimated: readonly string[];
}

/** "Amazon Elastic Container Service for Kubernetes" and "USW2-BoxUsage:..." in the words that components are found by. */
function wordsOf(service: string, usageType: string): string {
  if (/kubernetes/i.test(service)) return 'kubernetes service';
  if (/BoxUsage|SpotUsage/.test(usageType)) return 'instance';
  return `${usageType} ${service}`;
}

function chargesOf(day: ResultByTime, question: CostQuestion, sha256: string): readonly Charge[] {
  const { Start: start = '', End: end = '' } = day.TimePeriod ?? {};
  return (day.Groups ?? []).map((group): Charge => {
    const [service = '', usageType = ''] = group.Keys ?? [];
    const cost = group.Metrics?.['UnblendedCost'];
    const usage = group.Metrics?.['UsageQuantity'];
    const where = `${COST_EXPLORER}, ${start}, ${service}, ${usageType}`;
    if (cost?.Unit !== 'USD')
      throw new BudgetError('bad-bill', `${where}: ${cost?.Unit || 'no currency'}, only USD is read`);
    const micros = microsOf(cost.Amount ?? '');
    if (micros === null)
      throw new BudgetError('bad-bill', `${where}: no amount: ${JSON.stringify(cost.Amount ?? null)}`);
    return {
      type: 'charge',
      campaign: question.campaign,
      rowId: null,
      scenarioId: null,
      repetition: null,
      state: 'BILLED',
      usdMicros: micros,
      currency: 'USD',
      category: micros < 0 ? 'credit' : service === 'Tax' ? 'tax' : 'usage',
      provider: 'aws',
      service,
      component: service === 'Tax' ? 'tax' : componentOf(wordsOf(service, usageType)),
      description: usageType,
      region: null,
      sku: usageType === '' ? null : usageType,
      resourceId: null,
      periodStart: `${start}T00:00:00Z`,
      periodEnd: `${end}T00:00:00Z`,
      quantity: usage?.Amount !== undefined && /^-?\d+(\.\d+)?$/.test(usage.Amount) ? usage.Amount : null,
      unit: usage?.Unit ?? null,
      p90UsdMicros: null,
      source: COST_EXPLORER,
      sourceSha256: sha256,
      invoiceId: null,
    };
  });
}

/** Every billed day of the campaign. Throws `bad-bill`, and `refresh-failed` when AWS does not answer. */
export async function billedDays(question: CostQuestion): Promise<BilledDays> {
  const client = new CostExplorerClient({ region: REGION });
  const days: ResultByTime[] = [];
  try {
    let token: string | undefined;
    do {
      const page = await client.send(
        new GetCostAndUsageCommand({
          TimePeriod: { Start: question.from, End: question.until },
          Granularity: 'DAILY',
          Metrics: ['UnblendedCost', 'UsageQuantity'],
          Filter: { Tags: { Key: question.tagKey, Values: [question.campaign], MatchOptions: ['EQUALS'] } },
          GroupBy: [
            { Type: 'DIMENSION', Key: 'SERVICE' },
            { Type: 'DIMENSION', Key: 'USAGE_TYPE' },
          ],
          ...(token === undefined ? {} : { NextPageToken: token }),
        }),
      );
      days.push(...(page.ResultsByTime ?? []));
      token = page.NextPageToken;
    } while (token !== undefined);
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new BudgetError(
      'refresh-failed',
      `${COST_EXPLORER} did not answer, the ledger is unchanged: ${why}`,
    );
  } finally {
    client.destroy();
  }
  const final = days.filter((day) => day.Estimated !== true);
  const sha256 = sha256Hex(canonicalJson(final.map(({ TimePeriod, Groups }) => ({ TimePeriod, Groups }))));
  return {
    name: COST_EXPLORER,
    sha256,
    charges: final.flatMap((day) => chargesOf(day, question, sha256)),
    estimated: days.filter((day) => day.Estimated === true).map((day) => day.TimePeriod?.Start ?? ''),
  };
}
