/**
 * What the figures stand on: rate sheet, savings, assumptions, exclusions, sensitivities.
 * Owns: those tables and the words of assumptions and exclusions. Does not own: prices or stacks (budgets).
 */
import type { Forecast } from '#budgets/forecast.ts';
import { divide, formatUnitPrice, formatUsd } from '#budgets/money.ts';
import { horizonDays, UNDATED_DAYS } from '#budgets/price-drift.ts';
import type { Priced } from '#budgets/prices.ts';
import type { Chance } from '#budgets/risk.ts';
import { type CloudStack, componentLabel } from '#budgets/stacks.ts';
import { whatIfNote } from '#reports/finance/budget-section.ts';
import { type FinanceReportInput, quantity, shownForecast } from '#reports/finance/finance-input.ts';
import { badge, type Cell, type Column, type Html, html, section, table } from '#reports/html.ts';

const left = (label: string): Column => ({ label, align: 'left' });
const right = (label: string): Column => ({ label, align: 'right' });

export function discountText({ list, expected }: Priced): string {
  if (list === null || list === 0) return '\u2013';
  return `${Number(divide(BigInt(list - expected) * 1_000n, BigInt(list), 'half-even')) / 10} %`;
}

function ageText({ date, ageDays }: Priced): Html | string {
  if (date === null || ageDays === null) return badge('undated', 'warning');
  return `${date}, ${quantity(ageDays, 0)} d`;
}

export function rateSection(input: FinanceReportInput): Html {
  const { shown, isWhatIf } = shownForecast(input.forecast);
  const { priceSheet } = input.forecast;
  const title = '8 Rate sheet';
  if (shown.overhead === null) {
    return section(
      'rates',
      title,
      html`<p>No price was used. The price sheet at hand is of ${priceSheet.date}.</p>`,
    );
  }
  const rows = shown.rates.map(({ use, price }): Cell[] => [
    use,
    price.item,
    price.unit,
    price.list === null ? null : formatUnitPrice(price.list),
    formatUnitPrice(price.expected),
    discountText(price),
    formatUnitPrice(price.low),
    formatUnitPrice(price.high),
    ageText(price),
    html`<span class="source">${price.basis}. ${price.source}</span>`,
  ]);
  const main = table({
    columns: [
      left('Used for'),
      left('Item'),
      left('Unit'),
      right('List'),
      right('Used'),
      right('Discount'),
      right('Low'),
      right('High'),
      left('Quoted, age'),
      left('Basis and source'),
    ],
    rows,
    caption: `Price sheet ${priceSheet.date}, ${priceSheet.currency}, tax ${priceSheet.tax}. ${priceSheet.warning}`,
  });
  return section(
    'rates',
    title,
    html`${whatIfNote(shown, isWhatIf)}<div class="dense">${main}</div>${unpricedTable(shown)}${warningList(shown)}`,
  );
}

function unpricedTable(shown: Forecast): Html {
  if (shown.unpriced.length === 0) return html`<p>Unpriced items: none.</p>`;
  return table({
    caption: 'Unpriced items, counted at the worst price of their class.',
    columns: [left('Item'), left('Why'), right('Counted at'), left('Taken from')],
    rows: shown.unpriced.map(({ unpriced, pricedAs }) => [
      join2(badge('unpriced', 'failed'), unpriced.item),
      unpriced.reason,
      formatUnitPrice(pricedAs.expected),
      pricedAs.basis,
    ]),
    rowClass: () => 'over',
  });
}

function join2(mark: Html, text: string): Html {
  return html`${mark} ${text}`;
}

function warningList(shown: Forecast): Html | null {
  const seen = [...new Map(shown.warnings.map((one) => [`${one.rule} ${one.item}`, one])).values()];
  if (seen.length === 0) return null;
  const items = seen.map((one) => html`<li>${badge(one.rule, 'warning')} ${one.item}: ${one.message}</li>`);
  return html`<h3>Warnings about the prices used</h3><ul class="small">${items}</ul>`;
}

