/**
 * A small valid RunSpec for tests. Owns: one plain configuration. Does not own: any scenario of the catalogue.
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import { defaultCalibration } from '#node/model/calibration.ts';
import { networkProfiles } from '#node/model/network-profile.ts';

export function networkNamed(name: string): RunSpec['network'] {
  const found = networkProfiles.find((profile) => profile.name === name);
  if (found === undefined) throw new RangeError(`no network profile ${name}`);
  return found;
}

/** 150 nodes on the LAN profile under 100 transactions a second in vertices of ten, no attackers, no faults. */
export function runSpecExample(over: Partial<RunSpec> = {}): RunSpec {
  return {
    scenarioId: 'TEST',
    label: 'test',
    tier: 'message',
    seed: 1,
    repetition: 0,
    nodes: 150,
    consensus: {
      k: 30,
      alphaPreference: 24,
      alphaConfidence: 24,
      beta: 20,
      threshold: 0.95,
      maxRounds: 100,
      pollIntervalUs: 5_000,
      concurrentPolls: 1,
      earlyEnd: true,
      maxUndecided: 4_096,
    },
    network: networkNamed('lan'),
    topology: { kind: 'full', degree: 8 },
    byzantine: { share: 0, attack: 'none', clusters: 1, identities: 1, exclusion: false },
    workload: {
      kind: 'constant',
      tps: 100,
      batch: 10,
      payloadBytes: 100,
      parents: { kind: 'count', least: 2, most: 4 },
      conflictShare: 0,
    },
    faults: [],
    duration: { warmupUs: 60_000_000, measureUs: 3_600_000_000, cooldownUs: 30_000_000 },
    messageBudget: 20_000_000,
    resources: { name: 'standard', cpuCores: 4, memoryBytes: 2 * 1_073_741_824 },
    calibration: defaultCalibration,
    ...over,
  };
}
