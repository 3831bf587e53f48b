/**
 * Watches a ramp that ends where its question is answered: which step was too much, and when what it left behind is gone.
 * Owns: judging a step when it is over, the fall of the load, when the network has recovered from it. Does not own: lowering the load
 * (targets), closing bins (series.ts).
 */
import { type LoadStep, type StepBin, stepOf } from '#campaigns/analysis/load.ts';
import type { RampRecord } from '#campaigns/results/schema.ts';
import type { RampEnd, RunSpec } from '#campaigns/run-spec.ts';

/** Less than this share of what a step offered, finalised, is clearly less: single vertices of a low step decide nothing. */
export const failedShare = 0.8;
/** Recovered means as fast again as on the first step, with room for a hiccup: this many times its p95. */
const recoveredFactor = 2;

type Ramp = Extract<RunSpec['workload'], { kind: 'ramp' }>;

export interface WatchedRamp {
  readonly ramp: Ramp;
  readonly until: RampEnd;
  readonly windowFromUs: number;
  /** The part of the window in which the load climbs; as many bins for each step. */
  readonly climbUs: number;
}

type Cause = RampRecord['cause'];

/** What ended the climb: figures of the later half of its last step. */
interface Verdict {
  readonly cause: Cause;
  readonly step: LoadStep;
}

/** Bins are looked at in the order of time, those of the warm-up included. */
export class RampWatch {
  /** Set when a step was too much, or the top was reached; the load has to fall then. */
  verdict: Verdict | null = null;
  /** When the load fell; null while it climbs. */
  fellAtUs: number | null = null;
  /** From the fall until the network had recovered; null while it has not. */
  recoveredUs: number | null = null;
  readonly #watched: WatchedRamp;
  #step: StepBin[] = [];
  #steps = 0;
  #firstP95Ms: number | null = null;
  #seenUntilUs = 0;

  constructor(watched: WatchedRamp) {
    this.#watched = watched;
  }

  /** The load that holds after the fall, transactions per second. */
  get restTps(): number {
    return this.#watched.ramp.fromTps;
  }

  /** End of the climb when nothing ends it before, microseconds of the run. */
  get topUs(): number {
    return this.#watched.windowFromUs + this.#watched.climbUs;
  }

  /** The load falls at `atUs`; `verdict`: of another watch, which saw the run while it lasted. */
  fell(atUs: number, verdict: Verdict | null = this.verdict): void {
    this.fellAtUs = atUs;
    this.verdict = verdict;
  }

  /** A bin was closed. `openBefore`: (honest node, transaction) pairs due before a moment of the window that nobody has decided. */
  look(point: StepBin, openBefore: (dueUs: number) => number): void {
    const endUs = point.at_us + point.for_us;
    this.#seenUntilUs = endUs;
    if (point.at_us < this.#watched.windowFromUs) return;
    if (this.verdict === null || this.#steps === 0) this.#climb(point, endUs);
    if (this.fellAtUs === null || endUs <= this.fellAtUs || this.recoveredUs !== null) return;
    const isFast =
      point.p95_ms !== null &&
      this.#firstP95Ms !== null &&
      point.p95_ms <= recoveredFactor * this.#firstP95Ms;
    if (isFast && openBefore(this.fellAtUs) === 0) this.recoveredUs = endUs - this.fellAtUs;
  }

  #climb(point: StepBin, endUs: number): void {
    const { ramp, until, windowFromUs, climbUs } = this.#watched;
    this.#step.push(point);
    // Bins end at whole microseconds, steps need not.
    if (endUs + 1 < windowFromUs + ((this.#steps + 1) * climbUs) / ramp.steps) return;
    const step = stepOf(this.#step);
    this.#step = [];
    this.#steps += 1;
    if (this.#steps === 1) this.#firstP95Ms = step.p95Ms;
    const cause = causeOf(step, until, this.#steps === ramp.steps);
    if (cause !== null && this.verdict === null) this.verdict = { cause, step };
  }

  /** Null while the load climbs. */
  record(): RampRecord | null {
    const { verdict, fellAtUs } = this;
    if (verdict === null || fellAtUs === null) return null;
    return {
      cause: verdict.cause,
      cpu_limit_percent: 100 * this.#watched.until.cpuShare,
      fell_at_us: fellAtUs,
      from_tps: verdict.step.offeredTps,
      to_tps: this.restTps,
      busiest_cpu_percent: verdict.step.busiestCpuPercent,
      finalized_tps: verdict.step.finalizedTps,
      recovered_us: this.recoveredUs,
      watched_us: Math.max(0, this.#seenUntilUs - fellAtUs),
    };
  }
}

function causeOf(step: LoadStep, until: RampEnd, isLast: boolean): Cause | null {
  if (step.busiestCpuPercent > 100 * until.cpuShare) return 'cpu';
  if (step.finalizedTps < failedShare * step.offeredTps) return 'finality';
  return isLast ? 'top' : null;
}

const causeWords: Readonly<Record<Cause, string>> = {
  cpu: 'a node was busier than the limit',
  finality: 'clearly less was finalised than offered',
  top: 'its top was reached without saturation',
};

/** One sentence about the fall and what came after it. */
export function rampWords(ramp: RampRecord): string {
  const tps = (value: number): string => `${Math.round(value)} TPS`;
  const seconds = (us: number): string => `${(us / 1e6).toPrecision(3)} s`;
  const recovery =
    ramp.recovered_us === null
      ? `not recovered in the ${seconds(ramp.watched_us)} that were watched`
      : `recovered after ${seconds(ramp.recovered_us)}`;
  return (
    `the load fell from ${tps(ramp.from_tps)} to ${tps(ramp.to_tps)} at ${seconds(ramp.fell_at_us)}: ${causeWords[ramp.cause]} ` +
    `(busiest node ${ramp.busiest_cpu_percent.toFixed(1)} % CPU, limit ${ramp.cpu_limit_percent.toFixed(0)} %; ${tps(ramp.finalized_tps)} finalised); ${recovery}`
  );
}
