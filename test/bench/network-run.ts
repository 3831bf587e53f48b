/**
 * Runs of a network as a campaign makes them, cut into samples of CPU time.
 * Owns: the specifications of the benched networks, message rates and memory. Does not own: the simulator, which is the
 * campaign's own (campaigns/targets/simulator/run.ts), assembled from the same parts.
 */
import { resolveConsensus } from '#campaigns/consensus-defaults.ts';
import type { RunSpec, Workload } from '#campaigns/run-spec.ts';
import { assemble, execute } from '#campaigns/targets/simulator/run.ts';
import type { RunParts } from '#campaigns/targets/simulator/run-parts.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { type NetworkProfile, networkProfiles } from '#node/model/network-profile.ts';
import { cpuMs, type Effort } from './sampling.ts';

function networkNamed(name: string): NetworkProfile {
  const found = networkProfiles.find((profile) => profile.name === name);
  if (found === undefined) throw new RangeError(`no network profile ${name}`);
  return found;
}

const oneAtATime: Workload = {
  kind: 'single',
  batch: 1,
  payloadBytes: 100,
  parents: { kind: 'count', least: 1, most: 1 },
  conflictShare: 0,
};

/** Parameters by scale of requirements 1.1; computing takes the simulated nodes no time. */
function specOf(nodes: number, profile: string, over: Partial<RunSpec>): RunSpec {
  const network = networkNamed(profile);
  return {
    scenarioId: 'BENCH',
    label: 'bench',
    tier: 'message',
    seed: 1,
    repetition: 0,
    nodes,
    consensus: resolveConsensus({}, nodes, network),
    network,
    topology: { kind: 'full', degree: 8 },
    byzantine: { share: 0, attack: 'none', clusters: 1, identities: 1, exclusion: false },
    workload: oneAtATime,
    faults: [],
    duration: { warmupUs: 0, measureUs: 3_600_000_000, cooldownUs: 1_000_000 },
    messageBudget: Number.MAX_SAFE_INTEGER,
    resources: { name: 'standard', cpuCores: 4, memoryBytes: 2 * 1_073_741_824 },
    calibration: weightless(defaultCalibration),
    ...over,
  };
}

/** One decision in flight, 10 % always-reject, WAN. */
export function singleSpec(nodes: number): RunSpec {
  return specOf(nodes, 'wan', {
    byzantine: { share: 0.1, attack: 'always-reject', clusters: 1, identities: 1, exclusion: false },
  });
}

/** DAG, 1 % conflicts, LAN, mesh. */
export function loadSpec(nodes: number, verticesPerSecond: number): RunSpec {
  return specOf(nodes, 'lan', {
    topology: { kind: 'mesh', degree: 8 },
    workload: {
      kind: 'constant',
      tps: verticesPerSecond,
      batch: 1,
      payloadBytes: 100,
      parents: { kind: 'count', least: 2, most: 4 },
      conflictShare: 0.01,
    },
  });
}

/** Virtual time between two batches of ten; decisions of an ideal network take a fraction of it. */
const batchEveryUs = 100;

/**
 * 150 nodes in one memory: messages take no time, and a poll follows the last one at once (an interval of 1 us).
 * `together` vertices are submitted in the same instant, each by a node of its own.
 */
export function inMemorySpec(together: 1 | 10): RunSpec {
  const spec = specOf(150, 'ideal', {});
  const burst: Workload = {
    kind: 'burst',
    tps: 0,
    burstTps: together * 1_000_000,
    everyUs: batchEveryUs,
    forUs: 1,
    batch: 1,
    payloadBytes: 100,
    parents: { kind: 'count', least: 1, most: 1 },
    conflictShare: 0,
  };
  return {
    ...spec,
    consensus: { ...spec.consensus, pollIntervalUs: 1 },
    workload: together === 1 ? oneAtATime : burst,
  };
}

/** The run ends when enough was measured, not after a planned window. */
function endlessPlan(): WindowPlan {
  return {
    warmupUs: 0,
    measureUs: 1e12,
    cooldownUs: 1_000_000,
    compression: 1,
    scale: 1,
    finalityUs: 1_000_000,
    bins: 4,
    estimatedMessages: 0,
    decisions: null,
    notes: [],
  };
}

export interface NetworkSamples {
  /** Millions of messages per CPU-second, one value per sample. */
  readonly rates: readonly number[];
  /** CPU milliseconds per `vertices` decided vertices, one value per sample; empty when nothing was decided. */
  readonly msPerVertices: readonly number[];
  /** Wall-clock milliseconds per `vertices` decided vertices, over all samples. */
  readonly wallMs: number;
  readonly messages: number;
  /** Undecided vertices at a node, mean over nodes and samples. */
  readonly undecided: number;
  /** Bytes of votes, counters and confidence of one node. */
  readonly standingBytesPerNode: number;
  /** Growth of the process (resident set, with compiled code) over the run, bytes of one node. */
  readonly processBytesPerNode: number;
}