export function savingsSection(input: FinanceReportInput): Html {
  const { savings } = input.forecast;
  const title = '12 Savings and advice';
  if (savings.length === 0)
    return section('savings', title, html`<p>Nothing is bought, so there is nothing to save.</p>`);
  const rows = savings.map((one): Cell[] => [
    one.lever,
    one.status === 'applied' ? badge('in the forecast', 'passed') : badge('available', 'neutral'),
    formatUsd(one.before),
    formatUsd(one.after),
    formatUsd(one.saved),
    one.evidence,
    one.risk,
  ]);
  return section(
    'savings',
    title,
    table({
      caption:
        'P50 of the whole phase, each lever on its own: savings do not add up. Brackets: the lever costs more.',
      columns: [
        left('Lever'),
        left('Status'),
        right('Before'),
        right('After'),
        right('Saved'),
        left('Evidence'),
        left('Risk'),
      ],
      rows,
    }),
  );
}

/** Between the quote of the node pool and its use. */
function spotDays({ rates }: Forecast): number {
  return horizonDays(rates.find(({ use }) => use === 'node pool')?.price.ageDays ?? null);
}

function assumptions(shown: Forecast, stack: CloudStack): readonly Cell[][] {
  const { packing, pool } = stack;
  return [
    ['A1', 'Window', 'all rows share one window of warm VMs; deploy and teardown once', 'plan'],
    [
      'A2',
      'Deploy / teardown / reset',
      `${stack.deployMinutes} / ${stack.teardownMinutes} / ${stack.resetMinutes} min, all VMs billed`,
      'assumed until a deployment was timed',
    ],
    [
      'A3',
      'One node asks for',
      `${packing.nodeCpuMilli} m CPU, ${packing.nodeMemoryMiB} MiB; ${packing.nodesPerPod} node(s) per pod`,
      'design; measure CPU per node before packing denser',
    ],
    [
      'A4',
      'DaemonSets per VM',
      `${packing.daemonSetCpuMilli} m CPU, ${packing.daemonSetMemoryMiB} MiB, ${packing.daemonSetPods} pods`,
      'assumed; above 410 m one pod per c6i.2xlarge is lost',
    ],
    [
      'A5',
      'Node pool',
      `${pool.sku}, ${pool.option}, ${stack.region}, ${stack.zones} zone(s), ${pool.diskGiB} GiB gp3`,
      'default of the stack',
    ],
    [
      'A6',
      'Spot price',
      `cheapest zone at P10, mean at P50, dearest at P90 (one quote only: 85-135 % of it), times how far prices move in ${spotDays(shown)} days, at most on demand`,
      `price sheet; recorded moves, both signs, scaled with the square root of time; a quote without date counts as ${UNDATED_DAYS} days old`,
    ],
    [
      'A7',
      'Interruptions',
      shown.interruptionBasis ?? 'none',
      'published monthly band: middle for P50, upper end for P90',
    ],
    [
      'A8',
      'An interruption costs',
      `${stack.redeployMinutes} min of a second VM and ${stack.rerunMinutes} min of the whole stack again`,
      'assumed: checkpoint interval',
    ],
    [
      'A9',
      'P50 and P90',
      `quantiles of ${quantity(shown.sampling.draws, 0)} campaigns drawn with seed ${shown.sampling.seed}: one market of prices, shortage and interruptions for all runs, re-runs and failed deploys for each`,
      'sampled, no factor; what the sum of the lines would be more is a line of its own. Held against prices that were paid: npm run campaign prices -- --backtest',
    ],
    ...riskRows(shown),
    trafficRow(shown, stack),
    ['A11', 'Control-plane logs', `${stack.logMegabytesPerHour / 1_000} GB per hour`, 'assumed'],
    ['A12', 'Billing month', '730 h; rounding half to even once per line', 'provider practice'],
  ];
}

