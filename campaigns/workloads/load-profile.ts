/**
 * Offered load as a function of time: piecewise constant, computed on demand, no table grows with the horizon.
 * Owns: the shape of every workload kind in transactions per second, and its mean over a stretch of time.
 * Does not own: single arrivals (arrivals.ts). Times are integer microseconds of the run, already compressed.
 */
import type { Workload } from '#campaigns/run-spec.ts';
import { mix, purpose, streamKey, unit } from '#node/core/random.ts';
import { sineOfTurns } from './elementary.ts';

/** A sine is drawn as this many level steps a period: the largest step is 5 % of its swing. */
const sineSteps = 64;
/** Compression never makes a wave or a redraw faster than this: it would cost time and change nothing. */
const shortestStepUs = 100;

export interface LoadProfileOptions {
  readonly seed: number;
  /** Start of the measured window: ramps, bursts and waves begin here; before it the load of this instant holds. */
  readonly windowStartUs: number;
  /** End of the load (a ramp reaches its last step shortly before). */
  readonly endUs: number;
  /** Virtual / requested window length, (0, 1]: periods of bursts, sines and redraws shrink with the window. */
  readonly scale: number;
  /** A ramp that falls at its top reaches it here; left out: it climbs until `endUs`. */
  readonly topUs?: number;
}

/** Steps of equal length counted from the start of the window; lengths may be fractions of a microsecond. */
interface Steps {
  readonly lengthUs: number;
  tps(step: number): number;
}

export class LoadProfile {
  readonly #windowStartUs: number;
  readonly #steps: Steps;
  #fall: { readonly atUs: number; readonly tps: number } | null = null;

  constructor(workload: Workload, options: LoadProfileOptions) {
    this.#windowStartUs = options.windowStartUs;
    this.#steps = stepsOf(workload, options);
  }

