/**
 * The time series of a run: what was finalised and how late in each bin, and gauges read at the end of each bin.
 * Owns: the bins (the measured window is cut into equal ones, its edges are bin edges), the points, figures over the window.
 * Does not own: the gauges. The host closes a bin when virtual time reaches `nextEdgeUs`; `finalised` allocates nothing.
 */
import type { SeriesPoint } from '#campaigns/results/schema.ts';
import { Histogram } from './histogram.ts';

export interface SeriesOptions {
  /** Measured window and end of the run, integer microseconds: 0 <= windowFromUs < windowUntilUs <= endUs. */
  readonly windowFromUs: number;
  readonly windowUntilUs: number;
  readonly endUs: number;
  /** Equal bins of the measured window; warm-up and cool-down use bins of the same length. */
  readonly windowBins: number;
  /** Nodes whose finalisations are recorded. */
  readonly honestNodes: number;
  readonly nodes: number;
  /** CPU cores of a node. */
  readonly cores: number;
}

/** Read by the host at the end of a bin. Totals count from the start of the run; the collector takes differences. */
export interface Gauges {
  /** Mean offered load of the bin, transactions per second. */
  readonly offeredTps: number;
  /** Mean over live honest nodes. */
  readonly undecidedVertices: number;
  readonly queuedTransactions: number;
  /** Busy CPU time since the start of the run, summed over nodes and cores. */
  readonly cpuBusyUs: number;
  /** Busy CPU time of the busiest node within the bin, over its cores; left out where single nodes are not known. */
  readonly busiestCpuUs?: number;
  /** Sent since the start of the run, summed over nodes. */
  readonly bytesSent: number;
  /** Mean over nodes. */
  readonly memoryBytes: number;
  readonly liveNodes: number;
}

/** Throughput over the measured window, mean over honest nodes, transactions per second. */
export interface WindowThroughput {
  readonly transactions: number;
  readonly averageTps: number;
  readonly peakTps: number;
  readonly leastTps: number;
  /** Standard deviation over the bins / their mean, percent; 0 when nothing was finalised. */
  readonly variancePercent: number;
}

/** Invariant: edges ascend strictly; bin i is [edges[i], edges[i + 1]); bins are closed in order. */
export class Series {
  /** Where the open bin ends; Infinity when all are closed. */
  nextEdgeUs: number;
  readonly #options: SeriesOptions;
  readonly #edges: Float64Array;
  readonly #firstWindowBin: number;
  #windowBins: number;
  readonly #points: SeriesPoint[] = [];
  readonly #latencies = new Histogram();
  #transactions = 0;
  #cpuBusyUs = 0;
  #bytesSent = 0;

  constructor(options: SeriesOptions) {
    this.#options = options;
    this.#edges = edgesOf(options);
    this.#windowBins = options.windowBins;
    this.#firstWindowBin = this.#edges.indexOf(options.windowFromUs);
    this.nextEdgeUs = this.#edges[1]!;
  }

  get bins(): number {
    return this.#edges.length - 1;
  }

  get points(): readonly SeriesPoint[] {
    return this.#points;
  }

  /** Start of the open bin, microseconds. */
  get openFromUs(): number {
    return this.#edges[Math.min(this.#points.length, this.bins)]!;
  }

  /** One honest node finalised a vertex of `transactions` transactions, `latencyUs` after they were due. */
  finalised(latencyUs: number, transactions: number): void {
    this.#transactions += transactions;
    this.#latencies.record(latencyUs, transactions);
  }

