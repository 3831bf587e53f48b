// Goal: every fault and attack that the processes offer is injected into real nodes, observed, and leaves them safe.
// Method: the suite that every target passes (target-contract.ts), with 8 separate processes and a short run for each.
import { createProcesses } from '#campaigns/targets/processes/target.ts';
import { processSpec } from '#test/support/process-spec.ts';
import { everyFault, targetContract } from './target-contract.ts';

targetContract({
  name: 'processes',
  create: () => createProcesses(),
  spec: processSpec({ nodes: 8, nodesPerProcess: 1 }),
  faults: everyFault,
  attacks: [],
  isBasic: false,
  hasRamp: true,
});
