// Goal: the simulator keeps the contract of a target with every fault and every attack it offers.
// Method: the suite that every target passes (target-contract.ts), with a run of 40 nodes.
import { createSimulator } from '#campaigns/targets/simulator/target.ts';
import { attackNames } from '#node/byzantine/attacks.ts';
import { smallSpec } from '#test/campaigns/targets/simulator/small-run.ts';
import { everyFault, targetContract } from './target-contract.ts';

targetContract({
  name: 'simulator',
  create: createSimulator,
  spec: smallSpec(),
  faults: everyFault,
  attacks: ['none', ...attackNames],
  isBasic: true,
});
