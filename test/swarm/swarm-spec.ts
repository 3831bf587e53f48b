/**
 * One seed of the swarm as a run: sizes, parameters, network, load, faults and attackers, all drawn from (seed, index).
 * Owns: the draws and the filter (analytic split bound, expected rounds). Does not own: running or judging a seed.
 */
import { expectedRounds } from '#campaigns/analytic/run-length.ts';
import { splitBoundLog10 } from '#campaigns/analytic/safety.ts';
import type { RunSpec, TopologyKind, Workload } from '#campaigns/run-spec.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { attackNames } from '#node/byzantine/attacks.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import { type Calibration, defaultCalibration } from '#node/model/calibration.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';
import { Draw } from './draw.ts';
import { drawFaults } from './swarm-faults.ts';
import { successWith } from './swarm-plan.ts';

/** The largest acceptable bound on a split decision, as log10. */
export const splitBoundLimitLog10 = -9;
const attempts = 40;

/** Nodes that may vote against what they finalised: attackers, and those that lose their disk. */
export interface Mix {
  readonly attackers: number;
  readonly amnesiacs: number;
}

/** The run of one index; `index` and `seed` are all it depends on. */
export function swarmSpec(seed: number, index: number): RunSpec {
  const draw = new Draw(seed, index);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const spec = drawSpec(draw, seed, index, attempt === attempts - 1);
    if (isTolerable(spec)) return spec;
  }
  throw new RangeError(`seed ${seed}, index ${index}: no configuration within the bounds`);
}

export function mixOf(spec: RunSpec): Mix {
  const attackers =
    spec.byzantine.attack === 'none' ? 0 : Math.floor(spec.byzantine.share * spec.nodes + 1e-9);
  const amnesiacs = spec.faults.reduce(
    (sum, fault) => sum + (fault.kind === 'kill' && fault.disk === 'lost' ? fault.nodes * fault.repeat : 0),
    0,
  );
  return { attackers, amnesiacs };
}

/** Split bound < 1e-9 with every amnesiac counted as an attacker; expected polls < half the limit with every attacker refusing. */
export function isTolerable(spec: RunSpec): boolean {
  const { attackers, amnesiacs } = mixOf(spec);
  const { consensus, nodes } = spec;
  if (attackers + amnesiacs >= nodes) return false;
  const split = splitBoundLog10({ ...consensus, nodes, byzantine: attackers + amnesiacs });
  if (split >= splitBoundLimitLog10) return false;
  return expectedRounds(successWith(spec), consensus.beta) < consensus.maxRounds / 2;
}

function drawSpec(draw: Draw, seed: number, index: number, calm: boolean): RunSpec {
  const nodes = Math.min(100, Math.floor(draw.logarithmic(4, 101)));
  const network = drawNetwork(draw);
  const consensus = drawConsensus(draw, nodes, network);
  const byzantine = drawByzantine(draw, calm);
  const rough: RunSpec = {
    scenarioId: 'SWARM',
    label: `seed ${seed}, index ${index}`,
    tier: 'message',
    seed: draw.word(),
    repetition: 0,
    nodes,
    consensus,
    network,
    topology: drawTopology(draw),
    byzantine,
    workload: drawWorkload(draw, 1),
    faults: [],
    duration: { warmupUs: 0, measureUs: 1, cooldownUs: 0 },
    messageBudget: 1_000_000_000,
    resources: { name: 'swarm', cpuCores: draw.pick([1, 2, 4]), memoryBytes: 2 ** 31 },
    calibration: drawCalibration(draw),
  };
  const { finalityUs } = estimateFinality({ ...rough, workload: { ...rough.workload, kind: 'single' } });
  const verticesPerSecond = (draw.logarithmic(3, draw.chance(0.1) ? 80 : 25) * 1_000_000) / finalityUs;
  const measureUs = Math.ceil(finalityUs * draw.between(2, 4));
  return {
    ...rough,
    workload: drawWorkload(draw, verticesPerSecond),
    faults: drawFaults(draw, nodes, measureUs, finalityUs),
    // No warm-up: the run must wait for every vertex.
    duration: { warmupUs: 0, measureUs, cooldownUs: 0 },
  };
}

