/**
 * Whether a peer may be asked for bodies and transfers: closed, open after failures in a row, half-open for one trial.
 * Owns: the state per peer and the growing pause. Does not own: what counts as a failure, votes (a sample is never bent by this).
 */

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  readonly isOn: boolean;
  readonly failuresToOpen: number;
  readonly pauseUs: number;
  readonly longestPauseUs: number;
}

export const breakerDefaults: BreakerOptions = {
  isOn: true,
  failuresToOpen: 3,
  pauseUs: 1_000_000,
  longestPauseUs: 30_000_000,
};

interface Peer {
  failures: number;
  /** 0 = closed. */
  pauseUs: number;
  untilUs: number;
  isTrying: boolean;
}

export class CircuitBreakers {
  openings = 0;
  readonly #options: BreakerOptions;
  readonly #peers = new Map<number, Peer>();
  readonly #onChange: (member: number, isOpen: boolean) => void;

  constructor(options: BreakerOptions, onChange: (member: number, isOpen: boolean) => void) {
    this.#options = options;
    this.#onChange = onChange;
  }

  state(member: number, nowUs: number): BreakerState {
    const peer = this.#peers.get(member);
    if (peer === undefined || peer.pauseUs === 0) return 'closed';
    return nowUs < peer.untilUs ? 'open' : 'half-open';
  }

  /** Half-open, one request goes through until its outcome is known. */
  allows(member: number, nowUs: number): boolean {
    const peer = this.#peers.get(member);
    if (!this.#options.isOn || peer === undefined || peer.pauseUs === 0) return true;
    return nowUs >= peer.untilUs && !peer.isTrying;
  }

  /** A request that `allows` let through is on its way. */
  asked(member: number): void {
    const peer = this.#peers.get(member);
    if (peer !== undefined && peer.pauseUs > 0) peer.isTrying = true;
  }

  succeeded(member: number): void {
    const peer = this.#peers.get(member);
    if (peer === undefined) return;
    this.#peers.delete(member);
    if (peer.pauseUs > 0) this.#onChange(member, false);
  }

  failed(member: number, nowUs: number): void {
    if (!this.#options.isOn) return;
    let peer = this.#peers.get(member);
    if (peer === undefined) {
      peer = { failures: 0, pauseUs: 0, untilUs: 0, isTrying: false };
      this.#peers.set(member, peer);
    }
    peer.failures += 1;
    const isTrial = peer.pauseUs > 0 && nowUs >= peer.untilUs;
    if (peer.pauseUs > 0 && !isTrial) return;
    if (!isTrial && peer.failures < this.#options.failuresToOpen) return;
    peer.pauseUs = Math.min(this.#options.longestPauseUs, isTrial ? 2 * peer.pauseUs : this.#options.pauseUs);
    peer.untilUs = nowUs + peer.pauseUs;
    peer.isTrying = false;
    this.openings += 1;
    if (!isTrial) this.#onChange(member, true);
  }

  /** How many are open. */
  open(nowUs: number): number {
    let open = 0;
    for (const { pauseUs, untilUs } of this.#peers.values()) if (pauseUs > 0 && nowUs < untilUs) open += 1;
    return open;
  }
}
