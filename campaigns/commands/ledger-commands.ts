/**
 * `ledger`, `reconcile`: what a campaign was forecast to cost, what was metered, billed and invoiced, and how far they agree.
 * Owns: their options, words and exit codes. Does not own: any amount, the file or the comparison (budgets/ledger).
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Chain } from '#budgets/ledger/chain.ts';
import type { ReconciledLine, Reconciliation } from '#budgets/ledger/reconcile.ts';
import { decimalUsd, formatUsd, type UsdMicros } from '#budgets/money.ts';
import { sha256Hex } from '#budgets/sha256.ts';
import { tagKeys } from '#budgets/tag-keys.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import { runsFolder, userPath } from '#campaigns/commands/option-values.ts';
import { type Column, textTable } from '#campaigns/commands/text-table.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { exitCodes } from '#campaigns/exit-code.ts';
import type { Plan } from '#campaigns/plan-record.ts';

interface LedgerOptions extends CommonOptions {
  readonly out?: string;
  readonly import?: string;
  readonly state?: 'BILLED' | 'INVOICED';
  readonly accrue?: string;
  readonly costExplorer?: Days;
  readonly tag?: string;
}

interface Days {
  readonly from: string;
  /** Not included. */
  readonly until: string;
}

interface ReconcileOptions extends CommonOptions {
  readonly out?: string;
  readonly tolerance?: number;
}

interface OpenLedger {
  readonly campaign: string;
  readonly file: string;
  readonly chain: Chain;
}

const CAMPAIGN_TAG = tagKeys.campaign;

const actor = (): string => process.env['USER'] ?? process.env['USERNAME'] ?? 'command line';

/** The ledger of a campaign; its first opening writes the forecast into it, so that there is something to compare with. */
export async function openLedger(name: string, out: string | undefined): Promise<OpenLedger> {
  const { findCampaign, readCampaign } = await import('#campaigns/results/reader.ts');
  const { appendToLedger, LEDGER_FILE, readLedger } = await import('#budgets/ledger/ledger-file.ts');
  const { chargesByRow } = await import('#budgets/ledger/forecast-charges.ts');
  const { dir, plan, forecast } = readCampaign(findCampaign(runsFolder(out), name));
  const file = path.join(dir, LEDGER_FILE);
  if (!existsSync(file)) {
    if (forecast === null)
      throw new CampaignError(
        'results-damaged',
        `${dir} has no forecast yet`,
        'finish it: npm run campaign resume',
      );
    const source = {
      name: 'forecast.json',
      sha256: sha256Hex(readFileSync(path.join(dir, 'forecast.json'))),
    };
    appendToLedger(
      file,
      [
        {
          type: 'event',
          campaign: plan.campaign,
          action: 'opened',
          actor: actor(),
          object: plan.campaign,
          before: null,
          after: source.sha256,
          reason: 'the forecast that everything later is held against',
        },
        ...chargesByRow(forecast.forecast, source),
      ],
      new Date().toISOString(),
    );
  }
  await meter(dir, plan, file);
  return { campaign: plan.campaign, file, chain: readLedger(file) };
}

/** Whatever the guard has metered since the ledger was last opened goes into it. */
async function meter(folder: string, plan: Plan, file: string): Promise<void> {
  const { evidenceFile, readEvidence } = await import('#campaigns/guard/evidence.ts');
  const { meteredCharges } = await import('#campaigns/guard/metered-charges.ts');
  const { runSpans } = await import('#campaigns/guard/run-spans.ts');
  const { journalFile, readJournal } = await import('#campaigns/journal.ts');
  const { appendToLedger } = await import('#budgets/ledger/ledger-file.ts');
  const evidence = path.join(folder, evidenceFile);
  if (!existsSync(evidence)) return;
  const seen = { lines: readEvidence(evidence), sha256: sha256Hex(readFileSync(evidence)) };
  const spans = runSpans(plan, readJournal(path.join(folder, journalFile)).records);
  const now = new Date().toISOString();
  appendToLedger(file, (chain) => meteredCharges(chain, plan.campaign, seen, spans), now);
}

