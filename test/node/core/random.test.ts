/** Draws by counter: pure, well spread, bounded. The statistics have fixed keys, so they never flicker. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { below, mix, purpose, streamKey, unit } from '#node/core/random.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();

/** Sum of squared deviations over the expectation. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test('a draw depends on its key and counter only', () => {
  const forward = Array.from({ length: 100 }, (_, i) => mix(11, 22, i));
  const backward = Array.from({ length: 100 }, (_, i) => mix(11, 22, 99 - i)).reverse();
  assert.deepEqual(forward, backward);
});

test('draws are signed 32-bit integers', () => {
  for (let i = 0; i < 1000; i++) assert.equal(mix(i, ~i, i * 7) | 0, mix(i, ~i, i * 7));
});

test('these draws never change: stored campaigns replay with them', () => {
  assert.deepEqual(
    [mix(1, 2, 3), mix(-1, 0, 0x7fffffff), streamKey(42, 7, purpose.poll, 9)],
    [657168667, 619314985, -2096301308],
  );
});

test('one changed bit of any argument changes about half of the result', () => {
  let flipped = 0;
  let trials = 0;
  for (let i = 0; i < 200; i++) {
    const base = mix(i, 1000 - i, i * 3);
    for (let bit = 0; bit < 32; bit++) {
      for (const other of [
        mix(i ^ (1 << bit), 1000 - i, i * 3),
        mix(i, (1000 - i) ^ (1 << bit), i * 3),
        mix(i, 1000 - i, (i * 3) ^ (1 << bit)),
      ]) {
        for (let rest = base ^ other; rest !== 0; rest &= rest - 1) flipped += 1;
        trials += 32;
      }
    }
  }
  assert.ok(Math.abs(flipped / trials - 0.5) < 0.02, `${flipped / trials}`);
});

test('streams of different seeds, nodes, purposes and indices differ', () => {
  const keys = new Set<number>();
  let streams = 0;
  for (const seed of [1, 2, -1])
    for (let node = 0; node < 40; node++)
      for (const use of Object.values(purpose))
        for (let index = 0; index < 5; index++) {
          keys.add(streamKey(seed, node, use, index));
          streams += 1;
        }
  assert.ok(keys.size >= streams - 1, `${keys.size} of ${streams} 32-bit keys differ`);
});

for (const bound of [1, 2, 7, 100, 4096]) {
  test(`below(${bound}) stays in range and is uniform`, () => {
    const counts = new Array<number>(bound).fill(0);
    for (let i = 0; i < 100 * bound; i++) counts[below(mix(5, bound, i), bound)]! += 1;
    assert.equal(counts.length, bound);
    // Mean bound - 1, deviation sqrt(2 (bound - 1)); six deviations.
    assert.ok(chiSquare(counts) < bound - 1 + 6 * Math.sqrt(2 * bound), `${chiSquare(counts)}`);
  });
}

test('below reaches both ends of its range and never the bound', () => {
  const largest = 2 ** 21;
  assert.equal(below(0, largest), 0);
  assert.equal(below(-1, largest), largest - 1);
  assert.equal(below(-1, 1), 0);
});

test('unit covers [0, 1)', () => {
  assert.equal(unit(0), 0);
  assert.equal(unit(0x40000000), 0.25);
  assert.ok(unit(-1) < 1 && unit(-1) > 0.999_999_999);
});
