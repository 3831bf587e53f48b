/**
 * Was the service there: uptime of the network and nodes that went down without a fault.
 * Owns: both readings from the series of a run. Does not own: recovery after faults (recovery.ts).
 */
import { missing, type Reading, type RunRecord, seen, windowPoints } from '#campaigns/analysis/reading.ts';

/**
 * Fewer vertices due in a slice than this say little when none of them was finalised in it:
 * with ten due at random the chance of an empty slice is 5e-5.
 */
const verticesPerSlice = 10;

/** Share of the window's time, percent, in which offered transactions were being finalised. */
export function uptimePercent(run: RunRecord): Reading {
  const points = windowPoints(run.series);
  const { total_transactions, total_vertices } = run.result.results.throughput;
  const batch = total_vertices > 0 ? total_transactions / total_vertices : 1;
  let upUs = 0;
  let totalUs = 0;
  let slice = { us: 0, due: 0, finalised: 0 };
  let lastUp = true;
  const close = (up: boolean): void => {
    if (up) upUs += slice.us;
    totalUs += slice.us;
    lastUp = up;
    slice = { us: 0, due: 0, finalised: 0 };
  };
  for (const point of points) {
    slice.us += point.for_us;
    slice.due += (point.offered_tps * point.for_us) / 1e6;
    slice.finalised += (point.finalized_tps * point.for_us) / 1e6;
    if (slice.due >= verticesPerSlice * batch || slice.due === 0)
      close(slice.finalised > 0 || slice.due === 0);
  }
  // What is left is too little to judge by itself: it shares the fate of the slice before it, unless it was up.
  if (slice.us > 0) close(slice.finalised > 0 || (totalUs > 0 && lastUp));
  if (totalUs === 0) return missing('the series has no bin inside the measured window');
  return seen((100 * upUs) / totalUs);
}

const takingNodesDown: ReadonlySet<string> = new Set(['kill', 'cascade', 'churn', 'disk', 'memory', 'stall']);

/**
 * Nodes down that no fault took down. Without such faults: the most that were down at any time.
 * With them: those that were still down at the end, after the last fault was lifted.
 */
export function unplannedCrashes(run: RunRecord): Reading {
  const nodes = run.result.configuration.node_count;
  const last = run.series.points.at(-1);
  if (last === undefined) return missing('the run has no series');
  const planned = run.result.faults.filter((fault) => takingNodesDown.has(fault.kind));
  if (planned.length === 0) {
    const fewest = run.series.points.reduce((least, point) => Math.min(least, point.live_nodes), nodes);
    return seen(nodes - fewest);
  }
  if (planned.some((fault) => fault.at_us !== null && fault.until_us === null)) {
    return missing('nodes were still held down by a fault at the end of the run');
  }
  return seen(Math.max(0, nodes - last.live_nodes));
}