async function importBill(
  ledger: OpenLedger,
  bill: string,
  state: 'BILLED' | 'INVOICED',
): Promise<readonly string[]> {
  const { readFocus } = await import('#budgets/ledger/focus-import.ts');
  const { newCharges } = await import('#budgets/ledger/reconcile.ts');
  const { appendToLedger } = await import('#budgets/ledger/ledger-file.ts');
  const file = userPath(bill);
  const imported = await readFocus(file, { name: path.basename(bill), campaign: ledger.campaign, state });
  const added = appendToLedger(
    ledger.file,
    (chain) => {
      const fresh = newCharges(chain, imported);
      if (fresh.length === 0) return [];
      return [
        {
          type: 'event',
          campaign: ledger.campaign,
          action: 'imported',
          actor: actor(),
          object: imported.name,
          before: null,
          after: imported.sha256,
          reason: `${fresh.length} lines as ${state}`,
        },
        ...fresh,
      ];
    },
    new Date().toISOString(),
  );
  const { ofOthers, untagged } = imported.leftOut;
  const left = [
    ...(ofOthers === 0 ? [] : [`${ofOthers} of other campaigns`]),
    ...(untagged === 0 ? [] : [`${untagged} without the tag ${CAMPAIGN_TAG}`]),
  ];
  return [
    added.length === 0
      ? 'the ledger holds this bill already: nothing was added'
      : `${added.length - 1} lines added as ${state}`,
    ...(left.length === 0 ? [] : [`rows of the bill that were not taken: ${left.join(', ')}`]),
  ];
}

/** What AWS billed since the campaign began, or in the days asked for; asked again, only what is new or was changed is added. */
async function importCostExplorer(
  ledger: OpenLedger,
  days: Days,
  tagKey: string,
): Promise<readonly string[]> {
  const { hasCloudCredentials } = await import('#campaigns/approvals.ts');
  const { BudgetError } = await import('#budgets/budget-error.ts');
  if (!hasCloudCredentials())
    throw new BudgetError(
      'no-credentials',
      'Cost Explorer cannot be asked: set one of AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_WEB_IDENTITY_TOKEN_FILE (right: ce:GetCostAndUsage)',
    );
  const { billedDays, COST_EXPLORER } = await import('#campaigns/cloud/cost-explorer.ts');
  const { changedCharges } = await import('#budgets/ledger/reconcile.ts');
  const { appendToLedger } = await import('#budgets/ledger/ledger-file.ts');
  const { campaign } = ledger;
  const billed = await billedDays({ campaign, tagKey, ...days });
  const added = appendToLedger(
    ledger.file,
    (chain) => {
      const fresh = changedCharges(chain, COST_EXPLORER, billed.charges);
      const imported = {
        type: 'event' as const,
        campaign,
        action: 'imported' as const,
        actor: actor(),
        object: `${billed.name} ${days.from} to ${days.until}, tag ${tagKey}`,
        before: null,
        after: billed.sha256,
        reason: `${fresh.length} lines as BILLED`,
      };
      return fresh.length === 0 ? [] : [imported, ...fresh];
    },
    new Date().toISOString(),
  );
  const lines = Math.max(0, added.length - 1);
  return [
    `${COST_EXPLORER}: ${billed.charges.length} lines billed, ${lines} of them new or changed`,
    ...(billed.charges.length === 0
      ? [
          `nothing is billed under the tag ${tagKey}: it has to be active for cost allocation before the run, and a day takes AWS up to a day`,
        ]
      : []),
    ...(billed.estimated.length === 0
      ? []
      : [`still estimated by AWS, not taken: ${billed.estimated.join(', ')}`]),
  ];
}

function usdOrUnknown(amount: UsdMicros | null): string {
  return amount === null ? '-' : formatUsd(amount);
}