function drawNetwork(draw: Draw): NetworkProfile {
  const least = Math.round(draw.logarithmic(100, 150_000));
  const most = Math.round(least * draw.between(1.05, 6)) + 20;
  return {
    name: 'swarm',
    oneWayUs: [least, most],
    spread: draw.chance(0.7) ? 'message' : 'pair',
    loss: draw.chance(0.3) ? 0 : draw.logarithmic(0.0001, 0.02),
    duplication: draw.chance(0.5) ? 0 : draw.between(0, 0.1),
    reorder: draw.chance(0.5) ? 0 : draw.between(0, 0.2),
    bandwidthBitsPerSecond: draw.chance(0.85) ? null : draw.integer(20, 200) * 1_000_000,
    source: 'swarm',
  };
}

function drawConsensus(draw: Draw, nodes: number, network: NetworkProfile): ConsensusParams {
  const k = Math.min(30, nodes - 1);
  const alphaConfidence = Math.ceil(0.8 * k);
  const roundTripUs = network.oneWayUs[0] + network.oneWayUs[1];
  return {
    k,
    alphaPreference: draw.chance(0.5) ? alphaConfidence : Math.floor(k / 2) + 1,
    alphaConfidence,
    beta: draw.integer(4, 14),
    threshold: draw.pick([0.8, 0.95, 0.99]),
    maxRounds: draw.integer(60, 200),
    pollIntervalUs: Math.max(1_000, Math.round(roundTripUs * draw.logarithmic(0.1, 1))),
    concurrentPolls: draw.chance(0.6) ? 1 : draw.integer(2, 4),
    earlyEnd: draw.chance(0.7),
    maxUndecided: draw.chance(0.8) ? 4_096 : draw.integer(4, 40),
  };
}

function drawByzantine(draw: Draw, calm: boolean): RunSpec['byzantine'] {
  const attack = calm || draw.chance(0.25) ? 'none' : draw.pick(attackNames);
  return {
    attack,
    share: attack === 'none' ? 0 : draw.between(0.02, 0.2),
    clusters: draw.integer(1, 3),
    identities: draw.integer(1, 4),
    exclusion: draw.chance(0.2),
  };
}

function drawTopology(draw: Draw): RunSpec['topology'] {
  const kinds: readonly TopologyKind[] = ['full', 'ring', 'star', 'mesh', 'hierarchical', 'random'];
  return { kind: draw.chance(0.5) ? 'full' : draw.pick(kinds), degree: draw.integer(3, 8) };
}

function drawCalibration(draw: Draw): Calibration {
  const syncDisk = draw.pick([750, 5_000, 20_000]);
  const none = {
    signVertex: 0,
    verifyVertex: 0,
    hashPerKilobyte: 0,
    askQuery: 0,
    answerQuery: 0,
    handleVertex: 0,
  };
  const times = draw.chance(0.3) ? none : defaultCalibration.serviceTimesUs;
  return { ...defaultCalibration, name: 'swarm', serviceTimesUs: { ...times, syncDisk } };
}

function drawWorkload(draw: Draw, verticesPerSecond: number): Workload {
  const batch = draw.pick([1, 1, 3, 10]);
  const tps = verticesPerSecond * batch;
  const shapes: readonly Workload['parents'][] = [
    { kind: 'count', least: 1, most: 1 },
    { kind: 'count', least: 2, most: 4 },
    { kind: 'chain' },
    { kind: 'wide' },
    { kind: 'random' },
  ];
  const common = {
    batch,
    payloadBytes: draw.pick([100, 1_024]),
    parents: draw.pick(shapes),
    conflictShare: draw.chance(0.3) ? 0 : draw.between(0.05, 0.5),
  };
  const periodUs = Math.max(1, Math.round(10_000_000 / verticesPerSecond));
  switch (draw.pick(['constant', 'open-loop', 'burst', 'ramp'] as const)) {
    case 'constant':
      return { ...common, kind: 'constant', tps };
    case 'open-loop':
      return { ...common, kind: 'open-loop', tps };
    case 'burst':
      return {
        ...common,
        kind: 'burst',
        tps: tps / 2,
        burstTps: 4 * tps,
        everyUs: 5 * periodUs,
        forUs: periodUs,
      };
    case 'ramp':
      return { ...common, kind: 'ramp', fromTps: tps / 2, toTps: 2 * tps, steps: 5 };
  }
}
