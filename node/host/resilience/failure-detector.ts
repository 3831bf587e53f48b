/**
 * How sure this node is that a peer is gone: phi = -log10 of the chance that an answer takes this long and still comes.
 * Owns: the accrual per peer (Hayashibara et al., 2004), fed by answers instead of heartbeats: a node without work is silent.
 * Does not own: what follows from a suspicion. A suspect is still asked; one frame from it clears it.
 */

export interface DetectorOptions {
  readonly isOn: boolean;
  /** Suspicion from here on: a wrong one has a chance of 10^-threshold by the normal distribution. */
  readonly threshold: number;
  /** Unanswered queries it takes: one may have been lost. */
  readonly leastUnanswered: number;
  /** Standard deviations below this are not believed. */
  readonly leastDeviationUs: number;
}

export const detectorDefaults: DetectorOptions = {
  isOn: true,
  threshold: 8,
  leastUnanswered: 3,
  leastDeviationUs: 2_000,
};

interface Peer {
  meanUs: number;
  deviationUs: number;
  samples: number;
  /** When the oldest query was sent that nothing was heard since; -1 = none. */
  askedAtUs: number;
  unanswered: number;
  isSuspect: boolean;
}

/** Share of a new observation in the running mean. */
const weight = 1 / 8;

export class FailureDetector {
  suspicions = 0;
  readonly #options: DetectorOptions;
  readonly #peers = new Map<number, Peer>();
  readonly #onChange: (member: number, isSuspect: boolean) => void;

  constructor(options: DetectorOptions, onChange: (member: number, isSuspect: boolean) => void) {
    this.#options = options;
    this.#onChange = onChange;
  }

  asked(member: number, nowUs: number): void {
    const peer = this.#peer(member);
    peer.unanswered += 1;
    if (peer.askedAtUs < 0) peer.askedAtUs = nowUs;
  }

  answered(member: number, tookUs: number): void {
    const peer = this.#peer(member);
    if (peer.samples === 0) {
      peer.meanUs = tookUs;
      peer.deviationUs = tookUs / 2;
    } else {
      peer.deviationUs += (Math.abs(tookUs - peer.meanUs) - peer.deviationUs) * weight;
      peer.meanUs += (tookUs - peer.meanUs) * weight;
    }
    peer.samples += 1;
  }

  /** Any frame: the peer lives. */
  heard(member: number): void {
    const peer = this.#peers.get(member);
    if (peer === undefined) return;
    peer.unanswered = 0;
    peer.askedAtUs = -1;
    if (!peer.isSuspect) return;
    peer.isSuspect = false;
    this.#onChange(member, false);
  }

  phi(member: number, nowUs: number): number | null {
    const peer = this.#peers.get(member);
    if (peer === undefined || peer.samples === 0) return null;
    return phiOf(peer, nowUs, this.#options.leastDeviationUs);
  }

  roundTripUs(member: number): number | null {
    const peer = this.#peers.get(member);
    return peer === undefined || peer.samples === 0 ? null : Math.round(peer.meanUs);
  }

  isSuspect(member: number, nowUs: number): boolean {
    const peer = this.#peers.get(member);
    if (!this.#options.isOn || peer === undefined) return false;
    if (peer.isSuspect) return true;
    if (peer.unanswered < this.#options.leastUnanswered) return false;
    if (phiOf(peer, nowUs, this.#options.leastDeviationUs) < this.#options.threshold) return false;
    peer.isSuspect = true;
    this.suspicions += 1;
    this.#onChange(member, true);
    return true;
  }

  get suspects(): number {
    let suspects = 0;
    for (const { isSuspect } of this.#peers.values()) if (isSuspect) suspects += 1;
    return suspects;
  }

  #peer(member: number): Peer {
    let peer = this.#peers.get(member);
    if (peer === undefined) {
      peer = { meanUs: 0, deviationUs: 0, samples: 0, askedAtUs: -1, unanswered: 0, isSuspect: false };
      this.#peers.set(member, peer);
    }
    return peer;
  }
}

/** Tail of the normal distribution in its logistic approximation (as in Akka's detector), which does not underflow to 0 early. */
function phiOf(peer: Peer, nowUs: number, leastDeviationUs: number): number {
  if (peer.askedAtUs < 0) return 0;
  const deviation = Math.max(leastDeviationUs, peer.deviationUs);
  const y = (nowUs - peer.askedAtUs - peer.meanUs) / deviation;
  const e = Math.exp(-y * (1.5976 + 0.070566 * y * y));
  return y > 0 ? -Math.log10(Math.max(1e-300, e / (1 + e))) : -Math.log10(1 - 1 / (1 + e));
}
