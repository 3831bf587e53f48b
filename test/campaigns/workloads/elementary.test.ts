// Goal: the two approximations agree with the engine's functions within their stated errors. Method: dense grids.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { naturalLog, sineOfTurns } from '#campaigns/workloads/elementary.ts';

test('the logarithm is within 1e-12 of the engine over forty powers of two', () => {
  for (let i = 1; i <= 20_000; i += 1) {
    const x = (i * i * 1.37) / 4_096;
    assert.ok(Math.abs(naturalLog(x) - Math.log(x)) < 1e-12, `x = ${x}`);
  }
  assert.ok(Math.abs(naturalLog(0.5 / 4_294_967_296) - Math.log(0.5 / 4_294_967_296)) < 1e-12);
  assert.equal(naturalLog(1), 0);
});

test('the logarithm refuses what has none', () => {
  for (const x of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => naturalLog(x), RangeError);
  }
});

test('the sine is within 1e-9 of the engine on both sides of zero', () => {
  for (let i = -5_000; i <= 5_000; i += 1) {
    const turns = i / 1_237;
    assert.ok(Math.abs(sineOfTurns(turns) - Math.sin(2 * Math.PI * turns)) < 1e-9, `turns = ${turns}`);
  }
});
