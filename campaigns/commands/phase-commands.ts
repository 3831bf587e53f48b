/**
 * `phase1` to `phase4` and `catalogue`: the whole campaign of a phase or of every entry, or with --dry-run what it would do.
 * Owns: their options and the dry run. Does not own: the session (campaign-session.ts) or the plan (plan-request.ts).
 */
import type { Command } from 'commander';
import type { UsdMicros } from '#budgets/money.ts';
import type { MoneyOptions } from '#campaigns/approvals.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import {
  calibrationOption,
  choiceOption,
  collected,
  countOption,
  dollarsOption,
  runsFolder,
} from '#campaigns/commands/option-values.ts';
import { exitCodes } from '#campaigns/exit-code.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import { catalogueName } from '#campaigns/whole-catalogue.ts';
import type { Calibration } from '#node/model/calibration.ts';

interface PhaseOptions extends CommonOptions {
  readonly scenario?: readonly string[];
  readonly target?: 'simulator' | 'processes';
  readonly dryRun?: boolean;
  readonly seed?: number;
  readonly replications?: number;
  readonly budget?: UsdMicros;
  readonly approve?: string;
  readonly calibration?: Calibration;
  readonly out?: string;
}

const phases = [
  { name: 'phase1', summary: 'the campaign of phase 1: 100 to 500 nodes, on this machine' },
  { name: 'phase2', summary: 'the campaign of phase 2: 1,000 nodes, predicted and priced before the cloud' },
  { name: 'phase3', summary: 'the campaign of phase 3: 5,000 nodes, predicted and priced before the cloud' },
  { name: 'phase4', summary: 'the campaign of phase 4: 10,000 nodes, predicted and priced before the cloud' },
] as const;

/** Who names an approval means to spend under it: when it does not cover this plan at these prices, nothing is started. */
async function refusedStart(plan: Plan, money: MoneyOptions): Promise<Answer | null> {
  const { approvalGaps, approvalOf } = await import('#campaigns/approvals.ts');
  const { forecastPlan } = await import('#campaigns/forecast-plan.ts');
  if (plan.target !== 'kubernetes') return null;
  const approval = approvalOf(plan, forecastPlan(plan, null, { limits: money.limits }), money);
  const wrong = money.approve !== approval.hash;
  const gaps = approvalGaps(plan, approval, money);
  if (gaps.length === 0 && !wrong) return null;
  const why =
    wrong && gaps.length === 0
      ? [
          `approval: ${money.approve} is not the hash of this plan, these prices and these limits: ${approval.hash} is`,
        ]
      : gaps;
  return {
    text: `${['not started: the approval named does not cover this plan', ...why.map((line) => `  ${line}`)].join('\n')}\n`,
    document: { started: false, approval, missing: why },
    exitCode: exitCodes.approvalMissing,
  };
}

async function runPhase(name: string, options: PhaseOptions): Promise<Answer> {
  const { planCatalogue, planPhase } = await import('#campaigns/commands/plan-request.ts');
  const { defaultSeed } = await import('#campaigns/matrix.ts');
  const { scenario, target, replications, budget, calibration } = options;
  const seed = options.seed ?? defaultSeed;
  const runs = runsFolder(options.out);
  const request = { seed, replications, scenarios: scenario, calibration, runs };
  const planned =
    name === catalogueName ? planCatalogue(request) : planPhase(name, { ...request, target, budget });
  const money = {
    limits: planned.limits,
    budgetGiven: budget !== undefined,
    approve: options.approve ?? null,
    now: () => new Date().toISOString(),
  };
  if (options.dryRun === true) {
    const { dryRunAnswer } = await import('#campaigns/commands/dry-run.ts');
    const { machinePace } = await import('#campaigns/machine-pace.ts');
    return dryRunAnswer(planned.planOf(planned.name), money, await machinePace());
  }
  const refusal =
    options.approve === undefined ? null : await refusedStart(planned.planOf(planned.name), money);
  if (refusal !== null) return refusal;
  const { createServices } = await import('#campaigns/services.ts');
  const { writeReports } = await import('#campaigns/commands/report-writing.ts');
  const { createCampaign } = await import('#campaigns/operator.ts');
  const { plannedMoney } = await import('#campaigns/forecast-plan.ts');
  const { loadFinanceSettings } = await import('#campaigns/schema/finance-settings.ts');
  const { campaignAnswer, driveCampaign } = await import('#campaigns/commands/campaign-session.ts');
  const services = createServices(money, writeReports);
  loadFinanceSettings(null); // read when the reports are written; what is wrong with it is said now
  const plan = planned.planOf(planned.name); // every error of the configuration shows before anything is written
  plannedMoney(plan, money.limits); // and so does every error of the price sheet
  const folder = createCampaign(runsFolder(options.out), planned.name, (campaign) => ({ ...plan, campaign }));
  return campaignAnswer(await driveCampaign(folder, services), options, true);
}

