/**
 * What queries and vertices cost a node of a real network on this machine, and how many bytes they take on the wire.
 * Owns: runs that differ in one thing, and the equations between them. Does not own: single operations (calibrate-primitives.ts).
 *
 * CPU and bytes of a run are taken to be a part for each second, for each query and for each vertex at a node. Three runs with
 * other poll intervals and other loads give three equations; a fourth with more peers gives the memory of a connection.
 */

import type { RunSpec } from '#campaigns/run-spec.ts';
import { createProcesses } from '#campaigns/targets/processes/target.ts';
import type { Calibration } from '#node/model/calibration.ts';
import { networkProfiles } from '#node/model/network-profile.ts';

export interface NetworkCosts {
  /** Asking and answering together, CPU microseconds. */
  readonly exchangeUs: number;
  /** Of one vertex at one node: receive, verify, store, forward, decide. */
  readonly vertexUs: number;
  /** Of an idle node, CPU microseconds per second. */
  readonly idleUsPerSecond: number;
  /** Query and answer together, bytes on the wire without the names of vertices. */
  readonly exchangeBytes: number;
  readonly vertexBytes: number;
  readonly memoryBase: number;
  readonly memoryPerPeer: number;
}

interface Observed {
  readonly seconds: number;
  readonly cpuUs: number;
  readonly bytes: number;
  readonly queries: number;
  /** Sum over nodes of vertices that each handled. */
  readonly vertices: number;
  readonly named: number;
  readonly memoryBytes: number;
}

const mebibyte = 1_048_576;

function specOf(
  nodes: number,
  pollIntervalUs: number,
  verticesPerSecond: number,
  calibration: Calibration,
): RunSpec {
  const network = networkProfiles.find(({ name }) => name === 'local');
  if (network === undefined) throw new Error('the profile "local" is gone');
  const second = 1_000_000;
  return {
    scenarioId: 'CALIBRATE',
    label: `${nodes} nodes, a poll every ${pollIntervalUs / 1_000} ms, ${verticesPerSecond} vertices/s`,
    tier: 'message',
    seed: 1,
    repetition: 0,
    nodes,
    nodesPerProcess: 4,
    consensus: {
      k: 6,
      alphaPreference: 5,
      alphaConfidence: 5,
      beta: 4,
      threshold: 0.95,
      maxRounds: 200,
      pollIntervalUs,
      concurrentPolls: 1,
      earlyEnd: true,
      maxUndecided: 4_096,
    },
    network,
    topology: { kind: 'mesh', degree: 8 },
    byzantine: { share: 0, attack: 'none', clusters: 1, identities: 1, exclusion: false },
    workload: {
      kind: 'constant',
      tps: verticesPerSecond,
      batch: 1,
      payloadBytes: 100,
      parents: { kind: 'count', least: 2, most: 4 },
      conflictShare: 0,
    },
    faults: [],
    duration: { warmupUs: 2 * second, measureUs: 10 * second, cooldownUs: second },
    messageBudget: 1,
    resources: { name: 'shared', cpuCores: 1, memoryBytes: 512 * mebibyte },
    calibration,
  };
}

async function observe(spec: RunSpec): Promise<Observed> {
  const target = createProcesses();
  const { result, events } = await target.run(spec, () => undefined, new AbortController().signal);
  const problem = result.test_status === 'FAILED' || result.window.measured_s <= 0;
  if (problem) throw new Error(`the run for ${spec.label} gave nothing: ${result.reason}`);
  const traffic = events.map((line): unknown => JSON.parse(line)).find(isTraffic);
  if (traffic === undefined) throw new Error('the run counted no traffic');
  const { simulation, resource_usage } = result.results;
  return {
    seconds: simulation.virtual_seconds,
    cpuUs: simulation.cpu_seconds * 1_000_000,
    bytes: traffic.bytesSent,
    queries: traffic.queriesSent,
    vertices: traffic.verticesProcessed,
    named: traffic.polls > 0 ? traffic.pollVertices / traffic.polls : 0,
    memoryBytes: resource_usage.peak_memory_mb * mebibyte,
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

type Row = readonly [number, number, number];

/** The three unknowns of three linear equations (Cramer's rule). Throws when they do not differ enough. */
export function solve(rows: readonly [Row, Row, Row], values: Row): Row {
  const determinant = ([a, b, c]: readonly [Row, Row, Row]): number =>
    a[0] * (b[1] * c[2] - b[2] * c[1]) -
    a[1] * (b[0] * c[2] - b[2] * c[0]) +
    a[2] * (b[0] * c[1] - b[1] * c[0]);
  const whole = determinant(rows);
  if (Math.abs(whole) < 1e-9) throw new RangeError('the runs do not differ enough to tell their costs apart');
  const swapped = (row: Row, value: number, column: number): Row => [
    column === 0 ? value : row[0],
    column === 1 ? value : row[1],
    column === 2 ? value : row[2],
  ];
  const replaced = (column: number): number =>
    determinant([
      swapped(rows[0], values[0], column),
      swapped(rows[1], values[1], column),
      swapped(rows[2], values[2], column),
    ]) / whole;
  return [replaced(0), replaced(1), replaced(2)];
}

export async function networkCosts(
  calibration: Calibration,
  bytesPerName: number,
  say: (line: string) => void,
): Promise<NetworkCosts> {
  const few = 8;
  const many = 16;
  const specs = [
    specOf(few, 50_000, 8, calibration),
    specOf(few, 150_000, 8, calibration),
    specOf(few, 50_000, 32, calibration),
    specOf(many, 150_000, 8, calibration),
  ];
  const seen: Observed[] = [];
  for (const spec of specs) {
    say(`measuring ${spec.label} ...`);
    const observed = await observe(spec);
    const { seconds, cpuUs, queries, vertices } = observed;
    say(
      `  ${seconds.toFixed(1)} s, ${(cpuUs / 1e6).toFixed(2)} CPU-seconds, ${Math.round(queries)} queries, ${Math.round(vertices)} vertices at nodes`,
    );
    seen.push(observed);
  }
  const [base, slow, loaded, wide] = seen;
  if (base === undefined || slow === undefined || loaded === undefined || wide === undefined)
    throw new Error('a run is missing');
  const rowOf = ({ seconds, queries, vertices }: Observed): Row => [seconds * few, queries, vertices];
  const rows = [rowOf(base), rowOf(slow), rowOf(loaded)] as const;
  const cpu = solve(rows, [base.cpuUs, slow.cpuUs, loaded.cpuUs]);
  const unnamed = ({ bytes, named, queries }: Observed): number => bytes - bytesPerName * named * queries;
  const bytes = solve(rows, [unnamed(base), unnamed(slow), unnamed(loaded)]);
  const perPeer = Math.max(0, (wide.memoryBytes - slow.memoryBytes) / (many - few));
  return {
    idleUsPerSecond: Math.max(0, cpu[0]),
    exchangeUs: Math.max(1, cpu[1]),
    vertexUs: Math.max(1, cpu[2]),
    exchangeBytes: Math.max(1, bytes[1]),
    vertexBytes: Math.max(1, bytes[2]),
    memoryPerPeer: perPeer,
    memoryBase: Math.max(0, slow.memoryBytes - perPeer * (few - 1)),
  };
}
