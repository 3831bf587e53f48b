/**
 * Lowers the load of a measured ramp after a step that was too much, by what agents report while it runs.
 * Owns: the bins of the climb as they are known live, when the load falls. Does not own: judging a step (campaigns/measure/ramp-watch.ts)
 * or recovery, which is seen when everything is played back (replay.ts).
 */
import type { Cast } from '#campaigns/cast.ts';
import { loadAheadUs } from '#campaigns/conductor/load-feed.ts';
import type { Observations } from '#campaigns/conductor/observations.ts';
import type { RampWatch } from '#campaigns/measure/ramp-watch.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import type { Arrivals } from '#campaigns/workloads/arrivals.ts';
import { decisionStatus } from '#node/agent-push.ts';

/** Agents push four times a second; what they have not said by then counts as not done. */
const reportedAfterUs = 1_000_000;

export interface RampFeedParts {
  readonly watch: RampWatch;
  readonly plan: WindowPlan;
  readonly arrivals: Arrivals;
  readonly observations: Observations;
  readonly spec: RunSpec;
  readonly cast: Cast;
  /** Conductor's clock at the start of the run. */
  readonly startUs: number;
}

export class RampFeed {
  readonly #parts: RampFeedParts;
  #bin = 0;
  #decisionsRead = 0;
  /** Transactions finalised, over honest nodes, by bin of the window. */
  readonly #finalised = new Map<number, number>();

  constructor(parts: RampFeedParts) {
    this.#parts = parts;
  }

  /** Looks at bins that are over and reported. */
  advance(runUs: number): void {
    const { watch, arrivals } = this.#parts;
    while (watch.fellAtUs === null && this.#edgeUs(this.#bin + 1) + reportedAfterUs <= runUs) {
      this.#count();
      this.#look();
      this.#bin += 1;
      if (watch.verdict === null) continue;
      // What is due earlier is on its way; at its top the ramp falls by itself.
      watch.fell(Math.min(watch.topUs, Math.ceil(runUs) + loadAheadUs));
      arrivals.fall(watch.fellAtUs ?? watch.topUs, watch.restTps);
    }
  }

  #edgeUs(bin: number): number {
    const { warmupUs, measureUs, bins } = this.#parts.plan;
    return warmupUs + Math.floor((bin * measureUs) / bins);
  }

  #count(): void {
    const { observations, cast, plan, startUs } = this.#parts;
    for (; this.#decisionsRead < observations.decisions.length; this.#decisionsRead += 1) {
      const { node, vertex, status, atUs } = observations.decisions[this.#decisionsRead]!;
      if (status !== decisionStatus.finalised || cast.honest[node] === 0) continue;
      const bin = Math.floor(((atUs - startUs - plan.warmupUs) * plan.bins) / plan.measureUs);
      this.#finalised.set(bin, (this.#finalised.get(bin) ?? 0) + vertex.transactions);
    }
  }

  #look(): void {
    const { watch, arrivals, observations, cast, spec, startUs } = this.#parts;
    const [fromUs, untilUs] = [this.#edgeUs(this.#bin), this.#edgeUs(this.#bin + 1)];
    const forUs = untilUs - fromUs;
    const busiestUs = observations.busiestNodeUs(startUs + fromUs, startUs + untilUs);
    const finalised = this.#finalised.get(this.#bin) ?? 0;
    watch.look(
      {
        at_us: fromUs,
        for_us: forUs,
        offered_tps: arrivals.profile.meanTps(fromUs, untilUs),
        finalized_tps: (finalised * 1_000_000) / (Math.max(1, cast.honestNodes.length) * forUs),
        p50_ms: null,
        p95_ms: null,
        cpu_percent: (100 * busiestUs) / (spec.resources.cpuCores * forUs),
      },
      () => 1,
    );
  }
}
