/**
 * How fast this machine simulates, beside the one that estimates of CPU time were fitted to: what people are told about time.
 * Owns: that probe, a quarter of a second of the simulator itself. Does not own: the estimates (simulation-cost.ts).
 * Nothing that is in a plan may depend on it: budgets, windows, fidelities and repetitions are the same on every machine.
 */
import { singleSpec } from '#campaigns/targets/benchmark/network-spec.ts';

/**
 * Messages per microsecond of CPU of the probe on the machine of the estimates. Measured: on two calm cores, where the probe took about
 * 39, the 570 planned runs of the catalogue took 23.6 min; with 15.5 they had been announced for 36.5.
 */
const ratePlanned = 10;
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
