/**
 * Whether the simulator, with the figures of a calibration, tells the median finality of a real network on this machine.
 * Owns: how near is near enough, how busy the machine may be, the choice of a slower poll interval, the verdict.
 * Does not own: running either (scripts/calibrate-check.ts), the causes of the distance (overlap.ts).
 */
import { compareRuns, type OverlapComparison, ownShare } from '#campaigns/analysis/overlap.ts';
import { busyShareNoted } from '#campaigns/conductor/trust.ts';
import type { RunResult } from '#campaigns/results/schema.ts';

/** Distance of the two medians. Source: the requirement of calibration. */
export const errorMostPercent = 20;
/** Of all cores, that the nodes shall take: below the limit, so that one slower interval is usually enough. */
const aimedShare = 0.4;
const attemptsMost = 3;
/** An interval that divides the time between vertices would lock their phases: every vertex would wait equally long. */
const oddUs = 3_000;

/**
 * `near` and `far` were seen on a machine that was idle enough. `disturbed-near` and `disturbed-far`: other work took the
 * cores, so that the run is no figure of a calm machine. `nothing`: no vertex was finalised, or the nodes alone were too much.
 */
export type CheckVerdict = 'near' | 'far' | 'disturbed-near' | 'disturbed-far' | 'nothing';

export interface CheckedNetwork {
  readonly title: string;
  readonly pollIntervalUs: number;
  /** Share of all cores, 0..1. */
  readonly nodesShare: number;
  readonly hostShare: number;
  readonly simulatedMs: number | null;
  readonly measuredMs: number | null;
  /** (simulated - measured) / measured. */
  readonly errorPercent: number | null;
  readonly verdict: CheckVerdict;
  readonly comparison: OverlapComparison;
}

/** A slower poll interval to try next, or null when the nodes left enough of the machine, or it was tried often enough. */
export function slowerIntervalUs(intervalUs: number, nodesShare: number, attempts: number): number | null {
  if (nodesShare <= busyShareNoted || attempts >= attemptsMost) return null;
  return Math.ceil((intervalUs * nodesShare) / aimedShare / 10_000) * 10_000 + oddUs;
}

function verdictOf(errorPercent: number | null, nodesShare: number, hostShare: number): CheckVerdict {
  if (errorPercent === null || nodesShare > busyShareNoted) return 'nothing';
  const isNear = Math.abs(errorPercent) <= errorMostPercent;
  if (hostShare > busyShareNoted) return isNear ? 'disturbed-near' : 'disturbed-far';
  return isNear ? 'near' : 'far';
}

export function checked(title: string, simulated: RunResult, measured: RunResult): CheckedNetwork {
  const names = { rowId: title, simulatedRow: `${title}, simulated`, label: measured.configuration.label };
  const comparison = compareRuns(names, [simulated], [measured]);
  const median = comparison.figures.find(({ name }) => name === 'median finality');
  const nodesShare = ownShare([measured]);
  const hostShare = (comparison.hostCpuPercent ?? 0) / 100;
  const errorPercent = median?.errorPercent ?? null;
  return {
    title,
    pollIntervalUs: measured.configuration.consensus_params.poll_interval_ms * 1_000,
    nodesShare,
    hostShare,
    simulatedMs: median?.simulated ?? null,
    measuredMs: median?.measured ?? null,
    errorPercent,
    verdict: verdictOf(errorPercent, nodesShare, hostShare),
    comparison,
  };
}

/** Exit code of all together: 0 near, 10 far on a calm machine, 11 when the machine was not calm or nothing was seen. */
export function checkExitCode(networks: readonly Pick<CheckedNetwork, 'verdict'>[]): 0 | 10 | 11 {
  if (networks.some(({ verdict }) => verdict === 'far')) return 10;
  return networks.length > 0 && networks.every(({ verdict }) => verdict === 'near') ? 0 : 11;
}
