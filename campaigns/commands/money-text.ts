/**
 * Forecasts and prices as text. Every amount says that it is a forecast and of which day its prices are.
 * Owns: the words. Does not own: any amount (budgets).
 */
import type { BreachWithLevers, CampaignForecast } from '#budgets/campaign-forecast.ts';
import type { Estimate } from '#budgets/estimate.ts';
import type { Forecast } from '#budgets/forecast.ts';
import type { Lever } from '#budgets/levers.ts';
import { runAlerts } from '#budgets/limits.ts';
import { formatUnitPrice, formatUsd } from '#budgets/money.ts';
import { UNDATED_DAYS } from '#budgets/price-drift.ts';
import { type Column, textTable } from '#campaigns/commands/text-table.ts';

const usHour = 3_600_000_000;

function rowsText(forecast: Forecast): string {
  const columns: Column[] = [
    { title: 'row', most: 44 },
    { title: 'nodes', align: 'right' },
    { title: 'VMs', align: 'right' },
    { title: 'runs', align: 'right' },
    { title: 'hours each', align: 'right' },
    { title: 'one run P50', align: 'right' },
    { title: 'one run P90', align: 'right' },
    { title: 'all runs P50', align: 'right' },
  ];
  const rows = forecast.rows.map((row) => [
    row.rowId,
    String(row.nodes),
    String(row.vms),
    String(row.repetitions),
    (row.billedUs / usHour).toFixed(2),
    formatUsd(row.perRun.p50.usdMicros),
    formatUsd(row.perRun.p90.usdMicros),
    formatUsd(row.total.p50.usdMicros),
  ]);
  return textTable(columns, rows);
}

/** How wide P90 is depends on how old the quote is: said where it can be changed. */
function quoteAge({ rates, stack }: Forecast): readonly string[] {
  const pool = rates.find(({ use }) => use === 'node pool');
  if (pool === undefined || stack.kind === 'local' || stack.pool.option !== 'spot') return [];
  const { date, ageDays } = pool.price;
  const age =
    ageDays === null || date === null
      ? `carries no date and counts as ${UNDATED_DAYS} days old`
      : `is of ${date}, ${ageDays} days old`;
  return [
    `P90 holds what a spot price can move in that time: the quote ${age} (newer ones: npm run campaign prices -- --refresh)`,
  ];
}

export function rangeText({ p50, p90 }: Estimate): string {
  return `P50 ${formatUsd(p50.usdMicros)}, P90 ${formatUsd(p90.usdMicros)}`;
}

/** The best of each kind of way: a kind that leaves the run over its limit is no way, of the whole campaign it is at least a step. */
function waysOf({ levers, limit }: BreachWithLevers): readonly Lever[] {
  if (limit === 'campaign') return levers;
  const inside = levers.filter((lever) => lever.inside);
  return inside.filter((lever, i) => inside.findIndex((one) => kindOf(one) === kindOf(lever)) === i);
}

/** A cheaper type with a shorter run is one of the cheaper types. */
const kindOf = ({ lever, text }: Lever): string => (text.startsWith('both') ? 'cheaper-type' : lever);

function wayText(lever: Lever, number: number): string {
  const standing = lever.inside ? '' : ' (still over)';
  return `    ${number}. ${lever.text}: ${rangeText(lever.after)}${standing}; ${lever.risk}`;
}

/** What to do about each breach, with prices; a run that no price brings inside comes with the arithmetic that proves it. */
export function waysText({ breaches, impossible }: CampaignForecast): string {
  const blocks = breaches.map((breach) => {
    const proof = impossible.find(({ rowId }) => rowId === breach.subject);
    const limit = formatUsd(breach.limitUsd);
    const head =
      proof === undefined
        ? `  ${breach.subject}, limit ${limit}:`
        : `  ${breach.subject}: no type, region or provider brings it inside ${limit} at this packing: ${proof.arithmetic}, before disks, control plane, deploy and interruptions`;
    const ways = waysOf(breach).map((lever, i) => wayText(lever, i + 1));
    return [head, ...(ways.length === 0 ? ['    no way inside was found on the price sheet'] : ways)].join(
      '\n',
    );
  });
  if (blocks.length === 0) return '';
  return `ways back inside the limits, each with what the run or the phase costs then:\n${blocks.join('\n')}\n`;
}

export function forecastText(campaign: CampaignForecast): string {
  const { forecast, breaches, whatIf, priceSheet } = campaign;
  const { low, p50, p90 } = forecast.total;
  const shown = forecast.overhead === null && whatIf !== null ? whatIf : forecast;
  const head =
    shown === forecast
      ? `FORECAST for ${forecast.phase}, prices of ${priceSheet.date}, before tax`
      : `FORECAST for ${forecast.phase}: ${formatUsd(p50.usdMicros)}, nothing is bought. The same rows on ${whatIf?.stack.name ?? ''} would cost:`;
  const total =
    shown === forecast
      ? `total P50 ${formatUsd(p50.usdMicros)}, P90 ${formatUsd(p90.usdMicros)}, at least ${formatUsd(low.usdMicros)}`
      : `comparison only: P50 ${formatUsd(shown.total.p50.usdMicros)}, P90 ${formatUsd(shown.total.p90.usdMicros)}`;
  const limits = `limits: campaign ${formatUsd(campaign.limits.campaign)}, one run ${formatUsd(campaign.limits.perRun)}`;
  const broken = breaches.flatMap((breach) => [
    `  ${breach.severity === 'over' ? 'OVER' : 'at risk'}: ${breach.sentence}`,
  ]);
  const rung = runAlerts(forecast, campaign.limits).map(
    ({ rowId, percent, reached }) =>
      `  alert: one run of ${rowId} reaches ${percent} % of its limit ${reached}`,
  );
  const unpriced = shown.unpriced.map(
    ({ unpriced: { item, reason }, pricedAs }) =>
      `  UNPRICED: ${item}: ${reason}; counted at ${formatUnitPrice(pricedAs.expected)}, the worst of its class`,
  );
  const learnt = Object.entries(shown.risks.observedRatio).map(
    ([component, { ratio, lines }]) =>
      `  ${component} x ${ratio}: ${lines} reconciled line(s) of past campaigns`,
  );
  const past = learnt.length === 0 ? [] : ['corrected by what past campaigns really cost:', ...learnt];
  return `${[head, '', rowsText(shown).trimEnd(), '', total, ...quoteAge(shown), ...unpriced, limits, ...broken, ...rung, ...past].join('\n')}\n`;
}
