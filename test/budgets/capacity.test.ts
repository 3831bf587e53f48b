/** VMs from allocatable CPU and memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Allocatable,
  awsAllocatable,
  checkPacking,
  defaultPacking,
  packOneVm,
  vmsFor,
} from '#budgets/capacity.ts';

function known(sku: string, vcpu: number, memoryGiB: number): Allocatable {
  const found = awsAllocatable(sku, vcpu, memoryGiB);
  assert.ok(found !== null);
  return found;
}

test('allocatable figures are those of the published instance-type reference', () => {
  assert.deepEqual(known('c6i.2xlarge', 8, 16), { cpuMilli: 7_910, memoryMiB: 14_162, mostPods: 58 });
  assert.deepEqual(known('c6i.4xlarge', 16, 32), { cpuMilli: 15_890, memoryMiB: 27_381, mostPods: 234 });
  assert.deepEqual(known('c6i.8xlarge', 32, 64), { cpuMilli: 31_850, memoryMiB: 57_691, mostPods: 234 });
  assert.equal(awsAllocatable('c6i.metal', 128, 256), null);
});

test('1,000, 5,000 and 10,000 nodes of half a CPU need 67, 334 and 667 c6i.2xlarge', () => {
  const packing = packOneVm('c6i.2xlarge', known('c6i.2xlarge', 8, 16));
  assert.equal(packing.podsPerVm, 15);
  assert.equal(packing.boundBy, 'cpu');
  assert.deepEqual(
    [1_000, 5_000, 10_000].map((nodes) => vmsFor(nodes, packing).vms),
    [67, 334, 667],
  );
  assert.equal(
    packing.arithmetic,
    'c6i.2xlarge: 7,910 m allocatable - 350 m DaemonSets = 7,560 m; / 500 m = 15 pods by CPU, ' +
      '26 by memory (13,650 MiB / 512), 52 by pod limit: 15 pods',
  );
});

test('DaemonSets above 410 m cost one pod per VM: 715 VMs for 10,000 nodes', () => {
  const allocatable = known('c6i.2xlarge', 8, 16);
  const at = (daemonSetCpuMilli: number) =>
    packOneVm('c6i.2xlarge', allocatable, { ...defaultPacking, daemonSetCpuMilli });
  assert.equal(at(410).podsPerVm, 15);
  assert.equal(at(411).podsPerVm, 14);
  assert.deepEqual(
    [1_000, 5_000, 10_000].map((nodes) => vmsFor(nodes, at(411)).vms),
    [72, 358, 715],
  );
});

test('20 pods of half a CPU do not fit into eight vCPUs, and the reason is said', () => {
  const check = checkPacking('c6i.2xlarge', known('c6i.2xlarge', 8, 16), 20);
  assert.equal(check.fits, false);
  if (!check.fits) {
    assert.equal(check.mostPods, 15);
    assert.match(check.why, /20 pods x 0\.5 CPU = 10 CPU, but c6i\.2xlarge has 7\.91 CPU allocatable/);
  }
  assert.deepEqual(checkPacking('c6i.2xlarge', known('c6i.2xlarge', 8, 16), 15), {
    fits: true,
    spareCpuMilli: 60,
  });
});

test('memory and the pod envelope bind where CPU does not', () => {
  const memory = packOneVm('c6i.2xlarge', known('c6i.2xlarge', 8, 16), {
    ...defaultPacking,
    nodeMemoryMiB: 2_048,
  });
  assert.deepEqual([memory.podsPerVm, memory.boundBy], [6, 'memory']);
  const pods = packOneVm('c7g.16xlarge', known('c7g.16xlarge', 64, 128));
  assert.deepEqual([pods.podsPerVm, pods.boundBy], [104, 'pods']);
});

test('a node larger than the VM is an error, not zero VMs', () => {
  const allocatable = known('c6i.large', 2, 4);
  assert.throws(() => packOneVm('c6i.large', allocatable, { ...defaultPacking, nodeCpuMilli: 4_000 }), {
    code: 'node-does-not-fit',
  });
});

test('several nodes in one pod multiply what a VM holds', () => {
  const packing = packOneVm('c6i.2xlarge', known('c6i.2xlarge', 8, 16), {
    ...defaultPacking,
    nodesPerPod: 4,
  });
  assert.equal(packing.nodesPerVm, 60);
  assert.equal(vmsFor(10_000, packing).vms, 167);
});
