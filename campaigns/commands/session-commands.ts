/**
 * `status`, `resume`, `stop`, `teardown`: a running or broken campaign.
 * Owns: their options and words. Does not own: the session (campaign-session.ts) or the lock (lock.ts).
 */
import path from 'node:path';
import type { Command } from 'commander';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import { runsFolder } from '#campaigns/commands/option-values.ts';
import { textTable } from '#campaigns/commands/text-table.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { exitCodes } from '#campaigns/exit-code.ts';

interface SessionOptions extends CommonOptions {
  readonly out?: string;
  readonly approve?: string;
}

interface StatusLine {
  readonly campaign: string;
  readonly phase: string;
  readonly target: string;
  /** "running (pid 12 on host)", "closed", "interrupted", "broken off"; and whether a network may still stand */
  readonly state: string;
  readonly runs_done: number;
  readonly runs: number;
  readonly exit_code: number | null;
  readonly last_event_at: string | null;
}

async function statusOf(folder: string): Promise<StatusLine> {
  const { readPlan } = await import('#campaigns/results/reader.ts');
  const { journalFile, readJournal } = await import('#campaigns/journal.ts');
  const { journalState } = await import('#campaigns/journal-event.ts');
  const { deploymentsOf } = await import('#campaigns/deployment-plan.ts');
  const { cellsToRun, isApproved } = await import('#campaigns/next-action.ts');
  const { troublesOf } = await import('#campaigns/deployment-state.ts');
  const { currentOwner } = await import('#campaigns/lock.ts');
  const { records } = readJournal(path.join(folder, journalFile));
  const state = journalState(records);
  const plan = readPlan(folder, state.planSha256);
  const owner = currentOwner(folder);
  const deployed = isApproved(plan, state) ? deploymentsOf(plan) : [];
  const { isStanding } = troublesOf(state.deployments);
  const ended = state.closed !== null ? 'closed' : state.interrupted ? 'interrupted' : 'broken off';
  const idle = isStanding ? `${ended}, A NETWORK MAY STAND: teardown` : ended;
  return {
    campaign: path.basename(folder),
    phase: plan.phase,
    target: plan.target,
    state: owner === null ? idle : `running (pid ${owner.pid} on ${owner.host})`,
    runs_done: state.manifests.size,
    runs: cellsToRun(plan).length + deployed.flatMap(({ cells }) => cells).length,
    exit_code: state.closed,
    last_event_at: records.at(-1)?.at ?? null,
  };
}

/** A damaged campaign is a line of the table, not the end of it. */
async function statusOrError(folder: string): Promise<StatusLine> {
  try {
    return await statusOf(folder);
  } catch (error) {
    if (!(error instanceof CampaignError)) throw error;
    const campaign = path.basename(folder);
    const state = `unreadable: ${error.message}`;
    return {
      campaign,
      phase: '-',
      target: '-',
      state,
      runs_done: 0,
      runs: 0,
      exit_code: null,
      last_event_at: null,
    };
  }
}

async function status(name: string | undefined, options: SessionOptions): Promise<Answer> {
  const { findCampaign, listCampaigns } = await import('#campaigns/results/reader.ts');
  const runs = runsFolder(options.out);
  const folders =
    name === undefined ? listCampaigns(runs).map((one) => path.join(runs, one)) : [findCampaign(runs, name)];
  const campaigns = await Promise.all(folders.map(statusOrError));
  const columns = [
    { title: 'campaign', most: 48 },
    { title: 'phase' },
    { title: 'target' },
    { title: 'state', most: 60 },
    { title: 'runs', align: 'right' as const },
    { title: 'exit', align: 'right' as const },
    { title: 'last event' },
  ];
  const rows = campaigns.map((one) => [
    one.campaign,
    one.phase,
    one.target,
    one.state,
    `${one.runs_done}/${one.runs}`,
    one.exit_code === null ? '-' : String(one.exit_code),
    one.last_event_at ?? '-',
  ]);
  const text =
    campaigns.length === 0 ? 'no campaign yet: npm run campaign phase1\n' : textTable(columns, rows);
  return { text, document: { campaigns }, exitCode: exitCodes.passed };
}

async function resume(name: string, options: SessionOptions): Promise<Answer> {
  const { findCampaign, readPlan } = await import('#campaigns/results/reader.ts');
  const { codeVersion } = await import('#campaigns/code-version.ts');
  const { createServices } = await import('#campaigns/services.ts');
  const { writeReports } = await import('#campaigns/commands/report-writing.ts');
  const { limitsOf } = await import('#campaigns/commands/plan-request.ts');
  const { campaignAnswer, driveCampaign } = await import('#campaigns/commands/campaign-session.ts');
  const folder = findCampaign(runsFolder(options.out), name);
  const plan = readPlan(folder, null);
  const begun = `code ${plan.codeVersion} on Node ${plan.nodeVersion}`;
  const here = `code ${codeVersion()} on Node ${process.version}`;
  if (begun !== here && (await statusOf(folder)).exit_code === null) {
    throw new CampaignError(
      'code-changed',
      `${plan.campaign} was begun with ${begun}, this is ${here}: its runs would not be comparable`,
      `check out the code it was begun with, or start anew: npm run campaign ${plan.phase}`,
    );
  }
  const money = {
    limits: limitsOf(plan),
    budgetGiven: false,
    approve: options.approve ?? null,
    now: () => new Date().toISOString(),
  };
  const isPhase = plan.phase !== 'simulate';
  const services = createServices(money, isPhase ? writeReports : async () => {});
  return campaignAnswer(await driveCampaign(folder, services), options, isPhase);
}

