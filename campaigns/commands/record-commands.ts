/**
 * `report`, `verify`, `compare`: what a stored campaign says, again.
 * Owns: their options and words. Does not own: judging and comparing (campaigns/analysis) or the reports (reports).
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { CampaignRuns } from '#campaigns/analysis/compare.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import { type Answer, type CommonOptions, stylesFor } from '#campaigns/commands/command-output.ts';
import { choiceOption, runsFolder, userPath } from '#campaigns/commands/option-values.ts';
import { formatFigure, textTable } from '#campaigns/commands/text-table.ts';
import { ConfigError, optionProblem } from '#campaigns/config-error.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { exitCodeOfStatus } from '#campaigns/exit-code.ts';
import { evidenceFile } from '#campaigns/guard/evidence.ts';
import type { CampaignRecord } from '#campaigns/results/reader.ts';
import type { ReportManifest, ReportProof } from '#reports/finance/report-manifest.ts';

interface RecordOptions extends CommonOptions {
  readonly out?: string;
}

interface ReportOptions extends RecordOptions {
  readonly formats?: readonly string[];
  readonly sign?: string;
  readonly finance?: string;
}

interface VerifyOptions extends RecordOptions {
  readonly key?: string;
}

function fileText(option: string, file: string): string {
  const at = userPath(file);
  try {
    return readFileSync(at, 'utf8');
  } catch {
    throw new ConfigError([optionProblem(option, `${at} cannot be read`)]);
  }
}

const formatNames = ['xlsx', 'focus', 'pdf'] as const;

/** "xlsx,focus,pdf" or "all": beside HTML, JSON and CSV. "none" for those alone. */
function formatsOption(text: string): readonly string[] {
  const parse = choiceOption('--formats', formatNames);
  if (text === 'all') return formatNames;
  return text === 'none' ? [] : [...new Set(text.split(',').map((one) => parse(one.trim())))];
}

async function record(name: string, options: RecordOptions): Promise<CampaignRecord> {
  const { findCampaign, readCampaign } = await import('#campaigns/results/reader.ts');
  return readCampaign(findCampaign(runsFolder(options.out), name));
}

function unfinished(of: CampaignRecord): CampaignError {
  return new CampaignError(
    'results-damaged',
    `${of.plan.campaign} was not judged yet`,
    `finish it: npm run campaign resume -- ${of.plan.campaign}`,
  );
}

async function report(name: string, options: ReportOptions): Promise<Answer> {
  const stored = await record(name, options);
  const verdict = stored.verdicts;
  if (verdict === null) throw unfinished(stored);
  if (existsSync(path.join(stored.dir, evidenceFile))) {
    const { openLedger } = await import('#campaigns/commands/ledger-commands.ts');
    await openLedger(name, options.out); // what the guard metered belongs into the report
  }
  const { acquireLock } = await import('#campaigns/lock.ts');
  const { writeReports } = await import('#campaigns/commands/report-writing.ts');
  const { writeFolder } = await import('#campaigns/results/writer.ts');
  const { reportPaths } = await import('#campaigns/commands/campaign-session.ts');
  const { verdictText } = await import('#campaigns/commands/verdict-table.ts');
  const privateKeyPem = options.sign === undefined ? null : fileText('--sign', options.sign);
  const formats = formatNames.filter((one) => options.formats?.includes(one));
  const finance = options.finance === undefined ? null : userPath(options.finance);
  const writing = { privateKeyPem, finance, formats: options.formats === undefined ? undefined : formats };
  const lock = acquireLock(stored.dir);
  try {
    await writeFolder(path.join(stored.dir, 'reports'), (folder) =>
      writeReports(stored, verdict, folder, writing),
    );
  } finally {
    lock.release();
  }
  const reports = reportPaths(stored.dir);
  const files = Object.entries(reports).map(([kind, file]) => `${kind} report: ${file}`);
  const { readManifest } = await import('#reports/finance/report-manifest.ts');
  const issued = readManifest(path.join(stored.dir, 'reports', 'finance'))?.manifest ?? null;
  const issue = issued === null ? [] : issueText(issued, privateKeyPem !== null);
  return {
    text: `${verdictText(stored.plan, verdict, stylesFor(options))}\n${[...files, ...issue].join('\n')}\n`,
    document: { campaign: stored.plan.campaign, verdict, reports, cost_report: issued },
    exitCode: exitCodeOfStatus(verdict.status),
  };
}

