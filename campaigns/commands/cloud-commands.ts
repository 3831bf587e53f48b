/**
 * `guard`, `inventory`, `reap`: what runs in a cloud account, what it costs, and making it stop.
 * Owns: their options, words and exit codes. Does not own: the decision (budgets/guard), the account (campaigns/cloud).
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { GuardPolicy } from '#budgets/guard/policy.ts';
import type { UsdMicros } from '#budgets/money.ts';
import type { CloudResource, OwnershipKey } from '#campaigns/cloud/cloud-resource.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import { countOption, dollarsOption, durationOption, runsFolder } from '#campaigns/commands/option-values.ts';
import { textTable } from '#campaigns/commands/text-table.ts';
import { ConfigError, optionProblem } from '#campaigns/config-error.ts';
import { exitCodes } from '#campaigns/exit-code.ts';

interface AccountOptions extends CommonOptions {
  readonly campaign?: string;
  readonly stack?: string;
  readonly region?: string;
  readonly out?: string;
}

interface GuardCommandOptions extends AccountOptions {
  readonly cap?: UsdMicros;
  readonly campaignLeft?: UsdMicros;
  readonly deadline?: string;
  readonly maxMachines?: number;
  readonly poll?: number;
  readonly drain?: number;
  readonly polls?: number;
  readonly answerWithin?: number;
  readonly prices?: string;
  readonly spotQuotes?: boolean;
  readonly dryRun?: boolean;
}

function needed<T>(option: string, value: T | undefined, why: string): T {
  if (value !== undefined && value !== '') return value;
  throw new ConfigError([optionProblem(option, 'is missing', why)]);
}

function keyOf(options: AccountOptions): OwnershipKey {
  return {
    campaign: needed('--campaign', options.campaign, 'the value of the tag bft:campaign'),
    stack: needed('--stack', options.stack, 'the value of the tag bft:stack, the second key'),
  };
}

/** Exit 23 without credentials: nothing is asked of the cloud. */
async function accountOf(options: AccountOptions) {
  const { hasCloudCredentials } = await import('#campaigns/approvals.ts');
  const region = options.region ?? process.env['AWS_REGION'];
  if (region === undefined || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    throw new ConfigError([
      optionProblem('--region', 'is missing or no region', 'like us-west-2, or set AWS_REGION'),
    ]);
  if (!hasCloudCredentials()) return null;
  const { AwsAccount } = await import('#campaigns/cloud/aws-account.ts');
  return new AwsAccount(region);
}

const noCredentials: Answer = {
  text: 'no credentials: set AWS_PROFILE, AWS_ACCESS_KEY_ID or AWS_WEB_IDENTITY_TOKEN_FILE\n',
  document: { missing: ['credentials'] },
  exitCode: exitCodes.approvalMissing,
};

function deadlineOption(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new ConfigError([
    optionProblem(
      '--deadline',
      `${JSON.stringify(text.slice(0, 40))} is no moment`,
      'like 2026-12-01T18:00:00Z',
    ),
  ]);
}

async function policyOf(options: GuardCommandOptions): Promise<GuardPolicy> {
  const { checkPolicy, guardDefaults } = await import('#budgets/guard/policy.ts');
  return checkPolicy({
    ...guardDefaults,
    runCap: options.cap ?? guardDefaults.runCap,
    campaignLeft: options.campaignLeft ?? guardDefaults.campaignLeft,
    deadlineMs: Date.parse(needed('--deadline', options.deadline, 'when everything has to be gone')),
    maxInstances: needed('--max-machines', options.maxMachines, 'the most that the plan can need'),
    pollMs: Math.round((options.poll ?? guardDefaults.pollMs * 1000) / 1000),
    drainMs: Math.round((options.drain ?? guardDefaults.drainMs * 1000) / 1000),
  });
}

async function guardAnswer(options: GuardCommandOptions): Promise<Answer> {
  const key = keyOf(options);
  const policy = await policyOf(options);
  const account = await accountOf(options);
  if (account === null) return noCredentials;
  const { guardSession } = await import('#campaigns/guard/guard-session.ts');
  const folder = path.join(runsFolder(options.out), key.campaign);
  mkdirSync(folder, { recursive: true });
  try {
    const end = await guardSession({
      account,
      key,
      policy,
      folder,
      priceSheet: options.prices ?? null,
      spotQuotes: options.spotQuotes === true,
      dryRun: options.dryRun === true,
      polls: options.polls ?? null,
      answerMs: Math.round((options.answerWithin ?? 10_000_000) / 1000),
    });
    const { accrued, burn, phase, stopped } = end;
    const why = stopped === null ? 'nothing had to be stopped' : `stopped: ${stopped}`;
    return {
      text: `${why}; ${phase} after ${end.polls} polls; metered ${accrued}, ${burn} per hour\nevidence: ${end.evidence}\n`,
      document: { ...end },
      exitCode:
        stopped === null
          ? exitCodes.passed
          : phase === 'gone' || options.dryRun === true
            ? exitCodes.stoppedByGuard
            : exitCodes.teardownIncomplete,
    };
  } finally {
    account.close();
  }
}

const tableColumns = [
  { title: 'class' },
  { title: 'id', most: 44 },
  { title: 'state' },
  { title: 'campaign', most: 30 },
  { title: 'stack' },
  { title: 'verdict', most: 60 },
];

function line(resource: CloudResource, verdict: string): string[] {
  const { tags } = resource;
  return [
    resource.class,
    resource.id,
    resource.state,
    tags['bft:campaign'] ?? '-',
    tags['bft:stack'] ?? '-',
    verdict,
  ];
}

async function inventoryAnswer(options: AccountOptions): Promise<Answer> {
  const account = await accountOf(options);
  if (account === null) return noCredentials;
  const { belongsTo, isBilled, isOfThisProduct } = await import('#campaigns/cloud/cloud-resource.ts');
  try {
    const { resources, stampMs } = await account.inventory();
    const asked = options.campaign === undefined ? null : keyOf(options);
    const ours = resources.filter((one) => (asked === null ? isOfThisProduct(one) : belongsTo(one, asked)));
    const rows = ours.map((one) => line(one, isBilled(one) ? 'billed' : 'not billed'));
    const others = resources.length - ours.length;
    const head = ours.length === 0 ? 'nothing of ours is left\n' : textTable(tableColumns, rows);
    const document = { at: new Date(stampMs).toISOString(), region: account.region, resources: ours, others };
    return {
      text: `${head}${others} resource(s) of others in ${account.region}, not listed\n`,
      document,
      exitCode: asked !== null && ours.some(isBilled) ? exitCodes.teardownIncomplete : exitCodes.passed,
    };
  } finally {
    account.close();
  }
}

async function reapAnswer(options: AccountOptions & { readonly yes?: boolean }): Promise<Answer> {
  const key = keyOf(options);
  const account = await accountOf(options);
  if (account === null) return noCredentials;
  const { reap, sweepPlan } = await import('#campaigns/cloud/reap.ts');
  try {
    const { resources, stampMs } = await account.inventory();
    const plan =
      options.yes === true
        ? await reap(account, key)
        : { ...sweepPlan(resources, key, stampMs), asked: [], refused: new Map<string, string>() };
    const rows = plan.ours.map(({ resource, verdict }) => {
      const refused = plan.refused.get(resource.id);
      const done =
        options.yes === true
          ? refused === undefined
            ? 'deleted'
            : `refused: ${refused}`
          : 'would be deleted';
      return line(resource, verdict.reap ? done : `kept: ${verdict.why}`);
    });
    const expired = plan.ours.filter(({ verdict }) => verdict.reap).length;
    const hint =
      options.yes === true || expired === 0
        ? ''
        : `dry run: nothing was deleted; delete ${expired} with --yes\n`;
    const table = rows.length === 0 ? 'nothing carries this product’s tag\n' : textTable(tableColumns, rows);
    return {
      text: `${table}${plan.others} resource(s) of others, never touched\n${hint}`,
      document: {
        at: new Date(plan.atMs).toISOString(),
        dry_run: options.yes !== true,
        resources: plan.ours,
        others: plan.others,
        refused: Object.fromEntries(plan.refused),
      },
      exitCode: plan.refused.size > 0 ? exitCodes.teardownIncomplete : exitCodes.passed,
    };
  } finally {
    account.close();
  }
}

const accountOptions = (command: Command): Command =>
  command
    .option('--campaign <NAME>', 'value of the tag bft:campaign')
    .option('--stack <NAME>', 'value of the tag bft:stack, e.g. 1k-nodes')
    .option('--region <REGION>', 'AWS region (default AWS_REGION)')
    .option('--out <DIR>', 'folder that holds the campaigns (default runs)');

function guardOptions(command: Command): Command {
  return accountOptions(command)
    .option('--cap <USD>', 'what the run may cost (default 1000)', dollarsOption('--cap'))
    .option(
      '--campaign-left <USD>',
      'what is left of the campaign’s limit (default 10000)',
      dollarsOption('--campaign-left'),
    )
    .option('--deadline <UTC>', 'when everything has to be gone', deadlineOption)
    .option('--max-machines <N>', 'the most machines that the plan can need', countOption('--max-machines'))
    .option('--poll <DURATION>', 'between two looks, 2s to 60s (default 15s)', durationOption('--poll'))
    .option('--drain <DURATION>', 'for running work to finish (default 60s)', durationOption('--drain'))
    .option(
      '--answer-within <DURATION>',
      'later answers count as none (default 10s)',
      durationOption('--answer-within'),
    )
    .option('--polls <N>', 'look so often and leave', countOption('--polls'))
    .option('--prices <FILE>', 'another price sheet, read again at every look')
    .option('--spot-quotes', 'ask the account for spot prices at every look')
    .option('--dry-run', 'decide and write evidence, stop nothing');
}

export function addCloudCommands(program: Command, holder: ExitHolder): void {
  addCommand<GuardCommandOptions>(program, holder, {
    name: 'guard',
    summary: 'watch what a campaign costs, as a process of its own, and stop it before a limit',
    description:
      'Meters inventory x price, stops new work and tears down before the cap, at the deadline, at too many machines, or when it\ncannot see inventory or prices twice in a row. Evidence: runs/<campaign>/guard.jsonl, hash-chained.\nExit 0: it was told to leave. 22: it stopped the campaign and nothing is left. 31: something is still there. 23: no credentials.',
    options: guardOptions,
    examples: [
      'npm run campaign guard -- --campaign phase2-a --stack 1k-nodes --region us-west-2 --cap 500 --deadline 2026-12-01T18:00:00Z --max-machines 72',
      'npm run campaign guard -- --campaign phase2-a --stack 1k-nodes --deadline 2026-12-01T18:00:00Z --max-machines 72 --dry-run --polls 1',
    ],
    run: (_, options) => guardAnswer(options),
  });
  addCommand<AccountOptions>(program, holder, {
    name: 'inventory',
    summary: 'what of this product is in the account; with --campaign and --stack: what is left of one',
    description:
      'Exit 0: listed, or nothing billed is left. 31: something of the campaign is still billed. 23: no credentials.',
    options: accountOptions,
    examples: [
      'npm run campaign inventory -- --region us-west-2',
      'npm run campaign inventory -- --region us-west-2 --campaign phase2-a --stack 1k-nodes --json',
    ],
    run: (_, options) => inventoryAnswer(options),
  });
  addCommand<AccountOptions & { yes?: boolean }>(program, holder, {
    name: 'reap',
    summary: 'delete what a campaign left behind after its deadline; a dry run unless --yes',
    description:
      'Only what carries both tags, campaign and stack, and a deadline that has passed. Everything else is kept, and says why.\nExit 0: done or shown. 31: the provider refused something. 23: no credentials.',
    options: (command) => accountOptions(command).option('--yes', 'really delete'),
    examples: [
      'npm run campaign reap -- --region us-west-2 --campaign phase2-a --stack 1k-nodes',
      'npm run campaign reap -- --region us-west-2 --campaign phase2-a --stack 1k-nodes --yes',
    ],
    run: (_, options) => reapAnswer(options),
  });
}