async function stop(name: string, options: SessionOptions & { readonly now?: boolean }): Promise<Answer> {
  const os = await import('node:os');
  const { findCampaign } = await import('#campaigns/results/reader.ts');
  const { currentOwner } = await import('#campaigns/lock.ts');
  const folder = findCampaign(runsFolder(options.out), name);
  const campaign = path.basename(folder);
  const owner = currentOwner(folder);
  if (owner === null) {
    return {
      text: `${campaign} is not running\n`,
      document: { campaign, stopped: false },
      exitCode: exitCodes.passed,
    };
  }
  if (owner.host !== os.hostname()) {
    throw new CampaignError(
      'not-available',
      `${campaign} runs on ${owner.host}, this is ${os.hostname()}`,
      `stop it there: kill -INT ${owner.pid}`,
    );
  }
  // The lock proves that this process is the campaign's: its start time is compared, not only its number.
  process.kill(owner.pid, 'SIGINT');
  if (options.now === true) {
    // Signals that follow at once count as one (campaign-session.ts).
    await new Promise((resolve) => setTimeout(resolve, 600));
    if (currentOwner(folder)?.pid === owner.pid) process.kill(owner.pid, 'SIGTERM');
  }
  const text = `asked process ${owner.pid} to stop ${campaign}; go on later with: npm run campaign resume -- ${campaign}\n`;
  return { text, document: { campaign, stopped: true, pid: owner.pid }, exitCode: exitCodes.passed };
}

/** A session that is told to stop before it begins: it removes what stands or may stand, and does nothing else. */
async function teardown(name: string, options: SessionOptions): Promise<Answer> {
  const { findCampaign, readPlan } = await import('#campaigns/results/reader.ts');
  const { createServices } = await import('#campaigns/services.ts');
  const { limitsOf } = await import('#campaigns/commands/plan-request.ts');
  const { driveCampaign } = await import('#campaigns/commands/campaign-session.ts');
  const folder = findCampaign(runsFolder(options.out), name);
  const campaign = path.basename(folder);
  const limits = limitsOf(readPlan(folder, null));
  const money = { limits, budgetGiven: false, approve: null, now: () => new Date().toISOString() };
  const services = createServices(money, async () => {});
  const { deployments, isStanding } = await driveCampaign(folder, services, { isTeardown: true });
  const lines = deployments.map((line) => `  ${line}\n`).join('');
  const text = isStanding
    ? `${campaign}: not everything is gone\n${lines}try again, or look: npm run campaign inventory -- --help\n`
    : `${campaign}: nothing of its networks is left\n`;
  const exitCode = isStanding ? exitCodes.teardownIncomplete : exitCodes.passed;
  return { text, document: { campaign, deployments, is_standing: isStanding }, exitCode };
}

const outOption = (command: Command): Command =>
  command.option('--out <DIR>', 'folder that holds the campaigns (default runs)');

export function addSessionCommands(program: Command, holder: ExitHolder): void {
  const optional = [{ name: '[RUN]', about: 'name or folder of a campaign; default: the latest' }];
  addCommand<SessionOptions>(program, holder, {
    name: 'status',
    summary: 'the campaigns there are and how far they came',
    arguments: [{ name: '[RUN]', about: 'name or folder of a campaign; default: all' }],
    options: outOption,
    examples: ['npm run campaign status', 'npm run campaign status latest'],
    run: ([name], options) => status(name, options),
  });
  addCommand<SessionOptions>(program, holder, {
    name: 'resume',
    summary: 'go on with a campaign that was interrupted or broken off; finished runs are not repeated',
    arguments: optional,
    options: (command) =>
      outOption(command).option('--approve <HASH>', 'approve the plan, prices and limits with this hash'),
    examples: ['npm run campaign resume', 'npm run campaign resume -- phase1-20260101T120000Z'],
    run: ([name = 'latest'], options) => resume(name, options),
  });
  addCommand<SessionOptions & { now?: boolean }>(program, holder, {
    name: 'stop',
    summary: 'ask a running campaign to stop safely, as Ctrl-C in its terminal would',
    arguments: optional,
    options: (command) => outOption(command).option('--now', 'as Ctrl-C twice: journal and leave at once'),
    examples: ['npm run campaign stop', 'npm run campaign stop -- --now'],
    run: ([name = 'latest'], options) => stop(name, options),
  });
  addCommand<SessionOptions>(program, holder, {
    name: 'teardown',
    summary: 'remove what a broken campaign left in the cloud, and prove that nothing is left',
    description:
      'Destroys every network that the journal does not prove to be gone: engine, then a sweep by tag, then an inventory.\nExit 0: nothing is left. 31: something is, and it is named.',
    arguments: optional,
    options: outOption,
    examples: ['npm run campaign teardown', 'npm run campaign teardown -- phase2-20260101T120000Z --json'],
    run: ([name = 'latest'], options) => teardown(name, options),
  });
}
