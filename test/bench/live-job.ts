/**
 * Figures of networks of real nodes on this machine, packed into one process per core: sockets, sessions, signatures, disks.
 * Owns: the loads and what is read of a run. Does not own: starting nodes (campaigns/targets/processes).
 *
 * The load climbs past what the cores carry; throughput, CPU and its shares are those of the whole window: a single stretch in which
 * a backlog is decided shows more than was offered. Other work on the machine takes cores away; how busy it was, and the load before, are facts beside every figure.
 */
import os from 'node:os';
import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import { loadSpec, observeLoad } from '#campaigns/targets/processes/load-run.ts';
import type { LiveNetwork } from '#test/bench/figures.ts';

const second = 1_000_000;
/** CPU microseconds that a vertex takes at one node, about: decides how far the load climbs. */
const vertexAtNodeUs = 2_000;
/** The top of the climb over that estimate. */
const overload = 2;
/** Queries of all nodes together, a second: what is left belongs to vertices. */
const queriesPerSecond = 400;
const queriesOfPoll = 6;
/** Finality takes about five polls: so many pass before, and in, the measured window at least. */
const pollsBefore = 8;
const pollsMeasured = 20;

export async function measureLive({ name, nodes, batch, transport }: LiveNetwork): Promise<JobResult> {
  const cores = os.availableParallelism();
  const topVertices = (overload * cores * second) / (vertexAtNodeUs * nodes);
  const before = os.loadavg()[0] ?? 0;
  const pollIntervalUs = Math.max(50_000, Math.round((nodes * queriesOfPoll * second) / queriesPerSecond));
  const { window } = await observeLoad(
    loadSpec({
      nodes,
      nodesPerProcess: Math.ceil(nodes / cores),
      pollIntervalUs,
      batch,
      tps: { from: (batch * topVertices) / 8, to: batch * topVertices, steps: 4 },
      payloadBytes: 100,
      warmupUs: Math.max(5 * second, pollsBefore * pollIntervalUs),
      measureUs: Math.max(20 * second, pollsMeasured * pollIntervalUs),
    }),
    { transport },
  );
  if (!(window.averageTps > 0)) throw new Error(`${nodes} nodes finalised nothing in the measured window`);
  return {
    samples: {
      [`live.tps-${name}`]: [window.averageTps],
      [`live.cpu-${name}`]: [(1_000 * window.cores) / window.averageTps],
      [`live.signatures-${name}`]: [100 * window.signatureShare],
    },
    facts: {
      peakTps: window.peakTps,
      offeredMostTps: batch * topVertices,
      coresOfNodes: window.cores,
      cores,
      ...(window.medianFinalityMs === null ? {} : { medianFinalityMs: window.medianFinalityMs }),
      hostBusyPercent: window.hostBusyPercent ?? 0,
      loadBefore: before,
    },
  };
}
