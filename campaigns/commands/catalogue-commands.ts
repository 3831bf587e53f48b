/**
 * `list`, `show`, `check`, `advise`: what there is, what it means, whether it can pass, which parameters would.
 * Owns: their options and words. Does not own: the answers (catalogue.ts, feasibility, advise.ts).
 */
import type { Command } from 'commander';
import { defaultLivenessTarget } from '#campaigns/analytic/tolerance.ts';
import { nobodyHonest } from '#campaigns/cast.ts';
import { type NotionName, notionNames, notionOf } from '#campaigns/commands/advice-text.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import {
  calibrationOption,
  choiceOption,
  countOption,
  probabilityOption,
  scenarioName,
  shareOption,
  tripleOption,
  userPath,
} from '#campaigns/commands/option-values.ts';
import { textTable } from '#campaigns/commands/text-table.ts';
import { ConfigError, optionProblem, type Problem } from '#campaigns/config-error.ts';
import { exitCodes } from '#campaigns/exit-code.ts';
import { nodesMost } from '#campaigns/limits.ts';
import type { AttackName } from '#campaigns/run-spec.ts';
import { attackNames } from '#campaigns/schema/names.ts';
import type { Triple } from '#campaigns/triple-advice.ts';
import type { Calibration } from '#node/model/calibration.ts';

