/**
 * How many polls a node needs until beta of them in a row succeeded: the run-length law.
 * Owns: P(T <= R), E[T], quantiles, and the slowest of many independent nodes.
 * Does not own: the success probability of one poll (yes-votes.ts).
 * Source: the success run as a Markov chain of beta + 1 states (Feller, An Introduction to Probability, XIII.7).
 */

/** A probability and its complement, each to full relative precision: neither is computed as 1 - the other. */
export interface Chance {
  readonly p: number;
  readonly q: number;
}

/** E[T] in polls: the sum of p^-i, i = 1..beta, which has no cancellation. Infinity when p = 0. */
export function expectedRounds(chance: Chance, beta: number): number {
  let sum = 0;
  let power = 1;
  for (let i = 0; i < beta; i += 1) {
    power /= chance.p;
    sum += power;
  }
  return sum;
}

/** The chain of the current success run, one poll at a time; only sums and products of positive terms. */
export class SuccessRun {
  readonly #chance: Chance;
  readonly #run: Float64Array; // #run[j] = P(not decided, the last j polls succeeded and no more)
  #decided = 0;
  #undecided = 1;
  #newlyDecided = 0;

  constructor(chance: Chance, beta: number) {
    if (!Number.isInteger(beta) || beta < 1) throw new RangeError(`beta = ${beta}`);
    this.#chance = chance;
    this.#run = new Float64Array(beta);
    this.#run[0] = 1;
  }

  /** One more poll. */
  advance(): void {
    const { p, q } = this.#chance;
    const run = this.#run;
    const last = run.length - 1;
    this.#newlyDecided = p * run[last]!;
    this.#decided = Math.min(1, this.#decided + this.#newlyDecided);
    let stay = run[0]!;
    for (let j = last; j > 0; j -= 1) {
      stay += run[j]!;
      run[j] = p * run[j - 1]!;
    }
    run[0] = q * stay;
    let undecided = 0;
    for (let j = 0; j <= last; j += 1) undecided += run[j]!;
    this.#undecided = undecided;
  }

  /** P(T <= polls so far). */
  get decided(): number {
    return this.#decided;
  }

  /** P(T > polls so far), exact when tiny. */
  get undecided(): number {
    return this.#undecided;
  }

  /** P(T = the latest poll). */
  get newlyDecided(): number {
    return this.#newlyDecided;
  }
}

export interface RoundsTable {
  /** pmf[r] = P(T = r), r = 0..limit. */
  readonly pmf: Float64Array;
  /** undecided[r] = P(T > r), r = 0..limit. */
  readonly undecided: Float64Array;
  readonly decidedWithin: number;
}

/** The law of T up to `limit` polls. Cost: limit x beta. */
export function roundsTable(chance: Chance, beta: number, limit: number): RoundsTable {
  const run = new SuccessRun(chance, beta);
  const pmf = new Float64Array(limit + 1);
  const undecided = new Float64Array(limit + 1);
  undecided[0] = 1;
  for (let r = 1; r <= limit; r += 1) {
    run.advance();
    pmf[r] = run.newlyDecided;
    undecided[r] = run.undecided;
  }
  return { pmf, undecided, decidedWithin: run.decided };
}

/** P(all of `nodes` independent nodes have decided | each is undecided with probability `undecided`). */
export function allDecided(undecided: number, decided: number, nodes: number): number {
  const logOne = undecided < 0.5 ? Math.log1p(-undecided) : Math.log(decided);
  return Math.exp(nodes * logOne);
}

/** 1 - allDecided(...), exact when tiny. */
export function someUndecided(undecided: number, decided: number, nodes: number): number {
  const logOne = undecided < 0.5 ? Math.log1p(-undecided) : Math.log(decided);
  return -Math.expm1(nodes * logOne);
}

// After this many chain steps the geometric tail is exact to double precision or the law is degenerate.
const chainSteps = 200_000;
const settled = 1e-13;

/** After `polls` the undecided probability falls by the factor 1 - hazard with every poll. */
interface GeometricTail {
  readonly polls: number;
  readonly run: SuccessRun;
  readonly hazard: number;
}

/** Steps the chain until `stop` answers true (null), or until its tail is geometric. */
function walk(
  chance: Chance,
  beta: number,
  stop: (run: SuccessRun, polls: number) => boolean,
): GeometricTail | null {
  const run = new SuccessRun(chance, beta);
  let hazard = Number.NaN;
  let equal = 0; // an oscillating hazard may repeat once by chance, not beta times in a row
  let polls = 0;
  while (polls < chainSteps) {
    polls += 1;
    const before = run.undecided;
    run.advance();
    if (stop(run, polls)) return null;
    const now = run.newlyDecided / before;
    equal = now > 0 && Math.abs(now - hazard) <= settled * now ? equal + 1 : 0;
    if (equal > beta) break;
    hazard = now;
  }
  return { polls, run, hazard };
}

/** The least r with P(T <= r) >= share; Infinity when p = 0. 0 < share < 1. */
export function roundsQuantile(chance: Chance, beta: number, share: number): number {
  return quantileOfUndecided(chance, beta, 1 - share);
}

/** The least r by which all of `nodes` independent nodes have decided with probability >= share. */
export function slowestQuantile(chance: Chance, beta: number, nodes: number, share: number): number {
  return quantileOfUndecided(chance, beta, -Math.expm1(Math.log(share) / nodes));
}

function quantileOfUndecided(chance: Chance, beta: number, undecidedMost: number): number {
  if (chance.p === 0) return Infinity;
  let found = 0;
  const tail = walk(chance, beta, (run, polls) => {
    if (run.undecided > undecidedMost) return false;
    found = polls;
    return true;
  });
  if (tail === null) return found;
  const more = Math.log(undecidedMost / tail.run.undecided) / Math.log1p(-tail.hazard);
  return tail.polls + Math.ceil(more);
}

/**
 * E[max of T over `nodes` independent nodes], in polls: the sum over r >= 0 of P(some node is undecided after r).
 * Infinity when p = 0.
 */
export function expectedSlowestRounds(chance: Chance, beta: number, nodes: number): number {
  if (chance.p === 0) return Infinity;
  let sum = 1; // r = 0: nobody has decided
  const tail = walk(chance, beta, (run) => {
    const some = someUndecided(run.undecided, run.decided, nodes);
    sum += some;
    return run.undecided === 0 || (some < 1e-17 * sum && run.newlyDecided > 0.01 * run.undecided);
  });
  if (tail === null) return sum;
  return sum + (tail.hazard > 0.01 ? summedTail(tail, nodes) : integratedTail(tail, nodes));
}

function summedTail(tail: GeometricTail, nodes: number): number {
  let sum = 0;
  let left = tail.run.undecided;
  for (;;) {
    left *= 1 - tail.hazard;
    const some = someUndecided(left, 1 - left, nodes);
    sum += some;
    if (some <= 1e-17 * sum) return sum;
  }
}

/** The same sum as an integral with two Euler-Maclaurin corrections; their remainder is of order hazard^3. */
function integratedTail(tail: GeometricTail, nodes: number): number {
  const { undecided, decided } = tail.run;
  const rate = -Math.log1p(-tail.hazard);
  const logDecided = undecided < 0.5 ? Math.log1p(-undecided) : Math.log(decided);
  let integral = 0;
  for (let j = 1; j <= nodes; j += 1) integral += -Math.expm1(j * logDecided) / j;
  const slope = -nodes * Math.exp((nodes - 1) * logDecided) * rate * undecided;
  return integral / rate - someUndecided(undecided, decided, nodes) / 2 - slope / 12;
}