function phaseOptions(command: Command): Command {
  return catalogueOptions(command)
    .option(
      '--target <NAME>',
      'where it runs: simulator or processes (default: simulated, and small rows measured as well)',
      choiceOption('--target', ['simulator', 'processes']),
    )
    .option(
      '--budget <USD>',
      'limit for the whole campaign instead of the phase’s own',
      dollarsOption('--budget'),
    )
    .option(
      '--approve <HASH>',
      'approve the plan, prices and limits with this hash (see the command approve)',
    );
}

/** Of whatever is simulated only. */
function catalogueOptions(command: Command): Command {
  return command
    .option('--scenario <ID>', 'only this scenario of those it carries; repeatable', collected)
    .option('--dry-run', 'show plan, feasibility and forecast; run and write nothing')
    .option('--seed <N>', 'seed of the campaign, 0 to 4294967295 (default 1)', countOption('--seed'))
    .option(
      '--replications <N>',
      'repetitions of each row (default: what the scenario asks for, at least 3)',
      countOption('--replications'),
    )
    .option('--calibration <FILE>', 'figures of your own node implementation', calibrationOption)
    .option('--out <DIR>', 'folder that holds the campaigns (default runs)');
}

function addCatalogueCommand(program: Command, holder: ExitHolder): void {
  addCommand<PhaseOptions>(program, holder, {
    name: catalogueName,
    summary: 'the whole catalogue on the simulator, as one campaign that can be resumed',
    description:
      'Every entry at every size with the shortest windows that answer anything. What only processes, a cluster or a benchmark answers is SKIPPED and says so. --dry-run prints the time of each row and of all.',
    options: catalogueOptions,
    examples: [
      'npm run campaign catalogue -- --dry-run',
      'npm run campaign catalogue',
      'npm run campaign catalogue -- --scenario COV-BYZ-03 --scenario LT-001',
    ],
    run: (_words, options) => runPhase(catalogueName, options),
  });
}

export function addPhaseCommands(program: Command, holder: ExitHolder): void {
  for (const { name, summary } of phases) {
    addCommand<PhaseOptions>(program, holder, {
      name,
      summary,
      description:
        name === 'phase1'
          ? 'Checks feasibility, simulates every row, forecasts, judges and writes both reports.'
          : 'Checks feasibility, simulates every row, forecasts, judges and writes both reports; without approval and credentials it ends there with exit 23 and says what is missing. --target simulator ends with the verdict.',
      options: phaseOptions,
      examples: [
        `npm run campaign ${name}`,
        `npm run campaign ${name} -- --dry-run`,
        `npm run campaign ${name} -- --scenario LT-003 --seed 7`,
        ...(name === 'phase1' ? [] : [`npm run campaign ${name} -- --target simulator`]),
      ],
      run: (_words, options) => runPhase(name, options),
    });
  }
  addCatalogueCommand(program, holder);
}