function trafficRow(shown: Forecast, stack: CloudStack): Cell[] {
  const simulated = shown.rows.some((row) => row.trafficBasis === 'simulated');
  return [
    'A10',
    'Traffic',
    simulated
      ? 'bytes per node as simulated'
      : `${quantity(stack.assumedBytesPerNodeSecond / 1e6, 2)} MB/s per node`,
    simulated ? 'SIMULATED, not measured' : 'bandwidth limit of the scale',
  ];
}

function riskRows({ risks }: Forecast): Cell[][] {
  const chance = ({ share, basis }: Chance): Cell[] => [`${quantity(share * 100, 1)} %`, basis];
  return [
    ['A9a', 'A repetition has to be done again', ...chance(risks.invalidRun)],
    ['A9b', 'A deployment has to be done again', ...chance(risks.failedDeploy)],
    [
      'A9c',
      'Deploy and teardown time',
      `${risks.deployPercent.p10} / ${risks.deployPercent.p50} / ${risks.deployPercent.p90} % of A2 at P10 / P50 / P90`,
      'assumed until a deployment was timed',
    ],
  ];
}

const EXCLUSIONS: readonly string[] = [
  'Tax, support plans, savings plans, credits and negotiated prices.',
  'People\u2019s time, and the machine that runs the campaign.',
  'Image storage and pulls inside the region (an image of 150 MB on 667 VMs is 100 GB: about $1 through an endpoint), state storage, key management.',
  'From the meter, not from the forecast: bytes of traffic (between zones, through NAT and endpoints), bytes of logs, requests, load balancers. The meter prices what runs by the hour: machines, disks, addresses, NAT gateways, endpoints, control plane. The rest shows on the bill only.',
  'Internet egress: nodes have no public address. Result files are a few megabytes per run.',
  'Spot capacity that cannot be had: a window that does not start costs its deploy time only.',
];

export function assumptionsSection(input: FinanceReportInput, tornado: Html | null = null): Html {
  const { shown, isWhatIf } = shownForecast(input.forecast);
  const title = '13 Assumptions, sensitivities and exclusions';
  const { stack } = shown;
  const exclusions = html`<h3>Excluded</h3><ul>${EXCLUSIONS.map((one) => html`<li>${one}</li>`)}</ul>`;
  if (stack.kind === 'local' || shown.overhead === null) {
    return section(
      'assumptions',
      title,
      html`<p>No cloud resources: the forecast of $0.00 assumes nothing about prices.</p>${exclusions}`,
    );
  }
  const { sensitivity } = input.forecast;
  const moved = table({
    caption:
      'Change of the P50 total when one assumption is 10 % lower or higher; each is a second forecast. Brackets: cheaper.',
    columns: [left('Assumption'), right('10 % lower'), right('10 % higher')],
    rows: sensitivity.map(({ assumption, minus, plus }) => [assumption, formatUsd(minus), formatUsd(plus)]),
  });
  const components = table({
    caption: 'Cost components over the whole phase.',
    columns: [left('Component'), right('Low'), right('P50'), right('P90')],
    rows: shown.byComponent.map(({ component, amount }) => [
      componentLabel[component],
      formatUsd(amount.low.usdMicros),
      formatUsd(amount.p50.usdMicros),
      formatUsd(amount.p90.usdMicros),
    ]),
    foot: [
      [
        'Total',
        formatUsd(shown.total.low.usdMicros),
        formatUsd(shown.total.p50.usdMicros),
        formatUsd(shown.total.p90.usdMicros),
      ],
    ],
  });
  const columns = [left('Id'), left('Assumption'), left('Value'), left('Basis')];
  return section(
    'assumptions',
    title,
    html`${whatIfNote(shown, isWhatIf)}${table({ columns, rows: assumptions(shown, stack) })}
${sensitivity.length === 0 ? null : html`<h3>Sensitivities</h3>${tornado}${moved}`}<h3>Components</h3>${components}${exclusions}`,
  );
}
