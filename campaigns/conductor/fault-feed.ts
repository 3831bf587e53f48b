/**
 * Carries out the faults of a run and keeps what was seen of them.
 * Owns: sending orders to agents ahead of time, ending and starting processes on time, the account of each fault.
 * Does not own: the schedule (campaigns/faults), the effect inside a node (node), recovery times (replay.ts).
 */
import type { AgentSession } from '#campaigns/conductor/agent-session.ts';
import type { Post } from '#campaigns/conductor/assignment.ts';
import type { Crew } from '#campaigns/conductor/crew.ts';
import type { Stretch } from '#campaigns/conductor/stretch.ts';
import type { FaultReport } from '#node/agent-push.ts';

/** Times in microseconds of the run. */
export interface SeenFault {
  atUs: number | null;
  untilUs: number | null;
  effects: number;
  /** What agents said about their effects, once each. */
  readonly evidence: Set<string>;
  readonly refusals: Set<string>;
  restarts: number;
}

/** A node that was started again, and the fault that had taken it down. */
export interface Restart {
  readonly node: number;
  readonly atUs: number;
  readonly fault: number;
}

type State = 'waiting' | 'acting' | 'over';

/** Orders reach agents this long before they act. */
const aheadUs = 1_000_000;

export interface FaultFeedParts {
  readonly stretches: readonly Stretch[];
  readonly faults: number;
  readonly posts: readonly Post[];
  readonly agents: ReadonlyMap<string, AgentSession>;
  readonly crew: Crew;
  /** Conductor's clock. */
  readonly startUs: number;
}

export class FaultFeed {
  readonly seen: SeenFault[];
  readonly restarts: Restart[] = [];
  /** Agents whose process is down on purpose. */
  readonly down = new Set<string>();
  readonly #parts: FaultFeedParts;
  readonly #states: State[];
  readonly #effectsOf = new Map<string, number>();
  readonly #pending: Promise<void>[] = [];

  constructor(parts: FaultFeedParts) {
    this.#parts = parts;
    this.#states = parts.stretches.map(() => 'waiting');
    this.seen = Array.from({ length: parts.faults }, () => ({
      atUs: null,
      untilUs: null,
      effects: 0,
      evidence: new Set<string>(),
      refusals: new Set<string>(),
      restarts: 0,
    }));
  }

  /** Of a run that never began. */
  static idle(faults: number): FaultFeed {
    const nobody: Crew = {
      nodesPerProcess: 1,
      canEndProcesses: false,
      kill: async () => {},
      restart: () => {},
      stall: () => false,
      resume: () => {},
    };
    return new FaultFeed({ stretches: [], faults, posts: [], agents: new Map(), crew: nobody, startUs: 0 });
  }

  /** Does what is due at `runUs`, microseconds of the run. */
  advance(runUs: number): void {
    for (const [order, stretch] of this.#parts.stretches.entries()) {
      const state = this.#states[order];
      const isAgents = stretch.effect.by === 'agent';
      if (state === 'waiting' && stretch.fromUs <= runUs + (isAgents ? aheadUs : 0)) {
        this.#states[order] = 'acting';
        if (isAgents) this.#order(order, stretch, null);
        else this.#begin(stretch, runUs);
      } else if (state === 'acting' && stretch.untilUs <= runUs) {
        this.#states[order] = 'over';
        if (!isAgents) this.#end(stretch, runUs);
      }
    }
  }