/** What a person does with the cost report next: which files there are, what is new in it, who signed. */
function issueText(issued: ReportManifest, isSigned: boolean): readonly string[] {
  const differences = issued.changes.map(
    ({ figure, before, after }) => `  ${figure}: ${before ?? 'none'} -> ${after ?? 'none'}`,
  );
  const supersedes =
    issued.supersedes === null
      ? 'the first version'
      : `supersedes version ${issued.version - 1}; ${differences.length === 0 ? 'no headline figure changed' : 'changed since:'}`;
  return [
    `cost report ${issued.report_id}: ${supersedes}`,
    ...differences,
    `files: ${issued.files.map(({ name }) => name).join(', ')}`,
    ...issued.not_written.map(({ format, why }) => `not written: ${format}: ${why}`),
    isSigned
      ? 'signed; check with: npm run campaign verify -- RUN --key PUBLIC-KEY-FILE'
      : 'not signed (--sign KEY)',
  ];
}

async function verify(name: string, options: VerifyOptions): Promise<Answer> {
  const stored = await record(name, options); // every hash is checked while reading
  if (stored.verdicts === null) throw unfinished(stored);
  const { judgeCampaign } = await import('#campaigns/analysis/verdict.ts');
  const { canonicalJson } = await import('#campaigns/canonical-json.ts');
  const { verdictText } = await import('#campaigns/commands/verdict-table.ts');
  const { codeVersion } = await import('#campaigns/code-version.ts');
  const again = judgeCampaign(stored.plan, stored.results);
  if (canonicalJson(JSON.parse(JSON.stringify(again))) !== canonicalJson(stored.verdicts)) {
    const changed =
      codeVersion() === stored.plan.codeVersion
        ? 'with the same code'
        : `by code ${codeVersion()} instead of ${stored.plan.codeVersion}`;
    throw new CampaignError(
      'results-damaged',
      `judged again ${changed}, ${stored.plan.campaign} has another verdict than the stored one`,
    );
  }
  const proof = await provenReport(stored.dir, options);
  const files = stored.results.size * 5;
  const head = `${stored.journal.events} journal lines, ${stored.results.size} runs and ${files} result files are as they were written; judged again, the verdict is the same`;
  return {
    text: `${head}\n${proof === null ? 'no cost report is stored' : `${proof.reportId}: ${proof.files} files are as they were written; ${SIGNATURE[proof.signature]}`}\n\n${verdictText(stored.plan, again, stylesFor(options))}`,
    document: {
      campaign: stored.plan.campaign,
      verified: true,
      runs: stored.results.size,
      cost_report: proof,
      verdict: again,
    },
    exitCode: exitCodeOfStatus(again.status),
  };
}

const SIGNATURE: Readonly<Record<ReportProof['signature'], string>> = {
  none: 'not signed',
  unchecked: 'signed, by whom was not checked: --key PUBLIC-KEY-FILE checks it',
  valid: 'signed with this key',
  invalid: 'its signature does not fit',
};

/** As the register has it: base64, or what OpenSSL and `signers --create-key` write. */
async function publicKeyIn(file: string): Promise<string> {
  const text = fileText('--key', file).trim();
  if (!text.startsWith('-----BEGIN')) return text;
  const { publicKeyOf } = await import('#budgets/signature.ts');
  return publicKeyOf(text);
}

/** The cost report of a campaign, file by file. An invalid signature is damage. */
async function provenReport(folder: string, options: VerifyOptions): Promise<ReportProof | null> {
  const { proveReport } = await import('#reports/finance/report-manifest.ts');
  const publicKey = options.key === undefined ? null : await publicKeyIn(options.key);
  const proof = proveReport(path.join(folder, 'reports', 'finance'), publicKey);
  if (proof?.signature === 'invalid' || (publicKey !== null && proof?.signature !== 'valid'))
    throw new CampaignError(
      'results-damaged',
      `the cost report of ${path.basename(folder)} is not signed by this key`,
    );
  return proof;
}

