/**
 * Conducts one measured run: waits for agents, assigns, connects, warms up, measures, cools down, collects.
 * Owns: the order of these steps, their deadlines, agents that come back in the middle. Does not own: starting processes (crew),
 * the load and fault engines, or figures (measured-outcome.ts).
 *
 * Whatever goes wrong ends in a record: a run that could not be conducted is INCONCLUSIVE and says which agent did what.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { castOf } from '#campaigns/cast.ts';
import type { AgentServer } from '#campaigns/conductor/agent-server.ts';
import type { AgentSession } from '#campaigns/conductor/agent-session.ts';
import {
  type AssignmentOptions,
  assignmentFor,
  membersOf,
  type Post,
  postsOf,
  timesOf,
} from '#campaigns/conductor/assignment.ts';
import type { Crew } from '#campaigns/conductor/crew.ts';
import { FaultFeed } from '#campaigns/conductor/fault-feed.ts';
import type { FleetMeter } from '#campaigns/conductor/fleet-meter.ts';
import { HostWatch, nowUs } from '#campaigns/conductor/host-watch.ts';
import { LoadFeed } from '#campaigns/conductor/load-feed.ts';
import { measuredOutcome } from '#campaigns/conductor/measured-outcome.ts';
import { Observations } from '#campaigns/conductor/observations.ts';
import { RampFeed } from '#campaigns/conductor/ramp-feed.ts';
import { stretchesOf } from '#campaigns/conductor/stretch.ts';
import { arrivalsOf, rampWatchOf, scheduleOf } from '#campaigns/run-schedule.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import type { Progress, RunOutcome } from '#campaigns/targets/target.ts';

export interface ConductOptions {
  readonly spec: RunSpec;
  readonly plan: WindowPlan;
  readonly server: AgentServer;
  readonly crew: Crew;
  /** Processes that are expected; together they offer exactly the nodes of the specification. */
  readonly agents: number;
  /** How the resource profile was applied, in words. */
  readonly limits: string;
  readonly isEnforced: boolean;
  /** False shows that a run without its network answers nothing. */
  readonly isNetworkShaped: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Filled by the crew: processes that ended although nobody told them to. */
  readonly crashes: readonly string[];
  /** Called before agents are told to end. */
  readonly onStop: () => void;
  /** Agents stay for the next run: they stop their nodes and go idle. */
  readonly keepsProcesses?: boolean;
  /** Counts along while the run lasts. */
  readonly meter?: FleetMeter;
}

const tickMs = 10;
const pushEveryUs = 250_000;
/** Probes of all nodes together stay below this rate: they are load that no prediction knows. */
const probesPerSecondMost = 100;
const probeEveryLeastUs = 100_000;
export const orphanUs = 10_000_000;
const helloWithinMs = 60_000;
const connectWithinMs = 120_000;
const perNodeMs = 500;
/** Every two nodes open a session, and packed ones share their cores with other work. */
const perPairMs = 20;
/** After a lost connection: from its return until what had arrived must have been reported. */
const reportedWithinMs = 1_500;
/** The cool-down of a run with faults lasts at most this much longer, until everything has come back and is decided. */
const settleMostUs = 30_000_000;
const collectWithinMs = 30_000;
const stopWithinMs = 10_000;
/** From the last 'ready' to the first load. */
const leadUs = 500_000;
/** Share of the progress that setting up is. */
const setupShare = 0.15;

/** Ends the steps before the run; the reason becomes that of an INCONCLUSIVE run. */
class Unfit extends Error {
  override readonly name = 'Unfit';
}

export async function conduct(options: ConductOptions): Promise<RunOutcome> {
  const conducting = new Conducting(options);
  return await conducting.run();
}

class Conducting {
  readonly #options: ConductOptions;
  readonly #observations = new Observations();
  readonly #host = new HostWatch();
  readonly #incidents: string[] = [];
  #posts: Post[] = [];
  #load: LoadFeed | null = null;
  #ramp: RampFeed | null = null;
  #faults: FaultFeed | null = null;
  #assignment: Omit<AssignmentOptions, 'members'> | null = null;
  #startUs = nowUs();
  /** Of earlier runs of the same server. */
  readonly #refusalsBefore: number;

