/**
 * How fast this machine simulates, beside the one that estimates of CPU time were fitted to: what people are told about time.
 * Owns: that probe, a quarter of a second of the simulator itself. Does not own: the estimates (simulation-time.ts).
 * Nothing that is in a plan may depend on it: budgets, windows, fidelities and repetitions are the same on every machine.
 */
import { singleSpec } from '#campaigns/targets/benchmark/network-spec.ts';

/**
 * Messages per microsecond of CPU of the probe on a machine with the pace of 1, of which the constants of simulation-time.ts are seconds.
 * They were fitted at 13 on a busy machine. On two calm ones, where the probe does 37, the 570 planned runs of the catalogue took 23.6 and
 * 26.2 min, 1.15 times what that says: what makes the probe faster gains less where vertices are what costs.
 */
const ratePlanned = 15;
const effort = { warmupMs: 150, samples: 3, sampleMs: 30 };
const nodes = 1_000;

let known: number | null = null;

/** CPU-seconds on this machine for an estimated one. Looks once in a process. */
export async function machinePace(): Promise<number> {
  if (known !== null) return known;
  const { sampleNetwork } = await import('#campaigns/targets/benchmark/network-run.ts');
  const { rates } = sampleNetwork(singleSpec(nodes), effort, 'progress', 1, 0);
  known = ratePlanned / Math.max(...rates);
  return known;
}
