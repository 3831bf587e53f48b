/**
 * The network of the stack 10k-nodes on a real API server with fake machines: 10,000 pods Ready and gone again, with seconds and
 * memory. Run by `npm run test:scale`: three minutes on two idle cores, an hour on busy ones, about 4 GiB. NOT RUN where the control plane is not built.
 */
import assert from 'node:assert/strict';
import os from 'node:os';
import { after, before, describe, test } from 'node:test';
import { vmsFor } from '#budgets/capacity.ts';
import { type ControlPlane, startControlPlane } from '#test/bed/kubernetes/control-plane.ts';
import { kubernetesTool, missing } from '#test/bed/tools.ts';
import { networkPlan } from '#test/infra/manifests/network-plan.ts';
import { addMachines, objectsLeft, packing, upAndDown } from '#test/infra/network-size.ts';

/** BFT_BED_NODES: a smaller network, to see whether the way to its end is free. */
const nodes = Number(process.env['BFT_BED_NODES'] ?? 10_000);
const neededGiB = nodes > 5_000 ? 6 : 4;
const freeGiB = os.freemem() / 1_073_741_824;
const skip =
  missing(kubernetesTool) ||
  (freeGiB < neededGiB
    ? `NOT RUN: ${freeGiB.toFixed(1)} GiB of memory are free, ${neededGiB} are needed`
    : false);

describe(`a network of ${nodes} on a real API server`, { skip, timeout: 5_400_000 }, () => {
  const plan = networkPlan({ nodes });
  const { vms, arithmetic } = vmsFor(plan.nodes, packing);
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
    await addMachines(plane, vms);
  });
  after(async () => await plane?.stop());

  test('becomes Ready on the machines that the planner counted, and goes without a trace', async (context) => {
    const figures = await upAndDown(plane, plan, 2_400_000, (text) => {
      // At once, too: a test's own words come when it has ended.
      process.stderr.write(`${text}, load ${os.loadavg()[0]?.toFixed(1)}\n`);
    });
    context.diagnostic(
      `${arithmetic}; Ready in ${figures.readySeconds} s, gone in ${figures.goneSeconds} s, control plane ${figures.memoryMiB} MiB, load ${os.loadavg()[0]?.toFixed(1)}`,
    );
    assert.ok(figures.podsOfFullestMachine <= packing.podsPerVm);
    assert.equal(await objectsLeft(plane), 0);
  });
});
