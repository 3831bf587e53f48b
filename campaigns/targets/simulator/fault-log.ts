/**
 * What was seen of each fault: that it took effect, how much, and how long recovery took after it was lifted.
 * Owns: the fault records of a run. Does not own: causing effects (conduct.ts).
 * A fault counts as observed only when a counter that it moves has moved while it acted.
 */
import type { FaultAction } from '#campaigns/faults/action.ts';
import type { FaultPlacement } from '#campaigns/faults/schedule.ts';
import type { Recorder } from '#campaigns/measure/recorder.ts';
import type { FaultRecord } from '#campaigns/results/schema.ts';
import type { Conduct } from './conduct.ts';
import type { Simulation } from './simulation.ts';

interface Seen {
  atUs: number | null;
  untilUs: number | null;
  active: number;
  baseline: number;
  effect: number;
  recoveryUs: number | null;
  rejoinUs: number | null;
  restarts: number;
  rejoined: number;
  /** Restarted nodes that went down again before they had caught up. */
  overtaken: number;
}

export class FaultLog {
  readonly #placements: readonly FaultPlacement[];
  readonly #seen: Seen[];
  readonly #simulation: Simulation;
  readonly #conduct: Conduct;
  readonly #recorder: Recorder;
  readonly #downBy = new Map<number, number>();

  constructor(
    placements: readonly FaultPlacement[],
    simulation: Simulation,
    conduct: Conduct,
    recorder: Recorder,
  ) {
    this.#placements = placements;
    this.#simulation = simulation;
    this.#conduct = conduct;
    this.#recorder = recorder;
    this.#seen = placements.map(() => ({
      atUs: null,
      untilUs: null,
      active: 0,
      baseline: 0,
      effect: 0,
      recoveryUs: null,
      rejoinUs: null,
      restarts: 0,
      rejoined: 0,
      overtaken: 0,
    }));
    conduct.onRejoined = (node, _atUs, tookUs) => this.#rejoined(node, tookUs);
  }

  /** Applies an action and notes it. */
  apply(action: FaultAction, nowUs: number): void {
    const seen = this.#seen[action.fault]!;
    const begins = action.kind.endsWith('-on') || action.kind === 'node-down';
    if (begins && seen.active === 0) seen.baseline = this.#counter(action.fault);
    if (action.kind === 'node-down') this.#overtake(action.node);
    if (action.kind === 'node-up') {
      this.#downBy.set(action.node, action.fault);
      seen.restarts += 1;
    }
    this.#conduct.apply(action, nowUs);
    if (begins) {
      seen.atUs ??= nowUs;
      seen.active += 1;
      return;
    }
    seen.active -= 1;
    if (seen.active > 0) return;
    seen.effect += this.#counter(action.fault) - seen.baseline;
    seen.untilUs = nowUs;
    if (action.kind === 'partition-off') this.#conduct.resynchronise(nowUs);
    this.#awaitRecovery(seen, nowUs);
  }

  /** Recovered: every pair of live honest node and vertex issued before the lifting is decided. */
  #awaitRecovery(seen: Seen, nowUs: number): void {
    seen.recoveryUs = null;
    this.#recorder.watch(this.#conduct.openPairs(), -1, nowUs, (atUs) => {
      seen.recoveryUs = atUs - nowUs;
    });
  }

  /** What took the node down before never sees it catch up: only the restart after this one does. */
  #overtake(node: number): void {
    const seen = this.#seen[this.#downBy.get(node) ?? -1];
    if (seen === undefined) return;
    this.#downBy.delete(node);
    seen.overtaken += 1;
  }

  #rejoined(node: number, tookUs: number): void {
    const seen = this.#seen[this.#downBy.get(node) ?? -1];
    if (seen === undefined) return;
    this.#downBy.delete(node); // what takes the node down next is another matter
    seen.rejoined += 1;
    seen.rejoinUs = Math.max(seen.rejoinUs ?? 0, tookUs);
  }

  /** The counter a fault moves. */
  #counter(fault: number): number {
    const { network, cpu, skewedTimers } = this.#simulation;
    switch (this.#placements[fault]!.kind) {
      case 'partition':
        return network.cut;
      case 'kill':
      case 'cascade':
      case 'churn':
        return this.#conduct.tally.nodesDown;
      case 'latency':
        return network.delayed;
      case 'loss':
        return network.lost;
      case 'throttle':
        return Math.round(cpu.throttledUs);
      case 'clock-skew':
        return skewedTimers;
      case 'disk':
        return this.#simulation.disk.refusedAnswers;
      case 'memory':
        return this.#conduct.memory.pressedLooks;
      case 'stall':
        return 0;
    }
  }

  #evidence(fault: number, effect: number, seen: Seen): string {
    switch (this.#placements[fault]!.kind) {
      case 'partition':
        return `${effect} messages cut between the groups`;
      case 'kill':
      case 'cascade':
      case 'churn':
        return (
          `${effect} nodes went down, ${seen.restarts} restarted, ${seen.rejoined} caught up` +
          (seen.overtaken === 0 ? '' : `, ${seen.overtaken} went down again before they had`)
        );
      case 'latency':
        return `${effect} messages delayed`;
      case 'loss':
        return `${effect} messages lost`;
      case 'throttle':
        return `${(effect / 1_000_000).toFixed(3)} s of CPU work added`;
      case 'clock-skew':
        return `${effect} timers rang off time`;
      case 'disk':
        return `${effect} queries unanswered by nodes whose disk failed`;
      case 'memory': {
        const { slowed, killed } = this.#conduct.memory;
        return `memory cut at ${effect} looks; in the whole run ${slowed} slowed down, ${killed} killed and started again`;
      }
      case 'stall':
        return 'not modelled';
    }
  }

  records(): FaultRecord[] {
    return this.#placements.map((placement, index) => {
      const seen = this.#seen[index]!;
      const effect = seen.effect + (seen.active > 0 ? this.#counter(index) - seen.baseline : 0);
      const complete = seen.restarts === seen.rejoined + seen.overtaken;
      return {
        kind: placement.kind,
        description: placement.description,
        requested_at_us: placement.requestedAtUs,
        requested_for_us: placement.requestedForUs,
        at_us: seen.atUs,
        until_us: seen.untilUs,
        observed: seen.atUs !== null && effect > 0,
        evidence: this.#evidence(index, effect, seen),
        recovery_us: seen.recoveryUs,
        rejoin_us: complete ? seen.rejoinUs : null,
      };
    });
  }
}
