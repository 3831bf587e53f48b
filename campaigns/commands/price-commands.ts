/**
 * `prices`: the sheet in force, the comparison of providers, and a new sheet from the providers themselves.
 * Owns: its options, words and exit codes. Does not own: any price (budgets) or asking for one (campaigns/prices).
 */
import type { Command } from 'commander';
import type { BacktestSet } from '#budgets/backtest.ts';
import { formatUnitPrice, formatUsd } from '#budgets/money.ts';
import type { Cheapest, ComparedPrice } from '#budgets/price-comparison.ts';
import type { PriceChange } from '#budgets/price-refresh.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import { countOption } from '#campaigns/commands/option-values.ts';
import { type Column, textTable } from '#campaigns/commands/text-table.ts';
import { exitCodes } from '#campaigns/exit-code.ts';

interface PricesOptions extends CommonOptions {
  readonly refresh?: boolean;
  readonly compare?: boolean;
  readonly most?: number;
  readonly backtest?: boolean;
}

function pricesText(sheet: PriceSheet): string {
  const instances: Column[] = [
    { title: 'provider' },
    { title: 'region' },
    { title: 'type' },
    { title: 'vCPU', align: 'right' },
    { title: 'GiB', align: 'right' },
    { title: 'on demand $/h', align: 'right' },
    { title: 'spot $/h', align: 'right' },
    { title: 'interruptions' },
    { title: 'source' },
  ];
  const rows = sheet.instances.map((one) => [
    one.provider,
    one.region,
    one.sku,
    String(one.vcpu),
    String(one.memGiB),
    one.onDemand === null ? 'unknown' : formatUnitPrice(one.onDemand.usdPerHour),
    one.spot === null ? 'unknown' : formatUnitPrice(one.spot.usdPerHour),
    one.interruption?.band ?? 'unknown',
    one.onDemand?.source ?? one.spot?.source ?? '',
  ]);
  const units: Column[] = [
    { title: 'price' },
    { title: 'item', most: 60 },
    { title: 'USD', align: 'right' },
    { title: 'unit' },
    { title: 'source' },
  ];
  const unitRows = sheet.unitPrices.map((one) => [
    one.id,
    one.item,
    one.usd === null ? 'unknown' : formatUnitPrice(one.usd),
    one.unit,
    one.source,
  ]);
  const sources = Object.entries(sheet.sources).map(([name, address]) => `  ${name}: ${address}`);
  const head = `prices of ${sheet.date}, ${sheet.currency}, ${sheet.tax}`;
  return [
    head,
    sheet.warning,
    '',
    textTable(instances, rows),
    textTable(units, unitRows),
    'sources:',
    ...sources,
  ].join('\n');
}

async function sheetAnswer(): Promise<Answer> {
  const { sheetInForce } = await import('#budgets/sheet-store.ts');
  const { sheet, file, sha256 } = sheetInForce();
  const text = `${pricesText(sheet)}\nsheet in force: ${file}\nsha256 ${sha256}\n`;
  return { text, document: { prices: sheet, sha256 }, exitCode: exitCodes.passed };
}

const comparisonColumns: Column[] = [
  { title: '$ per 1,000 node-hours', align: 'right' },
  { title: 'provider' },
  { title: 'region' },
  { title: 'type' },
  { title: 'architecture' },
  { title: 'bought' },
  { title: 'nodes per VM', align: 'right' },
  { title: 'date' },
  { title: 'source' },
  { title: 'doubt', most: 90 },
];

function comparisonRow(row: ComparedPrice): string[] {
  return [
    formatUsd(row.perThousandNodeHours),
    row.provider,
    row.region,
    row.sku,
    row.arch,
    row.option,
    `${row.nodesPerVm}${row.isAllocatableKnown ? '' : ' (assumed)'}`,
    row.date ?? 'undated',
    row.source,
    row.doubt ?? '-',
  ];
}

function cheapestTable(title: string, groups: readonly Cheapest[]): string {
  const cell = (row: ComparedPrice | null): readonly string[] =>
    row === null ? ['-', '-'] : [formatUsd(row.perThousandNodeHours), `${row.region} ${row.sku}`];
  const columns: Column[] = [
    { title },
    { title: 'spot', align: 'right' },
    { title: 'cheapest spot' },
    { title: 'on demand', align: 'right' },
    { title: 'cheapest on demand' },
  ];
  const rows = groups.map(({ group, spot, onDemand }) => [group, ...cell(spot), ...cell(onDemand)]);
  return textTable(columns, rows).trimEnd();
}

const COMPARED = 20;

async function compareAnswer(most: number): Promise<Answer> {
  const { sheetInForce } = await import('#budgets/sheet-store.ts');
  const { cheapestBy, comparePrices } = await import('#budgets/price-comparison.ts');
  const { sheet } = sheetInForce();
  const rows = comparePrices(sheet);
  const shown = rows.slice(0, most);
  const regions = cheapestBy(rows, ({ provider, region }) => `${provider} ${region}`);
  const families = cheapestBy(rows, ({ family }) => family);
  const sources = [...new Set(shown.map(({ source }) => source))].map(
    (name) => `  ${name}: ${sheet.sources[name] ?? name}`,
  );
  const text = [
    `VM price alone, prices of ${sheet.date}, ${sheet.currency}, tax ${sheet.tax}: no disks, control plane, interruptions or deploy time`,
    '',
    '$ per 1,000 node-hours, the cheapest of each region and of each family that no quote speaks against:',
    cheapestTable('region', regions),
    '',
    cheapestTable('family', families),
    '',
    'every quote, cheapest first:',
    textTable(comparisonColumns, shown.map(comparisonRow)).trimEnd(),
    `${shown.length} of ${rows.length} quotes; more with --most N`,
    'sources:',
    ...sources,
  ];
  return {
    text: `${text.join('\n')}\n`,
    document: { date: sheet.date, regions, families, rows },
    exitCode: exitCodes.passed,
  };
}

