/**
 * For entries of the suites a cause that must make each fail, and where its small variant differs from the usual one.
 * Owns: the table. Does not own: running (planted-run.ts).
 */
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { AttackName, RunSpec } from '#campaigns/run-spec.ts';
import { namedNetwork } from '#campaigns/schema/network.ts';
import type { RunScenario } from '#campaigns/schema.ts';
import type { Variant } from './planted-run.ts';

export interface Plant {
  /** Of both variants. */
  readonly small?: Variant;
  readonly planted: Variant;
}

function attackers(share: number, attack: AttackName, rest: Partial<RunScenario['byzantine']> = {}): Variant {
  return {
    scenario: {
      byzantine: { share: [share], attack: [attack], clusters: 1, identities: 10, exclusion: false, ...rest },
    },
  };
}

/** A quarter of the nodes refuse everything: little is decided in time. With more nothing is, and repetitions look the same. */
const stuck = attackers(0.25, 'always-reject');

function calibrated(change: (calibration: RunSpec['calibration']) => RunSpec['calibration']): Variant {
  return { spec: (spec) => ({ ...spec, calibration: change(spec.calibration) }) };
}

const talkative = calibrated((calibration) => ({
  ...calibration,
  wireBytes: { ...calibration.wireBytes, queryFixed: 60_000 },
}));

/** A record with memory that grew, as a node that leaks leaves it. */
const leak: Variant = {
  record: ({ result, series }: RunRecord) => ({
    series,
    result: {
      ...result,
      results: {
        ...result.results,
        resource_usage: { ...result.results.resource_usage, memory_growth_percent: 40 },
      },
    },
  }),
};

/** Most vertices are double spends, and informed attackers keep both sides of each alive. */
const split: Variant = {
  spec: (spec) => ({
    ...spec,
    byzantine: { ...spec.byzantine, share: 0.3, attack: 'informed-split' },
    workload: { ...spec.workload, conflictShare: 0.6 },
  }),
};

/** By id. */
export const plants: Readonly<Record<string, Plant>> = {
  'COV-INF-01': { planted: stuck },
  'COV-INF-04': { planted: { scenario: { network: [namedNetwork('local')!] } } },
  'COV-INF-05': { planted: attackers(0.1, 'silent') },
  'COV-INF-10': { planted: stuck },
  'COV-INF-11': { planted: stuck },
  'COV-LOAD-04': { planted: stuck },
  'COV-LOAD-07': { planted: stuck },
  'COV-LOAD-10': { planted: talkative },
  'COV-CHAOS-01': { planted: split },
  'COV-CHAOS-02': { planted: split },
  'COV-BYZ-01': { planted: attackers(0.1, 'silent') },
  'COV-BYZ-02': { planted: attackers(0.1, 'silent') },
  'COV-BYZ-03': { planted: stuck },
  'COV-BYZ-05': { planted: attackers(0.33, 'silent') },
  'COV-BYZ-06': { planted: stuck },
  'COV-BYZ-07': { small: attackers(0.04, 'always-accept'), planted: attackers(0.2, 'silent') },
  'COV-REG-10': { planted: leak },
  'COV-REG-11': { planted: stuck },
};
