/**
 * Whether a member still answers: when it is asked for a sign of life, and when its session is given up.
 * Owns: the rule. Does not own: asking, closing (frame-link.ts, peer-pool.ts). Times are those in which this node listened: what it
 * did not read while it was busy or stopped is nobody's silence.
 *
 * Every pair has a session, so what is spent on idle ones grows with the square of the members. A session over which something
 * was sent in vain is asked about soon; an idle one the later the more sessions there are, and by the end that dialled it.
 */
import type { TransportLimits } from './transport-limits.ts';

export type LivenessLimits = Pick<
  TransportLimits,
  'askAfterUs' | 'silentAfterUs' | 'stallUs' | 'idleAskPerSessionUs'
>;

export type Finding = 'fine' | 'ask' | 'silent' | 'stalled';

/** The end that was dialled asks only when the other has not. */
const dialledEndPatience = 1.5;

export class Liveness {
  readonly #limits: LivenessLimits;
  readonly #isOurs: boolean;
  #hasHeard = true;
  #heardUs = 0;
  #hasSent = false;
  #isBlocked = false;
  #blockedUs = -1;
  #firstAskUs = -1;
  #lastAskUs = -1;

  constructor(limits: LivenessLimits, isOurs: boolean) {
    this.#limits = limits;
    this.#isOurs = isOurs;
  }

  heard(): void {
    this.#hasHeard = true;
    this.#hasSent = false;
  }

  /** Something that the member has reason to react to. */
  sent(): void {
    this.#hasSent = true;
  }

  blocked(isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    this.#blockedUs = -1;
  }

  /** `awakeUs`: time that this node has listened; `sessions`: how many it has. */
  check(awakeUs: number, sessions: number): Finding {
    const { askAfterUs, silentAfterUs, stallUs } = this.#limits;
    if (this.#isBlocked) {
      if (this.#blockedUs < 0) this.#blockedUs = awakeUs;
      if (awakeUs - this.#blockedUs > stallUs) return 'stalled';
    }
    if (this.#hasHeard) {
      this.#hasHeard = false;
      this.#heardUs = awakeUs;
      this.#firstAskUs = -1;
      return 'fine';
    }
    const isAsked = this.#firstAskUs >= 0;
    if (isAsked && awakeUs - this.#firstAskUs > silentAfterUs - askAfterUs) return 'silent';
    const since = isAsked ? this.#lastAskUs : this.#heardUs;
    if (awakeUs - since <= (isAsked ? askAfterUs : this.#askAfterUs(sessions))) return 'fine';
    if (!isAsked) this.#firstAskUs = awakeUs;
    this.#lastAskUs = awakeUs;
    return 'ask';
  }

  #askAfterUs(sessions: number): number {
    const { askAfterUs, idleAskPerSessionUs } = this.#limits;
    if (this.#hasSent) return askAfterUs;
    return Math.max(askAfterUs, sessions * idleAskPerSessionUs) * (this.#isOurs ? 1 : dialledEndPatience);
  }
}
