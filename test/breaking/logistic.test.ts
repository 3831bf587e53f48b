/** The curve through runs that broke: against a curve that is known, and where there is nothing to fit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mix } from '#node/core/random.ts';
import { midpointOf, type Trial } from './logistic.ts';

/** Runs that break with a known logistic chance, from a fixed stream. */
function drawn(midpoint: number, width: number, each: number, seed: number): Trial[] {
  const trials: Trial[] = [];
  for (let attackers = 0; attackers <= 20; attackers++) {
    const chance = 1 / (1 + Math.exp((-2 * Math.log(3) * (attackers - midpoint)) / width));
    for (let i = 0; i < each; i++)
      trials.push({ attackers, broke: (mix(seed, attackers, i) >>> 0) / 2 ** 32 < chance });
  }
  return trials;
}

test('the interval covers the true midpoint about as often as it says', () => {
  let covered = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const found = midpointOf(drawn(8.3, 3, 6, seed), 20)!;
    assert.ok(found.low <= found.at && found.at <= found.high);
    if (found.low <= 8.3 && 8.3 <= found.high) covered += 1;
  }
  assert.ok(covered >= 88, `${covered} of 100`);
});

test('more runs make the interval shorter', () => {
  const [few, many] = [midpointOf(drawn(8.3, 3, 4, 1), 20)!, midpointOf(drawn(8.3, 3, 40, 1), 20)!];
  assert.ok(many.high - many.low < 0.5 * (few.high - few.low));
});

test('a cliff lies between the last whole and the first broken number', () => {
  const trials = [4, 5, 6, 7].flatMap((attackers) =>
    Array.from({ length: 5 }, () => ({ attackers, broke: attackers > 5 })),
  );
  const { at, low, high } = midpointOf(trials, 20)!;
  assert.ok(at > 5 && at < 6 && low >= 4.9 && high <= 6.1, `${low} ${at} ${high}`);
});

test('where every run or none broke there is no midpoint', () => {
  assert.equal(midpointOf([{ attackers: 1, broke: true }], 20), null);
  assert.equal(midpointOf([{ attackers: 1, broke: false }], 20), null);
});
