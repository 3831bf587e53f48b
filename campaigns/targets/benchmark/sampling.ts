/**
 * Measuring CPU time of this thread, and the order statistics of what was measured.
 * Owns: the clock, calibrated repetitions, medians. Does not own: what is measured.
 */

/** How much is measured in one process. Times are CPU milliseconds. */
export interface Effort {
  readonly samples: number;
  readonly sampleMs: number;
  readonly warmupMs: number;
}

export interface Efforts {
  /** Runs of a network. */
  readonly network: Effort;
  /** Loops over a small operation. */
  readonly loop: Effort;
}

export const effortNames = ['standard', 'suite', 'quick'] as const;
export type EffortName = (typeof effortNames)[number];

export const efforts: Readonly<Record<EffortName, Efforts>> = {
  standard: {
    network: { samples: 6, sampleMs: 200, warmupMs: 1_200 },
    loop: { samples: 5, sampleMs: 40, warmupMs: 120 },
  },
  // A repetition of a campaign's benchmark: seconds, because at least three are wanted.
  suite: {
    network: { samples: 7, sampleMs: 100, warmupMs: 800 },
    loop: { samples: 7, sampleMs: 25, warmupMs: 80 },
  },
  quick: {
    network: { samples: 1, sampleMs: 5, warmupMs: 5 },
    loop: { samples: 1, sampleMs: 1, warmupMs: 1 },
  },
};

const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * CPU milliseconds of this thread. Linux brings a thread's account up to date at a timer tick (4 ms) or when the thread gives
 * way: so it gives way first, and two readings differ by what was really used.
 */
export function cpuMs(): number {
  Atomics.wait(cell, 0, 0, 0.02);
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Keeps results alive, so that no loop is optimised away. */
let kept = 0;
export function keep(value: number): void {
  kept = (kept + value) | 0;
}

/** CPU nanoseconds per operation, one value per sample. `loop(n)` performs the operation n times. */
export function sampleNs(effort: Effort, loop: (times: number) => void): number[] {
  const times = calibrate(effort, loop);
  return Array.from({ length: effort.samples }, () => nsPer(loop, times));
}

/** The same for several loops in turn, so that a slow moment hits all of them. */
export function sampleTogetherNs(effort: Effort, loops: readonly ((times: number) => void)[]): number[][] {
  const counts = loops.map((loop) => calibrate(effort, loop));
  const found: number[][] = loops.map(() => []);
  for (let sample = 0; sample < effort.samples; sample++) {
    for (const [i, loop] of loops.entries()) found[i]!.push(nsPer(loop, counts[i]!));
  }
  return found;
}

/** A sample shorter than a step of the account would come out as nothing: it goes on until the account has moved. */
function nsPer(loop: (times: number) => void, times: number): number {
  const from = cpuMs();
  let done = 0;
  let tookMs = 0;
  while (tookMs <= 0) {
    loop(times);
    done += times;
    tookMs = cpuMs() - from;
  }
  return (tookMs * 1_000_000) / done;
}

/** Warms up and returns how often the operation fits into one sample. */
function calibrate({ sampleMs, warmupMs }: Effort, loop: (times: number) => void): number {
  let times = 1;
  let spentMs = 0;
  for (;;) {
    const from = cpuMs();
    loop(times);
    const tookMs = cpuMs() - from;
    spentMs += tookMs;
    if (spentMs >= warmupMs && tookMs >= sampleMs / 4)
      return Math.max(1, Math.round((times * sampleMs) / tookMs));
    if (tookMs < sampleMs) times *= 2;
  }
}

/** A dependent chain of integer operations, nanoseconds per link. */
function referenceNs(): number {
  const links = 5_000_000;
  const from = cpuMs();
  let x = 1;
  for (let i = 0; i < links; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  keep(x);
  return ((cpuMs() - from) * 1_000_000) / links;
}

/** How fast this core is at this moment: the fastest of four runs of the chain, of which the first is compiled on its way. */
export function fastestReferenceNs(): number {
  return Math.min(referenceNs(), referenceNs(), referenceNs(), referenceNs());
}

/** Middle value, or the mean of the two middle ones. Throws RangeError when there is none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
