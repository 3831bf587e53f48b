/**
 * `rare`: how likely is what no repetition will ever show, by importance splitting, beside the formula or bound of the same event.
 * Owns: its options and words. Does not own: the estimate (targets/simulator/rare) or the formulas (campaigns/analytic).
 */
import type { Command } from 'commander';
import { attackerCountOf } from '#campaigns/cast.ts';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import { choiceOption, countOption, shareOption, tripleOption } from '#campaigns/commands/option-values.ts';
import { ConfigError, optionProblem } from '#campaigns/config-error.ts';
import { exitCodes } from '#campaigns/exit-code.ts';
import type { RareEstimate } from '#campaigns/targets/simulator/rare/splitting.ts';
import type { Triple } from '#campaigns/triple-advice.ts';

const events = ['late', 'split'] as const;
type RareEvent = (typeof events)[number];

interface RareOptions extends CommonOptions {
  readonly event: RareEvent;
  readonly nodes: number;
  readonly byzantine: number;
  readonly triple: Triple;
  readonly preference?: number;
  readonly rounds: number;
  readonly effort: number;
  readonly estimates: number;
  readonly seed: number;
}

/** With a larger relative error an estimate of this kind is skewed: most likely too small. */
const relativeErrorMost = 0.3;
const standardErrorsMost = 4;
const estimatesMost = 10_000;
const effortMost = 1_000_000;

/** What the formulas say of the same event. */
interface Reference {
  readonly kind: 'exact' | 'bound';
  readonly log10: number;
  readonly words: string;
}

interface Estimated {
  /** Of the same event, by different importance functions. */
  readonly estimates: readonly RareEstimate[];
  readonly reference: Reference;
}

async function lateEstimates({ nodes, triple, rounds, ...options }: RareOptions): Promise<Estimated> {
  const { estimateRare } = await import('#campaigns/targets/simulator/rare/splitting.ts');
  const { finality } = await import('#campaigns/analytic/finality.ts');
  const { lateChain } = await import('#campaigns/targets/simulator/rare/late-chain.ts');
  const { k, alpha, beta } = triple;
  const byzantine = attackerCountOf(options.byzantine, nodes);
  const polls = { nodes, byzantine, voter: 'reject', k, loss: 0, offlineShare: 0, retry: true } as const;
  const { success, someLate } = finality({ ...polls, alpha, beta, maxRounds: rounds });
  const chain = lateChain({ nodes: nodes - byzantine, beta, maxRounds: rounds, ...success });
  const reference = { kind: 'exact', log10: Math.log10(someLate), words: 'run-length law, exact' } as const;
  return { estimates: [estimateRare(chain, options)], reference };
}

async function splitEstimates({ nodes, triple, rounds, ...options }: RareOptions): Promise<Estimated> {
  const { estimateRare } = await import('#campaigns/targets/simulator/rare/splitting.ts');
  const { splitBoundLog10 } = await import('#campaigns/analytic/safety.ts');
  const { splitChain, splitGuides } = await import('#campaigns/targets/simulator/rare/split-chain.ts');
  const { k, alpha, beta } = triple;
  const byzantine = attackerCountOf(options.byzantine, nodes);
  const preference = options.preference ?? alpha;
  const votes = { alphaPreference: preference, alphaConfidence: alpha };
  const setting = { nodes, byzantine, k, ...votes, beta, maxRounds: rounds };
  const reference = { kind: 'bound', log10: splitBoundLog10(setting), words: 'bound S1' } as const;
  const estimates = splitGuides.map((guide) => estimateRare(splitChain(setting, guide), options));
  return { estimates, reference };
}

function checked({ nodes, byzantine, triple: { k, alpha, beta }, rounds, ...options }: RareOptions): void {
  const problem = (option: string, text: string): never => {
    throw new ConfigError([optionProblem(option, text)]);
  };
  const honest = nodes - attackerCountOf(byzantine, nodes);
  const preference = options.preference ?? alpha;
  if (k >= nodes || 2 * alpha <= k || alpha > k || beta < 1 || beta > rounds)
    problem('--triple', `k < ${nodes} nodes, k/2 < alpha <= k and 1 <= beta <= ${rounds} polls must hold`);
  if (2 * preference <= k || preference > alpha)
    problem('--preference', `${preference} must be more than k/2 and at most alpha = ${alpha}`);
  if (honest < 2) problem('--byzantine', `of ${nodes} nodes at least two must be honest`);
  if (options.effort < 10 || options.effort > effortMost)
    problem('--effort', `${options.effort} is not from 10 to ${effortMost}`);
  if (options.estimates < 2 || options.estimates > estimatesMost)
    problem('--estimates', `${options.estimates} is not from 2 to ${estimatesMost}`);
  if (options.seed > 0xffff_ffff) problem('--seed', `${options.seed} is not from 0 to 4294967295`);
}

