/**
 * The watchdog: what it decides from tags alone, and that one look acts in the right order, once, whatever fails.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Cloud, watch } from '#infra/guard/watchdog.ts';
import {
  type Account,
  decide,
  type SeenVm,
  UNKNOWN_VM_MICROS_PER_HOUR,
} from '#infra/guard/watchdog-decision.ts';

const now = '2026-12-01T12:00:00Z';
const vm = (more: Partial<SeenVm> = {}): SeenVm => ({
  id: 'i-1',
  stack: '1k-nodes',
  deadline: '2026-12-01T15:00:00Z',
  capMicrosPerHour: 340_000,
  runCapMicros: 1_000_000_000,
  ...more,
});
const before = (more: Partial<Account> = {}): Account => ({
  accruedMicros: 0,
  at: '2026-12-01T11:59:00Z',
  ...more,
});
const stopOf = (vms: readonly SeenVm[], account?: Account): string | null =>
  decide(vms, account === undefined ? {} : { '1k-nodes': account }, now)[0]?.stop ?? null;

test('a stack inside its deadline and its cap runs on', () => assert.equal(stopOf([vm()], before()), null));
test('nothing is stopped where nothing is', () => assert.deepEqual(decide([], {}, now), []));
test('a passed deadline stops', () =>
  assert.match(stopOf([vm({ deadline: now })]) ?? '', /deadline .* has passed/));
test('a VM without a deadline stops', () =>
  assert.match(stopOf([vm({ deadline: null })]) ?? '', /i-1 has no deadline tag/));
test('a VM without a stack stops', () =>
  assert.match(decide([vm({ stack: null })], {}, now)[0]?.stop ?? '', /has no stack tag/));
test('VMs that do not say what the run may cost stop', () =>
  assert.match(stopOf([vm({ runCapMicros: null })]) ?? '', /no VM says/));

test('it stops while the rest of the cap still pays for stopping', () => {
  const cap = 1_000_000_000;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 0, max: cap }), (count, accrued) => {
      const vms = Array.from({ length: count }, (_, index) => vm({ id: `i-${index}` }));
      const [verdict] = decide(vms, { '1k-nodes': before({ accruedMicros: accrued }) }, now);
      const minute = (count * 340_000) / 60;
      const mustStop = accrued + minute * 19 >= cap;
      assert.equal(verdict?.stop !== null, mustStop);
      assert.ok((verdict?.account.accruedMicros ?? 0) >= accrued + minute - 1);
    }),
  );
});

test('an unknown price is counted, and at a dear one', () => {
  const [verdict] = decide([vm({ capMicrosPerHour: null })], { '1k-nodes': before() }, now);
  assert.equal(verdict?.account.accruedMicros, Math.ceil(UNKNOWN_VM_MICROS_PER_HOUR / 60));
});

function recording(
  vms: readonly SeenVm[],
  fails: ReadonlySet<string> = new Set(),
): { readonly cloud: Cloud; readonly did: string[] } {
  const did: string[] = [];
  const note = async (what: string): Promise<void> => {
    did.push(what);
    if (fails.has(what.split(' ')[0] ?? '')) throw new Error(`${what} failed`);
  };
  const cloud: Cloud = {
    vms: async () => vms,
    account: async () => before(),
    keep: (stack) => note(`keep ${stack}`),
    emptyGroups: async (stack) => {
      await note(`empty ${stack}`);
      return 1;
    },
    terminate: (gone) => note(`terminate ${gone.map((one) => one.id).join(',')}`),
    startTeardown: (stack) => note(`teardown ${stack}`),
    tell: (subject) => note(`tell ${subject}`),
  };
  return { cloud, did };
}

test('stopping empties groups before it ends VMs, of that stack only, and tells', async () => {
  const other = vm({ id: 'i-2', stack: '5k-nodes' });
  const { cloud, did } = recording([vm({ deadline: now }), other]);
  await watch(cloud, now, false);
  assert.deepEqual(did, [
    'keep 1k-nodes',
    'empty 1k-nodes',
    'terminate i-1',
    'teardown 1k-nodes',
    'tell bft-scale: 1k-nodes is stopped',
    'keep 5k-nodes',
  ]);
});

test('a step that fails keeps none of the others from happening, and is told', async () => {
  const { cloud, did } = recording([vm({ deadline: now })], new Set(['keep', 'empty', 'terminate']));
  await assert.rejects(watch(cloud, now, false), /empty 1k-nodes failed/);
  assert.deepEqual(did.slice(-4), [
    'terminate i-1',
    'teardown 1k-nodes',
    'tell bft-scale: 1k-nodes is stopped',
    'tell bft-scale: the watchdog needs help',
  ]);
});

test('dry run keeps accounts and stops nothing', async () => {
  const { cloud, did } = recording([vm({ deadline: now })]);
  const [verdict] = await watch(cloud, now, true);
  assert.match(verdict?.stop ?? '', /passed/);
  assert.deepEqual(did, ['keep 1k-nodes']);
});
