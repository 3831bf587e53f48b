/**
 * One class of nodes over the whole time of a run: its chain, round by round, through the stretches of the course.
 * Owns: rounds in time, load per round, outages, what is held back by partitions, what each bin saw. Does not own: the chain
 * (workload-chain.ts), conditions (conditions.ts), the record (lumped-outcome.ts).
 * Given that honest nodes agree, classes do not influence each other's outcomes, so each runs through the time by itself.
 */
import { Histogram } from '#campaigns/measure/histogram.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Progress } from '#campaigns/targets/target.ts';
import type { LoadProfile } from '#campaigns/workloads/load-profile.ts';
import type { CohortRow } from './cohort-row.ts';
import type { Conditions, ConditionsOf } from './conditions.ts';
import { type Course, reachedBy, type Stretch } from './course.ts';
import { type CountTable, Draws, poissonTable } from './draws.ts';
import type { LatencyLaw } from './latency-law.ts';
import { WorkloadChain } from './workload-chain.ts';

/** Factors by which message windows of the same run differ from the formulas; 1 = not calibrated. */
export interface Tuning {
  readonly spacingRatio: number;
  readonly timeRatio: number;
}

export interface ClassSetting {
  readonly spec: RunSpec;
  readonly course: Course;
  readonly own: number;
  readonly conditions: ConditionsOf;
  readonly profile: LoadProfile;
  readonly tuning: Tuning;
  readonly windowFromUs: number;
  readonly windowUntilUs: number;
  readonly endUs: number;
  /** Ends of bins, ascending; both edges of the window are among them. */
  readonly edgesUs: readonly number[];
}

/** What a class did in one bin. */
export interface ClassBin {
  readonly finalisedPairs: number;
  readonly latency: Histogram;
  readonly polls: number;
  readonly named: number;
  readonly pendingPairs: number;
  readonly pendingAnywhere: number;
  readonly live: number;
}

/** Slowest return of any class, by fault, microseconds after the fault was lifted; absent = not seen. */
export interface Recoveries {
  readonly recoveryUs: Map<number, number | null>;
  readonly rejoinUs: Map<number, number | null>;
}

interface Watch {
  readonly fault: number;
  readonly round: number;
  readonly fromUs: number;
  readonly into: Map<number, number | null>;
  readonly done: (round: number) => boolean;
}

/** Twice the rounds that any partition or outage of a catalogue scenario lasts; what is older counts as never decided. */
const memoryRounds = 1 << 20;
const memoryCalm = 1 << 14;

export class ClassRun {
  readonly chain: WorkloadChain;
  readonly latency = new Histogram();
  readonly bins: ClassBin[] = [];
  readonly recoveries: Recoveries = { recoveryUs: new Map(), rejoinUs: new Map() };
  readonly #setting: ClassSetting;
  readonly #down = new Map<string, CohortRow>();
  readonly #watches: Watch[] = [];
  readonly #arrivalDraws: Draws;
  readonly #tables = new Map<number, CountTable>();
  /** Latencies of the open bin: stretches may end within it. */
  #carried = new Histogram();
  #nowUs = 0;
  #law: LatencyLaw;
  #spacingUs = 1;
  #visible = 1;
  #hidden = 0;
  #hiddenFromUs = 0;
  #due = 0;
  #taken = 0;
  #seen = { pairs: 0, polls: 0, named: 0, held: 0, lags: new Float64Array(0) };

  constructor(setting: ClassSetting) {
    const { spec, course, own } = setting;
    const { beta, maxRounds } = spec.consensus;
    this.#setting = setting;
    const roundsKept = spec.faults.length === 0 ? memoryCalm : memoryRounds;
    const nodes = course.classes[own]!.honest;
    this.chain = new WorkloadChain({ nodes, beta, maxRounds, roundsKept }, new Draws(spec.seed, 2 * own + 1));
    this.chain.measuredFrom = Number.MAX_SAFE_INTEGER;
    this.#arrivalDraws = new Draws(spec.seed, 0);
    this.#law = setting.conditions.at(setting.conditions.calm).law;
  }

