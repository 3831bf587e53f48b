/** A smoke run of every job of the bench that is not heavy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groups } from './figures.ts';
import { assertQuickRun } from './quick-run.ts';

test('a quick run measures a figure of every job that is not heavy, each above zero', () => {
  const load = assertQuickRun(groups)['load.dag-1000'];
  assert.ok(load !== undefined && load['undecided']! > 1 && load['standingBytesPerNode']! > 0);
});
