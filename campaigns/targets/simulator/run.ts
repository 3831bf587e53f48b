/**
 * One repetition at message or poll fidelity, from a run specification to its outcome.
 * Owns: putting the parts together, the loop over virtual time, when the run ends. Does not own: any part.
 * The same specification gives the same trace hash and the same figures, byte for byte.
 */
import { type Cast, castOf, operatorsOf } from '#campaigns/cast.ts';
import { Recorder } from '#campaigns/measure/recorder.ts';
import type { Detection } from '#campaigns/measure/run-figures.ts';
import { Series } from '#campaigns/measure/series.ts';
import { arrivalsOf, scheduleOf } from '#campaigns/run-schedule.ts';
import { type RunSpec, reputationOf } from '#campaigns/run-spec.ts';
import type { Progress, RunOutcome } from '#campaigns/targets/target.ts';
import { attackDecorator } from '#node/byzantine/attacks.ts';
import { Core, type CoreOptions } from '#node/core/core.ts';
import type { CorePorts } from '#node/core/ports.ts';
import { nodeMemoryBytes } from '#node/model/calibration.ts';
import { Conduct } from './conduct.ts';
import { FaultLog } from './fault-log.ts';
import { type KernelSize, loadMessageKernel, type MessageKernel } from './message-kernel.ts';
import { outcomeOf } from './outcome.ts';
import type { RunParts } from './run-parts.ts';
import { loadEndOf, simulatedRamp } from './simulated-ramp.ts';
import { Simulation } from './simulation.ts';
import { relayGraph } from './topology.ts';
import { type DecisionSink, VirtualDisk } from './virtual-disk.ts';
import { planWindow, type WindowPlan } from './window.ts';

const syncPeers = 3;
/** Ticks between two looks at things that need no exact time. */
const housekeepingTicks = 64;

/** The parts of a run that tests replace: observed or defective ones. */
export interface Makers {
  readonly plan: (spec: RunSpec) => WindowPlan;
  readonly core: (options: CoreOptions, ports: CorePorts) => Core;
  readonly kernel: (size: KernelSize) => MessageKernel | null;
  readonly disk: (nodes: number, syncUs: number, sink: DecisionSink) => VirtualDisk;
}

const makers: Makers = {
  plan: (spec) => planWindow(spec),
  core: (options, ports) => new Core(options, ports),
  kernel: loadMessageKernel,
  disk: (nodes, syncUs, sink) => new VirtualDisk(nodes, syncUs, sink),
};

function simulationOf(spec: RunSpec, { attackers }: Cast, conduct: Conduct, made: Makers): Simulation {
  const { attack, clusters, identities, exclusion } = spec.byzantine;
  const reputation = reputationOf(spec);
  return new Simulation(
    {
      tier: spec.tier === 'poll' ? 'poll' : 'message',
      nodes: spec.nodes,
      consensus: spec.consensus,
      network: spec.network,
      graph: relayGraph(spec.topology.kind, spec.topology.degree, spec.nodes, spec.seed),
      isCalm: spec.faults.length === 0,
      calibration: spec.calibration,
      cores: spec.resources.cpuCores,
      seed: spec.seed,
      attackers,
      attack: attack === 'none' ? null : attackDecorator(attack, clusters, reputation.halfLifeUs),
      operatorOf: operatorsOf(attackers, attack === 'sybil' ? Math.max(1, identities) : 1),
      exclusion,
      reputation,
      slots: 64,
      core: made.core,
      kernel: made.kernel,
      disk: made.disk,
    },
    conduct,
  );
}

/** `replaced`: makers used instead of the product's. */
export function assemble(spec: RunSpec, replaced: Partial<Makers> = {}): RunParts {
  const made = { ...makers, ...replaced };
  const plan = made.plan(spec);
  const cast = castOf(spec);
  const { attackers, honest, honestNodes, twins } = cast;
  const arrivals = arrivalsOf(spec, plan, cast);
  const honestCount = honestNodes.length;
  const { maxRounds } = spec.consensus;
  const window = { windowFromUs: plan.warmupUs, windowUntilUs: plan.warmupUs + plan.measureUs };
  const recorder = new Recorder({ nodes: spec.nodes, honest, honestCount, maxRounds, ...window });
  const conduct = new Conduct(
    {
      seed: spec.seed,
      workload: spec.workload,
      calibration: spec.calibration,
      attackers,
      twins,
      syncPeers,
      memoryBytes: spec.resources.memoryBytes,
    },
    recorder,
    arrivals,
  );
  const simulation = simulationOf(spec, cast, conduct, made);
  conduct.attach(simulation);
  const series = new Series({
    ...window,
    endUs: window.windowUntilUs + plan.cooldownUs,
    windowBins: plan.bins,
    honestNodes: honestCount,
    nodes: spec.nodes,
    cores: spec.resources.cpuCores,
  });
  recorder.series = series;
  const schedule = scheduleOf(spec, plan, cast);
  const faultLog = new FaultLog(schedule.placements, simulation, conduct, recorder);
  const detection = watchDetection(conduct, attackers, honestCount);
  return {
    spec,
    plan,
    schedule,
    simulation,
    conduct,
    recorder,
    arrivals,
    series,
    faultLog,
    ramp: simulatedRamp(spec, plan, { arrivals, recorder, series, conduct }),
    busyUs: new Float64Array(spec.nodes),
    honest,
    honestCount,
    detection,
  };
}