/** Samples may end when a vertex has settled, or whenever the run reports progress. */
type Cut = 'settled' | 'progress';

/**
 * Runs until `effort.samples` samples of at least `effort.sampleMs` are taken, `effort.warmupMs` and `warmupVirtualUs` of the
 * run left out. Cuts at `settled` come after every `vertices` settled vertices.
 */
export function sampleNetwork(
  spec: RunSpec,
  effort: Effort,
  cut: Cut,
  vertices: number,
  warmupVirtualUs: number,
): NetworkSamples {
  const residentBefore = process.memoryUsage.rss();
  const parts = assemble(spec, { plan: endlessPlan });
  const sampler = new RunSampler(parts, effort, vertices, warmupVirtualUs);
  const settle = parts.recorder.onSettled;
  parts.recorder.onSettled = (serial, atUs) => {
    sampler.settled += 1;
    if (cut === 'settled' && sampler.settled % vertices === 0) sampler.look();
    if (!sampler.isDone) settle(serial, atUs);
  };
  execute(
    parts,
    () => {
      if (cut === 'progress') sampler.look();
    },
    sampler.signal,
  );
  const resident = process.memoryUsage.rss();
  return {
    rates: sampler.rates,
    msPerVertices: sampler.msPerVertices,
    wallMs: sampler.wallMsPerVertices(),
    messages: parts.simulation.messages,
    undecided: sampler.undecided(),
    standingBytesPerNode: parts.simulation.core.standing.bytes / spec.nodes,
    processBytesPerNode: Math.max(0, resident - residentBefore) / spec.nodes,
  };
}

class RunSampler {
  readonly rates: number[] = [];
  readonly msPerVertices: number[] = [];
  settled = 0;
  readonly #parts: RunParts;
  readonly #effort: Effort;
  readonly #vertices: number;
  readonly #warmupVirtualUs: number;
  readonly #controller = new AbortController();
  readonly #startedMs = cpuMs();
  #isWarm = false;
  #lastMs = this.#startedMs;
  #lastMessages = 0;
  #lastSettled = 0;
  #wallFromMs = 0;
  #wallUntilMs = 0;
  #settledSinceWarm = 0;
  #undecidedSum = 0;

  constructor(parts: RunParts, effort: Effort, vertices: number, warmupVirtualUs: number) {
    this.#parts = parts;
    this.#effort = effort;
    this.#vertices = vertices;
    this.#warmupVirtualUs = warmupVirtualUs;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isDone(): boolean {
    return this.rates.length >= this.#effort.samples;
  }

  /** Takes a sample when enough CPU time has passed. */
  look(): void {
    if (this.isDone) return;
    const { simulation } = this.#parts;
    const nowMs = cpuMs();
    if (!this.#isWarm) {
      const isWarm = nowMs - this.#startedMs >= this.#effort.warmupMs;
      if (!isWarm || simulation.nowUs < this.#warmupVirtualUs) return;
      this.#isWarm = true;
      this.#wallFromMs = performance.now();
    } else {
      const tookMs = nowMs - this.#lastMs;
      if (tookMs < this.#effort.sampleMs) return;
      const decided = this.settled - this.#lastSettled;
      this.rates.push((simulation.messages - this.#lastMessages) / tookMs / 1_000);
      if (decided > 0) this.msPerVertices.push((tookMs * this.#vertices) / decided);
      this.#settledSinceWarm += decided;
      this.#undecidedSum += this.#undecidedNow();
      this.#wallUntilMs = performance.now();
      if (this.isDone) this.#controller.abort();
    }
    this.#lastMs = nowMs;
    this.#lastMessages = simulation.messages;
    this.#lastSettled = this.settled;
  }

  #undecidedNow(): number {
    const { undecidedCount } = this.#parts.simulation.core.standing;
    let sum = 0;
    for (const count of undecidedCount) sum += count;
    return sum / undecidedCount.length;
  }

  undecided(): number {
    return this.rates.length === 0 ? 0 : this.#undecidedSum / this.rates.length;
  }

  wallMsPerVertices(): number {
    if (this.#settledSinceWarm === 0) return 0;
    return ((this.#wallUntilMs - this.#wallFromMs) * this.#vertices) / this.#settledSinceWarm;
  }
}
