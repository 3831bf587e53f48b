/**
 * Compares rounds to finality in the simulator with the run-length law, for one network size and one rejecting share.
 * Owns: the run (ideal network, weightless nodes, one vertex in flight) and the two z values. Does not own: limits.
 * Pairs (honest node, vertex) are independent: every honest node prefers the only vertex, each samples on its own.
 */
import { finality } from '#campaigns/analytic/finality.ts';
import { roundsTable } from '#campaigns/analytic/run-length.ts';
import { assemble, execute } from '#campaigns/targets/simulator/run.ts';
import { planWindow } from '#campaigns/targets/simulator/window.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { networkNamed, runSpecExample } from '#test/support/run-spec-example.ts';

export interface LawCase {
  readonly nodes: number;
  readonly k: number;
  readonly alpha: number;
  readonly beta: number;
  /** Of rejecting nodes. */
  readonly share: number;
  /** Vertices, one after the other. */
  readonly decisions: number;
  readonly seed: number;
}

export interface LawComparison {
  readonly pairs: number;
  /** Mean rounds of the pairs that were finalised within the limit, and its z against E[T | T <= R]. */
  readonly meanRounds: number;
  readonly expectedRounds: number;
  readonly roundsZ: number;
  /** Share finalised within the limit, and its z against P(T <= R). */
  readonly within: number;
  readonly expectedWithin: number;
  readonly withinZ: number;
}

const maxRounds = 100;

/** 0 when there is nothing to vary and nothing differs, Infinity when something differs that cannot. */
function zOf(difference: number, deviation: number): number {
  if (Math.abs(difference) < 1e-9) return 0;
  return deviation < 1e-9 ? Number.POSITIVE_INFINITY : difference / deviation;
}

export function compareWithLaw({ nodes, k, alpha, beta, share, decisions, seed }: LawCase): LawComparison {
  const base = runSpecExample();
  const spec = {
    ...base,
    nodes,
    seed,
    network: networkNamed('ideal'),
    calibration: weightless(defaultCalibration),
    consensus: { ...base.consensus, k, alphaPreference: alpha, alphaConfidence: alpha, beta, maxRounds },
    byzantine: {
      ...base.byzantine,
      share,
      attack: share > 0 ? ('always-reject' as const) : ('none' as const),
    },
    workload: { ...base.workload, kind: 'single' as const, batch: 1 },
  };
  const measureUs = 4 * decisions * maxRounds * spec.consensus.pollIntervalUs;
  const parts = assemble(spec, {
    plan: (planned) => ({ ...planWindow(planned), decisions, measureUs }),
  });
  execute(parts, () => undefined, new AbortController().signal);
  const { rounds, vertices } = parts.recorder;
  const pairs = vertices.length * parts.honestCount;
  const setting = { nodes, k, loss: 0, offlineShare: 0, retry: true, alpha, beta, maxRounds };
  const law = finality({ ...setting, byzantine: nodes - parts.honestCount, voter: 'reject' });
  const { pmf } = roundsTable(law.success, beta, maxRounds);
  const moment = (of: (rounds: number) => number): number =>
    pmf.reduce((sum, p, r) => sum + p * of(r), 0) / law.oneWithin;
  const expectedRounds = moment((r) => r);
  const variance = moment((r) => (r - expectedRounds) ** 2);
  const finalised = rounds.total;
  const meanRounds = rounds.mean ?? Number.NaN;
  const within = finalised / pairs;
  return {
    pairs,
    meanRounds,
    expectedRounds,
    roundsZ: zOf(meanRounds - expectedRounds, Math.sqrt(variance / finalised)),
    within,
    expectedWithin: law.oneWithin,
    withinZ: zOf(within - law.oneWithin, Math.sqrt((law.oneWithin * law.oneLate) / pairs)),
  };
}

export function wordsOf(seen: LawComparison): string {
  const { pairs, meanRounds, expectedRounds, roundsZ, within, expectedWithin, withinZ } = seen;
  return (
    `${pairs} pairs: ${meanRounds.toFixed(4)} rounds for ${expectedRounds.toFixed(4)} (z ${roundsZ.toFixed(2)}), ` +
    `${within.toFixed(6)} within the limit for ${expectedWithin.toFixed(6)} (z ${withinZ.toFixed(2)})`
  );
}