  constructor(options: ConductOptions) {
    this.#options = options;
    const { server, meter, spec } = options;
    this.#refusalsBefore = server.refusals.length;
    meter?.begin(spec.nodes, this.#observations);
    server.onPush = (session, push) => {
      this.#observations.receive(session, push);
      meter?.receive(session, push);
    };
  }

  async run(): Promise<RunOutcome> {
    const { spec, plan, signal, server, crew } = this.#options;
    const cast = castOf(spec);
    const arrivals = arrivalsOf(spec, plan, cast);
    const schedule = scheduleOf(spec, plan, cast);
    const watch = rampWatchOf(spec, plan);
    let unfit: string | null = null;
    let endedUs = 0;
    try {
      await this.#gather();
      await this.#assign();
      this.#startUs = nowUs() + leadUs;
      const { agents } = server;
      const stretches = stretchesOf(
        schedule.actions,
        spec.nodes,
        crew.nodesPerProcess === 1 && crew.canEndProcesses,
      );
      const parts = { stretches, faults: spec.faults.length, posts: this.#posts, agents, crew };
      this.#faults = new FaultFeed({ ...parts, startUs: this.#startUs });
      this.#load = new LoadFeed(arrivals, this.#posts, agents);
      const seen = { observations: this.#observations, startUs: this.#startUs };
      if (watch !== null) this.#ramp = new RampFeed({ watch, spec, plan, cast, arrivals, ...seen });
      this.#listen();
      endedUs = await this.#drive();
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      unfit = error.message;
    } finally {
      await this.#faults?.settle(endedUs);
      if (unfit === null) await this.#collect();
      this.#host.stop();
    }
    const faults = this.#faults ?? FaultFeed.idle(spec.faults.length);
    return measuredOutcome({
      spec,
      plan,
      cast,
      arrivals,
      items: this.#load?.items ?? [],
      observations: this.#observations,
      faults,
      ramp: watch,
      startUs: this.#startUs,
      endedUs,
      schedule,
      host: this.#host,
      processes: this.#options.agents,
      nodesPerProcess: crew.nodesPerProcess,
      limits: this.#options.limits,
      incidents: [
        ...this.#incidents,
        ...server.refusals.slice(this.#refusalsBefore),
        ...this.#options.crashes,
      ],
      unfit,
      isAborted: signal.aborted,
    });
  }

  /** Waits until a condition holds; gives up when aborted, when a process crashed, or after the deadline. */
  async #until(holds: () => boolean, withinMs: number, complaint: () => string): Promise<void> {
    const { signal, crashes, server } = this.#options;
    const deadline = performance.now() + withinMs;
    while (!holds()) {
      if (signal.aborted) throw new Unfit('stopped before the nodes were ready');
      const [crash] = crashes;
      if (crash !== undefined) throw new Unfit(crash);
      const [refusal] = server.refusals.slice(this.#refusalsBefore);
      if (refusal !== undefined) throw new Unfit(refusal);
      if (performance.now() > deadline) throw new Unfit(complaint());
      await delay(tickMs);
    }
  }

  async #gather(): Promise<void> {
    const { server, spec, agents } = this.#options;
    const offered = (): number =>
      [...server.agents.values()].reduce((sum, { hello }) => sum + hello.nodes.length, 0);
    await this.#until(
      () => server.agents.size >= agents && offered() >= spec.nodes,
      helloWithinMs + perNodeMs * spec.nodes,
      () => `${server.agents.size} of ${agents} agents said hello in time`,
    );
    if (offered() !== spec.nodes)
      throw new Unfit(`the agents offer ${offered()} nodes, the run needs ${spec.nodes}`);
    this.#posts = postsOf(server.agents.values());
    this.#options.progress(setupShare / 3);
  }

  async #assign(): Promise<void> {
    const { server, spec, plan, isEnforced, isNetworkShaped, progress } = this.#options;
    const run = `run-${process.pid}-${this.#startUs.toString(36)}`;
    const probeEveryUs = Math.max(
      probeEveryLeastUs,
      Math.ceil((spec.nodes * 1_000_000) / probesPerSecondMost),
    );
    const planned = timesOf(plan, nowUs() + 60_000_000);
    this.#assignment = {
      run,
      spec,
      cast: castOf(spec),
      posts: this.#posts,
      times: planned,
      isNetworkShaped,
      isEnforced,
      pushEveryUs,
      probeEveryUs,
      orphanUs,
    };
    const sessions = [...server.agents.values()];
    for (const session of sessions) this.#tell(session);
    await this.#reach(sessions, ['assigned', 'connecting', 'ready']);
    progress((2 * setupShare) / 3);
    for (const session of sessions) session.send({ kind: 'connect' });
    await this.#reach(sessions, ['ready']);
    progress(setupShare);
  }

  #tell(session: AgentSession): void {
    if (this.#assignment === null) return;
    const members = membersOf(this.#posts, this.#options.server.agents);
    session.send(assignmentFor(session.name, { ...this.#assignment, members }));
  }

  async #reach(sessions: readonly AgentSession[], phases: readonly AgentSession['phase'][]): Promise<void> {
    const [wanted] = phases;
    const { nodes } = this.#options.spec;
    const failed = (): AgentSession | undefined => sessions.find(({ phase }) => phase === 'failed');
    await this.#until(
      () => failed() !== undefined || sessions.every(({ phase }) => phases.includes(phase)),
      connectWithinMs + perNodeMs * nodes + (perPairMs * nodes * (nodes - 1)) / 2,
      () => {
        const late = sessions.filter(({ phase }) => !phases.includes(phase)).map(({ name }) => name);
        return `not ${wanted ?? ''} in time: ${late.slice(0, 5).join(', ')} (${late.length} agents)`;
      },
    );
    const broken = failed();
    if (broken !== undefined) throw new Unfit(`agent ${broken.name} failed: ${broken.reason}`);
  }

  /** From now on agents may come back: they are brought up to date one by one. */
  #listen(): void {
    const { server } = this.#options;
    const faults = this.#faults;
    const load = this.#load;
    if (faults === null || load === null) return;
    this.#observations.onFault = (report, offsetUs) => faults.report(report, offsetUs - this.#startUs);
    this.#observations.onRefused = (items) => load.refused(items, nowUs() - this.#startUs);
    const before = server.onHello;
    server.onHello = (session, isNew) => {
      before(session, isNew);
      void (isNew ? this.#bringBack(session) : this.#reconnected(session)).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#incidents.push(`${session.name} could not be brought back: ${reason}`);
      });
    };
    this.#schedule([...server.agents.values()]);
  }

