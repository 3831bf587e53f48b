/**
 * A network of real node processes that stands until it is told to end: no load, no faults, no measuring; clients use its nodes.
 * Owns: bringing it up, starting killed processes again, ending it. Does not own: processes (children.ts, crew.ts), who asked (standing.ts).
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AgentServer } from '#campaigns/conductor/agent-server.ts';
import type { AgentSession } from '#campaigns/conductor/agent-session.ts';
import { assignmentFor, membersOf, type Post, postsOf } from '#campaigns/conductor/assignment.ts';
import { nowUs } from '#campaigns/conductor/host-watch.ts';
import { resolveConsensus } from '#campaigns/consensus-defaults.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { portOf } from '#node/agent-fields.ts';
import { defaultCalibration } from '#node/model/calibration.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';
import { Children } from './children.ts';
import { nodeProgram, ProcessCrew } from './crew.ts';
import { planLimits, sharedProfile } from './limits.ts';

export interface StandingOptions {
  readonly nodes: number;
  readonly nodesPerProcess: number;
  readonly seed: number;
  readonly network: NetworkProfile;
}

/** Where a client finds one node. */
export interface StandingMember {
  /** Member number. */
  readonly node: number;
  readonly process: string;
  /** Holds admin-address and admin-token, for the owner of the process only. */
  readonly folder: string;
}

const readyWithinMs = 120_000;
const perNodeMs = 1_000;
const stopWithinMs = 10_000;
/** A process that ends at once every time is not started hundreds of times a minute. */
const restartPauseMs = 1_000;
const pushEveryUs = 1_000_000;
const probeEveryUs = 10_000_000;
/** Nodes end by themselves when this process has been gone for so long. */
const orphanUs = 10_000_000;
const yearUs = 31_536_000_000_000;

export class StandingNetwork {
  readonly #options: StandingOptions;
  readonly #children = new Children();
  readonly #server: AgentServer;
  readonly #crew: ProcessCrew;
  readonly #run = `standing-${randomBytes(8).toString('hex')}`;
  readonly #startedUs = nowUs();
  #posts: readonly Post[] = [];
  #restarts = 0;
  #isEnding = false;

  constructor(options: StandingOptions) {
    this.#options = options;
    const token = randomBytes(24).toString('hex');
    this.#server = new AgentServer({ token, host: '127.0.0.1', port: 0 });
    this.#crew = this.#newCrew(token);
  }

