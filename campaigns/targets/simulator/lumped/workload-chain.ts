/**
 * A whole workload at one class of exchangeable nodes: nodes are counted by what they still have to decide.
 * Owns: the chain over rounds and its exact accounting of rounds, lags, limits and pending sets. Does not own: what a round
 * lasts (poll-law.ts), how likely a poll succeeds (campaigns/analytic/yes-votes.ts), faults in time (course.ts).
 *
 * One poll covers all undecided vertices of a node. While honest nodes agree, all of them get the same outcome, so the counter of
 * a vertex is min(current success run, polls that named it). A node is therefore known by the round of its last failed
 * poll and the oldest cohort (vertices issued in one round) that it has not finalised; a node whose run is at least beta is hot. Cost does
 * not depend on the number of nodes or vertices. Exact in law when every node polls once a round.
 */
import { CohortRow } from './cohort-row.ts';
import { binomialTable, type CountTable, type Draws } from './draws.ts';

export interface ChainOptions {
  readonly nodes: number;
  readonly beta: number;
  readonly maxRounds: number;
  /** Rounds of which the issued vertices are remembered; a power of two, more than any node stays behind. */
  readonly roundsKept: number;
}

/** With more failures than this to expect among nodes that are not hot, every group draws its own. */
const oneByOneMost = 24;

export class WorkloadChain {
  /** The next round. */
  round = 0;
  /** Nodes with a success run of at least beta, and the others. */
  hot: number;
  cold = 0;
  /** Cohorts [measuredFrom, measuredUntil) are measured. */
  measuredFrom = 0;
  measuredUntil = Number.MAX_SAFE_INTEGER;
  /** Pairs (node, measured vertex) finalised by rounds from issue, and by polls of the node that named it. */
  readonly lags: Float64Array;
  readonly rounds: Float64Array;
  /** Pairs (node, vertex) finalised so far, measured or not. */
  finalisedPairs = 0;
  /** Measured pairs undecided at the round limit; measured vertices that not every node finalised within it. */
  limitPairs = 0;
  limitVertices = 0;
  measuredVertices = 0;
  /** The largest lag of `lags`. */
  mostLag = 0;
  /** What of `lags` was held back before its first poll. */
  readonly held: { readonly lag: number; readonly pairs: number; readonly heldUs: number }[] = [];
  polls = 0;
  /** Undecided vertices named by the polls so far. */
  named = 0;
  readonly #options: ChainOptions;
  readonly #draws: Draws;
  readonly #rows: CohortRow[];
  readonly #mask: number;
  /** Vertices issued up to and including a round. */
  readonly #issued: Float64Array;
  #lastIssue = -1;
  #spare = new CohortRow();
  #table: CountTable | null = null;
  #p = 1;
  #q = 0;
  /** Least oldest cohort of any group, never too high. */
  #deepest = Number.MAX_SAFE_INTEGER;
  #returns: number[] = [];
  /** Sum over nodes that are not hot of the vertices issued before their oldest cohort. */
  #behind = 0;
  readonly #holds = new Map<number, { readonly vertices: number; readonly heldUs: number }>();
  readonly #byDepth = new Float64Array(512);

  constructor(options: ChainOptions, draws: Draws) {
    this.#options = options;
    this.#draws = draws;
    this.hot = options.nodes;
    this.#rows = Array.from({ length: options.beta }, () => new CohortRow());
    this.#mask = options.roundsKept - 1;
    this.#issued = new Float64Array(options.roundsKept);
    this.lags = new Float64Array(options.roundsKept);
    this.rounds = new Float64Array(options.roundsKept);
  }

  get live(): number {
    return this.hot + this.cold;
  }

