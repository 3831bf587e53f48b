/**
 * Machines of the measured pool, for every network from 100 to 10,000 nodes: pods fit by plain sums, no VM too many, groups add up.
 * The oracle adds requests up itself; it shares the published figures with the planner and none of its arithmetic.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allocatableOf, daemonSets } from '#budgets/capacity.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { parseStackConfig } from '#infra/config.ts';
import { cutGroups, planMachines } from '#infra/plan/machines.ts';
import { onCloud } from '#test/infra/stack-fixture.ts';

const sheet = readPriceSheet();

const wishes = fc.record({
  cloud: fc.constantFrom('aws', 'gcp'),
  nodes: fc.integer({ min: 100, max: 10_000 }),
  nodesPerProcess: fc.integer({ min: 1, max: 20 }),
  architecture: fc.constantFrom('amd64', 'arm64'),
  cpuMilli: fc.integer({ min: 50, max: 4_000 }),
  memoryMiB: fc.integer({ min: 64, max: 4_096 }),
  zones: fc.integer({ min: 1, max: 3 }),
});

type Wish = typeof wishes extends fc.Arbitrary<infer T> ? T : never;

function planned(wish: Wish) {
  const zones = wish.nodes > 1_000 ? 1 : wish.zones;
  const config = onCloud('1k-nodes', wish.cloud, {
    'bft-scale:nodes': String(wish.nodes),
    'bft-scale:nodesPerProcess': String(wish.nodesPerProcess),
    'bft-scale:pool': JSON.stringify({ architecture: wish.architecture, zones }),
    'bft-scale:pod': JSON.stringify({
      cpuMilli: wish.cpuMilli,
      cpuLimitMilli: wish.cpuMilli,
      memoryMiB: wish.memoryMiB,
      memoryLimitMiB: wish.memoryMiB,
    }),
  });
  return planMachines('1k-nodes', parseStackConfig('1k-nodes', config), wish.cloud, sheet, '2026-12-01');
}

test('pods and DaemonSets of a VM never ask for more than the smallest machine of the pool gives', () => {
  fc.assert(
    fc.property(wishes, (wish) => {
      const plan = planned(wish);
      for (const { sku, vcpu, memGiB } of plan.types) {
        const gives = allocatableOf({ provider: wish.cloud, sku, vcpu, memGiB });
        assert.ok(gives !== null);
        let cpu = 0;
        let memory = 0;
        for (const share of daemonSets[wish.cloud]) {
          cpu += share.cpuMilli;
          memory += share.memoryMiB;
        }
        for (let pod = 0; pod < plan.podsPerVm; pod += 1) {
          cpu += wish.cpuMilli;
          memory += wish.memoryMiB;
        }
        assert.ok(cpu <= gives.cpuMilli, `${sku}: ${cpu} m of ${gives.cpuMilli} m`);
        assert.ok(memory <= gives.memoryMiB, `${sku}: ${memory} MiB of ${gives.memoryMiB} MiB`);
      }
    }),
  );
});

test('there are VMs for every pod and none without one; groups hold them all, at most 200 each', () => {
  fc.assert(
    fc.property(wishes, (wish) => {
      const plan = planned(wish);
      const pods = Math.ceil(wish.nodes / wish.nodesPerProcess);
      assert.ok(plan.vms * plan.podsPerVm >= pods);
      assert.ok((plan.vms - 1) * plan.podsPerVm < pods);
      assert.equal(
        plan.groups.reduce((sum, group) => sum + group.vms, 0),
        plan.vms,
      );
      assert.ok(plan.groups.every((group) => group.vms >= 1 && group.vms <= 200));
      assert.equal(new Set(plan.groups.map((group) => group.name)).size, plan.groups.length);
      assert.ok(plan.types.every((type) => type.capPerHour <= plan.capPerHour));
    }),
  );
});

test('groups of several zones differ by at most one VM', () => {
  const { types } = planned({
    cloud: 'aws',
    nodes: 1_000,
    nodesPerProcess: 1,
    architecture: 'amd64',
    cpuMilli: 500,
    memoryMiB: 512,
    zones: 1,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 3 }), (vms, zones) => {
      const sizes = cutGroups(vms, zones, types, 'aws').map((group) => group.vms);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
    }),
  );
});

test('the three networks of the requirements on AWS: 67, 334 and 667 VMs of fifteen pods', () => {
  const vms = [1_000, 5_000, 10_000].map(
    (nodes) =>
      planned({
        cloud: 'aws',
        nodes,
        nodesPerProcess: 1,
        architecture: 'amd64',
        cpuMilli: 500,
        memoryMiB: 512,
        zones: 1,
      }).vms,
  );
  assert.deepEqual(vms, [67, 334, 667]);
});
