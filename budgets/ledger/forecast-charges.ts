/**
 * A forecast as ledger charges: one per row and kind of charge that a bill knows, and what the window adds.
 * Owns: that mapping. Does not own: the forecast, the ledger, or charges of single runs (focus/charges.ts). Their sum is the forecast's P50 and P90, to the micro-dollar.
 */
import type { Estimate } from '#budgets/estimate.ts';
import { addEstimates, timesEstimate } from '#budgets/estimate.ts';
import { providerNames } from '#budgets/focus/providers.ts';
import type { Forecast } from '#budgets/forecast.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import type { CostLine } from '#budgets/run-cost.ts';
import type { CostComponent } from '#budgets/stacks.ts';

/** A bill does not know why a VM ran: all VM time is compute on it. */
function billedAs(component: CostComponent): string {
  switch (component) {
    case 'compute':
    case 'system':
    case 'redeploys':
    case 're-runs':
    case 'risk':
      return 'compute';
    case 'storage':
    case 'control-plane':
    case 'network':
    case 'observability':
      return component;
  }
}

function byBill(lines: readonly CostLine[], count: number): readonly (readonly [string, Estimate])[] {
  const names = [...new Set(lines.map((line) => billedAs(line.component)))];
  return names.map((name) => {
    const mine = lines.filter((line) => billedAs(line.component) === name).map((line) => line.amount);
    return [name, timesEstimate(addEstimates(mine), count)] as const;
  });
}

/** Empty for a local stack. `source` names the document that the forecast is stored in. */
export function chargesByRow(
  forecast: Forecast,
  source: { readonly name: string; readonly sha256: string },
): readonly Charge[] {
  const { stack, overhead } = forecast;
  if (stack.kind === 'local' || overhead === null) return [];
  const start = `${forecast.asOf}T00:00:00Z`;
  const end = new Date(
    Date.parse(start) + Math.max(1_000, Math.ceil(forecast.windowUs / 1_000)),
  ).toISOString();
  const charge = (component: string, amount: Estimate, own: Partial<Charge>): Charge => ({
    type: 'charge',
    campaign: forecast.campaign,
    rowId: null,
    scenarioId: null,
    repetition: null,
    state: 'FORECAST',
    usdMicros: amount.p50.usdMicros,
    currency: 'USD',
    // What sampling takes off may make a line negative.
    category: 'adjustment',
    provider: providerNames[stack.provider],
    service: stack.name,
    component,
    description: component,
    region: stack.region,
    sku: component === 'compute' ? stack.pool.sku : null,
    resourceId: null,
    periodStart: start,
    periodEnd: end,
    quantity: null,
    unit: null,
    p90UsdMicros: amount.p90.usdMicros,
    source: source.name,
    sourceSha256: source.sha256,
    invoiceId: null,
    ...own,
  });
  const rows = forecast.rows.flatMap((row) =>
    byBill(row.lines, row.repetitions).map(([component, amount]) =>
      charge(component, amount, {
        rowId: row.rowId,
        scenarioId: row.scenarioId,
        description: `${row.label}: ${component}`,
      }),
    ),
  );
  const around = byBill(overhead.lines, 1).map(([component, amount]) =>
    charge(component, amount, { description: `${overhead.label}: ${component}` }),
  );
  return [
    ...rows,
    ...around,
    charge('compute', forecast.portfolio, { description: 'not everything goes wrong together' }),
  ];
}
