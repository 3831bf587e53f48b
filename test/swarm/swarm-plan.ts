/**
 * How long a seed runs: its load for a few finality times, then as long as every pending vertex may need after the heal.
 * Owns: the deadline of progress, derived from the parameters by the run-length law. Does not own: the load or the faults.
 */
import { pollSuccess } from '#campaigns/analytic/finality.ts';
import { type Chance, SuccessRun } from '#campaigns/analytic/run-length.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import { meanTps } from '#campaigns/workloads/load-profile.ts';

/** A pair of node and vertex may need more polls than planned with this probability. */
const lateChance = 1e-9;
const mostRounds = 20_000;

/** Success of one poll about an honest vertex when every attacker refuses and every message held back comes too late. */
export function successWith(spec: RunSpec): Chance {
  const byzantine =
    spec.byzantine.attack === 'none' ? 0 : Math.floor(spec.byzantine.share * spec.nodes + 1e-9);
  return pollSuccess(
    {
      nodes: spec.nodes,
      byzantine,
      voter: 'reject',
      k: spec.consensus.k,
      loss: 1 - (1 - spec.network.loss) * (1 - spec.network.reorder),
      offlineShare: 0,
      retry: true,
    },
    spec.consensus.alphaConfidence,
  );
}

/** Polls within which a node finalises an agreed vertex but for `lateChance`. */
export function roundsAtMost(spec: RunSpec): number {
  const run = new SuccessRun(successWith(spec), spec.consensus.beta);
  let rounds = 0;
  while (run.undecided > lateChance && rounds < mostRounds) {
    run.advance();
    rounds += 1;
  }
  return rounds;
}

/**
 * The longest a poll can take by the timeouts the simulator gives the core: ten times (four delays and four intervals), once
 * more for the retry.
 */
function longestPollUs({ network, consensus }: RunSpec): number {
  return 2 * 10 * 4 * (network.oneWayUs[1] + consensus.pollIntervalUs);
}

/** What one round costs a node's event loop and its link when every vertex of the run is undecided. */
function loadedRoundUs(spec: RunSpec, vertices: number): number {
  const { k, concurrentPolls } = spec.consensus;
  const { serviceTimesUs, wireBytes } = spec.calibration;
  const cpuUs = k * (serviceTimesUs.askQuery + serviceTimesUs.answerQuery);
  const bytes =
    wireBytes.queryFixed +
    wireBytes.answerFixed +
    vertices * (wireBytes.queryPerVertex + wireBytes.answerPerException);
  const bits = spec.network.bandwidthBitsPerSecond;
  const linkUs = bits === null ? 0 : (2 * k * bytes * 8 * 1_000_000) / bits;
  return concurrentPolls * (cpuUs + linkUs);
}

/** The link time of one node that hands every vertex of the run to all others, as the hub of a star does. */
function spreadUs({ nodes, network, calibration, workload }: RunSpec, vertices: number): number {
  if (network.bandwidthBitsPerSecond === null) return 0;
  const bytes = calibration.wireBytes.vertexFixed + workload.batch * workload.payloadBytes;
  return (2 * vertices * nodes * bytes * 8 * 1_000_000) / network.bandwidthBitsPerSecond;
}

/** Microseconds from the heal within which every uncontested vertex has to be finalised everywhere. */
export function progressDeadlineUs(spec: RunSpec): number {
  const { roundUs, disseminationUs } = estimateFinality(spec);
  const { pollIntervalUs, earlyEnd } = spec.consensus;
  const { attack } = spec.byzantine;
  const vertices = (2 * meanTps(spec.workload) * spec.duration.measureUs) / spec.workload.batch / 1_000_000;
  // Who answers late, or never, can hold every poll until its timeout; so can a lost message when all answers are awaited.
  const waits = attack === 'late' || attack === 'silent' || !earlyEnd;
  const slowRoundUs =
    roundUs +
    loadedRoundUs(spec, vertices) +
    (waits ? longestPollUs(spec) : 4 * spec.network.oneWayUs[1] + 20_000);
  const restUs = longestPollUs(spec) + 8 * disseminationUs + 100 * pollIntervalUs + spreadUs(spec, vertices);
  return Math.ceil(2 * roundsAtMost(spec) * slowRoundUs + restUs);
}

export function swarmPlan(spec: RunSpec): WindowPlan {
  const { finalityUs, messagesPerSecond } = estimateFinality(spec);
  const { warmupUs, measureUs } = spec.duration;
  const cooldownUs = progressDeadlineUs(spec);
  return {
    warmupUs,
    measureUs,
    cooldownUs,
    compression: 1,
    scale: 1,
    finalityUs,
    bins: 4,
    estimatedMessages: Math.round((messagesPerSecond * (warmupUs + measureUs)) / 1_000_000),
    decisions: null,
    notes: [],
  };
}