function about(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5_400 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3_600)} h`;
}

/** "phase4 (+1000 +5000)": the sizes it simulates to compare with. */
function withCompared(phase: string, sizes: readonly number[] = []): string {
  return sizes.length === 0 ? phase : `${phase} (${sizes.map((nodes) => `+${nodes}`).join(' ')})`;
}

async function list(): Promise<Answer> {
  const { listCatalogue } = await import('#campaigns/catalogue.ts');
  const { answersOf } = await import('#campaigns/commands/catalogue-answers.ts');
  const { loadCatalogue } = await import('#campaigns/scenario-file.ts');
  const { readPriceSheet } = await import('#budgets/price-sheet.ts');
  const { formatWholeUsd, usdMicros } = await import('#budgets/money.ts');
  const catalogue = loadCatalogue();
  const { machinePace } = await import('#campaigns/machine-pace.ts');
  const sheet = readPriceSheet();
  const pace = await machinePace();
  const scenarios = listCatalogue(catalogue).map((line, index) => ({
    ...line,
    ...answersOf(catalogue[index]!.scenario, pace, sheet),
  }));
  const columns = [
    { title: 'id' },
    { title: 'title', most: 44 },
    { title: 'nodes', most: 22 },
    { title: 'byzantine', most: 24 },
    { title: 'network', most: 18 },
    { title: 'measured' },
    { title: 'answered by', most: 32 },
    { title: 'fidelity', most: 16 },
    { title: 'simulated in', align: 'right' as const },
    { title: 'on a cluster', align: 'right' as const },
    { title: 'phases' },
  ];
  const rows = scenarios.map((one) => [
    one.id,
    one.title,
    one.nodes,
    one.byzantine,
    one.network,
    one.measure,
    one.answered_by.length === 0 ? (one.command ?? '') : one.answered_by.join(' '),
    one.fidelity.join(' '),
    one.simulated_cpu_seconds === null ? '' : about(one.simulated_cpu_seconds),
    one.cluster_usd_micros === null ? '' : formatWholeUsd(usdMicros(one.cluster_usd_micros)),
    one.phases.map((phase) => withCompared(phase, one.compared_with[phase])).join(' '),
  ]);
  const legend =
    'simulated in: CPU time of all rows and repetitions, at most (estimate at the speed of this machine). on a cluster: all rows and repetitions on\n' +
    'rented machines, FORECAST P50. Why a target cannot answer an entry: --json, not_by.\n' +
    'phases: sizes after a plus are only simulated there, to compare with: never judged, deployed or priced.\n';
  return {
    text: `${textTable(columns, rows)}\n${legend}`,
    document: { scenarios },
    exitCode: exitCodes.passed,
  };
}

async function show(name: string): Promise<Answer> {
  const { showScenario } = await import('#campaigns/catalogue.ts');
  const { yaml, ...shown } = showScenario(scenarioName(name));
  return { text: yaml, document: { ...shown }, exitCode: exitCodes.passed };
}

interface CheckOptions extends CommonOptions {
  readonly calibration?: Calibration;
}

async function check(name: string, { calibration }: CheckOptions): Promise<Answer> {
  const { isPhase, planPhase, planScenario } = await import('#campaigns/commands/plan-request.ts');
  const { defaultSeed } = await import('#campaigns/matrix.ts');
  const { checkPlan } = await import('#campaigns/feasibility/check-plan.ts');
  const { plannedMoney } = await import('#campaigns/forecast-plan.ts');
  const { renderFindings, somethingCannotPass } = await import('#campaigns/feasibility/render.ts');
  const seed = defaultSeed;
  const planned = isPhase(name)
    ? planPhase(name, { seed, calibration })
    : planScenario(scenarioName(name), { seed, calibration });
  const plan = planned.planOf(planned.name);
  const feasibility = checkPlan(plan, plannedMoney(plan, planned.limits));
  const text = `${plan.rows.length} rows are valid\n\n${renderFindings(feasibility)}`;
  const document = {
    subject: name,
    rows: plan.rows.map(({ rowId, label }) => ({ row_id: rowId, label })),
    feasibility,
  };
  return {
    text,
    document,
    exitCode: somethingCannotPass(feasibility) ? exitCodes.inconclusive : exitCodes.passed,
  };
}

interface AdviseOptions extends CommonOptions {
  readonly nodes: number;
  readonly byzantine: number;
  readonly attack: AttackName;
  readonly safety: number;
  readonly rounds: number;
  readonly notion: NotionName;
  readonly liveness: number;
  readonly triple?: Triple;
  readonly plot?: string;
}

/** Fewer nodes have no sample to choose from; the map of more polls takes longer than anybody waits. */
const adviceNodesLeast = 4;
const adviceRoundsMost = 2_000;

/** What each option allows, all misfits together. */
function checkWish({ nodes, byzantine, attack, rounds }: AdviseOptions): void {
  const whole = (option: string, value: number, least: number, most: number): Problem[] =>
    value >= least && value <= most
      ? []
      : [optionProblem(option, `${value} is not a whole number from ${least} to ${most}`)];
  const refusal =
    nobodyHonest({ share: byzantine }, null) ??
    (nodes > 0 ? nobodyHonest({ share: byzantine, attack }, nodes) : null);
  const problems = [
    ...whole('--nodes', nodes, adviceNodesLeast, nodesMost),
    ...whole('--rounds', rounds, 1, adviceRoundsMost),
    ...(refusal === null ? [] : [optionProblem('--byzantine', refusal.message, refusal.remedy)]),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

async function adviseAnswer(options: AdviseOptions): Promise<Answer> {
  checkWish(options);
  const { advise } = await import('#campaigns/advise.ts');
  const { adviceText } = await import('#campaigns/commands/advice-text.ts');
  const { placeTriple } = await import('#campaigns/triple-advice.ts');
  const { nodes, byzantine, attack, safety, rounds, notion, triple, plot } = options;
  const liveness = { ...defaultLivenessTarget, allWithinLeast: options.liveness };
  const wish = {
    nodes,
    byzantineShare: byzantine,
    attack,
    safety,
    rounds,
    safetyNotion: notionOf(notion),
    liveness,
  };
  const placed = triple === undefined ? null : orProblem(() => placeTriple(wish, triple));
  const advice = advise(wish);
  if (plot !== undefined) {
    const { writeAdviceMap } = await import('#campaigns/commands/advice-map.ts');
    await writeAdviceMap(wish, advice, placed, userPath(plot));
  }
  return {
    text: adviceText(wish, advice, placed),
    document: { wish, advice, ...(placed === null ? {} : { triple: placed }) },
    exitCode: advice.kind === 'found' ? exitCodes.passed : exitCodes.inconclusive,
  };
}

/** A triple that does not fit the wish is a mistake of the command line. */
function orProblem<T>(place: () => T): T {
  try {
    return place();
  } catch (error) {
    if (error instanceof RangeError)
      throw new ConfigError([optionProblem('--triple', error.message, 'like 30/24/20')]);
    throw error;
  }
}

function adviseOptions(command: Command): Command {
  return command
    .option('--nodes <N>', 'size of the network', countOption('--nodes'), 1_000)
    .option('--byzantine <SHARE>', 'share of attackers, 0.1 or 10%', shareOption('--byzantine'), 0.1)
    .option(
      '--attack <NAME>',
      `how they vote: ${attackNames.join(', ')}`,
      choiceOption('--attack', attackNames),
      'always-reject',
    )
    .option(
      '--safety <P>',
      'largest acceptable probability of an unsafe decision',
      probabilityOption('--safety'),
      1e-9,
    )
    .option(
      '--rounds <R>',
      'polls within which every honest node must have finalised',
      countOption('--rounds'),
      100,
    )
    .option(
      '--notion <S>',
      'what must not happen: S0 forged, S1 both sides of a split, S2 a reversal',
      choiceOption('--notion', notionNames),
      'S2',
    )
    .option(
      '--liveness <P>',
      'probability that every honest node finalises in time',
      probabilityOption('--liveness'),
      defaultLivenessTarget.allWithinLeast,
    )
    .option(
      '--triple <k/alpha/beta>',
      'parameters to place beside the advice, like 30/24/20',
      tripleOption('--triple'),
    )
    .option('--plot <FILE>', 'map of alpha and beta as SVG: what is safe, what is live');
}

export function addCatalogueCommands(program: Command, holder: ExitHolder): void {
  addCommand<CommonOptions>(program, holder, {
    name: 'list',
    summary: 'the scenarios of the catalogue: what answers each, how long it takes, what it would cost',
    options: (command) => command,
    examples: ['npm run campaign list', 'npm run campaign list -- --json'],
    run: list,
  });
  addCommand<CommonOptions>(program, holder, {
    name: 'show',
    summary: 'one scenario with every default resolved, as files that can be run',
    arguments: [{ name: '<ID|file>', about: 'id of the catalogue or a scenario file' }],
    options: (command) => command,
    examples: ['npm run campaign show CT-002', 'npm run campaign show CT-002 > my-scenario.yaml'],
    run: ([name = '']) => show(name),
  });
  addCommand<CheckOptions>(program, holder, {
    name: 'check',
    summary: 'validation and feasibility with the arithmetic; runs nothing',
    description:
      'Exit 0: nothing speaks against it. 11: at least one criterion cannot pass, and why. 20: invalid.',
    arguments: [{ name: '<phaseN|ID|file>', about: 'a phase, an id of the catalogue or a scenario file' }],
    options: (command) =>
      command.option('--calibration <FILE>', 'figures of your own node implementation', calibrationOption),
    examples: [
      'npm run campaign check phase4',
      'npm run campaign check CT-003',
      'npm run campaign check -- ./my-scenario.yaml',
    ],
    run: ([name = ''], options) => check(name, options),
  });
  addCommand<AdviseOptions>(program, holder, {
    name: 'advise',
    summary: 'consensus parameters for a wish, or why there are none',
    options: adviseOptions,
    examples: [
      'npm run campaign advise -- --nodes 5000 --byzantine 20% --attack random --safety 1e-9 --rounds 100',
      'npm run campaign advise -- --nodes 150 --triple 30/24/20 --plot map.svg',
      'npm run campaign advise -- --nodes 1000 --triple 50/40/15 --notion S1',
      'npm run campaign advise -- --nodes 10000 --triple 100/80/10 --byzantine 30%',
    ],
    run: (_words, options) => adviseAnswer(options),
  });
}
