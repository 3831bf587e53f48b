/**
 * Who is which member: numbers, roles and the assignment of every agent.
 * Owns: turning the agents that came and a run specification into messages. Does not own: when they are sent (conductor.ts).
 */
import { type Cast, operatorsOf } from '#campaigns/cast.ts';
import type { AgentSession } from '#campaigns/conductor/agent-session.ts';
import { type RunSpec, reputationOf } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import type { Assignment, AttackChoice, MemberRecord } from '#node/agent-protocol.ts';

/** A node of the run: member number, and the agent that carries it. */
export interface Post {
  readonly number: number;
  readonly agent: string;
  readonly index: number;
}

/** Members in the order of agents' names, and of nodes within an agent. */
export function postsOf(agents: Iterable<AgentSession>): Post[] {
  const byName = [...agents].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  let number = 0;
  return byName.flatMap(({ name, hello }) =>
    hello.nodes.map(({ index }) => ({ number: number++, agent: name, index })),
  );
}

export function membersOf(posts: readonly Post[], agents: ReadonlyMap<string, AgentSession>): MemberRecord[] {
  return posts.map(({ number, agent, index }) => {
    const offered = agents.get(agent)?.hello.nodes.find((node) => node.index === index);
    if (offered === undefined) throw new Error(`agent ${agent} no longer offers its node ${index}`);
    const { publicKey, peerId, addresses } = offered;
    return { number, publicKey, peerId, addresses };
  });
}

/** Planned times in the conductor's clock. */
export type Times = Assignment['window'];

export function timesOf(plan: WindowPlan, startUs: number): Times {
  const measureFromUs = startUs + plan.warmupUs;
  const measureUntilUs = measureFromUs + plan.measureUs;
  return { startUs, measureFromUs, measureUntilUs, endUs: measureUntilUs + plan.cooldownUs };
}

export interface AssignmentOptions {
  readonly run: string;
  readonly spec: RunSpec;
  readonly cast: Cast;
  readonly members: readonly MemberRecord[];
  readonly posts: readonly Post[];
  readonly times: Times;
  readonly isNetworkShaped: boolean;
  readonly isEnforced: boolean;
  readonly pushEveryUs: number;
  readonly probeEveryUs: number;
  readonly orphanUs: number;
}

export function assignmentFor(agent: string, options: AssignmentOptions): Assignment {
  const { run, spec, cast, members, posts, times, isNetworkShaped, isEnforced } = options;
  const { clusters, identities, exclusion } = spec.byzantine;
  const { batch, payloadBytes, parents } = spec.workload;
  const attack: AttackChoice = spec.byzantine.attack;
  const operators = operatorsOf(cast.attackers, attack === 'sybil' ? Math.max(1, identities) : 1);
  const own = posts
    .filter((post) => post.agent === agent)
    .map(({ index, number }) => ({
      index,
      number,
      attack: cast.attackers[number] === 1 ? attack : 'none',
      operator: operators[number]!,
    }));
  return {
    kind: 'assignment',
    run,
    seed: spec.seed,
    members: [...members],
    own: own as Assignment['own'],
    consensus: { ...spec.consensus },
    network: { ...spec.network, oneWayUs: [...spec.network.oneWayUs] },
    isNetworkShaped,
    byzantine: {
      clusters: Math.max(1, clusters),
      identities: Math.max(1, identities),
      exclusion,
      ...reputationOf(spec),
    },
    workload: { batch, payloadBytes, parents },
    resources: { ...spec.resources, isEnforced },
    window: times,
    push: { everyUs: options.pushEveryUs, probeEveryUs: options.probeEveryUs, decisions: true },
    orphanUs: options.orphanUs,
  };
}