const comparison: Column[] = [
  { title: 'provider' },
  { title: 'component' },
  { title: 'FORECAST P50', align: 'right' },
  { title: 'P90', align: 'right' },
  { title: 'METERED', align: 'right' },
  { title: 'BILLED', align: 'right' },
  { title: 'INVOICED', align: 'right' },
  { title: 'billed - metered', align: 'right' },
  { title: 'class' },
];

function comparisonRow(line: ReconciledLine): string[] {
  return [
    line.provider,
    line.component,
    ...[line.forecastP50, line.forecastP90, line.metered, line.billed, line.invoiced].map(usdOrUnknown),
    line.difference === null ? '-' : `${formatUsd(line.difference)} (${line.differencePercent ?? 0} %)`,
    line.variance,
  ];
}

async function ledgerAnswer(name: string, options: LedgerOptions): Promise<Answer> {
  const { readLedger, appendToLedger } = await import('#budgets/ledger/ledger-file.ts');
  const { accrualsFor, reconcile } = await import('#budgets/ledger/reconcile.ts');
  const ledger = await openLedger(name, options.out);
  const notes: string[] = [];
  if (options.import !== undefined)
    notes.push(...(await importBill(ledger, options.import, options.state ?? 'BILLED')));
  if (options.costExplorer !== undefined)
    notes.push(...(await importCostExplorer(ledger, options.costExplorer, options.tag ?? CAMPAIGN_TAG)));
  const { accrue } = options;
  if (accrue !== undefined) {
    const now = new Date().toISOString();
    const added = appendToLedger(ledger.file, (chain) => accrualsFor(chain, ledger.campaign, accrue), now);
    notes.push(`${added.length} accruals or reversals for ${accrue}`);
  }
  const { entries, head } = readLedger(ledger.file);
  const { lines } = reconcile({ entries, head, torn: '' });
  const proof = `${head.entries} entries, every hash fits; last ${head.lastHash}`;
  return {
    text: `ledger of ${ledger.campaign}\n\n${textTable(comparison, lines.map(comparisonRow))}\n${[...notes, proof].join('\n')}\n`,
    document: { campaign: ledger.campaign, file: ledger.file, notes, head, entries },
    exitCode: exitCodes.passed,
  };
}

function scoreText({ scores, coverage }: Reconciliation): string[] {
  if (coverage === null) return ['forecast accuracy: nothing metered or billed to score it by'];
  const lines = scores.map(
    (one) =>
      `  ${one.component}: ${one.errorPercent > 0 ? '+' : ''}${one.errorPercent} % against P50 (${one.actualState}), ${one.insideP90 ? 'inside' : 'above'} P90`,
  );
  return [
    `forecast accuracy: ${Math.round(coverage * 100)} % of ${scores.length} lines at or below P90`,
    ...lines,
  ];
}

async function reconcileAnswer(name: string, options: ReconcileOptions): Promise<Answer> {
  const { reconcile } = await import('#budgets/ledger/reconcile.ts');
  const ledger = await openLedger(name, options.out);
  const result = reconcile(ledger.chain, options.tolerance ?? 5);
  const { accuracyFile, storeAccuracy } = await import('#budgets/accuracy.ts');
  const scored = result.scores.map(({ component, ratio, actualState, insideP90 }) => ({
    component,
    ratio,
    actualState,
    insideP90,
  }));
  const stored = storeAccuracy(ledger.campaign, ledger.chain.head.lastHash, scored)
    ? [`stored for the next forecasts: ${accuracyFile}`]
    : [];
  const compared = result.lines.some((line) => line.metered !== null || line.billed !== null);
  const accrued = result.lines.reduce((total, line) => total + line.accrual, 0);
  const standing = !compared
    ? 'nothing was metered or billed yet: there is nothing to reconcile'
    : result.reconciled
      ? `reconciled: every line within ${result.tolerancePercent} %`
      : `not reconciled: a line differs by more than ${result.tolerancePercent} %, or has only one of the two`;
  const text = [
    textTable(comparison, result.lines.map(comparisonRow)).trimEnd(),
    standing,
    `metered and not billed: $${decimalUsd(accrued as UsdMicros)}; never metered, on the bill alone: bytes of traffic and logs, requests, load balancers`,
    ...scoreText(result),
    ...stored,
  ].join('\n');
  const exitCode = !compared
    ? exitCodes.inconclusive
    : result.reconciled
      ? exitCodes.passed
      : exitCodes.failed;
  return { text, document: { campaign: ledger.campaign, reconciliation: result }, exitCode };
}

