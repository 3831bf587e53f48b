/**
 * Network conditions: what a message between two nodes suffers.
 * Owns: the profile record and the named profiles of requirements 2.1 (and PRSM's narrower two).
 * Does not own: drawing from a profile (simulator link, node transport shim).
 */

/** Every figure is ONE WAY: a round trip takes two draws. Times are integer microseconds. */
export interface NetworkProfile {
  readonly name: string;
  readonly oneWayUs: readonly [least: number, most: number];
  /** 'message': each message draws anew; 'pair': a pair keeps its delay and a tenth of the spread is jitter. */
  readonly spread: 'message' | 'pair';
  readonly loss: number; // share of messages, 0..1, each direction
  readonly duplication: number; // share of messages delivered twice
  readonly reorder: number; // share of messages held back for one more `most`
  readonly bandwidthBitsPerSecond: number | null; // of each node, each direction; null = not limited
  readonly source: string;
}

function profile(name: string, least: number, most: number, loss: number, source: string): NetworkProfile {
  return {
    name,
    oneWayUs: [least, most],
    spread: 'message',
    loss,
    duplication: 0,
    reorder: 0,
    bandwidthBitsPerSecond: null,
    source,
  };
}

export const networkProfiles: readonly NetworkProfile[] = [
  profile('ideal', 0, 0, 0, 'requirements 2.1: 0 ms, 0 %'),
  profile('local', 100, 1_000, 0, 'requirements 2.1: < 1 ms, 0 %'),
  profile('lan', 1_000, 10_000, 0.0001, 'requirements 2.1: 1-10 ms, 0.01 %'),
  profile('wan', 50_000, 200_000, 0.001, 'requirements 2.1: 50-200 ms, 0.1 %'),
  profile('intercontinental', 150_000, 300_000, 0.005, 'requirements 2.1: 150-300 ms, 0.5 %'),
  profile('degraded', 200_000, 500_000, 0.01, 'requirements 2.1: 200-500 ms, 1 %'),
  profile('poor', 200_000, 500_000, 0.02, 'requirements 2.1: 200-500 ms, 2 %'),
  profile('lan-narrow', 1_000, 5_000, 0.0001, 'PRSM: LAN 1-5 ms'),
  profile('wan-narrow', 50_000, 100_000, 0.001, 'PRSM: WAN 50-100 ms'),
];

/** Median round trip: two one-way medians (uniform draws), microseconds. */
export function medianRoundTripUs(network: NetworkProfile): number {
  return network.oneWayUs[0] + network.oneWayUs[1];
}

/** The default poll interval: a quarter of the median round trip, at least 5 ms. Source: protocol, Poll 1. */
export function defaultPollIntervalUs(network: NetworkProfile): number {
  return Math.max(5_000, Math.round(medianRoundTripUs(network) / 4));
}
