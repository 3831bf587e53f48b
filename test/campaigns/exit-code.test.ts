/**
 * Which exit code wins, and that every code has a meaning. The order is the contract of the command line.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOfStatus, exitCodes, loudest, meaningOf } from '#campaigns/exit-code.ts';

test('of any two codes the one earlier in the published order wins', () => {
  const order = [130, 31, 22, 30, 20, 21, 23, 10, 11, 0] as const;
  for (const [index, louder] of order.entries()) {
    for (const softer of order.slice(index)) assert.equal(loudest([softer, louder]), louder);
  }
});

test('nothing that applies is a pass', () => assert.equal(loudest([]), 0));

test('only PASSED is green; skipped and aborted count as inconclusive', () => {
  assert.deepEqual(
    (['PASSED', 'FAILED', 'INCONCLUSIVE', 'SKIPPED', 'ABORTED'] as const).map(exitCodeOfStatus),
    [0, 10, 11, 11, 11],
  );
});

test('every code has its own words', () => {
  const words = Object.values(exitCodes).map(meaningOf);
  assert.equal(new Set(words).size, words.length);
});