  /** Of the whole network; removed by `end`. */
  get folder(): string {
    return this.#children.folder;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get members(): StandingMember[] {
    return this.#posts.map(({ number, agent }) => ({
      node: number,
      process: agent,
      folder: path.join(this.folder, agent),
    }));
  }

  /** Resolves when every node is connected; throws with the reason when that cannot be. */
  async begin(): Promise<void> {
    await this.#server.listen();
    // Nothing is started any more once the end has begun: nobody would end it.
    if (this.#isEnding) throw new Error('ended before it began');
    const { nodes } = this.#options;
    const within = readyWithinMs + perNodeMs * nodes;
    this.#crew.startAll();
    await this.#arrived(within);
    this.#posts = postsOf(this.#server.agents.values());
    const sessions = [...this.#server.agents.values()];
    for (const session of sessions) this.#assign(session);
    for (const session of sessions) await reached(session, 'assigned', within);
    for (const session of sessions) session.send({ kind: 'connect' });
    for (const session of sessions) await reached(session, 'ready', within);
    this.#keep();
  }

  /** In order where that works; afterwards no process is left in any case. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#crew.expectEnds();
    const sessions = [...this.#server.agents.values()].filter(({ isConnected }) => isConnected);
    for (const session of sessions) session.send({ kind: 'stop', exit: true });
    await Promise.all(sessions.map((session) => session.reaches(['stopped'], stopWithinMs)));
    await this.#children.destroy();
    await this.#server.close();
  }

  #newCrew(token: string): ProcessCrew {
    const { nodes, nodesPerProcess } = this.#options;
    const limits = planLimits(this.#spec().resources, nodesPerProcess);
    if (limits.kind === 'refused') throw new Error(limits.reason);
    const server = this.#server;
    return new ProcessCrew({
      children: this.#children,
      program: nodeProgram,
      nodes,
      nodesPerProcess,
      limits,
      get conductorUrl() {
        return server.url;
      },
      token,
      logLevel: 'warn',
      transport: 'tcp',
    });
  }

  async #arrived(withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    const { agents, refusals } = this.#server;
    while (agents.size < this.#crew.names.length) {
      const [trouble] = [...this.#crew.crashes, ...refusals];
      if (trouble !== undefined) throw new Error(trouble);
      if (performance.now() > end)
        throw new Error(`${agents.size} of ${this.#crew.names.length} processes said hello in time`);
      await pause(20);
    }
  }

  #assign(session: AgentSession): void {
    const startUs = this.#startedUs;
    const times = {
      startUs,
      measureFromUs: startUs,
      measureUntilUs: startUs + yearUs,
      endUs: startUs + yearUs,
    };
    const spec = this.#spec();
    const nobody = new Uint8Array(spec.nodes);
    const honest = nobody.map(() => 1);
    session.send(
      assignmentFor(session.name, {
        run: this.#run,
        spec,
        cast: { attackers: nobody, honest, honestNodes: Int32Array.from(honest.keys()), twins: false },
        members: membersOf(this.#posts, this.#server.agents),
        posts: this.#posts,
        times,
        isNetworkShaped: false,
        isEnforced: false,
        pushEveryUs,
        probeEveryUs,
        orphanUs,
      }),
    );
  }

  /** From now on a process that ends is started again, with its disk and its addresses, as a kubelet would. */
  #keep(): void {
    for (const { name, hello } of this.#server.agents.values()) {
      const port = portOf(hello.nodes[0]?.addresses[0] ?? '');
      if (port !== null) this.#crew.rememberPort(name, port);
    }
    const restart = async (name: string): Promise<void> => {
      await pause(restartPauseMs);
      if (this.#isEnding) return;
      this.#restarts += 1;
      this.#crew.restart(name, 'kept');
    };
    this.#children.onCrash = ({ name }) => void restart(name);
    this.#server.onHello = (session, isNew) => {
      if (isNew) void this.#bringBack(session);
    };
  }

  /** One that fails to come back ends, and is started again. */
  async #bringBack(session: AgentSession): Promise<void> {
    this.#assign(session);
    await session.reaches(['assigned', 'failed'], readyWithinMs);
    session.send({ kind: 'connect' });
  }

  #spec(): RunSpec {
    const { nodes, nodesPerProcess, seed, network } = this.#options;
    return {
      scenarioId: 'STANDING',
      label: `${nodes} nodes`,
      tier: 'message',
      seed,
      repetition: 0,
      nodes,
      nodesPerProcess,
      consensus: resolveConsensus({}, nodes, network),
      network,
      topology: { kind: 'full', degree: 8 },
      byzantine: { share: 0, attack: 'none', clusters: 1, identities: 1, exclusion: false },
      workload: {
        kind: 'constant',
        tps: 0,
        batch: 1,
        payloadBytes: 0,
        parents: { kind: 'count', least: 2, most: 4 },
        conflictShare: 0,
      },
      faults: [],
      duration: { warmupUs: 0, measureUs: yearUs, cooldownUs: 0 },
      messageBudget: 1,
      resources: { name: sharedProfile, cpuCores: 1, memoryBytes: 536_870_912 },
      calibration: defaultCalibration,
    };
  }
}

async function reached(session: AgentSession, phase: 'assigned' | 'ready', withinMs: number): Promise<void> {
  const found = await session.reaches([phase, 'ready', 'failed'], withinMs);
  if (found === 'failed') throw new Error(`process ${session.name} failed: ${session.reason}`);
  if (found === null) throw new Error(`process ${session.name} was not ${phase} in time`);
}