function changeRow({ item, before, after, percent, outcome, why }: PriceChange): string[] {
  const price = (value: typeof before): string => (value === null ? 'unknown' : formatUnitPrice(value));
  return [
    item,
    price(before),
    price(after),
    percent === null ? '-' : `${percent > 0 ? '+' : ''}${percent} %`,
    outcome,
    why,
  ];
}

async function refreshAnswer(): Promise<Answer> {
  const { refreshPrices } = await import('#campaigns/prices/refresh.ts');
  const { env: environment } = process;
  const done = await refreshPrices({ now: new Date(), environment });
  const count = (outcome: PriceChange['outcome']): number =>
    done.changes.filter((change) => change.outcome === outcome).length;
  const shown = done.changes.filter(({ outcome }) => outcome !== 'unchanged');
  const columns: Column[] = [
    { title: 'price' },
    { title: `in ${done.before.split(/[\\/]/).at(-1)}`, align: 'right' },
    { title: 'now', align: 'right' },
    { title: 'change', align: 'right' },
    { title: 'outcome' },
    { title: 'why', most: 90 },
  ];
  const text = [
    ...(shown.length === 0 ? [] : [textTable(columns, shown.map(changeRow)).trimEnd()]),
    `${count('changed')} changed, ${count('unchanged')} unchanged, ${count('held')} not believed, ${count('missing')} not quoted`,
    ...done.asked.map((one) => `asked: ${one}`),
    ...done.notAsked.map((one) => `not asked: ${one}`),
    `new sheet: ${done.file}; approvals at the old prices do not count any more`,
  ];
  return { text: `${text.join('\n')}\n`, document: { ...done }, exitCode: exitCodes.passed };
}

const backtestColumns: Column[] = [
  { title: 'price' },
  { title: 'quoted' },
  { title: 'paid on' },
  { title: 'paid $/h', align: 'right' },
  { title: 'forecast P50', align: 'right' },
  { title: 'P90', align: 'right' },
  { title: 'inside' },
];

const percentOf = (share: number | null): string =>
  share === null ? 'unknown' : `${Math.round(share * 100)} %`;

function backtestSetText({ about, rows, ...found }: BacktestSet): string[] {
  const lines = rows.map(({ item, quotedOn, paidOn, paid, p50, p90 }) => [
    item,
    quotedOn,
    paidOn,
    formatUnitPrice(paid),
    formatUnitPrice(p50),
    formatUnitPrice(p90),
    paid <= p50 ? 'P50' : paid <= p90 ? 'P90' : 'above P90',
  ]);
  const [low, high] = found.intervalP90 ?? [null, null];
  return [
    `${found.name}: ${about}`,
    textTable(backtestColumns, lines).trimEnd(),
    `  ${rows.length} prices: ${percentOf(found.coverageP50)} at or below P50 (right: 50 %), ${percentOf(found.coverageP90)} at or below P90 (right: 90 %; 95 % interval ${percentOf(low)} to ${percentOf(high)})`,
    '',
  ];
}

async function backtestAnswer(): Promise<Answer> {
  const { sheetInForce } = await import('#budgets/sheet-store.ts');
  const { backtest } = await import('#budgets/backtest.ts');
  const { readPriceHistory } = await import('#budgets/price-history.ts');
  const past = readPriceHistory();
  const { sheet } = sheetInForce();
  const found = backtest(past, sheet);
  const { notCompared } = found;
  const text = [
    ...found.sets.flatMap(backtestSetText),
    'three days of one provider, and types of one day move together: read the coverage as three observations, not as so many rows',
    ...(notCompared.length === 0
      ? []
      : [
          `not in "later": ${notCompared.length} types that the sheet quotes from the same source, or not at all`,
        ]),
    ...Object.entries(past.sources).map(([name, source]) => `  ${name}: ${source}`),
  ];
  return { text: `${text.join('\n')}\n`, document: { backtest: found }, exitCode: exitCodes.passed };
}

function pricesAnswer({ refresh, compare, most, backtest }: PricesOptions): Promise<Answer> {
  if (refresh === true) return refreshAnswer();
  if (backtest === true) return backtestAnswer();
  return compare === true || most !== undefined ? compareAnswer(most ?? COMPARED) : sheetAnswer();
}

export function addPriceCommands(program: Command, holder: ExitHolder): void {
  addCommand<PricesOptions>(program, holder, {
    name: 'prices',
    summary: 'the dated price sheet with its sources; a new one, a comparison',
    description:
      'The sheet in force is the newest by date, shipped or in prices/. --refresh asks AWS and Google and writes a new one, whole or not at all. Exit 23: credentials for it are missing.',
    options: (command) =>
      command
        .option(
          '--refresh',
          'ask the providers whose credentials are set, show what changed, write a new sheet',
        )
        .option('--compare', 'providers, regions and types by dollars per 1,000 node-hours, cheapest first')
        .option('--backtest', 'recorded spot prices against the P50 and P90 that forecasts draw from')
        .option('--most <N>', `rows of the comparison (default ${COMPARED})`, countOption('--most')),
    examples: [
      'npm run campaign prices',
      'npm run campaign prices -- --compare',
      'npm run campaign prices -- --refresh --json',
    ],
    run: (_words, options) => pricesAnswer(options),
  });
}