  /** Tells the share of its time that is over with every bin; an aborted signal ends it there, and what is left of its bins is empty. */
  run(progress: Progress, signal: AbortSignal): void {
    const { course, windowFromUs, windowUntilUs, endUs, edgesUs } = this.#setting;
    const { stretches } = course;
    let edge = 0;
    stretches.forEach((stretch, i) => {
      this.#enter(stretch);
      const untilUs = Math.min(endUs, stretches[i + 1]?.fromUs ?? endUs);
      while (this.#nowUs < untilUs && !signal.aborted) {
        const stopUs = Math.min(untilUs, edgesUs[edge] ?? endUs);
        if (this.#nowUs >= windowFromUs && this.chain.measuredFrom > this.chain.round)
          this.chain.measuredFrom = this.chain.round;
        if (this.#nowUs >= windowUntilUs && this.chain.measuredUntil > this.chain.round)
          this.chain.measuredUntil = this.chain.round;
        this.#advance(stopUs);
        while (edge < edgesUs.length && this.#nowUs >= edgesUs[edge]!) {
          this.#closeBin();
          edge += 1;
        }
        progress(Math.min(1, this.#nowUs / endUs));
      }
    });
    for (; edge < edgesUs.length; edge += 1) this.#closeBin();
    for (const watch of this.#watches) watch.into.set(watch.fault, null);
  }

  /** Measured pairs whose vertex nobody of the class can have decided: held back, or at nodes that are down, at the end. */
  undecidedPairs(): number {
    const { honest } = this.#setting.course.classes[this.#setting.own]!;
    const all = honest * (this.chain.measuredVertices + this.#hidden);
    const decided = this.latency.total;
    return Math.max(0, all - decided);
  }

  get measuredVertices(): number {
    return this.chain.measuredVertices + this.#hidden;
  }

  #conditionsIn(stretch: Stretch): Conditions {
    const { course, own, conditions, spec } = this.#setting;
    const loss = 1 - (1 - spec.network.loss) * (1 - stretch.extraLoss);
    return conditions.at({ ...reachedBy(course, stretch, own), loss });
  }

  /** Outages, sides and losses of a new stretch. */
  #enter(stretch: Stretch): void {
    const { course, own, tuning } = this.#setting;
    const { chance, law } = this.#conditionsIn(stretch);
    this.#flush();
    const before = this.#visible;
    const all = course.classes.reduce((sum, { honest }) => sum + honest, 0);
    this.#visible = Math.min(1, reachedBy(course, stretch, own).honestReached / all);
    if (this.#visible > before && this.#hidden > 0) {
      const released =
        this.#visible === 1 ? this.#hidden : (this.#hidden * (this.#visible - before)) / (1 - before);
      this.chain.hold(Math.floor(released + 1e-9), this.#nowUs - this.#hiddenFromUs);
      this.#hidden -= released;
      this.#due += released;
    }
    if (this.#visible < 1 && before === 1) this.#hiddenFromUs = this.#nowUs;
    for (const { effect, fault } of stretch.up[own]!) this.#bringUp(effect, fault);
    for (const { effect, nodes } of stretch.down[own]!) this.#down.set(effect, this.chain.takeDown(nodes));
    for (const fault of stretch.lifted) this.#watchRecovery(fault);
    this.#law = law;
    this.#spacingUs = law.spacingUs * tuning.spacingRatio;
    this.chain.setChance(chance.p, chance.q);
  }

  #bringUp(effect: string, fault: number): void {
    const down = this.#down.get(effect);
    if (down === undefined || down.total === 0) return;
    this.#down.delete(effect);
    this.chain.bringUp(down);
    this.#watches.push({
      fault,
      round: this.chain.round,
      fromUs: this.#nowUs,
      into: this.recoveries.rejoinUs,
      done: (since) => !this.chain.isReturning(since),
    });
  }

  /** Recovered: every vertex issued before the lifting is decided at every live node of the class. */
  #watchRecovery(fault: number): void {
    this.#watches.push({
      fault,
      round: this.chain.round,
      fromUs: this.#nowUs,
      into: this.recoveries.recoveryUs,
      done: (round) => this.chain.oldestPending > round,
    });
  }