  /** A process that came back is told again what still acts on its nodes. */
  repeat(agent: string): void {
    for (const [order, stretch] of this.#parts.stretches.entries()) {
      const isDown = stretch.effect.by === 'agent' && stretch.effect.order.kind === 'down';
      if (this.#states[order] === 'acting' && stretch.effect.by === 'agent' && !isDown)
        this.#order(order, stretch, agent);
    }
  }

  /** `offsetUs`: from the agent's clock to the run's. */
  report(report: FaultReport, offsetUs: number): void {
    const stretch = this.#parts.stretches[report.fault];
    if (stretch === undefined) return;
    const seen = this.seen[stretch.fault]!;
    const atUs = report.atUs + offsetUs;
    const isDown = stretch.effect.by === 'agent' && stretch.effect.order.kind === 'down';
    if (report.state === 'refused') {
      seen.refusals.add(report.evidence);
      return;
    }
    if (report.state === 'applied') seen.atUs = Math.min(seen.atUs ?? atUs, atUs);
    if (report.state === 'lifted') {
      seen.untilUs = Math.max(seen.untilUs ?? atUs, atUs);
      if (isDown) this.#restarted(report.node, stretch.fault, atUs);
    }
    const key = `${report.fault}/${report.node}`;
    const before = this.#effectsOf.get(key) ?? 0;
    const effects = Math.max(before, report.effects);
    this.#effectsOf.set(key, effects);
    seen.effects += effects - before;
    if (report.evidence !== '' && report.effects > 0) seen.evidence.add(report.evidence);
  }

  /** Everything that was begun and has an end of its own is over: nothing stays stopped or down. */
  async settle(runUs: number): Promise<void> {
    for (const [order, stretch] of this.#parts.stretches.entries()) {
      if (this.#states[order] !== 'acting' || stretch.effect.by !== 'process') continue;
      this.#states[order] = 'over';
      if (stretch.effect.act.kind === 'stall')
        for (const agent of this.#agentsOf(stretch)) this.#parts.crew.resume(agent);
      this.seen[stretch.fault]!.untilUs ??= runUs;
    }
    await Promise.all(this.#pending);
  }

  #agentsOf(stretch: Stretch): string[] {
    const { posts } = this.#parts;
    return [...new Set(stretch.nodes.map((node) => posts[node]?.agent ?? ''))];
  }

  #order(order: number, stretch: Stretch, only: string | null): void {
    if (stretch.effect.by !== 'agent') return;
    const { posts, agents, startUs } = this.#parts;
    const nodesBy = new Map<string, number[]>();
    for (const node of stretch.nodes) {
      const agent = posts[node]?.agent ?? '';
      nodesBy.set(agent, [...(nodesBy.get(agent) ?? []), node]);
    }
    for (const [agent, nodes] of nodesBy) {
      if (only !== null && only !== agent) continue;
      agents.get(agent)?.send({
        kind: 'fault',
        fault: order,
        nodes,
        fromUs: startUs + stretch.fromUs,
        untilUs: startUs + stretch.untilUs,
        effect: stretch.effect.order,
      });
    }
  }

  #begin(stretch: Stretch, runUs: number): void {
    if (stretch.effect.by !== 'process') return;
    const { crew } = this.#parts;
    const seen = this.seen[stretch.fault]!;
    seen.atUs ??= runUs;
    for (const agent of this.#agentsOf(stretch)) {
      if (stretch.effect.act.kind === 'stall') {
        if (crew.stall(agent)) seen.effects += 1;
        continue;
      }
      this.down.add(agent);
      this.#pending.push(
        crew.kill(agent).then(() => {
          seen.effects += 1;
        }),
      );
    }
  }

  #end(stretch: Stretch, runUs: number): void {
    if (stretch.effect.by !== 'process') return;
    const { crew } = this.#parts;
    const { act } = stretch.effect;
    const seen = this.seen[stretch.fault]!;
    seen.untilUs = runUs;
    for (const agent of this.#agentsOf(stretch)) {
      if (act.kind === 'stall') {
        crew.resume(agent);
        continue;
      }
      crew.restart(agent, act.disk);
      this.down.delete(agent);
    }
    if (act.kind === 'kill') for (const node of stretch.nodes) this.#restarted(node, stretch.fault, runUs);
  }

  #restarted(node: number, fault: number, atUs: number): void {
    this.restarts.push({ node, atUs, fault });
    this.seen[fault]!.restarts += 1;
  }
}
