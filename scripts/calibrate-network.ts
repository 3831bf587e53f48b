/**
 * What queries and vertices cost a node of a real network on this machine, and how many bytes they take on the wire.
 * Owns: runs that differ in one thing, and the equations between them. Does not own: single operations (calibrate-primitives.ts).
 *
 * CPU and bytes of a run are taken to be a part for each second, for each query and for each vertex at a node. Three runs with
 * other poll intervals and other loads give three equations; a fourth with more peers gives the memory of a connection.
 */

import type { RunSpec } from '#campaigns/run-spec.ts';
import { type LoadObserved, loadSpec, observeLoad } from '#campaigns/targets/processes/load-run.ts';
import type { Calibration } from '#node/model/calibration.ts';

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

const second = 1_000_000;
/** Nodes of the runs that differ in load, and of the one with more peers. */
const fewNodes = 8;
const manyNodes = 16;

/** A long warm-up: the simulator charges what a node costs whose code is compiled and whose sessions are open. */
function specOf(
  nodes: number,
  pollIntervalUs: number,
  verticesPerSecond: number,
  calibration: Calibration,
): RunSpec {
  const times = { warmupUs: 5 * second, measureUs: 15 * second };
  const load = { nodesPerProcess: 4, batch: 1, tps: verticesPerSecond, payloadBytes: 100 };
  return loadSpec({ nodes, pollIntervalUs, ...load, ...times, calibration });
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
  const specs = [
    specOf(fewNodes, 50_000, 8, calibration),
    specOf(fewNodes, 150_000, 8, calibration),
    specOf(fewNodes, 50_000, 32, calibration),
    specOf(manyNodes, 150_000, 8, calibration),
  ];
  const seen: LoadObserved[] = [];
  for (const spec of specs) {
    say(`measuring ${spec.label} ...`);
    const observed = await observeLoad(spec);
    const { seconds, cpuUs, queries, vertices } = observed;
    say(
      `  ${seconds.toFixed(1)} s, ${(cpuUs / 1e6).toFixed(2)} CPU-seconds, ${Math.round(queries)} queries, ${Math.round(vertices)} vertices at nodes`,
    );
    seen.push(observed);
  }
  const [base, slow, loaded, wide] = seen;
  if (base === undefined || slow === undefined || loaded === undefined || wide === undefined)
    throw new Error('a run is missing');
  const rowOf = ({ seconds, queries, vertices }: LoadObserved): Row => [
    seconds * fewNodes,
    queries,
    vertices,
  ];
  const rows = [rowOf(base), rowOf(slow), rowOf(loaded)] as const;
  const cpu = solve(rows, [base.cpuUs, slow.cpuUs, loaded.cpuUs]);
  const unnamed = ({ bytes, named, queries }: LoadObserved): number => bytes - bytesPerName * named * queries;
  const bytes = solve(rows, [unnamed(base), unnamed(slow), unnamed(loaded)]);
  const perPeer = perPeerOf(slow, wide, calibration, say);
  return {
    idleUsPerSecond: Math.max(0, cpu[0]),
    exchangeUs: Math.max(1, cpu[1]),
    vertexUs: Math.max(1, cpu[2]),
    exchangeBytes: Math.max(1, bytes[1]),
    vertexBytes: Math.max(1, bytes[2]),
    memoryPerPeer: perPeer,
    memoryBase: Math.max(0, slow.memoryBytes - perPeer * (fewNodes - 1)),
  };
}

/** Heaps of young processes differ by more than a few connections: where that hides them, the figure that was there is kept. */
function perPeerOf(
  few: LoadObserved,
  many: LoadObserved,
  { memoryBytes }: Calibration,
  say: (line: string) => void,
): number {
  const more = (many.memoryBytes - few.memoryBytes) / (manyNodes - fewNodes);
  if (more > 0) return more;
  say(
    `  memory of a connection does not show beside that of the heaps: perPeer stays ${memoryBytes.perPeer} bytes`,
  );
  return memoryBytes.perPeer;
}
