/**
 * `optimise`: what a phase could cost instead, ranked, with the cheapest plan that answers every question.
 * Owns: its words and exit codes. Does not own: the search (budgets/optimise.ts) or ways back inside a limit (budgets/levers.ts).
 */
import type { Command } from 'commander';
import type { BreachWithLevers } from '#budgets/campaign-forecast.ts';
import type { Estimate } from '#budgets/estimate.ts';
import { formatUsd } from '#budgets/money.ts';
import type { Optimisation, Option } from '#budgets/optimise.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer } from '#campaigns/commands/command-output.ts';
import { moneyOptions, type PhaseMoneyOptions, pricePhase } from '#campaigns/commands/money-commands.ts';
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

const range = ({ p50, p90 }: Estimate): string =>
  `P50 ${formatUsd(p50.usdMicros)}, P90 ${formatUsd(p90.usdMicros)}`;

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

/** Three kinds of ways, the first of each: less time, denser nodes, and the best of what a cheaper type leaves. */
function waysText(breach: BreachWithLevers): string[] {
  const { levers } = breach;
  const shorter = levers.find(({ lever, text }) => lever === 'shorter' && !text.startsWith('both'));
  const denser = levers.find(({ lever }) => lever === 'denser');
  const both =
    levers.find(({ text }) => text.startsWith('both')) ??
    levers.find(({ lever, inside }) => lever === 'cheaper-type' && inside);
  return [shorter, denser, both]
    .filter((lever) => lever !== undefined)
    .map((lever, index) => `    ${index + 1}. ${lever.text}: ${range(lever.after)}; ${lever.risk}`);
}

function optimiseText(phase: string, found: Optimisation, breaches: readonly BreachWithLevers[]): string {
  const { now, options, proposal, impossible } = found;
  const runs = breaches.filter(({ limit }) => limit === 'per-run');
  const proofs = runs.flatMap((breach) => {
    const proof = impossible.find(({ rowId }) => rowId === breach.subject);
    const head =
      proof === undefined
        ? `  ${breach.subject}: breaks the limit of ${formatUsd(breach.limitUsd)} as planned; ways inside:`
        : `  ${breach.subject}: impossible inside ${formatUsd(proof.limit)} at this packing: ${proof.arithmetic}, before disks, control plane, deploy and interruptions. Ways inside:`;
    return [head, ...waysText(breach)];
  });
  return `${[
    `FORECAST of ${phase} as planned: ${range(now)}`,
    '',
    'each lever alone, largest saving first:',
    textTable(columns, options.map(optionRow)).trimEnd(),
    '',
    'cheapest plan that answers every question (proposed):',
    `  ${proposal.text}: ${range(proposal.total)}, saves ${formatUsd(proposal.saved)}`,
    `  ${proposal.isInsideCampaign ? 'inside' : 'outside'} the limit of the campaign at P90`,
    ...proposal.stillOver.map(
      ({ rowId, alone }) => `  one run of ${rowId} is still over its limit: ${range(alone)}`,
    ),
    ...(proofs.length === 0 ? [] : ['', 'runs that break their limit:', ...proofs]),
  ].join('\n')}\n`;
}

async function optimiseAnswer(phase: string, options: PhaseMoneyOptions): Promise<Answer> {
  const { plan, forecast, money } = await pricePhase(phase, options);
  const { forecastInputOf } = await import('#campaigns/forecast-plan.ts');
  const { sheetInForce } = await import('#budgets/sheet-store.ts');
  const { optimise } = await import('#budgets/optimise.ts');
  const { sheet } = sheetInForce();
  const found = optimise(forecastInputOf(plan, null, sheet, sheet.date), money.limits);
  if (found === null) {
    const text = `${plan.phase} buys nothing: it runs on this machine\n`;
    return { text, document: { phase: plan.phase, optimisation: null }, exitCode: exitCodes.passed };
  }
  const isOver = found.proposal.stillOver.length > 0 || !found.proposal.isInsideCampaign;
  return {
    text: optimiseText(plan.phase, found, forecast.breaches),
    document: { phase: plan.phase, optimisation: found, breaches: forecast.breaches },
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
