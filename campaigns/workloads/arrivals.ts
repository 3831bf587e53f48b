/**
 * The vertices a workload makes due, in order of time: when, by which node, and whether it spends a contested input.
 * Owns: the schedule (even or Poisson spacing under a load profile), creators, conflict pairs.
 * Does not own: whether a due vertex can be issued (maxUndecided, a creator that is down): that is the host's.
 * One vertex carries `batch` transactions. Nothing is allocated per vertex; the same seed gives the same schedule.
 */
import type { Workload } from '#campaigns/run-spec.ts';
import { below, mix, purpose, streamKey, unit } from '#node/core/random.ts';
import { naturalLog } from './elementary.ts';
import { LoadProfile } from './load-profile.ts';

export interface ArrivalsOptions {
  readonly seed: number;
  /** The load runs in [startUs, endUs); integer microseconds of the run. */
  readonly startUs: number;
  readonly endUs: number;
  /** Start of the measured window, >= startUs; during the warm-up the window's first load holds. */
  readonly windowStartUs: number;
  /** Virtual / requested window length, (0, 1]. */
  readonly scale: number;
  /** Nodes that may create vertices, at least one. */
  readonly issuers: Int32Array;
  /** See LoadProfileOptions. */
  readonly topUs?: number;
  /** Longest time between the two vertices of a conflict pair. */
  readonly conflictGapUs: number;
}

const microsecondsPerSecond = 1_000_000;

/**
 * Invariants: nextDueUs never decreases and lies in [startUs, endUs), or is -1 when nothing is due any more;
 * a conflictKey > 0 occurs on exactly two vertices, next to each other, of different creators.
 */
export class Arrivals {
  /** When the next vertex is due; -1 when the schedule is over (for `single`: until `release`). */
  nextDueUs = -1;
  /** Its creator. */
  creator = -1;
  /** 0, or the key of the input that exactly one other vertex spends too. */
  conflictKey = 0;
  /** Vertices taken so far. */
  taken = 0;
  readonly profile: LoadProfile;
  readonly isSingle: boolean;

  readonly #isPoisson: boolean;
  readonly #conflictShare: number;
  readonly #options: ArrivalsOptions;
  #endUs: number;
  readonly #key: number;
  /** Load of one vertex in transactions x microseconds per second: whole numbers stay exact. */
  readonly #vertexLoad: number;
  #pieceFromUs: number;
  #pieceUntilUs: number;
  #pieceTps: number;
  #loadBeforePiece = 0;
  #threshold = 0;
  #slots = 0;
  #nextSlotUs = -1;
  #pairs = 0;
  /** Vertices that might have started a pair, and the one of them that starts the next. */
  #places = 0;
  #pairPlace = 0;
  #isPairOpen = false;

