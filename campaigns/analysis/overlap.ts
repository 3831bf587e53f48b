/**
 * How far simulation and measurement of one configuration are apart, figure by figure, and what is known to cause it.
 * Owns: the pairs, the error of each figure, the causes with their sizes. Does not own: running either (targets), verdicts.
 *
 * The error is (simulated - measured) / measured: positive means that the simulator says more.
 */
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import { summarise } from '#campaigns/analysis/statistics.ts';
import type { Plan, PlannedRow } from '#campaigns/plan-record.ts';
import type { RunResult } from '#campaigns/results/schema.ts';

export interface OverlapFigure {
  readonly name: string;
  readonly unit: string;
  readonly simulated: number | null;
  readonly measured: number | null;
  /** Percent; null when one of the two is missing or the measured one is 0. */
  readonly errorPercent: number | null;
  /** The machine was too busy for this figure to be one of the protocol. */
  readonly isTrusted: boolean;
}

export interface OverlapComparison {
  readonly rowId: string;
  readonly simulatedRow: string;
  readonly label: string;
  readonly figures: readonly OverlapFigure[];
  readonly hostCpuPercent: number | null;
  readonly causes: readonly string[];
}

type Read = (result: RunResult) => number | null;

interface FigureReader {
  readonly name: string;
  readonly unit: string;
  readonly read: Read;
  /** Word of `measurement.untrusted` that spoils it. */
  readonly spoiledBy: string | null;
}

const perSecond = (count: number, { results }: RunResult): number | null =>
  results.simulation.virtual_seconds > 0 ? count / results.simulation.virtual_seconds : null;

const readers: readonly FigureReader[] = [
  { name: 'median finality', unit: 'ms', read: (r) => r.results.latency.p50_ms, spoiledBy: 'latency' },
  { name: 'p95 finality', unit: 'ms', read: (r) => r.results.latency.p95_ms, spoiledBy: 'latency' },
  { name: 'p99 finality', unit: 'ms', read: (r) => r.results.latency.p99_ms, spoiledBy: 'latency' },
  { name: 'finalised', unit: 'TPS', read: (r) => r.results.throughput.avg_tps, spoiledBy: 'throughput' },
  {
    name: 'polls to finality',
    unit: 'polls',
    read: (r) => r.results.consensus_metrics.rounds.mean,
    spoiledBy: null,
  },
  {
    name: 'finalised share',
    unit: '%',
    read: (r) => 100 * r.results.consensus_metrics.finalized_share,
    spoiledBy: null,
  },
  {
    name: 'polls of a node',
    unit: '/s',
    read: (r) => {
      const rate = perSecond(r.results.simulation.polls, r);
      return rate === null ? null : rate / r.configuration.node_count;
    },
    spoiledBy: 'polls and rounds per second',
  },
  {
    name: 'CPU of a node',
    unit: '%',
    read: (r) => r.results.resource_usage.avg_cpu_percent,
    spoiledBy: 'cpu',
  },
  {
    name: 'signatures, of its CPU',
    unit: '%',
    read: (r) => {
      const { avg_cpu_percent, signature_cpu_percent } = r.results.resource_usage;
      return avg_cpu_percent > 0 ? (100 * signature_cpu_percent) / avg_cpu_percent : null;
    },
    spoiledBy: null,
  },
  {
    name: 'sent by a node',
    unit: 'Mbps',
    read: (r) => r.results.resource_usage.avg_network_mbps,
    spoiledBy: null,
  },
  {
    name: 'memory of a node',
    unit: 'MB',
    read: (r) => r.results.resource_usage.peak_memory_mb,
    spoiledBy: null,
  },
  {
    name: 'slowest recovery',
    unit: 'ms',
    read: (r) => slowestFault(r, 'recovery_us'),
    spoiledBy: 'recovery and rejoin times',
  },
  {
    name: 'slowest rejoin',
    unit: 'ms',
    read: (r) => slowestFault(r, 'rejoin_us'),
    spoiledBy: 'recovery and rejoin times',
  },
];

function slowestFault({ faults }: RunResult, key: 'recovery_us' | 'rejoin_us'): number | null {
  const times = faults.map((fault) => fault[key]).filter((us) => us !== null);
  return times.length === 0 ? null : Math.max(...times) / 1_000;
}

function mean(runs: readonly RunResult[], read: Read): number | null {
  const values = runs.map(read).filter((value) => value !== null);
  return values.length === 0 ? null : summarise(values).mean;
}

/** Runs that have figures. */
function finished(row: PlannedRow, results: ReadonlyMap<string, RunRecord>): RunResult[] {
  return row.cells.flatMap(({ id }) => {
    const result = results.get(id)?.result;
    const isEmpty = result === undefined || ['SKIPPED', 'ABORTED'].includes(result.test_status);
    return isEmpty || result.window.measured_s <= 0 ? [] : [result];
  });
}

function figureOf(
  { name, unit, read, spoiledBy }: FigureReader,
  simulated: readonly RunResult[],
  measured: readonly RunResult[],
): OverlapFigure {
  const [predicted, seen] = [mean(simulated, read), mean(measured, read)];
  const isComparable = predicted !== null && seen !== null && seen !== 0;
  const spoiled = measured.some(({ measurement }) =>
    measurement?.untrusted.some((word) => word === spoiledBy),
  );
  return {
    name,
    unit,
    simulated: predicted,
    measured: seen,
    errorPercent: isComparable ? (100 * (predicted - seen)) / seen : null,
    isTrusted: !spoiled,
  };
}

