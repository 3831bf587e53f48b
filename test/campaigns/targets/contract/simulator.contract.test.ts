// Goal: the simulator keeps the contract of a target with every fault and every attack it offers.
// Method: the suite that every target passes (target-contract.ts), with a run of 20 nodes: the contract does not depend on their number.
import { createSimulator } from '#campaigns/targets/simulator/target.ts';
import { attackNames } from '#node/byzantine/attacks.ts';
import { smallSpec } from '#test/campaigns/targets/simulator/small-run.ts';
import { everyFault, targetContract } from './target-contract.ts';

targetContract({
  name: 'simulator',
  create: createSimulator,
  spec: smallSpec({
    nodes: 20,
    consensus: { k: 10, alphaPreference: 8, alphaConfidence: 8 },
    workload: { tps: 50 },
  }),
  faults: everyFault,
  attacks: ['none', ...attackNames],
  isBasic: true,
  hasRamp: true,
});