/** "1.3e-9", also far below what a double holds. */
function scientific(log10: number): string {
  if (log10 === Number.NEGATIVE_INFINITY) return '0';
  const exponent = Math.floor(log10);
  return `${Number((10 ** (log10 - exponent)).toPrecision(3))}e${exponent}`;
}

const eventWords: Readonly<Record<RareEvent, string>> = {
  late: 'some honest node has not finalised within the round limit, attackers reject',
  split:
    'two conflicting vertices are both finalised: honest nodes in halves, attackers vote for what each poller prefers',
};

function estimateText({ probability, interval, relativeError, levels }: RareEstimate): string {
  const ran = `${levels.length} levels`;
  if (interval === null || relativeError === null) return `not reached (${ran})`;
  const [low, high] = interval.map((end) => (end > 0 ? scientific(Math.log10(end)) : '0'));
  const error = `relative error ${Math.round(100 * relativeError)} %`;
  return `${scientific(Math.log10(probability))}, 95 % interval ${low} to ${high}, ${error} (${ran})`;
}

/** Why the estimates are not to be believed; null when they are. */
function doubtOf(estimates: readonly RareEstimate[], apart: number | null): string | null {
  if (estimates.some(({ relativeError }) => relativeError === null))
    return 'not reached: no estimate; more --effort';
  if (estimates.some(({ relativeError }) => (relativeError ?? 1) > relativeErrorMost))
    return 'not certain: with such an error an estimate is skewed, most likely too small; more --effort';
  return apart !== null && apart > standardErrorsMost
    ? `not certain: two importance functions differ by ${apart.toFixed(1)} standard errors; more --effort`
    : null;
}

async function rare(options: RareOptions): Promise<Answer> {
  checked(options);
  const { event, nodes, byzantine, triple, rounds, seed } = options;
  const { estimates, reference } = await (event === 'late'
    ? lateEstimates(options)
    : splitEstimates(options));
  const { disagreement } = await import('#campaigns/targets/simulator/rare/splitting.ts');
  const [first, second] = estimates;
  const apart = first === undefined || second === undefined ? null : disagreement(first, second);
  const doubt = doubtOf(estimates, apart);
  const { k, alpha, beta } = triple;
  const lines = [
    `${nodes} nodes, ${attackerCountOf(byzantine, nodes)} attackers, ${k}/${alpha}/${beta}, ${rounds} polls, synchronous rounds`,
    eventWords[event],
    ...estimates.map((estimate) => `  SIMULATED ${estimateText(estimate)}`),
    ...(doubt === null ? [] : [`  ${doubt}`]),
    `  ${reference.words}: ${scientific(reference.log10)}`,
    `  ${options.estimates} independent estimates each, ${options.effort} runs per level, seed ${seed}`,
  ];
  return {
    text: `${lines.join('\n')}\n`,
    document: {
      event,
      nodes,
      byzantine,
      triple,
      rounds,
      seed,
      provenance: 'SIMULATED',
      estimates,
      standard_errors_apart: apart,
      reference,
      doubt,
    },
    exitCode: doubt === null ? exitCodes.passed : exitCodes.inconclusive,
  };
}

function rareOptions(command: Command): Command {
  return command
    .option('--event <NAME>', `what happens: ${events.join(', ')}`, choiceOption('--event', events), 'late')
    .option('--nodes <N>', 'size of the network', countOption('--nodes'), 150)
    .option('--byzantine <SHARE>', 'share of attackers, 0.1 or 10%', shareOption('--byzantine'), 0.1)
    .option('--triple <k/alpha/beta>', 'consensus parameters', tripleOption('--triple'), {
      k: 30,
      alpha: 24,
      beta: 20,
    })
    .option('--preference <N>', 'votes that move the preference (default alpha)', countOption('--preference'))
    .option('--rounds <R>', 'polls within which it happens', countOption('--rounds'), 200)
    .option('--effort <N>', 'runs per level', countOption('--effort'), 1_000)
    .option('--estimates <N>', 'independent estimates', countOption('--estimates'), 20)
    .option('--seed <N>', 'seed, 0 to 4294967295', countOption('--seed'), 1);
}

export function addRareCommand(program: Command, holder: ExitHolder): void {
  addCommand<RareOptions>(program, holder, {
    name: 'rare',
    summary: 'how likely is what repetitions never show, by importance splitting',
    description:
      'Exit 0: an estimate. 11: its relative error is above 30 %, two importance functions differ, or the event was not reached. 20: invalid.',
    options: rareOptions,
    examples: [
      'npm run campaign rare',
      'npm run campaign rare -- --event late --nodes 150 --triple 30/24/20 --rounds 200',
      'npm run campaign rare -- --event split --nodes 150 --triple 30/20/10 --byzantine 20%',
    ],
    run: (_words, options) => rare(options),
  });
}
