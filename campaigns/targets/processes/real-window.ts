/**
 * Plans warm-up, measured window and cool-down of a run in real time: a second costs a second, whatever happens in it.
 * Owns: these lengths and the notes about them. Does not own: the estimate of finality or the least lengths, which are the
 * simulator's (targets/simulator), so that both targets measure windows of the same worth.
 */
import type { RunSpec, Workload } from '#campaigns/run-spec.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { binsOf, leastLengths, type WindowPlan, withRecovery } from '#campaigns/targets/simulator/window.ts';
import { separateMost } from './capabilities.ts';

/** A longer window is only measured when finality is so slow that it needs it. */
const usuallyMostUs = 60_000_000;
/** Processes settle: connections warm up, code is compiled. */
const warmupLeastUs = 2_000_000;
/** A scenario may ask for more, so that code is compiled and sessions are open before anything counts. */
const warmupMostUs = 20_000_000;
const measureLeastUs = 4_000_000;
const cooldownLeastUs = 1_500_000;
/** Nodes that share cores are slower than the estimate, which gives each its own. */
const slack = 1.25;
/**
 * Of the window of a few nodes without faults: they were measured at 0.90 to 0.92 of the estimate on two cores that other work kept
 * busy, and what is planned for holds a fifth more than a window needs already.
 */
const calmSlack = 1.05;
/** A shorter window keeps the whole slack: one hiccup of the machine is a large part of it. */
const calmLeastUs = 10_000_000;
const binLeastUs = 500_000;
/** After the fall of a ramp with an end, what is watched: a share of its climb, whenever the network has recovered. */
const recoveryShare = 0.5;

export function planRealTime(spec: RunSpec): WindowPlan {
  const estimate = estimateFinality(spec);
  const least = leastLengths(spec, estimate);
  const requestedUs = Math.max(1_000, spec.duration.measureUs);
  const isCalm = spec.nodes <= separateMost && spec.faults.length === 0;
  const cautiousUs = slack * least.measureUs;
  const neededUs = isCalm
    ? Math.max(calmSlack * least.measureUs, Math.min(cautiousUs, calmLeastUs))
    : cautiousUs;
  const leastUs = Math.ceil(Math.max(measureLeastUs, neededUs));
  const measureUs = Math.max(leastUs, Math.min(requestedUs, usuallyMostUs));
  const warmupUs = Math.max(
    warmupLeastUs,
    Math.ceil(slack * least.warmupUs),
    Math.min(spec.duration.warmupUs, warmupMostUs),
  );
  const cooldownUs = Math.ceil(Math.max(cooldownLeastUs, slack * least.cooldownUs));
  const compression = requestedUs / measureUs;
  const bins = realBins(spec.workload, measureUs);
  return {
    warmupUs,
    ...withRecovery(spec.workload, measureUs, bins, recoveryShare),
    cooldownUs,
    compression,
    scale: Math.min(1, measureUs / requestedUs),
    finalityUs: estimate.finalityUs,
    estimatedMessages: Math.round(
      (estimate.messagesPerSecond * (warmupUs + measureUs + cooldownUs)) / 1_000_000,
    ),
    decisions: null,
    notes: notesOf(requestedUs, measureUs, compression),
  };
}

/** No bin of a ramp holds two loads here either. */
function realBins(workload: Workload, measureUs: number): number {
  const most = Math.max(1, Math.min(binsOf(workload, measureUs), Math.floor(measureUs / binLeastUs)));
  return workload.kind === 'ramp' ? workload.steps * Math.max(1, Math.floor(most / workload.steps)) : most;
}

function notesOf(requestedUs: number, measureUs: number, compression: number): string[] {
  const seconds = (us: number): string => `${(us / 1_000_000).toFixed(1)} s`;
  if (compression > 1.001)
    return [
      `measured window ${seconds(measureUs)} of ${seconds(requestedUs)} requested (compression ${compression.toFixed(1)}): real time`,
    ];
  if (compression < 0.999)
    return [
      `measured window stretched from ${seconds(requestedUs)} to ${seconds(measureUs)}: that many finality times are needed`,
    ];
  return [];
}

/** Real seconds of a run, setting up and collecting included: what the time that is left is reckoned from. */
export function expectedSeconds(spec: RunSpec, nodesPerProcess: number): number {
  const { warmupUs, measureUs, cooldownUs } = planRealTime(spec);
  const processes = Math.ceil(spec.nodes / nodesPerProcess);
  const pairs = (spec.nodes * (spec.nodes - 1)) / 2;
  // Measured: a process takes about 0.4 s of two cores, a session about 3 ms.
  return (warmupUs + measureUs + cooldownUs) / 1_000_000 + 3 + 0.4 * processes + 0.003 * pairs;
}
