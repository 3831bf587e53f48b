/**
 * Which figures of a measured run the machine has spoiled.
 * Owns: the limits of CPU use and what each does to which figure. Does not own: measuring it (host-watch.ts), verdicts.
 *
 * Nodes that share cores wait for each other. Up to the first limit the wait hides in the spread of the network; beyond the second
 * the run measures a queue. Safety and rounds count events, not time, and are never spoiled by it.
 */

/** Above this share of all cores times are longer than on machines of their own; calibration needs less. */
export const busyShareNoted = 0.6;
/** Above this nothing that is a time or a rate is a figure of the protocol. */
export const busyShareSpoiled = 0.8;

const times = ['latency', 'recovery and rejoin times'] as const;
const rates = ['throughput', 'cpu', 'polls and rounds per second'] as const;

/** Names of the figures that are not to be trusted, for a mean busy share of all cores. */
export function untrustedFigures(busyShare: number): string[] {
  if (busyShare > busyShareSpoiled) return [...times, ...rates];
  return busyShare > busyShareNoted ? [...times] : [];
}

/** One sentence for people; null when the machine was idle enough. */
export function saturationNote(meanShare: number, mostShare: number, cores: number): string | null {
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  const used = `the host used ${percent(meanShare)} of its ${cores} cores (busiest ${percent(mostShare)})`;
  const figures = untrustedFigures(meanShare).join(', ');
  if (meanShare > busyShareSpoiled) {
    return `CPU saturated: ${used}; not to be trusted as figures of the protocol: ${figures}`;
  }
  if (meanShare > busyShareNoted)
    return `CPU busy: ${used}; nodes waited for each other, which lengthens: ${figures}`;
  return null;
}