  #schedule(sessions: readonly AgentSession[]): void {
    const window = timesOf(this.#options.plan, this.#startUs);
    if (this.#assignment !== null) this.#assignment = { ...this.#assignment, times: window };
    for (const session of sessions) session.send({ kind: 'schedule', window });
  }

  async #bringBack(session: AgentSession): Promise<void> {
    const within = connectWithinMs;
    this.#tell(session);
    const assigned = await session.reaches(['assigned', 'connecting', 'ready', 'failed'], within);
    session.send({ kind: 'connect' });
    const ready = await session.reaches(['ready', 'failed'], within);
    if (assigned === null || ready !== 'ready')
      throw new Error(session.phase === 'failed' ? session.reason : 'it was not ready in time');
    this.#schedule([session]);
    this.#faults?.repeat(session.name);
    this.#repeatLoad(session, Number.POSITIVE_INFINITY);
  }

  /** The same process on a new connection: what was on its way when the old one broke may be lost. */
  async #reconnected(session: AgentSession): Promise<void> {
    const brokenUs = nowUs() - this.#startUs;
    this.#schedule([session]);
    this.#faults?.repeat(session.name);
    // Long enough for what did arrive to be due, issued and reported.
    await delay(reportedWithinMs, undefined, { signal: this.#options.signal });
    this.#repeatLoad(session, brokenUs + reportedWithinMs * 1_000 - 2 * pushEveryUs);
  }

  #repeatLoad(session: AgentSession, dueBeforeUs: number): void {
    const carried = new Set([...this.#observations.vertices.values()].flatMap(({ items }) => items));
    const runUs = nowUs() - this.#startUs;
    this.#load?.repeat(session.name, (item) => carried.has(item), runUs, dueBeforeUs);
  }

  /** The run itself; resolves with the time at which it ended. */
  async #drive(): Promise<number> {
    const { plan, progress, signal } = this.#options;
    const endUs = plan.warmupUs + plan.measureUs + plan.cooldownUs;
    for (;;) {
      const runUs = nowUs() - this.#startUs;
      if (runUs >= endUs && (this.#isSettled() || runUs >= endUs + settleMostUs)) return runUs;
      if (signal.aborted) return Math.max(0, runUs);
      this.#ramp?.advance(runUs);
      this.#load?.advance(runUs, this.#startUs);
      this.#faults?.advance(runUs);
      progress(Math.min(1, setupShare + (1 - setupShare) * Math.max(0, runUs / endUs)));
      await delay(tickMs);
    }
  }

  /** After faults the end is awaited: restarted processes are back, and nobody holds an undecided vertex any more. */
  #isSettled(): boolean {
    const { spec, server } = this.#options;
    if (spec.faults.length === 0) return true;
    if ([...server.agents.values()].some(({ phase }) => phase !== 'ready')) return false;
    const atUs = nowUs();
    return [...this.#observations.tracks.values()].every((track) => {
      const gauges = track.gauges(atUs);
      return gauges?.nodes.every(({ activeVertices }) => activeVertices === 0);
    });
  }

  /** Everything that is left is pushed before a process may end. */
  async #collect(): Promise<void> {
    const sessions = [...this.#options.server.agents.values()];
    const isAborted = this.#options.signal.aborted;
    const phases = await Promise.all(
      sessions.map(async (session) => {
        if (!session.send({ kind: 'collect' })) return null;
        return await session.reaches(['collected', 'stopped', 'failed'], isAborted ? 1_000 : collectWithinMs);
      }),
    );
    for (const [i, phase] of phases.entries()) {
      if (phase === 'collected' || isAborted) continue;
      this.#incidents.push(
        `${sessions[i]?.name ?? ''} did not hand in its last reports (${phase ?? 'gone'})`,
      );
    }
    this.#options.onStop();
    const exit = this.#options.keepsProcesses !== true;
    for (const session of sessions) session.send({ kind: 'stop', exit });
    await Promise.all(
      sessions.map((session) =>
        session.reaches(exit ? ['stopped'] : ['stopped', 'idle'], isAborted ? 500 : stopWithinMs),
      ),
    );
  }
}
