/**
 * Figures of networks of real nodes on this machine, packed into one process per core: sockets, sessions, signatures, disks.
 * Owns: the loads and what is read of a run. Does not own: starting nodes (campaigns/targets/processes).
 *
 * The load is steady and one that the cores should carry: an overloaded network decides its backlog late or not at all, and a figure of
 * that says nothing about either. Whether it was carried, what it would be with all cores, and how busy the machine was are facts beside every figure.
 */
import os from 'node:os';
import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import { loadSpec, observeLoad } from '#campaigns/targets/processes/load-run.ts';
import { createIdentity } from '#node/host/identity.ts';
import { SignatureCheck } from '#node/host/verification/signature-check.ts';
import { vertexContext } from '#node/host/verification/signature-context.ts';
import type { LiveNetwork } from '#test/bench/figures.ts';

const second = 1_000_000;
/**
 * CPU that a vertex takes at one node, all told, in verifications of a signature: 15 (16 nodes) to 28 (150) where both were measured
 * (docs/bench-live.md). It is the same yardstick on a slow and on a fast machine.
 */
const verificationsOfVertex = 24;
/** Offered, of what the cores would carry by that. */
const offeredShare = 0.6;
/** Queries of all nodes together, a second: what is left belongs to vertices. */
const queriesPerSecond = 1_000;
const queriesOfPoll = 6;
/** Finality takes about five polls: so many pass before, and in, the measured window at least. */
const pollsBefore = 8;
const pollsMeasured = 20;

const verifications = 1_000;

/** CPU of one verification on this machine, the better half of two. */
async function verificationUs(): Promise<number> {
  const identity = createIdentity();
  const message = new Uint8Array(32);
  const signature = await identity.sign(vertexContext, message);
  const context = Buffer.from(vertexContext);
  const check = new SignatureCheck();
  const half = (): number => {
    const before = process.threadCpuUsage();
    for (let i = 0; i < verifications; i++) check.isGenuine(identity.publicKey, context, message, signature);
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / verifications;
  };
  return Math.min(half(), half());
}

export async function measureLive({ name, nodes, batch, transport }: LiveNetwork): Promise<JobResult> {
  const cores = os.availableParallelism();
  const vertexAtNodeUs = verificationsOfVertex * (await verificationUs());
  const offeredTps = (offeredShare * batch * cores * second) / (vertexAtNodeUs * nodes);
  const before = os.loadavg()[0] ?? 0;
  const pollIntervalUs = Math.max(50_000, Math.round((nodes * queriesOfPoll * second) / queriesPerSecond));
  const { window } = await observeLoad(
    loadSpec({
      nodes,
      nodesPerProcess: Math.ceil(nodes / cores),
      pollIntervalUs,
      batch,
      tps: offeredTps,
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
      tps: window.averageTps,
      offeredTps,
      allCoresTps: (window.averageTps * cores) / window.cores,
      coresOfNodes: window.cores,
      cores,
      ...(window.medianFinalityMs === null ? {} : { medianFinalityMs: window.medianFinalityMs }),
      hostBusyPercent: window.hostBusyPercent ?? 0,
      loadBefore: before,
    },
  };
}
