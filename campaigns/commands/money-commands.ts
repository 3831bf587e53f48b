/**
 * `forecast`: money before it is spent.
 * Owns: their options and exit codes. Does not own: any amount (budgets) or approvals (approval-commands.ts).
 */
import type { Command } from 'commander';
import type { CampaignForecast } from '#budgets/campaign-forecast.ts';
import type { UsdMicros } from '#budgets/money.ts';
import type { MoneyOptions } from '#campaigns/approvals.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import { collected, countOption, dollarsOption } from '#campaigns/commands/option-values.ts';
import { exitCodes } from '#campaigns/exit-code.ts';
import type { PhaseOutline } from '#campaigns/phase-outline.ts';
import type { Plan } from '#campaigns/plan-record.ts';

export interface PhaseMoneyOptions extends CommonOptions {
  readonly budget?: UsdMicros;
  readonly seed?: number;
  readonly replications?: number;
  readonly scenario?: readonly string[];
}

export interface Priced {
  readonly plan: Plan;
  readonly forecast: CampaignForecast;
  readonly money: MoneyOptions;
}

/** What a phase would cost, without planning a single repetition. Throws ConfigError, BudgetError. */
export async function outlineOf(phase: string, options: PhaseMoneyOptions): Promise<PhaseOutline> {
  const { outlinePhase } = await import('#campaigns/phase-outline.ts');
  const { defaultSeed } = await import('#campaigns/matrix.ts');
  const { budget, replications, scenario, seed = defaultSeed } = options;
  return outlinePhase(phase, { seed, replications, scenarios: scenario, budget });
}

/** The plan of a phase with its forecast, as a start would make them now. */
export async function pricePhase(phase: string, options: PhaseMoneyOptions): Promise<Priced> {
  const { planPhase } = await import('#campaigns/commands/plan-request.ts');
  const { defaultSeed } = await import('#campaigns/matrix.ts');
  const { forecastPlan } = await import('#campaigns/forecast-plan.ts');
  const { budget, replications, scenario, seed = defaultSeed } = options;
  const planned = planPhase(phase, { seed, replications, scenarios: scenario, budget });
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

/** Every phase by itself and their sum. P90 adds up as if everything went wrong together: an upper bound. */
async function totalAnswer(options: PhaseMoneyOptions): Promise<Answer> {
  const { phaseNames } = await import('#campaigns/scenario-file.ts');
  const { forecastOutline } = await import('#campaigns/forecast-plan.ts');
  const { formatUsd, sum } = await import('#budgets/money.ts');
  const { textTable } = await import('#campaigns/commands/text-table.ts');
  const phases = [];
  for (const name of phaseNames()) phases.push(forecastOutline(await outlineOf(name, options)));
  const totals = phases.map(({ forecast, limits, breaches }) => ({
    phase: forecast.phase,
    stack: forecast.stack.name,
    p50: forecast.total.p50.usdMicros,
    p90: forecast.total.p90.usdMicros,
    limit: limits.campaign,
    breaks: breaches.filter(({ severity }) => severity === 'over').map(({ subject }) => subject),
  }));
  const p50 = sum(totals.map((one) => one.p50));
  const p90 = sum(totals.map((one) => one.p90));
  const right = { align: 'right' as const };
  const table = textTable(
    [
      { title: 'phase' },
      { title: 'stack' },
      { title: 'P50', ...right },
      { title: 'P90', ...right },
      { title: 'limit', ...right },
      { title: 'over a limit', most: 60 },
    ],
    [
      ...totals.map((one) => [
        one.phase,
        one.stack,
        formatUsd(one.p50),
        formatUsd(one.p90),
        formatUsd(one.limit),
        one.breaks.join(', ') || '-',
      ]),
      ['all', '', formatUsd(p50), formatUsd(p90), '', ''],
    ],
  );
  return {
    text: `FORECAST of every phase, before tax\n\n${table}P90 of all: as if every phase went wrong at once, an upper bound\n`,
    document: { phases: totals, total: { p50, p90 } },
    exitCode: totals.some(({ breaks }) => breaks.length > 0) ? exitCodes.overBudget : exitCodes.passed,
  };
}

async function forecastAnswer(phase: string, options: PhaseMoneyOptions): Promise<Answer> {
  if (phase === 'all') return totalAnswer(options);
  const outline = await outlineOf(phase, options);
  const { forecastOutline } = await import('#campaigns/forecast-plan.ts');
  const { forecastText, waysText } = await import('#campaigns/commands/money-text.ts');
  const forecast = forecastOutline(outline);
  const parts = [forecastText(forecast), waysText(forecast)].filter((part) => part !== '');
  return {
    text: parts.join('\n'),
    document: { phase: outline.phase, forecast },
    exitCode: isOver(forecast) ? exitCodes.overBudget : exitCodes.passed,
  };
}

export function moneyOptions(command: Command): Command {
  return command
    .option(
      '--budget <USD>',
      'limit for the whole campaign instead of the phase’s own',
      dollarsOption('--budget'),
    )
    .option('--scenario <ID>', 'only this scenario of the phase; repeatable', collected)
    .option('--seed <N>', 'seed of the campaign (default 1)', countOption('--seed'))
    .option('--replications <N>', 'repetitions of each row', countOption('--replications'));
}

export function addMoneyCommands(program: Command, holder: ExitHolder): void {
  const phaseArgument = [{ name: '<phaseN>', about: 'phase1 to phase4, or all' }];
  addCommand<PhaseMoneyOptions>(program, holder, {
    name: 'forecast',
    summary: 'what a phase would cost, against its limits',
    description: 'Exit 0: inside the limits at P50. 21: over a limit, and by how much.',
    arguments: phaseArgument,
    options: moneyOptions,
    examples: [
      'npm run campaign forecast phase3',
      'npm run campaign forecast all',
      'npm run campaign forecast phase3 -- --replications 3 --budget 5000',
    ],
    run: ([phase = ''], options) => forecastAnswer(phase, options),
  });
}