  constructor(workload: Workload, options: ArrivalsOptions) {
    if (options.issuers.length === 0) throw new RangeError('a workload needs at least one issuer');
    this.#options = options;
    this.#endUs = options.endUs;
    this.profile = new LoadProfile(workload, options);
    this.isSingle = workload.kind === 'single';
    this.#isPoisson = workload.kind === 'open-loop';
    this.#conflictShare = options.issuers.length > 1 ? workload.conflictShare : 0;
    this.#key = streamKey(options.seed, 0, purpose.workload, 0);
    if (this.#conflictShare > 0) this.#pairPlace = this.#placeOfPair(0);
    this.#vertexLoad = workload.batch * microsecondsPerSecond;
    this.#pieceFromUs = options.startUs;
    this.#pieceTps = this.profile.tpsAt(options.startUs);
    this.#pieceUntilUs = this.profile.changesAfterUs(options.startUs);
    this.#nextSlotUs = this.isSingle ? -1 : this.#slotAfter();
    if (this.isSingle) this.release(options.startUs);
    else this.#open(this.#nextSlotUs);
  }

  /** Transactions per second offered at an instant; 0 outside the load and for `single`. */
  offeredTps(atUs: number): number {
    return atUs < this.#options.startUs || atUs >= this.#endUs ? 0 : this.profile.tpsAt(atUs);
  }

  /** Takes the due vertex; the fields then describe the one after it. */
  advance(): void {
    if (this.nextDueUs < 0) return;
    this.taken += 1;
    if (this.#isPairOpen) {
      this.#closePair();
      return;
    }
    this.conflictKey = 0;
    if (this.isSingle) this.nextDueUs = -1;
    else this.#open(this.#nextSlotUs);
  }

  /** `single` only: everything in flight is decided, the next vertex is due at `atUs`. */
  release(atUs: number): void {
    if (this.isSingle && this.nextDueUs < 0) this.#open(atUs < this.#endUs ? atUs : -1);
  }

  /** From `atUs` on the load is this one; what was due before, and the one or two vertices that are laid out already, stay. */
  fall(atUs: number, tps: number): void {
    this.profile.fall(atUs, tps);
    if (this.#nextSlotUs < 0) return;
    this.#pieceFromUs = Math.max(atUs, this.#nextSlotUs);
    this.#pieceUntilUs = Number.POSITIVE_INFINITY;
    this.#pieceTps = tps;
    this.#loadBeforePiece = this.#threshold;
  }

  /** Nothing is due from `atUs` on. */
  end(atUs: number): void {
    this.#endUs = Math.min(this.#endUs, atUs);
    if (this.#nextSlotUs >= this.#endUs) this.#nextSlotUs = -1;
    if (this.nextDueUs >= this.#endUs) {
      this.nextDueUs = -1;
      this.creator = -1;
    }
  }

  #open(dueUs: number): void {
    this.nextDueUs = dueUs;
    this.conflictKey = 0;
    if (dueUs < 0) {
      this.creator = -1;
      return;
    }
    const { issuers } = this.#options;
    this.creator = issuers[below(mix(this.#key, 1, this.taken), issuers.length)]!;
    this.#nextSlotUs = this.isSingle ? this.#endUs - 1 : this.#slotAfter();
    if (this.#conflictShare > 0 && this.#nextSlotUs >= 0 && this.#startsPair()) {
      this.#pairs += 1;
      this.conflictKey = this.#pairs;
      this.#isPairOpen = true;
    }
  }

  /** The other half of a pair takes the next slot, moved up to within the gap: the load stays what it was. */
  #closePair(): void {
    const { issuers, conflictGapUs } = this.#options;
    const gapUs = Math.floor(conflictGapUs * ((mix(this.#key, 3, this.taken) >>> 0) / 4_294_967_296));
    const first = this.creator;
    this.nextDueUs = Math.min(this.#nextSlotUs, this.nextDueUs + gapUs);
    const other = below(mix(this.#key, 1, this.taken), issuers.length - 1);
    this.creator = issuers[other]! === first ? issuers[issuers.length - 1]! : issuers[other]!;
    this.#isPairOpen = false;
    this.#nextSlotUs = this.isSingle ? -1 : this.#slotAfter();
  }

  /**
   * Of the vertices that may start a pair a share s / (2 - s) does, which makes a share s of all vertices members of one. It is one
   * vertex at a drawn place in every (2 - s) / s of them, not a draw for each: a short window then holds the conflicts that were asked
   * for. By chance alone 1,200 vertices with 1 % held from 3 to 36 of them, and what they block varied with them.
   */
  #startsPair(): boolean {
    const place = this.#places++;
    if (place < this.#pairPlace) return false;
    this.#pairPlace = Math.max(place + 1, this.#placeOfPair(this.#pairs + 1));
    return true;
  }

  #placeOfPair(pair: number): number {
    const share = this.#conflictShare / (2 - this.#conflictShare);
    return Math.floor((pair + unit(mix(this.#key, 2, pair))) / share);
  }

  /** The due time of the next vertex of the schedule, or -1 at its end. */
  #slotAfter(): number {
    this.#threshold += this.#spacing() * this.#vertexLoad;
    this.#slots += 1;
    for (;;) {
      const missing = this.#threshold - this.#loadBeforePiece;
      const pieceLoad = this.#pieceTps === 0 ? 0 : this.#pieceTps * (this.#pieceUntilUs - this.#pieceFromUs);
      if (missing <= pieceLoad) {
        const dueUs = this.#pieceFromUs + Math.ceil(missing / this.#pieceTps);
        return dueUs < this.#endUs ? dueUs : -1;
      }
      if (this.#pieceUntilUs >= this.#endUs) return -1;
      this.#loadBeforePiece += pieceLoad;
      this.#pieceFromUs = this.#pieceUntilUs;
      this.#pieceTps = this.profile.tpsAt(this.#pieceFromUs);
      this.#pieceUntilUs = this.profile.changesAfterUs(this.#pieceFromUs);
    }
  }

  /** In vertices: even spacing begins half a step in; Poisson draws by the inverse of the exponential law. */
  #spacing(): number {
    if (!this.#isPoisson) return this.#slots === 0 ? 0.5 : 1;
    const draw = (mix(this.#key, 4, this.#slots) >>> 0) + 0.5;
    return -naturalLog(draw / 4_294_967_296);
  }
}
