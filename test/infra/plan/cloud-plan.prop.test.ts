/**
 * What follows from a network's size: addresses do not overlap and suffice, the bound on the cost holds against a plain recount.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BudgetError } from '#budgets/budget-error.ts';
import { parseStackConfig } from '#infra/config.ts';
import { planAddresses } from '#infra/plan/cidr.ts';
import { planCloud } from '#infra/plan/cloud-plan.ts';
import { instantAfter, planDeadline } from '#infra/plan/deadline.ts';
import { awsQuotas, shortfalls } from '#infra/plan/quotas.ts';
import { noon, onCloud } from '#test/infra/stack-fixture.ts';

interface Range {
  readonly from: number;
  readonly to: number;
}

function range(cidr: string): Range {
  const [address = '', bits = ''] = cidr.split('/');
  const from = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { from, to: from + 2 ** (32 - Number(bits)) - 1 };
}

const inside = (inner: Range, outer: Range): boolean => inner.from >= outer.from && inner.to <= outer.to;
const apart = (a: Range, b: Range): boolean => a.to < b.from || b.to < a.from;

test('subnets lie in the ranges of the network, apart from each other, and hold every pod', () => {
  const sizes = fc.record({
    vms: fc.integer({ min: 1, max: 700 }),
    podsPerVm: fc.integer({ min: 1, max: 28 }),
    zones: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(sizes, (pool) => {
      const plan = planAddresses('x', pool);
      const outer = [plan.vpc, ...plan.extra].map(range);
      const subnets = [...plan.control, ...plan.measured].map(range);
      assert.ok(subnets.every((one) => outer.some((whole) => inside(one, whole))));
      assert.ok(
        subnets.every((one, at) => subnets.every((other, index) => index === at || apart(one, other))),
      );
      assert.equal(plan.measured.length, pool.zones);
      const room = range(plan.measured[0]!).to - range(plan.measured[0]!).from + 1;
      assert.ok(Math.ceil(pool.vms / pool.zones) * (pool.podsPerVm + 1) < room);
    }),
  );
});

test('the worst case is at least every VM at its cap until it ends itself, whatever the size', () => {
  const wishes = fc.record({
    nodes: fc.integer({ min: 100, max: 10_000 }),
    ttl: fc.integer({ min: 30, max: 400 }),
    cloud: fc.constantFrom('aws', 'gcp'),
  });
  fc.assert(
    fc.property(wishes, ({ nodes, ttl, cloud }) => {
      const config = parseStackConfig(
        '10k-nodes',
        onCloud('10k-nodes', cloud, {
          'bft-scale:nodes': String(nodes),
          'bft-scale:ttlMinutes': String(ttl),
        }),
      );
      try {
        const plan = planCloud('10k-nodes', config, cloud, ttl, noon);
        const bare = (plan.machines.vms * plan.machines.capPerHour * (ttl + 30)) / 60;
        assert.ok(plan.worstCase.total > bare);
        assert.ok(plan.worstCase.total <= 1_000_000_000, 'above the run cap and not refused');
      } catch (error) {
        assert.ok(error instanceof BudgetError && error.code === 'over-budget', String(error));
        assert.ok(nodes * ttl > 500_000, `a small stack was refused: ${nodes} nodes for ${ttl} minutes`);
      }
    }),
    { numRuns: 40 },
  );
});

test('a deadline is a whole number of seconds after the first up, or the written one while it lies ahead', () => {
  const config = parseStackConfig('1k-nodes', onCloud('1k-nodes', 'aws'));
  assert.deepEqual(planDeadline('1k-nodes', config, noon), {
    kind: 'from-first-up',
    at: '2026-12-01T15:00:00Z',
    minutes: 180,
  });
  const written = { ...config, deadline: '2026-12-01T14:00:00Z' };
  assert.deepEqual(planDeadline('1k-nodes', written, noon), {
    kind: 'written',
    at: '2026-12-01T14:00:00Z',
    minutes: 120,
  });
  assert.equal(instantAfter('2026-12-31T23:59:59Z', 1), '2027-01-01T00:00:59Z');
});

test('a quota that is unknown or too small is named; an exact one is enough', () => {
  const needs = awsQuotas({ spotVcpu: 640, onDemandVcpu: 32, diskGiB: 2_049, vms: 80 });
  const enough = needs.map(({ code, needed }) => ({ code, value: needed }));
  assert.deepEqual(shortfalls(needs, enough), []);
  assert.equal(shortfalls(needs, []).length, needs.length);
  const [first] = shortfalls(needs, [{ code: 'L-34B43A08', value: 5 }, ...enough.slice(1)]);
  assert.equal(first, 'vCPUs of standard spot VMs (L-34B43A08): needs 640, has 5');
});
