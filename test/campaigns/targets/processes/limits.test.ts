// Goal: a resource profile is enforced or refused with the reason, never ignored. Method: profiles against machines of 2 and 4 cores.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceProfiles } from '#campaigns/schema/names.ts';
import { capabilities, packingOf } from '#campaigns/targets/processes/capabilities.ts';
import { planLimits } from '#campaigns/targets/processes/limits.ts';
import { processSpec } from '#test/support/process-spec.ts';

const profile = (name: string): (typeof resourceProfiles)[number] => {
  const found = resourceProfiles.find((one) => one.name === name);
  assert.ok(found);
  return found;
};

test('a profile larger than the machine is refused', () => {
  const plan = planLimits(profile('standard'), 1, 2);
  assert.equal(plan.kind, 'refused');
  assert.match(plan.kind === 'refused' ? plan.reason : '', /"standard".*wants 4 cores, the machine has 2/);
});

test('a profile as large as the machine limits the heap', () => {
  const plan = planLimits(profile('standard'), 1, 4);
  assert.deepEqual(plan.kind === 'applied' && plan.nodeFlags, ['--max-old-space-size=1228']);
});

test('a smaller profile binds every process to its cores, in turn', () => {
  const plan = planLimits(profile('light'), 1, 4);
  if (plan.kind === 'refused') return assert.match(plan.reason, /taskset/);
  assert.deepEqual(
    [plan.prefix(0), plan.prefix(1), plan.prefix(2)],
    [
      ['taskset', '-c', '0,1'],
      ['taskset', '-c', '2,3'],
      ['taskset', '-c', '0,1'],
    ],
  );
});

test('packed nodes cannot be limited one by one, and need not be when they share', () => {
  assert.equal(planLimits(profile('minimal'), 4, 2).kind, 'refused');
  const shared = planLimits(profile('shared'), 4, 2);
  assert.equal(shared.kind === 'applied' && shared.isEnforced, false);
});

test('what a packed process cannot do is refused before anything is started', () => {
  const stall = { kind: 'stall', nodes: 1, atUs: 0, forUs: 1 } as const;
  const packed = processSpec({ faults: [stall] });
  assert.match(capabilities.refuses?.(packed) ?? '', /"stall" acts on processes, and 2 nodes share one/);
  assert.equal(capabilities.refuses?.({ ...packed, nodesPerProcess: 1 }), null);
  const single = { ...packed.workload, kind: 'single' } as const;
  assert.match(capabilities.refuses?.({ ...packed, faults: [], workload: single }) ?? '', /"single"/);
});

test('up to 16 nodes get a process each, more are packed', () => {
  const { nodesPerProcess: _given, ...spec } = processSpec({ nodes: 16 });
  assert.equal(packingOf(spec), 1);
  assert.ok(packingOf({ ...spec, nodes: 100 }) > 1);
});