  /** From now on a poll succeeds with probability `p`. */
  setChance(p: number, q: number): void {
    if (p === this.#p && q === this.#q) return;
    this.#p = p;
    this.#q = q;
    this.#table = null;
  }

  /** Of the vertices of the next round, `vertices` were submitted up to `heldUs` earlier and could not be polled about. */
  hold(vertices: number, heldUs: number): void {
    if (vertices > 0) this.#holds.set(this.round, { vertices, heldUs });
  }

  /** One round: `vertices` are issued, then every node polls once about what it has not decided. */
  advance(vertices: number): void {
    const t = this.round;
    const { beta } = this.#options;
    const issued = this.#issued;
    issued[t & this.#mask] = issued[(t - 1) & this.#mask]! + vertices;
    if (vertices > 0) this.#lastIssue = t;
    if (t >= this.measuredFrom && t < this.measuredUntil) this.measuredVertices += vertices;
    this.#countPolls(t);
    const fallen = this.#spare;
    const hotFailures = this.#drawFailures(fallen);
    fallen.add(t - beta + 1, -1, hotFailures);
    this.#behind += hotFailures * this.#issuedBefore(t - beta + 1);
    const staying = this.hot - hotFailures;
    if (staying > 0) this.#finalise(t - beta + 1, t - beta + 1, -1, staying);
    const at = t % beta;
    const done = this.#rows[at]!;
    this.#finaliseRow(done, t - beta + 1);
    this.hot = staying + done.total;
    this.cold += hotFailures - done.total;
    done.clear();
    this.#rows[at] = fallen;
    this.#spare = done;
    this.#reachLimit(t);
    this.round = t + 1;
  }

  /** Who fails in this round: those that were not hot move to `fallen`; returns how many of the hot ones do. */
  #drawFailures(fallen: CohortRow): number {
    const draws = this.#draws;
    if (this.#q * this.cold > oneByOneMost) {
      for (const row of this.#rows) {
        for (let i = 0; i < row.length; ) {
          const failed = draws.binomial(row.nodes[i]!, this.#q, this.#p);
          fallen.add(row.oldest[i]!, row.since[i]!, failed);
          // The last group moves up into an empty one's place and has not been looked at yet.
          if (failed === 0 || !row.take(i, failed)) i += 1;
        }
      }
      return draws.binomial(this.hot, this.#q, this.#p);
    }
    this.#table ??= binomialTable(this.live, this.#q, this.#p);
    const failures = this.#table.draw(draws.unit());
    if (failures === 0 || this.cold === 0) return failures;
    const cold = draws.hypergeometric(this.live, this.cold, failures);
    if (cold > 0) this.#pick(cold, fallen);
    return failures - cold;
  }

  /** Moves `nodes` of those that are not hot, drawn without replacement, to `to`. */
  #pick(nodes: number, to: CohortRow): void {
    for (let picked = 0; picked < nodes; picked += 1) {
      let rank = this.#draws.below(this.cold - picked);
      let r = 0;
      while (rank >= this.#rows[r]!.total) {
        rank -= this.#rows[r]!.total;
        r += 1;
      }
      const row = this.#rows[r]!;
      const i = row.groupOf(rank);
      to.add(row.oldest[i]!, row.since[i]!, 1);
      row.take(i, 1);
    }
  }

  /** `nodes` nodes finalise the cohorts oldest..newest in this round. */
  #finalise(oldest: number, newest: number, since: number, nodes: number): void {
    const issued = this.#issued;
    const mask = this.#mask;
    const t = this.round;
    for (let cohort = Math.max(0, oldest); cohort <= newest; cohort += 1) {
      const vertices = issued[cohort & mask]! - issued[(cohort - 1) & mask]!;
      if (vertices === 0) continue;
      const pairs = nodes * vertices;
      this.finalisedPairs += pairs;
      if (cohort < this.measuredFrom || cohort >= this.measuredUntil) continue;
      const lag = t - cohort + 1;
      this.lags[lag]! += pairs;
      if (lag > this.mostLag) this.mostLag = lag;
      if (this.#holds.size > 0) this.#recordHeld(cohort, lag, nodes);
      this.rounds[cohort < since ? t - since + 1 : lag]! += pairs;
    }
  }

  #recordHeld(cohort: number, lag: number, nodes: number): void {
    const hold = this.#holds.get(cohort);
    if (hold === undefined) return;
    const pairs = nodes * hold.vertices;
    this.lags[lag]! -= pairs;
    this.held.push({ lag, pairs, heldUs: hold.heldUs });
  }

  /** Every group of the row finalises its cohorts up to `newest`; near ones are summed over groups first. */
  #finaliseRow(row: CohortRow, newest: number): void {
    const byDepth = this.#byDepth;
    let deepest = -1;
    for (let i = 0; i < row.length; i += 1) {
      const oldest = row.oldest[i]!;
      const nodes = row.nodes[i]!;
      this.#behind -= nodes * this.#issuedBefore(oldest);
      const depth = newest - oldest;
      if (row.since[i]! >= 0 || depth >= byDepth.length) {
        this.#finalise(oldest, newest, row.since[i]!, nodes);
        continue;
      }
      byDepth[depth]! += nodes;
      if (depth > deepest) deepest = depth;
    }
    let nodes = 0;
    for (let depth = deepest; depth >= 0; depth -= 1) {
      nodes += byDepth[depth]!;
      byDepth[depth] = 0;
      this.#finalise(newest - depth, newest - depth, -1, nodes);
    }
  }

  #countPolls(t: number): void {
    const { beta } = this.#options;
    if (this.#lastIssue > t - beta) {
      this.polls += this.hot;
      this.named += this.hot * this.#issuedIn(t - beta + 1, t);
    }
    if (this.cold === 0) return;
    if (this.#lastIssue === t) {
      this.polls += this.cold;
      this.named += this.cold * this.#issued[t & this.#mask]! - this.#behind;
      return;
    }
    for (const row of this.#rows) {
      for (let i = 0; i < row.length; i += 1) {
        if (this.#lastIssue < row.oldest[i]!) continue;
        this.polls += row.nodes[i]!;
        this.named += row.nodes[i]! * this.#issuedIn(row.oldest[i]!, t);
      }
    }
  }