/** What is known to lie between the two, in the order of a vertex's way to finality. */
function causesOf(simulated: readonly RunResult[], measured: readonly RunResult[]): string[] {
  const causes: string[] = [];
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const rounds = mean(measured, (r) => r.results.consensus_metrics.rounds.mean) ?? 0;
  const trips = mean(measured, ({ measurement }) => measurement?.probes.round_trip_ms ?? null);
  const ordered = mean(measured, ({ measurement }) => measurement?.probes.ordered_round_trip_ms ?? null);
  const [predictedMs, seenMs] = [simulated, measured].map((runs) =>
    mean(runs, (r) => r.results.latency.p50_ms),
  );
  const differenceMs =
    typeof predictedMs === 'number' && typeof seenMs === 'number' ? seenMs - predictedMs : null;
  if (differenceMs !== null)
    causes.push(
      `median finality: ${ms(Math.abs(differenceMs))} ${differenceMs >= 0 ? 'later' : 'earlier'} than simulated`,
    );
  const [simulatedPoll, measuredPoll] = [simulated, measured].map((runs) => pollMs(runs));
  if (typeof simulatedPoll === 'number' && typeof measuredPoll === 'number') {
    const late = measuredPoll - simulatedPoll;
    causes.push(
      `pace: a poll every ${ms(measuredPoll)} measured, ${ms(simulatedPoll)} simulated; over ${rounds.toFixed(1)} polls that is ${ms(late * rounds)} (timers of 1 ms, event loops that come late)`,
    );
  }
  if (trips !== null && ordered !== null)
    causes.push(
      `round trips: ${ms(trips)} measured by probes, ${ms(ordered)} ordered (sockets, sessions, waiting for the event loop)`,
    );
  const cpu = mean(measured, ({ measurement }) => measurement?.host_cpu_percent ?? null);
  const cores = measured[0]?.measurement?.host_cores ?? 0;
  if (cpu !== null)
    causes.push(
      `CPU: nodes shared ${cores} cores that were ${Math.round(cpu)} % busy, ${Math.round(100 * ownShare(measured))} % with the nodes; the simulator gives every node its own`,
    );
  const [charged, taken] = [simulated, measured].map((runs) =>
    mean(runs, (r) => r.results.resource_usage.signature_cpu_percent),
  );
  // The same signatures on both sides: what differs is how fast this machine was in that moment.
  if (typeof charged === 'number' && typeof taken === 'number' && charged > 0)
    causes.push(
      `speed: signatures took ${(taken / charged).toFixed(1)} times the CPU that the simulator charges for them (cold caches, cores shared with other work); other code is slowed alike`,
    );
  const loop = mean(measured, ({ measurement }) => measurement?.busiest_event_loop_percent ?? null);
  if (loop !== null && loop > 80)
    causes.push(`event loop: the busiest was occupied for ${Math.round(loop)} % of a report's time`);
  const calibrations = [...new Set(simulated.map(({ configuration }) => configuration.calibration))];
  causes.push(`calibration: ${calibrations.join(', ')}`);
  return causes;
}

/** Of all cores, 0..1: what the nodes themselves took, over the whole run. 0 when the runs do not say. */
export function ownShare(measured: readonly RunResult[]): number {
  return (
    mean(measured, ({ results, measurement }) => {
      const { cpu_seconds, virtual_seconds } = results.simulation;
      const coreSeconds = virtual_seconds * (measurement?.host_cores ?? 0);
      return coreSeconds > 0 ? cpu_seconds / coreSeconds : null;
    }) ?? 0
  );
}

/** Mean time from one poll of a node to the next, over the whole run. */
function pollMs(runs: readonly RunResult[]): number | null {
  return mean(runs, (r) => {
    const rate = perSecond(r.results.simulation.polls, r);
    return rate === null || rate === 0 ? null : (1_000 * r.configuration.node_count) / rate;
  });
}

/** Both with at least one run that has figures. */
export function compareRuns(
  names: Pick<OverlapComparison, 'rowId' | 'simulatedRow' | 'label'>,
  simulated: readonly RunResult[],
  measured: readonly RunResult[],
): OverlapComparison {
  const figures = readers.map((reader) => figureOf(reader, simulated, measured));
  return {
    ...names,
    figures: figures.filter((figure) => figure.simulated !== null || figure.measured !== null),
    hostCpuPercent: mean(measured, ({ measurement }) => measurement?.host_cpu_percent ?? null),
    causes: causesOf(simulated, measured),
  };
}

/** Every measured row of the plan that has a simulated twin, as far as both have runs. */
export function compareOverlap(
  plan: Pick<Plan, 'rows'>,
  results: ReadonlyMap<string, RunRecord>,
): OverlapComparison[] {
  return plan.rows.flatMap((row): OverlapComparison[] => {
    const twin = plan.rows.find(({ rowId }) => rowId === row.predictedBy);
    if (twin === undefined) return [];
    const [simulated, measured] = [finished(twin, results), finished(row, results)];
    if (simulated.length === 0 || measured.length === 0) return [];
    const names = { rowId: row.rowId, simulatedRow: twin.rowId, label: row.label };
    return [compareRuns(names, simulated, measured)];
  });
}
