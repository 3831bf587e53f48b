/**
 * Whatever looks for resources by tag looks for keys that the program writes; a key is written down once.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { tagKeys } from '#budgets/tag-keys.ts';
import { awsTags } from '#infra/tags.ts';

test('both halves of the proof of ownership are on everything', () => {
  const written = Object.keys(awsTags({ campaign: 'c', run: 'r', phase: 'p', owner: 'o', stack: 's' }));
  assert.deepEqual(
    [tagKeys.campaign, tagKeys.stack].filter((key) => !written.includes(key)),
    [],
  );
});

test('inventory, watchdog and sweep spell no key themselves', () => {
  for (const file of [
    'infra/guard/watchdog.ts',
    'infra/guard/swept-aws.ts',
    'campaigns/cloud/cloud-resource.ts',
    'budgets/focus/focus-row.ts',
  ]) {
    const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    assert.match(source, /tagKeys\.\w+/, file);
    assert.doesNotMatch(source, /'bft:/, file);
  }
});
