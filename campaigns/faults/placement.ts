/**
 * Fits timed effects into a window that may be shorter than the one they were written for.
 * Owns: keeping their order, their least length and the least gap between them; saying when they do not fit.
 * Does not own: which effects there are (effect.ts) or which are given up (schedule.ts).
 *
 * Every requirement has the form "t[j] >= t[i] + c" with i before j, so the earliest and the latest possible times are two
 * passes; each boundary then takes the time nearest to its proportional one. Integer microseconds throughout.
 */

/** One stretch of time during which a fault acts, as the scenario wrote it: microseconds from the start of the window. */
export interface Effect {
  readonly fault: number;
  /** 0-based occurrence within the fault. */
  readonly index: number;
  readonly fromUs: number;
  /** > fromUs. */
  readonly untilUs: number;
}

export interface PlacementOptions {
  /** Length of the window as requested, and virtual / requested length, (0, 1]. */
  readonly requestedUs: number;
  readonly scale: number;
  /** The window of the run. */
  readonly windowFromUs: number;
  readonly windowUntilUs: number;
  /** Compression leaves an effect at least this long (or as long as it was written, if that is less). */
  readonly leastEffectUs: number;
  /** ... and this much time without any fault where there was some, so that recovery can be seen. */
  readonly leastGapUs: number;
}

export interface PlacedEffect {
  readonly effect: Effect;
  readonly fromUs: number;
  readonly untilUs: number;
}

interface Boundary {
  readonly effect: number;
  readonly isEnd: boolean;
  readonly requestedUs: number;
}

interface Requirement {
  readonly before: number;
  readonly after: number;
  readonly leastUs: number;
}

/** The effects with their times in the run, in the given order; null when they cannot all fit. */
export function placeEffects(effects: readonly Effect[], options: PlacementOptions): PlacedEffect[] | null {
  const boundaries = boundariesOf(effects);
  const requirements = requirementsOf(effects, boundaries, options);
  const timesUs = solve(boundaries, requirements, options);
  if (timesUs === null) return null;
  const placed = effects.map((effect) => ({ effect, fromUs: 0, untilUs: 0 }));
  boundaries.forEach((boundary, i) => {
    const target = placed[boundary.effect]!;
    if (boundary.isEnd) target.untilUs = timesUs[i]!;
    else target.fromUs = timesUs[i]!;
  });
  return placed;
}

/** In requested order; at one instant ends come before starts. */
function boundariesOf(effects: readonly Effect[]): Boundary[] {
  const boundaries: Boundary[] = [];
  effects.forEach((effect, i) => {
    boundaries.push({ effect: i, isEnd: false, requestedUs: effect.fromUs });
    boundaries.push({ effect: i, isEnd: true, requestedUs: effect.untilUs });
  });
  const rank = (boundary: Boundary): number => (boundary.isEnd ? 0 : 1);
  return boundaries.sort((a, b) => a.requestedUs - b.requestedUs || rank(a) - rank(b) || a.effect - b.effect);
}

/** Requirements sorted by `after`, because boundaries are visited in order. */
function requirementsOf(
  effects: readonly Effect[],
  boundaries: readonly Boundary[],
  options: PlacementOptions,
): Requirement[] {
  const { leastEffectUs, leastGapUs } = options;
  const requirements: Requirement[] = [];
  const startOf = new Map<number, number>();
  const lastStartOf = new Map<number, number>();
  let active = 0;
  boundaries.forEach((boundary, after) => {
    const { requestedUs } = boundary;
    const { fault } = effects[boundary.effect]!;
    const since = (before: number, leastUs: number): void => {
      const writtenUs = requestedUs - boundaries[before]!.requestedUs;
      requirements.push({ before, after, leastUs: Math.min(writtenUs, leastUs) });
    };
    if (after > 0) since(after - 1, active === 0 ? leastGapUs : 0);
    if (boundary.isEnd) {
      since(startOf.get(boundary.effect)!, leastEffectUs);
      active -= 1;
      return;
    }
    const lastStart = lastStartOf.get(fault);
    if (lastStart !== undefined) since(lastStart, leastGapUs);
    startOf.set(boundary.effect, after);
    lastStartOf.set(fault, after);
    active += 1;
  });
  return requirements;
}

function solve(
  boundaries: readonly Boundary[],
  requirements: readonly Requirement[],
  options: PlacementOptions,
): Float64Array | null {
  const { windowFromUs, windowUntilUs, requestedUs, scale, leastGapUs } = options;
  const count = boundaries.length;
  if (count === 0) return new Float64Array(0);
  const lastUs = boundaries[count - 1]!.requestedUs;
  const latestUs = new Float64Array(count).fill(windowUntilUs - Math.min(requestedUs - lastUs, leastGapUs));
  for (let i = requirements.length - 1; i >= 0; i -= 1) {
    const { before, after, leastUs } = requirements[i]!;
    latestUs[before] = Math.min(latestUs[before]!, latestUs[after]! - leastUs);
  }
  const timesUs = new Float64Array(count).fill(
    windowFromUs + Math.min(boundaries[0]!.requestedUs, leastGapUs),
  );
  let next = 0;
  for (let i = 0; i < count; i += 1) {
    for (; next < requirements.length && requirements[next]!.after === i; next += 1) {
      const { before, leastUs } = requirements[next]!;
      timesUs[i] = Math.max(timesUs[i]!, timesUs[before]! + leastUs);
    }
    const proportionalUs = windowFromUs + Math.round(boundaries[i]!.requestedUs * scale);
    timesUs[i] = Math.max(timesUs[i]!, Math.min(proportionalUs, latestUs[i]!));
    if (timesUs[i]! > latestUs[i]!) return null;
  }
  return timesUs;
}
