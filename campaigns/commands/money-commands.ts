/**
 * `forecast`, `approve`, `prices`: money before it is spent.
 * Owns: their options and exit codes. Does not own: any amount (budgets) or what an approval binds to (services.ts).
 */
import type { Command } from 'commander';
import type { CampaignForecast } from '#budgets/campaign-forecast.ts';
import type { UsdMicros } from '#budgets/money.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import { countOption, dollarsOption } from '#campaigns/commands/option-values.ts';
import { type ExitCode, exitCodes } from '#campaigns/exit-code.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import type { MoneyOptions } from '#campaigns/services.ts';

interface MoneyCommandOptions extends CommonOptions {
  readonly budget?: UsdMicros;
  readonly seed?: number;
  readonly replications?: number;
}

interface Priced {
  readonly plan: Plan;
  readonly forecast: CampaignForecast;
  readonly money: MoneyOptions;
}

async function price(phase: string, options: MoneyCommandOptions): Promise<Priced> {
  const { defaultSeed, planPhase } = await import('#campaigns/commands/plan-request.ts');
  const { forecastPlan } = await import('#campaigns/forecast-plan.ts');
  const { budget, replications, seed = defaultSeed } = options;
  const planned = planPhase(phase, { seed, replications, budget });
  const plan = planned.planOf(planned.name);
  const money = {
    limits: planned.limits,
    budgetGiven: budget !== undefined,
    approve: null,
    now: () => new Date().toISOString(),
  };
  return { plan, forecast: forecastPlan(plan, null, { limits: planned.limits }), money };
}

function isOver(forecast: CampaignForecast): boolean {
  return forecast.breaches.some((breach) => breach.severity === 'over');
}

async function forecastAnswer(phase: string, options: MoneyCommandOptions): Promise<Answer> {
  const { plan, forecast } = await price(phase, options);
  const { forecastText } = await import('#campaigns/commands/money-text.ts');
  const levers = forecast.breaches.flatMap((breach) => breach.levers.map((lever) => `  ${lever.text}`));
  const ways =
    levers.length === 0 ? '' : `\nways back inside the limits:\n${[...new Set(levers)].join('\n')}\n`;
  return {
    text: `${forecastText(forecast)}${ways}`,
    document: { phase: plan.phase, forecast },
    exitCode: isOver(forecast) ? exitCodes.overBudget : exitCodes.passed,
  };
}

function approvalExitCode(forecast: CampaignForecast, needed: boolean, credentials: boolean): ExitCode {
  if (!needed) return exitCodes.passed;
  if (isOver(forecast)) return exitCodes.overBudget;
  return credentials ? exitCodes.passed : exitCodes.approvalMissing;
}

async function approveAnswer(phase: string, options: MoneyCommandOptions): Promise<Answer> {
  const { plan, forecast, money } = await price(phase, options);
  const { approvalOf, hasCloudCredentials, whatIsMissing } = await import('#campaigns/services.ts');
  const { forecastText } = await import('#campaigns/commands/money-text.ts');
  const approval = approvalOf(plan, forecast, money);
  const exitCode = approvalExitCode(forecast, approval.need.needed, hasCloudCredentials());
  const missing = whatIsMissing(plan, approval, forecast, { ...money, approve: approval.hash });
  const lines = approval.need.needed
    ? [
        `an approval is bound to this plan, these prices and these limits: ${approval.hash}`,
        `needed: ${approval.need.why}`,
        `approve with: npm run campaign ${phase} -- --approve ${approval.hash}`,
        ...missing.map((note) => `still missing then: ${note}`),
      ]
    : [`no approval is needed: ${approval.need.why}`];
  return {
    text: `${forecastText(forecast)}\n${lines.join('\n')}\n`,
    document: { phase: plan.phase, approval, missing },
    exitCode,
  };
}

async function pricesAnswer(): Promise<Answer> {
  const { readPriceSheet } = await import('#budgets/price-sheet.ts');
  const { pricesText } = await import('#campaigns/commands/money-text.ts');
  const sheet = readPriceSheet();
  return { text: pricesText(sheet), document: { prices: sheet }, exitCode: exitCodes.passed };
}

function moneyOptions(command: Command): Command {
  return command
    .option(
      '--budget <USD>',
      'limit for the whole campaign instead of the phase’s own',
      dollarsOption('--budget'),
    )
    .option('--seed <N>', 'seed of the campaign (default 1)', countOption('--seed'))
    .option('--replications <N>', 'repetitions of each row', countOption('--replications'));
}

export function addMoneyCommands(program: Command, holder: ExitHolder): void {
  const phaseArgument = [{ name: '<phaseN>', about: 'phase1 to phase4' }];
  addCommand<MoneyCommandOptions>(program, holder, {
    name: 'forecast',
    summary: 'what a phase would cost, against its limits',
    description: 'Exit 0: inside the limits at P50. 21: over a limit, and by how much.',
    arguments: phaseArgument,
    options: moneyOptions,
    examples: [
      'npm run campaign forecast phase3',
      'npm run campaign forecast phase3 -- --replications 3 --budget 5000',
    ],
    run: ([phase = ''], options) => forecastAnswer(phase, options),
  });
  addCommand<MoneyCommandOptions>(program, holder, {
    name: 'approve',
    summary: 'the hash that an approval of a phase is bound to, and who has to agree',
    description: 'Exit 0: it can be approved, or need not be. 21: over a limit. 23: credentials are missing.',
    arguments: phaseArgument,
    options: moneyOptions,
    examples: ['npm run campaign approve phase2', 'npm run campaign approve phase2 -- --budget 2000 --json'],
    run: ([phase = ''], options) => approveAnswer(phase, options),
  });
  addCommand<CommonOptions>(program, holder, {
    name: 'prices',
    summary: 'the dated price sheet with its sources',
    options: (command) => command,
    examples: ['npm run campaign prices', 'npm run campaign prices -- --json'],
    run: pricesAnswer,
  });
}
