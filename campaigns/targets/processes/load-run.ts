/**
 * One plain load on a network of real nodes on this machine: what calibration and bench measure.
 * Owns: the specification of such a run, and what is read from its record. Does not own: running it (target.ts), what the figures
 * are compared with.
 */
import type { RunSpec, Workload } from '#campaigns/run-spec.ts';
import { type Calibration, defaultCalibration } from '#node/model/calibration.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { createProcesses, type ProcessesOptions } from './target.ts';

export interface PlainLoad {
  readonly nodes: number;
  readonly nodesPerProcess: number;
  readonly pollIntervalUs: number;
  /** Transactions of one vertex. */
  readonly batch: number;
  /** Transactions per second, constant or from the first to the second in so many steps. */
  readonly tps: number | { readonly from: number; readonly to: number; readonly steps: number };
  readonly payloadBytes: number;
  readonly warmupUs: number;
  readonly measureUs: number;
  /** Name of a profile; 'local' when nothing is said. */
  readonly network?: string;
  readonly calibration?: Calibration;
}

/** What the run did, whole run unless it says window. */
export interface LoadObserved {
  readonly seconds: number;
  readonly cpuUs: number;
  readonly bytes: number;
  readonly queries: number;
  /** Sum over nodes of vertices that each handled. */
  readonly vertices: number;
  /** Vertices that a query names, on average. */
  readonly named: number;
  readonly memoryBytes: number;
  readonly window: {
    readonly averageTps: number;
    /** Of all nodes together. */
    readonly cores: number;
    /** Share of that CPU, 0..1. */
    readonly signatureShare: number;
    readonly medianFinalityMs: number | null;
    /** Of the whole machine, other work included. */
    readonly hostBusyPercent: number | null;
  };
}

const mebibyte = 1_048_576;

function workloadOf({ tps, batch, payloadBytes }: PlainLoad): Workload {
  const common = {
    batch,
    payloadBytes,
    parents: { kind: 'count', least: 2, most: 4 },
    conflictShare: 0,
  } as const;
  if (typeof tps === 'number') return { kind: 'constant', tps, ...common };
  return { kind: 'ramp', fromTps: tps.from, toTps: tps.to, steps: tps.steps, ...common };
}

export function loadSpec(load: PlainLoad): RunSpec {
  const network = networkProfiles.find(({ name }) => name === (load.network ?? 'local'));
  if (network === undefined) throw new RangeError(`no network profile "${load.network ?? 'local'}"`);
  const { nodes, nodesPerProcess, pollIntervalUs, warmupUs, measureUs } = load;
  const k = Math.min(6, nodes - 1);
  const alpha = Math.ceil(0.8 * k);
  return {
    scenarioId: 'LOAD',
    label: `${nodes} nodes, a poll every ${pollIntervalUs / 1_000} ms, ${load.batch} transactions a vertex`,
    tier: 'message',
    seed: 1,
    repetition: 0,
    nodes,
    nodesPerProcess,
    consensus: {
      k,
      alphaPreference: alpha,
      alphaConfidence: alpha,
      beta: 4,
      threshold: 0.95,
      maxRounds: 200,
      pollIntervalUs,
      concurrentPolls: 1,
      earlyEnd: true,
      maxUndecided: 4_096,
    },
    network,
    topology: { kind: 'mesh', degree: Math.min(8, nodes - 1) },
    byzantine: { share: 0, attack: 'none', clusters: 1, identities: 1, exclusion: false },
    workload: workloadOf(load),
    faults: [],
    duration: { warmupUs, measureUs, cooldownUs: 1_000_000 },
    messageBudget: 1,
    resources: { name: 'shared', cpuCores: 1, memoryBytes: 512 * mebibyte },
    calibration: load.calibration ?? defaultCalibration,
  };
}

interface Traffic {
  readonly event: 'traffic';
  readonly bytesSent: number;
  readonly queriesSent: number;
  readonly verticesProcessed: number;
  readonly polls: number;
  readonly pollVertices: number;
}

function isTraffic(line: unknown): line is Traffic {
  return typeof line === 'object' && line !== null && 'event' in line && line.event === 'traffic';
}

/** Throws when the run gave nothing to read. */
export async function observeLoad(spec: RunSpec, options: ProcessesOptions = {}): Promise<LoadObserved> {
  const target = createProcesses(options);
  const { result, events } = await target.run(spec, () => undefined, new AbortController().signal);
  const problem = result.test_status === 'FAILED' || result.window.measured_s <= 0;
  if (problem) throw new Error(`the run for ${spec.label} gave nothing: ${result.reason}`);
  const traffic = events.map((line): unknown => JSON.parse(line)).find(isTraffic);
  if (traffic === undefined) throw new Error('the run counted no traffic');
  const { simulation, resource_usage, throughput, latency } = result.results;
  const { avg_cpu_percent: cpu, signature_cpu_percent: signatures } = resource_usage;
  return {
    seconds: simulation.virtual_seconds,
    cpuUs: simulation.cpu_seconds * 1_000_000,
    bytes: traffic.bytesSent,
    queries: traffic.queriesSent,
    vertices: traffic.verticesProcessed,
    named: traffic.polls > 0 ? traffic.pollVertices / traffic.polls : 0,
    memoryBytes: resource_usage.peak_memory_mb * mebibyte,
    window: {
      averageTps: throughput.avg_tps,
      cores: (cpu / 100) * spec.resources.cpuCores * spec.nodes,
      signatureShare: cpu > 0 ? signatures / cpu : 0,
      medianFinalityMs: latency.p50_ms,
      hostBusyPercent: result.measurement?.host_cpu_percent ?? null,
    },
  };
}