function oneOf(text: string): 'BILLED' | 'INVOICED' {
  if (text === 'BILLED' || text === 'INVOICED') return text;
  throw new InvalidArgumentError('--state is BILLED or INVOICED');
}

/** "2026-11-01..2026-12-01": the second day is not included, as Cost Explorer counts. */
function daysOf(text: string): Days {
  const match = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/.exec(text);
  const [, from = '', until = ''] = match ?? [];
  const isDay = (day: string): boolean => new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) ?? false;
  if (match !== null && isDay(from) && isDay(until) && from < until) return { from, until };
  throw new InvalidArgumentError(
    '--cost-explorer takes days, the second not included, e.g. 2026-11-01..2026-12-01',
  );
}

function month(text: string): string {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) return text;
  throw new InvalidArgumentError('--accrue takes a month, e.g. 2026-11');
}

function percentage(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError('--tolerance is a percentage from 0 to 100');
}

export function addLedgerCommands(program: Command, holder: ExitHolder): void {
  const campaign = [{ name: '<RUN>', about: 'a campaign: its name, its folder, or latest' }];
  const folder = (command: Command): Command =>
    command.option('--out <DIR>', 'folder of the campaigns (default: runs)');
  addCommand<LedgerOptions>(program, holder, {
    name: 'ledger',
    summary: 'what a campaign was forecast to cost, and what was metered, billed and invoiced',
    description:
      'Append-only and hash-chained; every hash is checked. Of a bill the rows tagged with the campaign are taken, all of them where none is tagged; the same bill twice adds nothing. Exit 20: damaged, or a bill that cannot be read.',
    arguments: campaign,
    options: (command) =>
      folder(command)
        .option('--import <FILE>', 'add a bill in FOCUS 1.x, CSV or Parquet')
        .option('--state <STATE>', 'what the bill is: BILLED (default) or INVOICED', oneOf)
        .option(
          '--cost-explorer <DAYS>',
          'add what AWS billed for the campaign’s tag, e.g. 2026-11-01..2026-12-01',
          daysOf,
        )
        .option('--tag <KEY>', `tag that names the campaign (default ${CAMPAIGN_TAG})`)
        .option(
          '--accrue <MONTH>',
          'accrue what was metered and not billed in the month, or reverse it',
          month,
        ),
    examples: [
      'npm run campaign ledger latest',
      'npm run campaign ledger latest -- --import bill.parquet',
      'npm run campaign ledger latest -- --cost-explorer 2026-11-01..2026-12-01',
      'npm run campaign ledger latest -- --accrue 2026-11 --json',
    ],
    run: ([name = ''], options) => ledgerAnswer(name, options),
  });
  addCommand<ReconcileOptions>(program, holder, {
    name: 'reconcile',
    summary: 'metered against billed, line by line, and how good the forecast was',
    description: 'Exit 0: every line within the tolerance. 10: not. 11: nothing was metered or billed yet.',
    arguments: campaign,
    options: (command) =>
      folder(command).option('--tolerance <PERCENT>', 'accepted difference (default 5)', percentage),
    examples: [
      'npm run campaign reconcile latest',
      'npm run campaign reconcile latest -- --tolerance 2 --json',
    ],
    run: ([name = ''], options) => reconcileAnswer(name, options),
  });
}