  #advance(stopUs: number): void {
    const { profile, windowUntilUs, spec } = this.#setting;
    const { batch } = spec.workload;
    const isPoisson = spec.workload.kind === 'open-loop';
    let tps = 0;
    let tpsUntilUs = -1;
    while (this.#nowUs < stopUs) {
      if (this.#nowUs >= tpsUntilUs) {
        tps = this.#nowUs >= windowUntilUs ? 0 : profile.tpsAt(this.#nowUs);
        tpsUntilUs = Math.min(
          profile.changesAfterUs(this.#nowUs),
          this.#nowUs < windowUntilUs ? windowUntilUs : Infinity,
        );
      }
      const vertices = (tps * this.#spacingUs) / (1_000_000 * batch);
      const issued = isPoisson ? this.#drawn(vertices) : vertices;
      this.#due += issued * this.#visible;
      this.#hidden += issued * (1 - this.#visible);
      const whole = Math.floor(this.#due + 1e-9);
      this.chain.advance(whole - this.#taken);
      this.#taken = whole;
      this.#nowUs += this.#spacingUs;
      if (this.#watches.length > 0) this.#look();
    }
  }

  #drawn(mean: number): number {
    let table = this.#tables.get(mean);
    if (table === undefined) {
      table = poissonTable(mean);
      this.#tables.set(mean, table);
    }
    return table.draw(this.#arrivalDraws.unit());
  }

  #look(): void {
    for (let i = this.#watches.length - 1; i >= 0; i -= 1) {
      const { fault, round, fromUs, into, done } = this.#watches[i]!;
      if (this.chain.round <= round || !done(round)) continue;
      this.#watches.splice(i, 1);
      into.set(fault, Math.max(into.get(fault) ?? 0, this.#nowUs - fromUs));
    }
  }

  /** What was finalised since the last look, by the law that held meanwhile, into histograms of time. */
  #flush(): void {
    const into = new Histogram();
    const { lags, held } = this.chain;
    const law = this.#law;
    const tuned = { stretch: this.#setting.tuning.timeRatio, heldUs: 0 };
    const seen = this.#seen;
    if (seen.lags.length === 0) seen.lags = new Float64Array(lags.length);
    for (let lag = 1; lag <= this.chain.mostLag; lag += 1) {
      const pairs = lags[lag]! - seen.lags[lag]!;
      if (pairs === 0) continue;
      law.record(into, lag, pairs, tuned);
      seen.lags[lag] = lags[lag]!;
    }
    for (; seen.held < held.length; seen.held += 1) {
      const { lag, pairs, heldUs } = held[seen.held]!;
      law.record(into, lag, pairs, { ...tuned, heldUs });
    }
    this.latency.merge(into);
    this.#carried.merge(into);
  }

  #closeBin(): void {
    this.#flush();
    const latency = this.#carried;
    this.#carried = new Histogram();
    const { chain } = this;
    this.bins.push({
      finalisedPairs: chain.finalisedPairs - this.#seen.pairs,
      latency,
      polls: chain.polls - this.#seen.polls,
      named: chain.named - this.#seen.named,
      pendingPairs: chain.pendingPairs(),
      pendingAnywhere: chain.pendingAnywhere(),
      live: chain.live,
    });
    this.#seen = { ...this.#seen, pairs: chain.finalisedPairs, polls: chain.polls, named: chain.named };
  }
}
