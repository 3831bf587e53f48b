/**
 * The stored baseline, and the comparison with it (PR-001).
 * Owns: its file format, the limit of 10 %, what makes a comparison worthless. Does not own: measuring.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Machine, machineRecord, machineText } from '#campaigns/results/benchmark-record.ts';
import { isSameMachine, thisMachine } from '#campaigns/targets/benchmark/machine.ts';
import { type Figure, figures } from './figures.ts';
import type { Summary } from './runner.ts';

export const baselineFile = fileURLToPath(new URL('./baseline.json', import.meta.url));

/** A median that is this much worse is a regression. Source: SPEC 4, PR-001. */
export const limitPercent = 10;

const baselineSchema = z.object({
  savedAt: z.string(),
  machine: machineRecord,
  /** Nanoseconds of one link of the reference chain: how fast a core was. */
  referenceNs: z.number(),
  figures: z.record(
    z.string(),
    z.object({ unit: z.string(), median: z.number(), min: z.number(), max: z.number(), samples: z.number() }),
  ),
});
export type Baseline = z.output<typeof baselineSchema>;

/** Null when there is no such file. Throws when it is not a baseline. */
export function readBaseline(file: string): Baseline | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  return baselineSchema.parse(JSON.parse(text));
}

/** Figures that were not measured now are kept from a baseline of the same machine. */
export function baselineOf(
  found: ReadonlyMap<string, Summary>,
  referenceNs: number,
  savedAt: string,
  old: Baseline | null,
): Baseline {
  const machine = thisMachine();
  const kept = old !== null && isSameMachine(old.machine, machine) ? old.figures : {};
  const stored: Baseline['figures'] = {};
  for (const { id, unit, regression } of figures) {
    const summary = found.get(id);
    if (summary !== undefined && regression) stored[id] = { unit, ...rounded(summary) };
    else if (kept[id] !== undefined) stored[id] = kept[id];
  }
  return { savedAt, machine, referenceNs: Number(referenceNs.toPrecision(4)), figures: stored };
}

function rounded({ median, min, max, samples }: Summary): Summary {
  const digits = (value: number): number => Number(value.toPrecision(5));
  return { median: digits(median), min: digits(min), max: digits(max), samples };
}

export function writeBaseline(file: string, baseline: Baseline): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(baseline, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export interface Change {
  readonly figure: Figure;
  readonly before: number;
  readonly now: number;
  /** Positive = worse. */
  readonly worsePercent: number;
  /** Half the spread of the samples of now, percent of their median. */
  readonly noisePercent: number;
  readonly isRegression: boolean;
}

export interface Comparison {
  readonly changes: readonly Change[];
  /** Figures that only one side has. */
  readonly unmatched: readonly string[];
  /** How much slower than at the baseline the reference chain ran, percent. */
  readonly referenceWorsePercent: number;
  /** Why no verdict is possible; null when one is. */
  readonly worthless: string | null;
}

/** How fast the core was, against the baseline. */
export function referenceText(worsePercent: number): string {
  const direction = worsePercent < 0 ? 'faster' : 'slower';
  return `the reference chain ran ${Math.abs(worsePercent).toFixed(1)} % ${direction} than at the baseline`;
}

export function compare(
  found: ReadonlyMap<string, Summary>,
  referenceNs: number,
  machine: Machine,
  baseline: Baseline,
): Comparison {
  const changes: Change[] = [];
  const unmatched: string[] = [];
  for (const figure of figures) {
    const now = found.get(figure.id);
    const before = baseline.figures[figure.id];
    if (now === undefined || !figure.regression) continue;
    if (before === undefined) {
      unmatched.push(figure.id);
      continue;
    }
    const ratio = figure.better === 'lower' ? now.median / before.median : before.median / now.median;
    const worsePercent = (ratio - 1) * 100;
    changes.push({
      figure,
      before: before.median,
      now: now.median,
      worsePercent,
      noisePercent: (50 * (now.max - now.min)) / now.median,
      isRegression: worsePercent > limitPercent,
    });
  }
  const referenceWorsePercent = (referenceNs / baseline.referenceNs - 1) * 100;
  return { changes, unmatched, referenceWorsePercent, worthless: worthlessness() };

  function worthlessness(): string | null {
    if (!isSameMachine(machine, baseline.machine))
      return `the baseline is of another machine (${machineText(baseline.machine)}): save one here with --save-baseline`;
    if (Math.abs(referenceWorsePercent) > limitPercent)
      return `${referenceText(referenceWorsePercent)}: the machine, not the code, has changed`;
    return null;
  }
}
