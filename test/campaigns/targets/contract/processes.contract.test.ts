// Goal: real node processes keep the contract of a target.
// Method: the suite that every target passes (target-contract.ts), with 4 nodes in two processes; faults and attacks are in
// processes.contract.real.test.ts.
import { createProcesses } from '#campaigns/targets/processes/target.ts';
import { processSpec } from '#test/support/process-spec.ts';
import { targetContract } from './target-contract.ts';

targetContract({
  name: 'processes',
  create: () => createProcesses(),
  spec: processSpec(),
  faults: [],
  attacks: [],
  isBasic: true,
  hasRamp: false,
});
