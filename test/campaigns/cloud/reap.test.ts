/** The sweep deletes what is provably ours and expired, all of it, and nothing else: decoys of every kind survive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CloudResource, resourceClasses } from '#campaigns/cloud/cloud-resource.ts';
import { reap, removeInOrder, sweepPlan, tearDown } from '#campaigns/cloud/reap.ts';
import { CLOUD_NOW_MS, FakeAccount, resource } from '#test/campaigns/cloud/fake-account.ts';

const key = { campaign: 'phase2-a', stack: '1k-nodes' };
const past = '2026-11-28T11:59:59Z';
const future = '2026-11-28T12:00:01Z';
const tags = { 'bft:campaign': key.campaign, 'bft:stack': key.stack, 'bft:deadline': past };

/** One of ours with one thing wrong about it. */
const decoyTags: readonly Readonly<Record<string, string>>[] = [
  {},
  { Name: 'phase2-a' },
  { 'bft:campaign': 'phase2-b', 'bft:stack': key.stack, 'bft:deadline': past },
  { 'bft:campaign': 'PHASE2-A', 'bft:stack': key.stack, 'bft:deadline': past },
  { 'bft:campaign': 'phase2-a ', 'bft:stack': key.stack, 'bft:deadline': past },
  { 'bft:campaign': 'phase2-a-2', 'bft:stack': key.stack, 'bft:deadline': past },
  { 'bft:campaign': key.campaign, 'bft:deadline': past },
  { 'bft:campaign': key.campaign, 'bft:stack': '5k-nodes', 'bft:deadline': past },
  { campaign: key.campaign, stack: key.stack, 'bft:deadline': past },
  { 'bft:stack': key.stack, 'bft:deadline': past },
  { ...tags, 'bft:deadline': future },
  { ...tags, 'bft:deadline': 'yesterday' },
  { ...tags, 'bft:deadline': '2026-11-28' },
  { 'bft:campaign': key.campaign, 'bft:stack': key.stack },
];

const anyResource = (mine: fc.Arbitrary<Readonly<Record<string, string>>>) =>
  fc.record({
    of: fc.constantFrom(...resourceClasses),
    own: mine,
    name: fc.constantFrom('phase2-a', 'phase2-a-pool-0', 'x'),
  });

test('10,000 decoys survive, every expired resource of ours is found', async () => {
  let decoys = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyResource(fc.constantFrom(...decoyTags)), { minLength: 100, maxLength: 100 }),
      fc.array(anyResource(fc.constant(tags)), { maxLength: 20 }),
      async (others, ours) => {
        decoys += others.length;
        const wrong = others.map(({ of, own, name }, i) =>
          resource({ id: `d${i}`, class: of, tags: own, name }),
        );
        const right = ours.map(({ of, own, name }, i) =>
          resource({ id: `o${i}`, class: of, tags: own, name }),
        );
        const account = new FakeAccount(
          fc.sample(
            fc.shuffledSubarray([...wrong, ...right], { minLength: wrong.length + right.length }),
            1,
          )[0] ?? [],
        );
        const { asked } = await reap(account, key);
        assert.deepEqual(asked.map(({ id }) => id).sort(), right.map(({ id }) => id).sort());
        assert.deepEqual(account.resources.map(({ id }) => id).sort(), wrong.map(({ id }) => id).sort());
      },
    ),
    { numRuns: 100, seed: 19 },
  );
  assert.ok(decoys >= 10_000);
});

test('an empty key owns nothing, not even what has empty tags', async () => {
  const account = new FakeAccount([
    resource({ id: 'a', tags: { 'bft:campaign': '', 'bft:stack': '', 'bft:deadline': past } }),
  ]);
  assert.equal((await reap(account, { campaign: '', stack: '' })).asked.length, 0);
  assert.equal((await tearDown(account, { campaign: '', stack: '' })).asked.length, 0);
});

test('tags named like members of every object are no proof', () => {
  const odd = resource({ id: 'a', tags: Object.create({ ...tags }) as Record<string, string> });
  assert.equal(sweepPlan([odd], key, CLOUD_NOW_MS).ours.length, 0);
});

test('groups go to zero and away before machines, machines before what hangs on them; a refusal stops nothing else', async () => {
  const all: CloudResource[] = resourceClasses.map((of) => resource({ id: of, class: of, tags })).reverse();
  const account = new FakeAccount(all);
  account.refuses = ({ id }) => (id === 'cluster' ? 'node groups are still there' : null);
  const { refused } = await removeInOrder(account, all);
  assert.deepEqual(account.calls, [
    'stop autoscaling-group',
    ...resourceClasses.map((of) => `remove ${of} 1`),
  ]);
  assert.deepEqual([...refused], [['cluster', 'node groups are still there']]);
  assert.deepEqual(
    account.resources.map(({ id }) => id),
    ['cluster'],
  );
});

test('a teardown takes what is ours before its deadline, too, and nothing of another campaign', async () => {
  const account = new FakeAccount([
    resource({ id: 'mine', tags: { ...tags, 'bft:deadline': future } }),
    resource({ id: 'other', tags: { ...tags, 'bft:campaign': 'phase2-b' } }),
  ]);
  await tearDown(account, key);
  assert.deepEqual(
    account.resources.map(({ id }) => id),
    ['other'],
  );
});
