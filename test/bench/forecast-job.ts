/**
 * Figures of the command that says what a phase would cost, from the first key to the last line: what a person waits for.
 * Owns: what is run and timed. Does not own: the forecast (budgets), or what npm does before it starts a script.
 */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const phase = 'phase3';
const runs = 9;
/** SK-002 breaks the limit of a run: the forecast is there, and says so. */
const breaksLimit = 21;

function seconds(command: string, args: readonly string[]): number {
  const startedMs = performance.now();
  const { status, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== breaksLimit) throw error ?? new Error(`${command} ended with ${status}: ${stderr}`);
  return (performance.now() - startedMs) / 1_000;
}

export async function measureForecast(): Promise<JobResult> {
  const [typed, program]: [number[], number[]] = [[], []];
  // In turn, so that a busy neighbour is busy for both. The first run of a machine compiles; it is none of the samples.
  for (let run = 0; run <= runs; run += 1) {
    const took = [
      seconds('npm', ['run', 'campaign', 'forecast', phase]),
      seconds(process.execPath, ['scripts/campaign.mjs', 'forecast', phase]),
    ] as const;
    if (run === 0) continue;
    typed.push(took[0]);
    program.push(took[1]);
  }
  return {
    samples: { 'forecast.typed': typed, 'forecast.program': program },
    facts: { loadBefore: os.loadavg()[0] ?? 0 },
  };
}