  /** Vertices issued before a round that is remembered. */
  #issuedBefore(round: number): number {
    return round <= 0 ? 0 : this.#issued[(round - 1) & this.#mask]!;
  }

  #issuedIn(from: number, until: number): number {
    const least = Math.max(from, 0, until - this.#mask + 1);
    return this.#issued[until & this.#mask]! - this.#issued[(least - 1) & this.#mask]!;
  }

  /** Cohorts whose polls at a node have just reached the limit. */
  #reachLimit(t: number): void {
    const { maxRounds, beta } = this.#options;
    const cohort = t - maxRounds + 1;
    let deepest = Number.MAX_SAFE_INTEGER;
    const row = this.#rows[t % beta]!;
    for (let i = 0; i < row.length; i += 1) deepest = Math.min(deepest, row.oldest[i]!);
    this.#deepest = Math.min(this.#deepest, deepest);
    if (this.#deepest > cohort && this.#returns.length === 0) return;
    this.#deepest = Number.MAX_SAFE_INTEGER;
    let late = 0;
    let lateReturned = 0;
    for (const { oldest, since, nodes, length } of this.#rows) {
      for (let i = 0; i < length; i += 1) {
        const first = oldest[i]!;
        const back = since[i]!;
        if (first < this.#deepest) this.#deepest = first;
        if (back >= 0 && back + maxRounds - 1 === t)
          lateReturned += nodes[i]! * this.#measuredIn(first, back);
        else if (first <= cohort && back <= cohort) late += nodes[i]!;
      }
    }
    this.#returns = this.#returns.filter((since) => since + maxRounds - 1 > t);
    const vertices = this.#measuredIn(cohort, cohort);
    this.limitPairs += late * vertices + lateReturned;
    if (late > 0) this.limitVertices += vertices;
  }

  #measuredIn(from: number, until: number): number {
    const least = Math.max(from, this.measuredFrom, 0);
    const most = Math.min(until, this.measuredUntil - 1);
    return most < least ? 0 : this.#issuedIn(least, most);
  }

  *#groups(): Generator<{ oldest: number; since: number; nodes: number }> {
    for (const row of this.#rows) {
      for (let i = 0; i < row.length; i += 1)
        yield { oldest: row.oldest[i]!, since: row.since[i]!, nodes: row.nodes[i]! };
    }
  }

  /** Undecided vertices, summed over live nodes; `measured`: those of the measured window only. */
  pendingPairs(measured = false): number {
    const last = this.round - 1;
    const { beta } = this.#options;
    const count = (from: number): number =>
      measured ? this.#measuredIn(from, last) : last < 0 ? 0 : this.#issuedIn(from, last);
    let pairs = this.hot * count(last - beta + 2);
    for (const group of this.#groups()) pairs += group.nodes * count(group.oldest);
    return pairs;
  }

  /** Vertices that some live node has not decided. */
  pendingAnywhere(): number {
    const last = this.round - 1;
    return last < 0 ? 0 : this.#issuedIn(this.oldestPending, last);
  }

  /** The oldest cohort that some live node has not decided. */
  get oldestPending(): number {
    let oldest = this.round - this.#options.beta + 1;
    for (const group of this.#groups()) oldest = Math.min(oldest, group.oldest);
    return oldest;
  }

  /** Whether nodes that came back in that round have not caught up. */
  isReturning(since: number): boolean {
    for (const group of this.#groups()) if (group.since === since) return true;
    return false;
  }

  /** `nodes` nodes, drawn at random, stop polling; what they had not decided, by oldest cohort. */
  takeDown(nodes: number): CohortRow {
    const down = new CohortRow();
    const taken = Math.min(nodes, this.live);
    const fromCold = this.cold === 0 ? 0 : this.#draws.hypergeometric(this.live, this.cold, taken);
    if (fromCold > 0) this.#pick(fromCold, down);
    for (let i = 0; i < down.length; i += 1)
      this.#behind -= down.nodes[i]! * this.#issuedBefore(down.oldest[i]!);
    this.cold -= fromCold;
    this.hot -= taken - fromCold;
    down.add(this.round - this.#options.beta + 1, -1, taken - fromCold);
    this.#table = null;
    return down;
  }

  /** They are back, know everything that was issued, and begin to poll about it. */
  bringUp(down: CohortRow): void {
    const { beta } = this.#options;
    const t = this.round;
    const row = this.#rows[(((t - 1) % beta) + beta) % beta]!;
    for (let i = 0; i < down.length; i += 1) {
      row.add(down.oldest[i]!, t, down.nodes[i]!);
      this.#behind += down.nodes[i]! * this.#issuedBefore(down.oldest[i]!);
    }
    this.cold += down.total;
    this.#returns.push(t);
    this.#table = null;
  }
}
