/**
 * What a lumped run claims of itself: exact in law, or an approximation whose error is known.
 * Owns: when it is exact, and the sentence of the record. Does not own: what is refused (refusal.ts).
 */
import type { RunSpec } from '#campaigns/run-spec.ts';

const counted = 'nodes were counted, not enumerated: ';
const exactNote = `${counted}exact in law, because all nodes poll in synchronous rounds`;
const approximateNote =
  `${counted}exact in law for synchronous rounds, on this latency profile an approximation (its error against ` +
  'the message fidelity: npm run test:long -- lumped)';

/** Whether all nodes poll at the same instants: no delays, and computing takes no time. */
export function isSynchronous(spec: RunSpec): boolean {
  const times = Object.values(spec.calibration.serviceTimesUs);
  return spec.network.oneWayUs[1] === 0 && spec.network.loss === 0 && times.every((us) => us === 0);
}

export function claimOf(spec: RunSpec): string {
  return isSynchronous(spec) ? exactNote : approximateNote;
}
