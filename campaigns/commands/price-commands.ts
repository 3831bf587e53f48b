/**
 * `prices`: the sheet in force, the comparison of providers, and a new sheet from the providers themselves.
 * Owns: its options, words and exit codes. Does not own: any price (budgets) or asking for one (campaigns/prices).
 */
import type { Command } from 'commander';
import { formatUnitPrice, formatUsd } from '#budgets/money.ts';
import type { ComparedPrice } from '#budgets/price-comparison.ts';
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
  ];
}

const COMPARED = 40;

async function compareAnswer(most: number): Promise<Answer> {
  const { sheetInForce } = await import('#budgets/sheet-store.ts');
  const { comparePrices } = await import('#budgets/price-comparison.ts');
  const { sheet } = sheetInForce();
  const rows = comparePrices(sheet);
  const shown = rows.slice(0, most);
  const sources = [...new Set(shown.map(({ source }) => source))].map(
    (name) => `  ${name}: ${sheet.sources[name] ?? name}`,
  );
  const text = [
    `VM price alone, prices of ${sheet.date}, ${sheet.currency}, tax ${sheet.tax}: no disks, control plane, interruptions or deploy time`,
    '',
    textTable(comparisonColumns, shown.map(comparisonRow)).trimEnd(),
    `${shown.length} of ${rows.length} quotes; more with --most N`,
    'sources:',
    ...sources,
  ];
  return { text: `${text.join('\n')}\n`, document: { date: sheet.date, rows }, exitCode: exitCodes.passed };
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

function pricesAnswer({ refresh, compare, most }: PricesOptions): Promise<Answer> {
  if (refresh === true) return refreshAnswer();
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
        .option('--most <N>', `rows of the comparison (default ${COMPARED})`, countOption('--most')),
    examples: [
      'npm run campaign prices',
      'npm run campaign prices -- --compare',
      'npm run campaign prices -- --refresh --json',
    ],
    run: (_words, options) => pricesAnswer(options),
  });
}
