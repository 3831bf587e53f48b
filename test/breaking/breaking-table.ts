/**
 * The breaking point of every attack: where to look, how often, and the table beside what the formulas tolerate.
 * Owns: the search and the record. Does not own: one run (breaking-run.ts), the curve (logistic.ts).
 */
import { livenessTolerance, safetyTolerance } from '#campaigns/analytic/tolerance.ts';
import { codeVersion } from '#campaigns/code-version.ts';
import { attackModel } from '#campaigns/feasibility/attackers.ts';
import { type Attack, attackNames } from '#node/byzantine/attacks.ts';
import { type BreakingPoint, type BreakingPoints, breakingSchema } from '#reports/scale/breaking-points.ts';
import { attackedRun, attackersMost, type Outcome, setting } from './breaking-run.ts';
import { midpointOf, type Trial } from './logistic.ts';

/** Bound per decision; a network of thirty nodes cannot reach the 1e-9 of large ones. */
const safetyTarget = 1e-3;
/** Attackers between two numbers that are scouted, and seeds of a scouted one. */
const stride = 3;
const scoutingSeeds = 3;

export interface BreakingRequest {
  readonly attacks: readonly Attack[];
  /** Seeds of every number of attackers near a breaking point. */
  readonly seeds: number;
  readonly at: string;
}

/** Runs that were made already are not made again: both questions read them. */
class Trials {
  readonly #attack: Attack;
  readonly #made = new Map<string, { attackers: number } & Outcome>();

  constructor(attack: Attack) {
    this.#attack = attack;
  }

  run(attackers: number, seed: number): Outcome {
    const key = `${attackers}/${seed}`;
    let made = this.#made.get(key);
    if (made === undefined) {
      made = { attackers, ...attackedRun(this.#attack, attackers, seed) };
      this.#made.set(key, made);
    }
    return made;
  }

  upTo(most: number, broke: (outcome: Outcome) => boolean): Trial[] {
    return [...this.#made.values()]
      .filter(({ attackers }) => attackers <= most)
      .map((made) => ({ attackers: made.attackers, broke: broke(made) }));
  }
}

/**
 * Upwards in strides until a run breaks, then every number from one stride before on with all seeds, until all of them break, or far
 * fewer than before. What lies beyond is not looked at: with few honest nodes left an attack finds nobody to harm.
 */
function search(trials: Trials, broke: (outcome: Outcome) => boolean, seeds: number): Trial[] {
  const breaks = (attackers: number, seed: number): boolean => broke(trials.run(attackers, seed));
  const someBreak = (attackers: number, of: number): boolean =>
    Array.from({ length: of }, (_, i) => breaks(attackers, i + 1)).includes(true);
  let first = 0;
  while (first < attackersMost && !someBreak(first, Math.min(seeds, scoutingSeeds))) first += stride;
  let last = Math.min(first, attackersMost);
  let mostBroken = 0;
  for (let attackers = Math.max(0, first - 2 * stride); attackers <= attackersMost; attackers++) {
    let broken = 0;
    for (let seed = 1; seed <= seeds; seed++) if (breaks(attackers, seed)) broken += 1;
    if (2 * mostBroken >= seeds && 2 * broken < mostBroken) return trials.upTo(attackers - 1, broke);
    mostBroken = Math.max(mostBroken, broken);
    last = Math.max(last, attackers);
    if (broken === seeds && attackers > first) break;
  }
  return trials.upTo(last, broke);
}

function pointOf(trials: readonly Trial[]): BreakingPoint {
  const middle = midpointOf(trials, attackersMost);
  const share = (attackers: number): number => Number((attackers / setting.nodes).toFixed(4));
  return {
    at: middle === null ? null : share(middle.at),
    low: middle === null ? null : share(middle.low),
    high: middle === null ? null : share(middle.high),
    runs: trials.length,
    broken: trials.filter(({ broke }) => broke).length,
    triedUpTo: share(Math.max(...trials.map(({ attackers }) => attackers))),
  };
}

const isStuck = ({ isStuck: stuck }: Outcome): boolean => stuck;
const isUnsafe = ({ isUnsafe: unsafe }: Outcome): boolean => unsafe;

function rowOf(attack: Attack, seeds: number): BreakingPoints['rows'][number] {
  const trials = new Trials(attack);
  const liveness = pointOf(search(trials, isStuck, seeds));
  const safety = pointOf(search(trials, isUnsafe, seeds));
  const { voter, exact } = attackModel(attack);
  const { nodes, k, alphaConfidence: alpha, beta, rounds: maxRounds } = setting;
  const tolerated = livenessTolerance(
    { nodes, k, alpha, beta, maxRounds, voter, loss: 0, offlineShare: 0, retry: true },
    { oneWithinLeast: 1 - setting.undecidedMost, allWithinLeast: 0 },
  );
  return {
    attack,
    liveness,
    safety,
    liveByFormula: tolerated.byzantine < 0 ? null : Number(tolerated.share.toFixed(4)),
    formulaIsExact: exact,
  };
}

export function breakingTable(
  { attacks, seeds, at }: BreakingRequest,
  progress: (about: string) => void,
): BreakingPoints {
  const { nodes, k, alphaPreference, alphaConfidence, beta, rounds, undecidedMost, conflictShare } = setting;
  const safe = safetyTolerance(
    { nodes, k, alphaPreference, alphaConfidence, beta, maxRounds: rounds },
    'split',
    safetyTarget,
  );
  return breakingSchema.parse({
    version: 1,
    at,
    codeVersion: codeVersion(),
    nodeVersion: process.version,
    nodes,
    consensus: { k, alphaPreference, alphaConfidence, beta, rounds },
    undecidedMost,
    conflictShare,
    safetyTarget,
    safeByFormula: Number(safe.share.toFixed(4)),
    rows: attacks.map((attack) => {
      const row = rowOf(attack, seeds);
      progress(`${attack}: ${row.liveness.runs} runs`);
      return row;
    }),
  });
}

export const everyAttack: readonly Attack[] = attackNames;

const percent = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(1)} %`);

/** Where it breaks with its interval, or up to where it was tried in vain. */
export function pointText({ at, low, high, runs, triedUpTo }: BreakingPoint): string {
  return at === null
    ? `not up to ${percent(triedUpTo)} (${runs} runs)`
    : `${percent(at)} (${percent(low)} .. ${percent(high)})`;
}

export function breakingText(table: BreakingPoints): string {
  const { nodes, consensus, safeByFormula } = table;
  const lines = table.rows.map((row) => [
    row.attack,
    pointText(row.liveness),
    `${percent(row.liveByFormula)}${row.formulaIsExact ? '' : ' at worst'}`,
    pointText(row.safety),
  ]);
  const head = ['attack', 'no longer live at', 'live by formula up to', 'unsafe at'];
  const widths = head.map((word, i) => Math.max(word.length, ...lines.map((line) => line[i]!.length)));
  return [
    `SIMULATED: ${nodes} nodes, k ${consensus.k}, alpha ${consensus.alphaConfidence} (${consensus.alphaPreference}), beta ${consensus.beta}, ${consensus.rounds} polls; half of the runs break at the share named (95 % interval)`,
    ...[head, ...lines].map((line) =>
      line
        .map((word, i) => word.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    ),
    `split decisions have a bound of at most ${table.safetyTarget} up to ${percent(safeByFormula)}`,
    '',
  ].join('\n');
}
