/**
 * One thread of the swarm: takes indices until none is left and reports each. Some are run again at the end, after all the
 * others, so that nothing that a run leaves behind can hide.
 * Owns: the loop. Does not own: a run (seed-run.ts), the sum (swarm.ts).
 */
import { parentPort, workerData } from 'node:worker_threads';
import { runSeed, type SeedOutcome } from './seed-run.ts';
import { type IndexReport, repeatEvery, type ThreadData } from './swarm.ts';
import { swarmSpec } from './swarm-spec.ts';

function report(
  index: number,
  seed: number,
  outcome: SeedOutcome,
  repeatedAlike: boolean | null,
): IndexReport {
  const spec = swarmSpec(seed, index);
  const { topology, byzantine, faults, nodes } = spec;
  const { findings, marks, messages, requiredPairs, recoveryUs, deadlineUs, finalityUs } = outcome;
  return {
    index,
    nodes,
    label: `index ${index}: ${nodes} nodes, ${topology.kind}, ${byzantine.attack}, faults ${faults.map(({ kind }) => kind).join(' ') || 'none'}`,
    findings,
    marks,
    messages,
    requiredPairs,
    recoveryShare: recoveryUs / deadlineUs,
    recoveryFinalities: recoveryUs / finalityUs,
    repeatedAlike,
  };
}

if (parentPort !== null) {
  const port = parentPort;
  const { request, shared }: ThreadData = workerData;
  const { seed, from, seeds, defect } = request;
  const words = new Int32Array(shared);
  const again: { index: number; outcome: SeedOutcome }[] = [];
  for (;;) {
    const index = Atomics.add(words, 0, 1);
    if (index >= from + seeds || Atomics.load(words, 1) !== 0) break;
    const outcome = runSeed(swarmSpec(seed, index), defect);
    if (index % repeatEvery === 0 && defect === null) again.push({ index, outcome });
    else port.postMessage(report(index, seed, outcome, null));
  }
  for (const { index, outcome } of again) {
    const second = runSeed(swarmSpec(seed, index), defect);
    port.postMessage(report(index, seed, outcome, second.traceHash === outcome.traceHash));
  }
}
