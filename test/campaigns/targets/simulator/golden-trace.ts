/**
 * The trace hashes of pinned runs, committed beside this file: a change that alters them alters every simulated figure.
 * Owns: the runs and writing the file. Does not own: the comparison (determinism.test.ts).
 * After a change that is meant to alter them: node test/campaigns/targets/simulator/golden-trace.ts --update
 */
import { writeFileSync } from 'node:fs';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { runSpec, smallSpec } from './small-run.ts';

export const goldenFile = new URL('./golden-trace.json', import.meta.url);

const second = 1_000_000;

/** By name: plain, attacked with conflicts, faulty on a relay graph with a wide-area network. */
export const goldenSpecs: Readonly<Record<string, RunSpec>> = {
  plain: smallSpec({ seed: 1 }),
  attacked: smallSpec({
    seed: 2,
    byzantine: { attack: 'equivocation', share: 0.1 },
    consensus: { alphaPreference: 11 },
    workload: { conflictShare: 0.1 },
  }),
  faulty: smallSpec({
    seed: 3,
    network: networkNamed('wan'),
    topology: { kind: 'mesh', degree: 6 },
    consensus: { pollIntervalUs: 62_500, concurrentPolls: 2 },
    duration: { warmupUs: second, measureUs: 60 * second, cooldownUs: 5 * second },
    workload: { tps: 10 },
    faults: [
      {
        kind: 'kill',
        nodes: 4,
        everyUs: second,
        atUs: 10 * second,
        downUs: 8 * second,
        disk: 'kept',
        repeat: 1,
      },
      { kind: 'latency', addUs: 100_000, share: 0.3, atUs: 30 * second, forUs: 10 * second },
    ],
  }),
};

export function goldenHashes(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(goldenSpecs).map(([name, spec]) => [name, runSpec(spec).result.determinism.trace_hash]),
  );
}

if (process.argv[1] === import.meta.filename && process.argv.includes('--update')) {
  writeFileSync(goldenFile, `${JSON.stringify(goldenHashes(), null, 2)}\n`);
}
