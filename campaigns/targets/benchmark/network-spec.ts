/**
 * The networks of the benchmark, as run specifications.
 * Owns: their sizes, loads and parameters. Does not own: running them (network-run.ts).
 */
import { resolveConsensus } from '#campaigns/consensus-defaults.ts';
import type { RunSpec, Workload } from '#campaigns/run-spec.ts';
import { expectedSuiteSeconds } from '#campaigns/targets/benchmark/capabilities.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { type NetworkProfile, networkProfiles } from '#node/model/network-profile.ts';

/** What the seconds of the suite deliver on one core, roughly; the run ends by time and not by it. */
const messageEstimate = 100_000_000;

function networkNamed(name: string): NetworkProfile {
  const found = networkProfiles.find((profile) => profile.name === name);
  if (found === undefined) throw new RangeError(`no network profile ${name}`);
  return found;
}

const oneAtATime: Workload = {
  kind: 'single',
  batch: 1,
  payloadBytes: 100,
  parents: { kind: 'count', least: 1, most: 1 },
  conflictShare: 0,
};

/** Parameters by scale of requirements 1.1; computing takes the simulated nodes no time. */
function specOf(nodes: number, profile: string, over: Partial<RunSpec>): RunSpec {
  const network = networkNamed(profile);
  return {
    scenarioId: 'BENCH',
    label: 'bench',
    tier: 'message',
    seed: 1,
    repetition: 0,
    nodes,
    consensus: resolveConsensus({}, nodes, network),
    network,
    topology: { kind: 'full', degree: 8 },
    byzantine: { share: 0, attack: 'none', clusters: 1, identities: 1, exclusion: false },
    workload: oneAtATime,
    faults: [],
    duration: { warmupUs: 0, measureUs: 3_600_000_000, cooldownUs: 1_000_000 },
    messageBudget: Number.MAX_SAFE_INTEGER,
    resources: { name: 'standard', cpuCores: 4, memoryBytes: 2 * 1_073_741_824 },
    calibration: weightless(defaultCalibration),
    ...over,
  };
}

/** One decision in flight, 10 % always-reject, WAN. */
export function singleSpec(nodes: number): RunSpec {
  return specOf(nodes, 'wan', {
    byzantine: { share: 0.1, attack: 'always-reject', clusters: 1, identities: 1, exclusion: false },
  });
}

/** DAG, 1 % conflicts, LAN, mesh. */
export function loadSpec(nodes: number, verticesPerSecond: number): RunSpec {
  return specOf(nodes, 'lan', {
    topology: { kind: 'mesh', degree: 8 },
    workload: {
      kind: 'constant',
      tps: verticesPerSecond,
      batch: 1,
      payloadBytes: 100,
      parents: { kind: 'count', least: 2, most: 4 },
      conflictShare: 0.01,
    },
  });
}

/** Virtual time between two batches of ten; decisions of an ideal network take a fraction of it. */
const batchEveryUs = 100;

/**
 * 150 nodes in one memory: messages take no time, and a poll follows the last one at once (an interval of 1 us).
 * `together` vertices are submitted in the same instant, each by a node of its own.
 */
export function inMemorySpec(together: 1 | 10): RunSpec {
  const spec = specOf(150, 'ideal', {});
  const burst: Workload = {
    kind: 'burst',
    tps: 0,
    burstTps: together * 1_000_000,
    everyUs: batchEveryUs,
    forUs: 1,
    batch: 1,
    payloadBytes: 100,
    parents: { kind: 'count', least: 1, most: 1 },
    conflictShare: 0,
  };
  return {
    ...spec,
    consensus: { ...spec.consensus, pollIntervalUs: 1 },
    workload: together === 1 ? oneAtATime : burst,
  };
}

/** The network whose decisions the benchmark of a campaign measures; what else it measures has none. */
export function benchmarkSpec(): RunSpec {
  return {
    ...inMemorySpec(1),
    duration: { warmupUs: 0, measureUs: 1_000_000 * expectedSuiteSeconds, cooldownUs: 0 },
    messageBudget: messageEstimate,
  };
}
