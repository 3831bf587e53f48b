/**
 * How long a vertex takes to finality when it takes a known number of rounds: laws on a grid of time.
 * Owns: the law of a poll and of the time between two polls on that grid, their sums, and reading them into a histogram. Does not
 * own: how many rounds (workload-chain.ts) or what a poll waits for (campaigns/analytic/poll-time.ts).
 * Rounds of one node are taken as independent of each other: exact for synchronous rounds, an approximation on latency profiles.
 */
import type { Histogram } from '#campaigns/measure/histogram.ts';

export interface LatencySetting {
  /** P(a poll is still open after t microseconds), falling to 0 at `longestUs`. */
  readonly open: (t: number) => number;
  readonly longestUs: number;
  /** Least time from the start of one poll to the start of the next. */
  readonly intervalUs: number;
  /** Added to every poll: what event loops take. */
  readonly serviceUs: number;
  /** From submission until the vertex is known and verified where it is polled about. */
  readonly arrivalUs: number;
  /** A node that has nothing to decide polls at once when a vertex arrives. */
  readonly startsAtOnce: boolean;
}

/** Cells of the grid in the mean time between two polls. */
const cellsPerRound = 96;
const negligible = 1e-10;
/** Rounds whose sums are computed; each further one adds the mean. */
const convolvedMost = 160;
/** Panels of the integral that finds the mean time between two polls. */
const panels = 2_000;

/** Probabilities of the cells from, from + 1, ... of the grid. */
interface Cells {
  readonly from: number;
  readonly mass: Float64Array;
}

export class LatencyLaw {
  /** Mean time from the start of one poll to the start of the next, and mean duration of a poll. */
  readonly spacingUs: number;
  readonly pollUs: number;
  readonly #cellUs: number;
  readonly #arrivalUs: number;
  readonly #poll: Cells;
  readonly #spacing: Cells;
  /** The wait for the first poll and n times between polls, by n. */
  readonly #waits: Cells[];
  readonly #totals: Cells[] = [];

  constructor(setting: LatencySetting) {
    const { open, longestUs, intervalUs, serviceUs, arrivalUs, startsAtOnce } = setting;
    const openAt = (t: number): number => (t < serviceUs ? 1 : longestUs === 0 ? 0 : open(t - serviceUs));
    const untilUs = longestUs + serviceUs;
    this.pollUs = meanOf(openAt, 0, untilUs);
    this.spacingUs = Math.max(
      1,
      intervalUs + (untilUs > intervalUs ? meanOf(openAt, intervalUs, untilUs) : 0),
    );
    this.#cellUs = this.spacingUs / cellsPerRound;
    this.#arrivalUs = arrivalUs;
    const pollUntil = Math.ceil(untilUs / this.#cellUs) + 1;
    this.#poll = this.#cells(openAt, pollUntil);
    const spaced = (t: number): number => (t < intervalUs ? 1 : openAt(t));
    const spacingUntil = Math.max(pollUntil, Math.ceil(intervalUs / this.#cellUs) + 1);
    this.#spacing = this.#cells(spaced, spacingUntil);
    this.#waits = [startsAtOnce ? { from: 0, mass: Float64Array.of(1) } : residual(this.#spacing)];
  }

  #cells(open: (t: number) => number, until: number): Cells {
    const mass = new Float64Array(until);
    let before = 1;
    for (let i = 0; i < until; i += 1) {
      // A cell holds what ends nearer to its own time than to its neighbours'.
      const after = open((i + 0.5) * this.#cellUs);
      mass[i] = Math.max(0, before - after);
      before = Math.min(before, after);
    }
    return trimmed(0, mass);
  }

  #total(rounds: number): Cells {
    const known = this.#totals[rounds];
    if (known !== undefined) return known;
    for (let n = this.#waits.length; n < rounds; n += 1)
      this.#waits[n] = sumOf(this.#waits[n - 1]!, this.#spacing);
    const total = sumOf(this.#waits[rounds - 1]!, this.#poll);
    this.#totals[rounds] = total;
    return total;
  }

  /** Adds `weight` pairs that took `rounds` >= 1 rounds; `scale` and `shiftUs` calibrate, `heldUs` is a uniform wait before. */
  record(
    into: Histogram,
    rounds: number,
    weight: number,
    { stretch, heldUs }: { readonly stretch: number; readonly heldUs: number },
  ): void {
    const convolved = Math.min(rounds, convolvedMost);
    const { from, mass } = this.#total(convolved);
    const beyondUs = this.#arrivalUs + (rounds - convolved) * this.spacingUs;
    const steps = heldUs > 0 ? 16 : 1;
    for (let step = 0; step < steps; step += 1) {
      const waitedUs = (heldUs * (step + 0.5)) / steps;
      for (let i = 0; i < mass.length; i += 1) {
        const us = stretch * (beyondUs + (from + i) * this.#cellUs) + (heldUs > 0 ? waitedUs : 0);
        into.record(Math.round(us), (weight * mass[i]!) / steps);
      }
    }
  }

  /** Mean microseconds from submission to finality after `rounds` rounds. */
  meanUs(rounds: number): number {
    const { from, mass } = this.#waits[0]!;
    const wait = mass.reduce((sum, share, i) => sum + share * (from + i), 0) * this.#cellUs;
    return this.#arrivalUs + wait + (rounds - 1) * this.spacingUs + this.pollUs;
  }
}

function meanOf(open: (t: number) => number, from: number, until: number): number {
  const width = (until - from) / panels;
  let sum = 0;
  for (let i = 0; i < panels; i += 1) sum += open(from + (i + 0.5) * width);
  return sum * width;
}

/** What is left of a time between two polls at an instant that has nothing to do with it. */
function residual({ from, mass }: Cells): Cells {
  const until = from + mass.length;
  const left = new Float64Array(until);
  let longer = 1;
  for (let i = 0; i < until; i += 1) {
    left[i] = longer;
    if (i >= from) longer -= mass[i - from]!;
  }
  return trimmed(0, left);
}

function sumOf(a: Cells, b: Cells): Cells {
  const mass = new Float64Array(a.mass.length + b.mass.length - 1);
  for (let i = 0; i < a.mass.length; i += 1) {
    const share = a.mass[i]!;
    if (share === 0) continue;
    for (let j = 0; j < b.mass.length; j += 1) mass[i + j]! += share * b.mass[j]!;
  }
  return trimmed(a.from + b.from, mass);
}

/** Without negligible ends, and of mass 1. */
function trimmed(from: number, mass: Float64Array): Cells {
  let first = 0;
  let last = mass.length - 1;
  const total = mass.reduce((sum, share) => sum + share, 0);
  while (first < last && mass[first]! <= negligible * total) first += 1;
  while (last > first && mass[last]! <= negligible * total) last -= 1;
  const kept = mass.slice(first, last + 1);
  const keptTotal = kept.reduce((sum, share) => sum + share, 0);
  return { from: from + first, mass: kept.map((share) => share / keptTotal) };
}