function watchDetection(conduct: Conduct, attackers: Uint8Array, honestCount: number): Detection {
  const detection: Detection = { attackers: new Map(), honest: new Map() };
  conduct.onConvicted = (peer, by, atUs) => {
    if (by !== Math.floor(honestCount / 2) + 1) return;
    const found = attackers[peer] === 1 ? detection.attackers : detection.honest;
    // Who is convicted again after a re-admission was found when it was found first.
    if (!found.has(peer)) found.set(peer, atUs);
  };
  return detection;
}

/** Virtual time at which the run ended. */
export function execute(parts: RunParts, progress: Progress, signal: AbortSignal): number {
  const { plan, schedule, simulation, conduct, recorder, series, faultLog } = parts;
  // The poll fidelity foresees answers, and refuses runs in which memory could get tight.
  const isWatched = parts.spec.tier !== 'poll';
  let action = 0;
  let settled = 0;
  const release = recorder.onSettled;
  recorder.onSettled = (serial, atUs) => {
    settled += 1;
    if (plan.decisions === null || settled < plan.decisions) release(serial, atUs);
  };
  for (;;) {
    const tick = simulation.now;
    simulation.reach();
    const { nowUs } = simulation;
    while (series.nextEdgeUs <= nowUs) closeBin(parts, series.nextEdgeUs);
    const untilUs = loadEndOf(parts);
    const endUs = untilUs + plan.cooldownUs;
    if (nowUs >= endUs) return endUs;
    if (simulation.disk.nextDurableUs <= nowUs) simulation.disk.flush(nowUs);
    while (action < schedule.actions.length && schedule.actions[action]!.atUs <= nowUs) {
      faultLog.apply(schedule.actions[action]!, nowUs);
      action += 1;
    }
    if (conduct.nextDueUs <= nowUs) conduct.submitDue(nowUs);
    if (tick % housekeepingTicks === 0) {
      conduct.drainQueues(nowUs);
      conduct.release(nowUs);
      conduct.reconcile(nowUs);
      if (plan.decisions !== null && settled >= plan.decisions) return nowUs;
      if (tick % (housekeepingTicks * 64) === 0) {
        const isDecided = nowUs >= untilUs && recorder.openPairs() === 0;
        if (isDecided && conduct.unissued(plan.warmupUs, untilUs) === 0) return nowUs;
        if (isWatched) conduct.watchMemory(nowUs);
        progress(Math.min(1, nowUs / endUs));
        if (signal.aborted) return nowUs;
      }
    }
    simulation.step();
    if (!simulation.mustStep) simulation.skipTo(nextLook(parts, action, endUs));
  }
}

/** The next tick in which the loop has something to do besides events. */
function nextLook(
  { simulation, series, schedule, conduct }: RunParts,
  action: number,
  endUs: number,
): number {
  const { now, tickUs, disk } = simulation;
  const faultUs = schedule.actions[action]?.atUs ?? endUs;
  const nextUs = Math.min(series.nextEdgeUs, disk.nextDurableUs, conduct.nextDueUs, faultUs, endUs);
  return Math.min(Math.ceil(nextUs / tickUs), Math.ceil(now / housekeepingTicks) * housekeepingTicks);
}

function closeBin(parts: RunParts, edgeUs: number): void {
  const { simulation, conduct, series, spec, honest, arrivals, busyUs } = parts;
  const loadEndsUs = loadEndOf(parts);
  const { core, cpu } = simulation;
  let cpuBusyUs = 0;
  let busiestCpuUs = 0;
  let bytesSent = 0;
  let liveNodes = 0;
  let undecided = 0;
  let liveHonest = 0;
  for (let node = 0; node < spec.nodes; node++) {
    const busy = cpu.busyUs(node, edgeUs);
    cpuBusyUs += busy;
    busiestCpuUs = Math.max(busiestCpuUs, busy - busyUs[node]!);
    busyUs[node] = busy;
    bytesSent += simulation.bytesSent(node);
    liveNodes += core.active[node]!;
    if (honest[node] === 0 || core.active[node] === 0) continue;
    liveHonest += 1;
    undecided += core.standing.undecidedCount[node]!;
  }
  const undecidedVertices = liveHonest === 0 ? 0 : undecided / liveHonest;
  const kept = core.table.liveCount - undecidedVertices;
  const fromUs = series.openFromUs;
  series.closeBin({
    // The load ends with the window, which is the edge of a bin.
    offeredTps: arrivals.isSingle || edgeUs > loadEndsUs ? 0 : arrivals.profile.meanTps(fromUs, edgeUs),
    undecidedVertices,
    queuedTransactions: conduct.queuedTransactions,
    cpuBusyUs,
    busiestCpuUs,
    bytesSent,
    memoryBytes: nodeMemoryBytes(spec.calibration, spec.nodes, undecidedVertices, Math.max(0, kept)),
    liveNodes,
  });
  parts.ramp?.look();
}

/** Runs one repetition. An aborted signal yields a result with status ABORTED. */
export function runEvents(spec: RunSpec, progress: Progress, signal: AbortSignal): RunOutcome {
  return runAssembled(assemble(spec), progress, signal);
}

/** The same for parts that the caller goes on to look at. */
export function runAssembled(parts: RunParts, progress: Progress, signal: AbortSignal): RunOutcome {
  const started = process.threadCpuUsage();
  const endedUs = execute(parts, progress, signal);
  const cpu = process.threadCpuUsage(started);
  return outcomeOf(parts, endedUs, (cpu.user + cpu.system) / 1_000_000, signal.aborted);
}