function runsByRow(of: CampaignRecord): CampaignRuns {
  const rows = new Map<string, readonly RunRecord[]>();
  for (const row of of.plan.rows)
    rows.set(
      row.rowId,
      row.cells.flatMap((cell) => of.results.get(cell.id) ?? []),
    );
  return { campaign: of.plan.campaign, rows };
}

async function compare(before: string, after: string, options: RecordOptions): Promise<Answer> {
  const { compareRuns } = await import('#campaigns/analysis/compare.ts');
  const comparison = compareRuns(
    runsByRow(await record(before, options)),
    runsByRow(await record(after, options)),
  );
  const changed = comparison.comparisons.filter(({ change }) => change !== 'same');
  const columns = [
    { title: 'row', most: 44 },
    { title: 'metric' },
    { title: 'before', align: 'right' as const },
    { title: 'after', align: 'right' as const },
    { title: 'worse by', align: 'right' as const },
    { title: 'change' },
  ];
  const rows = changed.map((one) => [
    one.rowId,
    one.metric,
    `${formatFigure(one.before)} ${one.unit}`,
    `${formatFigure(one.after)} ${one.unit}`,
    one.changePercent === null ? '-' : `${formatFigure(one.changePercent)} %`,
    one.change,
  ]);
  const same = comparison.comparisons.length - changed.length;
  const only = [
    ...comparison.onlyBefore.map((row) => `only in ${comparison.before}: ${row}`),
    ...comparison.onlyAfter.map((row) => `only in ${comparison.after}: ${row}`),
    ...comparison.lost.map((metric) => `no longer observed: ${metric}`),
  ];
  const sum = `${comparison.status}: ${changed.length} figures changed, ${same} are the same`;
  return {
    text: `${[...(rows.length > 0 ? [textTable(columns, rows)] : []), ...only, sum].join('\n')}\n`,
    document: { ...comparison },
    exitCode: exitCodeOfStatus(comparison.status),
  };
}

const outOption = (command: Command): Command =>
  command.option('--out <DIR>', 'folder that holds the campaigns (default runs)');

export function addRecordCommands(program: Command, holder: ExitHolder): void {
  const run = [{ name: '<RUN>', about: 'name or folder of a campaign, or latest' }];
  addCommand<ReportOptions>(program, holder, {
    name: 'report',
    summary: 'write both reports of a stored campaign again: the same bytes',
    arguments: run,
    options: (command) =>
      outOption(command)
        .option(
          '--formats <LIST>',
          'of the cost report, beside HTML, JSON, CSV: xlsx,focus,pdf, all or none',
          formatsOption,
        )
        .option(
          '--finance <FILE>',
          'cost centre, accounts, exchange rate (default finance.yaml; docs/finance.example.yaml)',
        )
        .option('--sign <KEY>', 'Ed25519 private key (PEM) that signs the cost report'),
    examples: [
      'npm run campaign report latest',
      'npm run campaign report -- latest --formats all --sign finance.pem',
    ],
    run: ([name = ''], options) => report(name, options),
  });
  addCommand<VerifyOptions>(program, holder, {
    name: 'verify',
    summary: 'check every hash of a stored campaign and judge it again',
    arguments: run,
    options: (command) =>
      outOption(command).option(
        '--key <FILE>',
        'public key (PEM, or base64 as in the register) that must have signed the cost report',
      ),
    examples: [
      'npm run campaign verify latest',
      'npm run campaign verify -- runs/phase1-20260101T120000Z --json',
    ],
    run: ([name = ''], options) => verify(name, options),
  });
  addCommand<RecordOptions>(program, holder, {
    name: 'compare',
    summary: 'figures of two campaigns side by side; more than 10 % worse is a regression',
    arguments: [
      { name: '<A>', about: 'the baseline' },
      { name: '<B>', about: 'what is compared with it' },
    ],
    options: outOption,
    examples: ['npm run campaign compare -- phase1-20260101T120000Z latest'],
    run: ([before = '', after = ''], options) => compare(before, after, options),
  });
}