  /** Ends the open bin. Throws RangeError when all are closed. */
  closeBin(gauges: Gauges): void {
    const bin = this.#points.length;
    if (bin >= this.bins) throw new RangeError('every bin of the series is closed');
    const { nodes, honestNodes, cores } = this.#options;
    const atUs = this.#edges[bin]!;
    const forUs = this.#edges[bin + 1]! - atUs;
    this.#points.push({
      at_us: atUs,
      for_us: forUs,
      offered_tps: gauges.offeredTps,
      finalized_tps: (this.#transactions * 1_000_000) / (honestNodes * forUs),
      p50_ms: milliseconds(this.#latencies.quantileUs(0.5)),
      p95_ms: milliseconds(this.#latencies.quantileUs(0.95)),
      undecided_vertices: gauges.undecidedVertices,
      queued_transactions: gauges.queuedTransactions,
      cpu_percent: (100 * (gauges.cpuBusyUs - this.#cpuBusyUs)) / (nodes * cores * forUs),
      ...(gauges.busiestCpuUs === undefined
        ? {}
        : { busiest_cpu_percent: (100 * gauges.busiestCpuUs) / (cores * forUs) }),
      network_mbps: (8 * (gauges.bytesSent - this.#bytesSent)) / (nodes * forUs),
      memory_mb: gauges.memoryBytes / 1_048_576,
      live_nodes: gauges.liveNodes,
    });
    this.#cpuBusyUs = gauges.cpuBusyUs;
    this.#bytesSent = gauges.bytesSent;
    this.#transactions = 0;
    this.#latencies.reset();
    this.nextEdgeUs = bin + 1 < this.bins ? this.#edges[bin + 2]! : Number.POSITIVE_INFINITY;
  }

  /** The measured window ends with the last closed bin, earlier than planned. */
  closeWindow(): void {
    this.#windowBins = Math.min(this.#windowBins, this.#points.length - this.#firstWindowBin);
  }

  /** The closed bins of the measured window. */
  windowPoints(): readonly SeriesPoint[] {
    return this.#points.slice(this.#firstWindowBin, this.#firstWindowBin + this.#windowBins);
  }

  /** Figures over the closed bins of the measured window; null when there is none. */
  windowThroughput(): WindowThroughput | null {
    return throughputOver(this.windowPoints());
  }
}

/** Figures over bins that follow each other; null when there is none. */
export function throughputOver(points: readonly SeriesPoint[]): WindowThroughput | null {
  if (points.length === 0) return null;
  let transactions = 0;
  let lengthUs = 0;
  let sum = 0;
  let squares = 0;
  let peakTps = 0;
  let leastTps = Number.POSITIVE_INFINITY;
  for (const { finalized_tps: tps, for_us: forUs } of points) {
    transactions += (tps * forUs) / 1_000_000;
    lengthUs += forUs;
    sum += tps;
    squares += tps * tps;
    peakTps = Math.max(peakTps, tps);
    leastTps = Math.min(leastTps, tps);
  }
  const mean = sum / points.length;
  const deviation = Math.sqrt(Math.max(0, squares / points.length - mean * mean));
  const variancePercent = mean > 0 ? (100 * deviation) / mean : 0;
  return {
    transactions,
    averageTps: (transactions * 1_000_000) / lengthUs,
    peakTps,
    leastTps,
    variancePercent,
  };
}

/** A warm-up or cool-down is never cut into more bins than this. */
const mostOuterBins = 1_000;

/** Window bins of equal length (to a microsecond), outer bins of that length or longer; the first and last may be shorter. */
function edgesOf(options: SeriesOptions): Float64Array {
  const { windowFromUs, windowUntilUs, endUs, windowBins } = options;
  if (
    !(
      windowBins >= 1 &&
      windowFromUs >= 0 &&
      windowUntilUs - windowFromUs >= windowBins &&
      endUs >= windowUntilUs
    )
  ) {
    throw new RangeError(
      'a series needs 0 <= windowFromUs < windowUntilUs <= endUs and a microsecond for every bin',
    );
  }
  const binUs = (windowUntilUs - windowFromUs) / windowBins;
  const edges: number[] = [];
  const beforeUs = Math.max(binUs, windowFromUs / mostOuterBins);
  for (let bin = Math.ceil(windowFromUs / beforeUs); bin >= 1; bin -= 1) {
    edges.push(Math.max(0, Math.floor(windowFromUs - bin * beforeUs)));
  }
  for (let bin = 0; bin < windowBins; bin += 1) edges.push(Math.floor(windowFromUs + bin * binUs));
  edges.push(windowUntilUs);
  const afterUs = Math.max(binUs, (endUs - windowUntilUs) / mostOuterBins);
  for (let bin = 1; edges[edges.length - 1]! < endUs; bin += 1) {
    edges.push(Math.min(endUs, Math.floor(windowUntilUs + bin * afterUs)));
  }
  return Float64Array.from(edges.filter((edge, i) => i === 0 || edge > edges[i - 1]!));
}

function milliseconds(us: number | null): number | null {
  return us === null ? null : us / 1_000;
}
