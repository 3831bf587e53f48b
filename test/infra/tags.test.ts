/**
 * Tag keys stand in three places that may not import each other: the program, the account's inventory, the watchdog's bundle.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cloudTagKeys } from '#campaigns/cloud/cloud-resource.ts';
import { awsTags, tagKeys } from '#infra/tags.ts';

test('inventory and sweep look for the keys that the program writes', () => {
  for (const [name, key] of Object.entries(cloudTagKeys))
    assert.equal(key, Object.entries(tagKeys).find(([own]) => own === name)?.[1], name);
  const written = Object.keys(awsTags({ campaign: 'c', run: 'r', phase: 'p', owner: 'o', stack: 's' }));
  assert.deepEqual(
    [cloudTagKeys.campaign, cloudTagKeys.stack].filter((key) => !written.includes(key)),
    [],
    'both halves of the proof of ownership are on everything',
  );
});

test('the watchdog reads no key that the program does not write', () => {
  const source = readFileSync(new URL('../../infra/guard/watchdog.ts', import.meta.url), 'utf8');
  const read = new Set([...source.matchAll(/'(bft:[a-z-]+)'/g)].map(([, key]) => key));
  assert.ok(read.size >= 5);
  const known = new Set<string>(Object.values(tagKeys));
  assert.deepEqual(
    [...read].filter((key) => key === undefined || !known.has(key)),
    [],
  );
});
