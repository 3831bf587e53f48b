/**
 * What all nodes of the conductor together do, while they do it: totals and the last gauges of every agent.
 * Owns: adding up pushes over agents, incarnations and runs; contradictions among finalised vertices as they arrive.
 * Does not own: names and text of metrics (fleet-metrics.ts), the record of a run (observations.ts), any verdict.
 */
import type { AgentSession } from '#campaigns/conductor/agent-session.ts';
import { CounterTotals, noCounters, type ProgressPush } from '#campaigns/conductor/counter-totals.ts';
import { FixedHistogram } from '#campaigns/conductor/metric-text.ts';
import type { Observations } from '#campaigns/conductor/observations.ts';
import type { Push } from '#node/agent-protocol.ts';
import {
  decisionStatus,
  type HistogramDelta,
  type NodeCounter,
  type NodeProgress,
  nodeCounters,
} from '#node/agent-push.ts';

const latencyBoundsSeconds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5,
  10, 15, 30, 60,
];

/** The last that an agent said of itself. */
export interface AgentFigures {
  readonly totals: CounterTotals;
  atUs: number;
  nodes: readonly NodeProgress[];
  residentBytes: number;
  loopBusyShare: number;
  loopDelayUs: number;
}

/** Of the run that is being conducted. */
export interface RunFigures {
  readonly nodes: number;
  /** 0..1, set-up included. */
  progress: number;
}

const faultStates = ['applied', 'observed', 'lifted', 'refused'] as const;
export type FaultState = (typeof faultStates)[number];

export class FleetMeter {
  readonly agents = new Map<string, AgentFigures>();
  readonly latencySeconds = new FixedHistogram(latencyBoundsSeconds);
  readonly roundSeconds = new FixedHistogram(latencyBoundsSeconds);
  readonly querySeconds = new FixedHistogram(latencyBoundsSeconds);
  readonly faults: Record<FaultState, number> = { applied: 0, observed: 0, lifted: 0, refused: 0 };
  pushes = 0;
  pushesDropped = 0;
  loadRefused = 0;
  convictions = 0;
  /** Pairs of finalised vertices that spend one input or share creator and sequence. */
  conflictsFinalised = 0;
  runsEnded = 0;
  run: RunFigures | null = null;
  #observations: Observations | null = null;
  #decisionsSeen = 0;
  readonly #finalisedBy = new Map<string, string>();
  readonly #conflicting = new Set<string>();

  begin(nodes: number, observations: Observations): void {
    this.run = { nodes, progress: 0 };
    this.#observations = observations;
    this.#decisionsSeen = 0;
    this.#finalisedBy.clear();
  }

  end(): void {
    this.reviewDecisions();
    this.#observations = null;
    this.run = null;
    this.runsEnded += 1;
    // Nodes of an ended run are gone; their totals stay.
    for (const figures of this.agents.values()) figures.nodes = [];
  }

  receive({ name, hello }: AgentSession, { body, atUs, clock }: Push): void {
    this.pushes += 1;
    switch (body.kind) {
      case 'progress':
        this.#progress(name, hello.incarnation, atUs + clock.offsetUs, body);
        return;
      case 'fault':
        this.faults[body.state] += 1;
        return;
      case 'conviction':
        this.convictions += 1;
        return;
      case 'load-refused':
        this.loadRefused += body.items.length;
        return;
      case 'overflow':
        this.pushesDropped += body.pushesDropped;
        return;
      case 'vertices':
      case 'decisions':
      case 'probes':
      case 'event':
        return; // the record of the run has them
    }
  }

  /** Looks at what was finalised since the last look. */
  reviewDecisions(): void {
    const decisions = this.#observations?.decisions ?? [];
    for (; this.#decisionsSeen < decisions.length; this.#decisionsSeen += 1) {
      const { vertex, status } = decisions[this.#decisionsSeen]!;
      if (status !== decisionStatus.finalised) continue;
      for (const key of [`#${vertex.creator}/${vertex.sequence}`, ...vertex.keys.map(String)]) {
        const other = this.#finalisedBy.get(key);
        if (other === undefined) this.#finalisedBy.set(key, vertex.id);
        else if (other !== vertex.id) this.#conflicting.add(`${[other, vertex.id].sort().join('/')}`);
      }
    }
    this.conflictsFinalised = this.#conflicting.size;
  }

  /** Over all agents and everything they ever counted. */
  totals(): { readonly counters: Record<NodeCounter, number>; readonly cpuUs: number } {
    const counters = noCounters();
    let cpuUs = 0;
    for (const { totals } of this.agents.values()) {
      for (const name of nodeCounters) counters[name] += totals.counters[name];
      cpuUs += totals.cpuUs;
    }
    return { counters, cpuUs };
  }

  #progress(name: string, incarnation: string, atUs: number, push: ProgressPush): void {
    let figures = this.agents.get(name);
    if (figures === undefined) {
      figures = {
        totals: new CounterTotals(),
        atUs,
        nodes: [],
        residentBytes: 0,
        loopBusyShare: 0,
        loopDelayUs: 0,
      };
      this.agents.set(name, figures);
    }
    figures.totals.add(incarnation, push);
    const { residentBytes, loopBusyShare, loopDelayUs } = push.process;
    Object.assign(figures, { atUs, nodes: push.nodes, residentBytes, loopBusyShare, loopDelayUs });
    for (const { latency } of push.nodes) add(this.latencySeconds, latency);
    add(this.roundSeconds, push.roundDuration);
    add(this.querySeconds, push.queryLatency);
  }
}

function add(histogram: FixedHistogram, delta: HistogramDelta): void {
  for (const [valueUs, observations] of delta) histogram.observe(valueUs / 1e6, observations);
}
