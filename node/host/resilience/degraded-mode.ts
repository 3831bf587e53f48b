/**
 * What a node that cannot keep up does without, by severity.
 * Owns: how pressure is measured, the five levels, when they change. Does not own: carrying out (host.ts).
 *
 * Pressure is how long votes and vertices wait for the loop, against the poll interval. Up at once, down one level after a second
 * below half of the level's threshold.
 */

export const levels = {
  normal: 0,
  /** No transfers for others, no statuses or summaries. */
  noHelp: 1,
  /** No bodies of decided vertices for others either. */
  noHistory: 2,
  /** New transactions are refused. */
  noSubmissions: 3,
  /** Polls start at a quarter of their rate; votes are still given. */
  fewPolls: 4,
} as const;

const thresholds = [0, 0.25, 0.5, 0.75, 1] as const;
const calmUs = 1_000_000;
/** Weight of a new observation of the wait. */
const weight = 1 / 4;
/** Wait, in poll intervals, that is a pressure of 1. */
const lateIntervals = 4;
/** Less than this is a hiccup of the machine, however often the node polls. */
const lateLeastUs = 400_000;

export class DegradedMode {
  level = 0;
  readonly #isOn: boolean;
  readonly #lateUs: number;
  readonly #onChange: (level: number, before: number) => void;
  #waitedUs = 0;
  #calmSinceUs = -1;
  #observedUs = 0;

  constructor(isOn: boolean, pollIntervalUs: number, onChange: (level: number, before: number) => void) {
    this.#isOn = isOn;
    this.#lateUs = Math.max(lateLeastUs, lateIntervals * pollIntervalUs);
    this.#onChange = onChange;
  }

  /** Once per turn, and before a submission is judged: how long the oldest vote or vertex has waited. */
  observe(waitedUs: number, nowUs: number): void {
    if (!this.#isOn) return;
    this.#rest(waitedUs, nowUs);
    this.#waitedUs += (waitedUs - this.#waitedUs) * weight;
    const pressure = this.#waitedUs / this.#lateUs;
    const wanted = thresholds.findLastIndex((threshold) => pressure >= threshold);
    if (wanted > this.level) {
      this.#change(wanted);
      this.#calmSinceUs = -1;
      return;
    }
    if (this.level === 0 || pressure >= (thresholds[this.level] ?? 0) / 2) {
      this.#calmSinceUs = -1;
      return;
    }
    if (this.#calmSinceUs < 0) this.#calmSinceUs = nowUs;
    else if (nowUs - this.#calmSinceUs >= calmUs) {
      this.#calmSinceUs = nowUs;
      this.#change(this.level - 1);
    }
  }

  /** A node that stood idle has no turns to observe in: every calm second of it counts as one level. */
  #rest(waitedUs: number, nowUs: number): void {
    const idleUs = nowUs - this.#observedUs;
    this.#observedUs = nowUs;
    if (waitedUs > 0 || idleUs < calmUs) return;
    this.#waitedUs = 0;
    const levelNow = Math.max(0, this.level - Math.floor(idleUs / calmUs));
    if (levelNow < this.level) this.#change(levelNow);
  }

  #change(level: number): void {
    const before = this.level;
    this.level = level;
    this.#onChange(level, before);
  }
}
