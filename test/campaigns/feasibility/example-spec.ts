/**
 * Run specifications for the tests of feasibility, built from the three published parameter sets.
 * Owns: the examples and criteria by hand. Does not own: the catalogue.
 */
import type { Criterion } from '#campaigns/plan-record.ts';
import type { AttackName, RunSpec } from '#campaigns/run-spec.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import { defaultCalibration } from '#node/model/calibration.ts';
import { defaultPollIntervalUs, networkProfiles } from '#node/model/network-profile.ts';

export function networkNamed(name: string) {
  const found = networkProfiles.find((profile) => profile.name === name);
  if (found === undefined) throw new Error(`no profile ${name}`);
  return found;
}

const published: Readonly<Record<number, readonly [k: number, alpha: number, beta: number, rounds: number]>> =
  {
    150: [30, 24, 20, 100],
    1000: [50, 40, 15, 100],
    10000: [100, 80, 10, 50],
  };

export interface Example {
  readonly nodes: 150 | 1_000 | 10_000;
  readonly network?: string;
  readonly share?: number;
  readonly attack?: AttackName;
  readonly tps?: number;
  readonly batch?: number;
}

export function exampleSpec({
  nodes,
  network = 'local',
  share = 0,
  attack = 'none',
  tps = 100,
  batch = 1,
}: Example): RunSpec {
  const [k, alphaConfidence, beta, maxRounds] = published[nodes]!;
  const profile = networkNamed(network);
  const consensus: ConsensusParams = {
    k,
    alphaPreference: Math.floor(k / 2) + 1,
    alphaConfidence,
    beta,
    threshold: 0.95,
    maxRounds,
    pollIntervalUs: defaultPollIntervalUs(profile),
    concurrentPolls: 1,
    earlyEnd: true,
    maxUndecided: 4_096,
  };
  return {
    scenarioId: 'X-001',
    label: 'example',
    tier: 'message',
    seed: 1,
    repetition: 0,
    nodes,
    consensus,
    network: profile,
    topology: { kind: 'full', degree: 8 },
    byzantine: { share, attack, clusters: 1, identities: 1, exclusion: false },
    workload: {
      kind: 'constant',
      tps,
      batch,
      payloadBytes: 300,
      parents: { kind: 'count', least: 2, most: 4 },
      conflictShare: 0,
    },
    faults: [],
    duration: { warmupUs: 1_000_000, measureUs: 60_000_000, cooldownUs: 1_000_000 },
    messageBudget: 1_000_000,
    resources: { name: 'standard', cpuCores: 4, memoryBytes: 2 ** 31 },
    calibration: defaultCalibration,
  };
}

export function criterion(metric: string, comparator: Criterion['comparator'], limit: number): Criterion {
  return {
    metric,
    comparator,
    limit,
    written: `${comparator}: ${limit}`,
    overUs: null,
    scope: 'row',
    note: null,
  };
}
