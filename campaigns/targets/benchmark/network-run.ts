/**
 * Runs of a network as a campaign makes them, cut into samples of CPU time.
 * Owns: message rates and memory. Does not own: the benched networks (network-spec.ts), or the simulator, which is the
 * campaign's own (campaigns/targets/simulator/run.ts), assembled from the same parts.
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import { assemble, execute } from '#campaigns/targets/simulator/run.ts';
import type { RunParts } from '#campaigns/targets/simulator/run-parts.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import { cpuMs, type Effort } from './sampling.ts';

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