  /** Transactions per second offered at an instant; a `single` workload has no schedule and offers 0. */
  tpsAt(atUs: number): number {
    if (this.#fall !== null && atUs >= this.#fall.atUs) return this.#fall.tps;
    return this.#steps.tps(this.#stepAt(atUs));
  }

  /** From `atUs` on this load holds, whatever was planned. */
  fall(atUs: number, tps: number): void {
    this.#fall = { atUs, tps };
  }

  /** The first instant after `atUs` at which the load may change; Infinity when it never does. */
  changesAfterUs(atUs: number): number {
    const fallUs = this.#fall?.atUs ?? Number.POSITIVE_INFINITY;
    const { lengthUs } = this.#steps;
    if (atUs >= fallUs) return Number.POSITIVE_INFINITY;
    if (lengthUs === Number.POSITIVE_INFINITY) return fallUs;
    const next = this.#windowStartUs + Math.ceil((this.#stepAt(atUs) + 1) * lengthUs);
    return Math.min(fallUs, next > atUs ? next : atUs + 1);
  }

  /** Mean offered load over [fromUs, toUs), transactions per second. */
  meanTps(fromUs: number, toUs: number): number {
    let load = 0;
    for (let atUs = fromUs; atUs < toUs; ) {
      const untilUs = Math.min(toUs, this.changesAfterUs(atUs));
      load += this.tpsAt(atUs) * (untilUs - atUs);
      atUs = untilUs;
    }
    return toUs > fromUs ? load / (toUs - fromUs) : 0;
  }

  #stepAt(atUs: number): number {
    const sinceUs = atUs - this.#windowStartUs;
    return sinceUs <= 0 ? 0 : Math.floor(sinceUs / this.#steps.lengthUs);
  }
}

/** Highest load the workload ever offers, transactions per second; 0 for `single`. */
export function peakTps(workload: Workload): number {
  switch (workload.kind) {
    case 'constant':
    case 'open-loop':
      return workload.tps;
    case 'ramp':
      return Math.max(workload.fromTps, workload.toTps);
    case 'burst':
      return Math.max(workload.tps, workload.burstTps);
    case 'chaos':
    case 'sine':
      return workload.mostTps;
    case 'single':
      return 0;
  }
}

/** Load averaged over whole periods, transactions per second; 0 for `single`. */
export function meanTps(workload: Workload): number {
  switch (workload.kind) {
    case 'constant':
    case 'open-loop':
      return workload.tps;
    case 'ramp':
      return (workload.fromTps + workload.toTps) / 2;
    case 'burst': {
      const share = Math.min(1, workload.forUs / workload.everyUs);
      return workload.tps * (1 - share) + workload.burstTps * share;
    }
    case 'chaos':
    case 'sine':
      return (workload.leastTps + workload.mostTps) / 2;
    case 'single':
      return 0;
  }
}

function stepsOf(workload: Workload, options: LoadProfileOptions): Steps {
  const forever = Number.POSITIVE_INFINITY;
  switch (workload.kind) {
    case 'constant':
    case 'open-loop':
      return { lengthUs: forever, tps: () => workload.tps };
    case 'single':
      return { lengthUs: forever, tps: () => 0 };
    case 'ramp':
      return ramp(workload, options);
    case 'burst':
      return burst(workload, options.scale);
    case 'chaos': {
      const key = streamKey(options.seed, 0, purpose.workload, 1);
      const spread = workload.mostTps - workload.leastTps;
      return {
        lengthUs: Math.max(shortestStepUs, workload.everyUs * options.scale),
        tps: (step) => workload.leastTps + spread * unit(mix(key, 0, step)),
      };
    }
    case 'sine': {
      const middle = (workload.leastTps + workload.mostTps) / 2;
      const swing = (workload.mostTps - workload.leastTps) / 2;
      return {
        lengthUs: Math.max(shortestStepUs, (workload.periodUs * options.scale) / sineSteps),
        tps: (step) => middle + swing * sineOfTurns((step + 0.5) / sineSteps),
      };
    }
  }
}

/** Load of a step of a ramp, counted from 0, transactions per second; that of the last one from there on. */
export function rampStepTps(
  { fromTps, toTps, steps }: Workload & { readonly kind: 'ramp' },
  step: number,
): number {
  const last = steps - 1;
  return step >= last ? toTps : fromTps + ((toTps - fromTps) * step) / last;
}

/** Without an end the last step lasts as long as the load; with one the load falls back after it. */
function ramp(workload: Workload & { readonly kind: 'ramp' }, options: LoadProfileOptions): Steps {
  const { fromTps, steps } = workload;
  const { windowStartUs, endUs, topUs } = options;
  const last = Math.max(1, Math.floor(steps)) - 1;
  return {
    lengthUs: Math.max(1, ((topUs ?? endUs) - windowStartUs) / (last + 1)),
    tps: (step) => (step > last && topUs !== undefined ? fromTps : rampStepTps(workload, step)),
  };
}

/**
 * A burst lies in the middle of its period: the window begins and ends with the base load, so that what was offered before it and is
 * finalised in it weighs up what is finalised after it. A burst at the end of the window would be offered and never seen finalised.
 */
function burst(workload: Workload & { readonly kind: 'burst' }, scale: number): Steps {
  const calmUs = workload.everyUs - workload.forUs;
  if (calmUs <= 0) return { lengthUs: Number.POSITIVE_INFINITY, tps: () => workload.burstTps };
  const [pieces, calmPieces] = ratio(calmUs, workload.everyUs);
  // Twice as many pieces: half of the calm ones come first.
  return {
    lengthUs: Math.max(1, (workload.everyUs * scale) / (2 * pieces)),
    tps: (step) => {
      const piece = step % (2 * pieces);
      return piece < calmPieces || piece >= 2 * pieces - calmPieces ? workload.tps : workload.burstTps;
    },
  };
}

/** calm / every as [pieces, calm pieces] with at most 1,000 pieces a period. */
function ratio(calmUs: number, everyUs: number): readonly [number, number] {
  let a = everyUs;
  let b = calmUs;
  while (b > 0) [a, b] = [b, a % b];
  const pieces = everyUs / a;
  return pieces <= 1_000 ? [pieces, calmUs / a] : [1_000, Math.round((1_000 * calmUs) / everyUs)];
}
