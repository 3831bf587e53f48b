/**
 * The baselines of benchmarks: one file per machine and Node version, beside the campaigns (`runs/baselines/`).
 * Owns: reading a baseline, storing the first one. Does not own: what makes figures fit for it (analysis/benchmark.ts).
 * It is stored once and never replaced: a baseline that followed every run would forgive 10 % each time. Removing the file renews it.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CampaignError } from '#campaigns/errors.ts';
import {
  type BenchmarkBaseline,
  baselinePath,
  benchmarkBaseline,
  type Machine,
} from '#campaigns/results/benchmark-record.ts';
import { prettyJson, writeFileAtomic } from '#campaigns/results/writer.ts';

/** Null when this machine has none. Throws CampaignError 'results-damaged' for a file that is no baseline. */
export function readBaseline(runsFolder: string, machine: Machine): BenchmarkBaseline | null {
  const file = path.join(runsFolder, baselinePath(machine));
  if (!existsSync(file)) return null;
  try {
    return benchmarkBaseline.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new CampaignError(
      'results-damaged',
      `${file} is no baseline of a benchmark`,
      'remove the file: the next run of the benchmark stores a new one',
      { cause: error },
    );
  }
}

/** False when the machine has one already, which stays. */
export function storeBaseline(runsFolder: string, baseline: BenchmarkBaseline): boolean {
  const file = path.join(runsFolder, baselinePath(baseline.machine));
  if (existsSync(file)) return false;
  writeFileAtomic(file, prettyJson(baseline));
  return true;
}
