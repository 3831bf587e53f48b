/**
 * `optimise`: what a phase could cost instead, ranked, with the cheapest plan that answers every question.
 * Owns: its words and exit codes. Does not own: the search (budgets/optimise.ts) or ways back inside a limit (budgets/levers.ts).
 */
import type { Command } from 'commander';
import type { CampaignForecast } from '#budgets/campaign-forecast.ts';
import { formatUsd } from '#budgets/money.ts';
import type { Optimisation, Option } from '#budgets/optimise.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer } from '#campaigns/commands/command-output.ts';
import { moneyOptions, outlineOf, type PhaseMoneyOptions } from '#campaigns/commands/money-commands.ts';
import { rangeText, waysText } from '#campaigns/commands/money-text.ts';
import { type Column, textTable } from '#campaigns/commands/text-table.ts';
import { exitCodes } from '#campaigns/exit-code.ts';

const columns: Column[] = [
  { title: 'lever' },
  { title: 'saves P50', align: 'right' },
  { title: 'then P50', align: 'right' },
  { title: 'then P90', align: 'right' },
  { title: 'answers all' },
  { title: 'what', most: 110 },
  { title: 'risk', most: 110 },
];

function optionRow({ lever, text, after, saved, answersEverything, risk }: Option): string[] {
  const { p50, p90 } = after;
  return [
    lever,
    formatUsd(saved),
    formatUsd(p50.usdMicros),
    formatUsd(p90.usdMicros),
    answersEverything ? 'yes' : 'no',
    text,
    risk,
  ];
}

function optimiseText(phase: string, found: Optimisation, forecast: CampaignForecast): string {
  const { now, options, proposal } = found;
  const ways = waysText(forecast);
  return `${[
    `FORECAST of ${phase} as planned: ${rangeText(now)}`,
    '',
    'each lever alone, largest saving first:',
    textTable(columns, options.map(optionRow)).trimEnd(),
    '',
    'cheapest plan that answers every question (proposed):',
    `  ${proposal.text}: ${rangeText(proposal.total)}, saves ${formatUsd(proposal.saved)}`,
    `  ${proposal.isInsideCampaign ? 'inside' : 'outside'} the limit of the campaign at P90`,
    ...proposal.stillOver.map(
      ({ rowId, alone }) => `  one run of ${rowId} is still over its limit: ${rangeText(alone)}`,
    ),
    ...(ways === '' ? [] : ['', ways.trimEnd()]),
  ].join('\n')}\n`;
}

async function optimiseAnswer(phase: string, options: PhaseMoneyOptions): Promise<Answer> {
  const outline = await outlineOf(phase, options);
  const { forecastOutline, outlineInput } = await import('#campaigns/forecast-plan.ts');
  const { pricedBy, sheetInForce } = await import('#budgets/sheet-store.ts');
  const { optimise } = await import('#budgets/optimise.ts');
  const inForce = sheetInForce();
  const found = pricedBy(inForce, () => optimise(outlineInput(outline, inForce.sheet), outline.limits));
  if (found === null) {
    const text = `${outline.phase} buys nothing: it runs on this machine\n`;
    return { text, document: { phase: outline.phase, optimisation: null }, exitCode: exitCodes.passed };
  }
  const forecast = forecastOutline(outline);
  const isOver = found.proposal.stillOver.length > 0 || !found.proposal.isInsideCampaign;
  return {
    text: optimiseText(outline.phase, found, forecast),
    document: { phase: outline.phase, optimisation: found, breaches: forecast.breaches },
    exitCode: isOver ? exitCodes.overBudget : exitCodes.passed,
  };
}

export function addOptimiseCommand(program: Command, holder: ExitHolder): void {
  addCommand<PhaseMoneyOptions>(program, holder, {
    name: 'optimise',
    summary: 'what a phase could cost instead, ranked, and the cheapest plan that answers every question',
    description:
      'Region, family, architecture, packing, windows, repetitions: each forecast with the same functions. Exit 0: the proposal is inside the limits. 21: something is over even so.',
    arguments: [{ name: '<phaseN>', about: 'phase1 to phase4' }],
    options: moneyOptions,
    examples: [
      'npm run campaign optimise phase3',
      'npm run campaign optimise phase2 -- --replications 5 --json',
    ],
    run: ([phase = ''], options) => optimiseAnswer(phase, options),
  });
}
