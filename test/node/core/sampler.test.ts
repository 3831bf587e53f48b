/** Samples: distinct, never the node itself, uniform on both paths, a function of the stream alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { purpose, streamKey } from '#node/core/random.ts';
import { type Exclusions, Sampler } from '#node/core/sampler.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();
const seed = 20_261_121;

function excluding(...peers: number[]): Exclusions {
  return { count: () => peers.length, excludes: (_node, peer) => peers.includes(peer) };
}

function draw(
  sampler: Sampler,
  self: number,
  k: number,
  number: number,
  exclusions: Exclusions | null = null,
): number[] {
  const out = new Int32Array(k).fill(-1);
  const keyA = streamKey(seed, self, purpose.poll, number);
  const keyB = streamKey(~seed, self, purpose.query, number);
  const drawn = sampler.sample(self, k, keyA, keyB, out, 0, exclusions);
  return [...out.subarray(0, drawn)];
}

function spare(
  sampler: Sampler,
  self: number,
  taken: readonly number[],
  slot: number,
  exclusions: Exclusions | null = null,
): number {
  sampler.beginSpares(self, Int32Array.from(taken), 0, taken.length, exclusions);
  return sampler.takeSpare(self, 17, 18, slot);
}

/** Each member but `self` is drawn equally often: chi-square over the peers within six deviations. */
function assertUniform(members: number, self: number, k: number, polls: number, left: number[] = []): void {
  const sampler = new Sampler(members);
  const counts = new Array<number>(members).fill(0);
  const exclusions = left.length === 0 ? null : excluding(...left);
  for (let number = 0; number < polls; number++)
    for (const peer of draw(sampler, self, k, number, exclusions)) counts[peer]! += 1;
  const eligible = counts.filter((_, peer) => peer !== self && !left.includes(peer));
  assert.equal(counts[self], 0);
  for (const peer of left) assert.equal(counts[peer], 0);
  const expected = (polls * k) / eligible.length;
  const chi = eligible.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // Draws without replacement vary less than independent ones: the mean is below the degrees of freedom.
  const freedom = eligible.length - 1;
  assert.ok(chi < freedom + 6 * Math.sqrt(2 * freedom), `chi-square ${chi} of ${freedom}`);
  const spread = 1 - k / eligible.length;
  assert.ok(chi > freedom * spread - 6 * Math.sqrt(2 * freedom), `too even: ${chi}`);
}

test('samples are distinct, in range and never the node itself', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 80 }),
      fc.nat(),
      fc.nat(),
      fc.nat(1000),
      (members, a, b, number) => {
        const self = a % members;
        const k = 1 + (b % (members - 1));
        const peers = draw(new Sampler(members), self, k, number);
        assert.equal(peers.length, k);
        assert.equal(new Set(peers).size, k);
        assert.ok(peers.every((peer) => peer >= 0 && peer < members && peer !== self));
      },
    ),
    { seed, numRuns: 500 },
  );
});

test('exclusions are kept, and the sample shrinks when too few peers are left', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(19), { maxLength: 19 }),
      fc.nat(19),
      fc.nat(500),
      (left, self, number) => {
        const others = left.filter((peer) => peer !== self);
        const peers = draw(new Sampler(20), self, 8, number, excluding(...others));
        assert.equal(peers.length, Math.min(8, 19 - others.length));
        assert.equal(new Set(peers).size, peers.length);
        assert.ok(peers.every((peer) => peer !== self && !others.includes(peer)));
      },
    ),
    { seed, numRuns: 300 },
  );
});

test('few of many peers: uniform', () => assertUniform(100, 42, 10, 6000));
test('more than half of the peers: uniform', () => assertUniform(40, 0, 30, 6000));
test('a small minority by rejection at the boundary k = (N - 1) / 2: uniform', () =>
  assertUniform(41, 40, 20, 6000));
test('with exclusions: uniform over the others', () => assertUniform(60, 7, 10, 6000, [0, 8, 59]));

test('every slot of a sample is uniform by itself, not only their union', () => {
  const sampler = new Sampler(20);
  for (const k of [4, 15]) {
    const last = new Array<number>(20).fill(0);
    for (let number = 0; number < 4000; number++) last[draw(sampler, 3, k, number)[k - 1]!]! += 1;
    const expected = 4000 / 19;
    const chi = last.reduce(
      (sum, count, peer) => (peer === 3 ? sum : sum + (count - expected) ** 2 / expected),
      0,
    );
    assert.ok(chi < 18 + 6 * Math.sqrt(36), `${chi}`);
  }
});

test('k = N - 1 asks everybody once', () => {
  const peers = draw(new Sampler(30), 11, 29, 5);
  assert.deepEqual(
    peers.toSorted((a, b) => a - b),
    Array.from({ length: 30 }, (_, i) => i).filter((peer) => peer !== 11),
  );
});

test('a sample does not depend on what was drawn before', () => {
  const used = new Sampler(50);
  const reversed = Array.from({ length: 50 }, (_, i) => draw(used, 9, 7, 49 - i)).reverse();
  for (let number = 0; number < 50; number++) {
    spare(used, 9, [1, 2, 3], number);
    assert.deepEqual(draw(new Sampler(50), 9, 7, number), reversed[number]);
  }
});

test('a spare peer is fresh: not the node, not taken, not excluded', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 24 }), { minLength: 1 }),
      fc.nat(9),
      (taken, slot) => {
        const left = [24, 23].filter((peer) => !taken.includes(peer));
        const peer = spare(new Sampler(25), 0, taken, slot, excluding(...left));
        const fresh = Array.from({ length: 24 }, (_, i) => i + 1).filter(
          (p) => !taken.includes(p) && !left.includes(p),
        );
        if (fresh.length === 0) assert.equal(peer, -1);
        else assert.ok(fresh.includes(peer), `${peer}`);
      },
    ),
    { seed, numRuns: 300 },
  );
});

test('spares that are taken one after the other are those that each would be if the ones before were among the taken', () => {
  const sampler = new Sampler(12);
  sampler.beginSpares(3, Int32Array.of(0, 1, 2), 0, 3, excluding(11));
  const given = [0, 1, 2];
  for (let slot = 0; slot < 9; slot++) {
    const peer = sampler.takeSpare(3, 17, 18, slot);
    const among = given.filter((other) => other >= 0);
    assert.equal(peer, spare(new Sampler(12), 3, among, slot, excluding(11)));
    given.push(peer);
  }
  // All that are neither the node nor excluded, and then nobody.
  assert.deepEqual(
    given.slice(0, 10).toSorted((a, b) => a - b),
    [0, 1, 2, 4, 5, 6, 7, 8, 9, 10],
  );
  assert.deepEqual(given.slice(10), [-1, -1]);
});

test('spares of different slots come from different draws, and are uniform', () => {
  const sampler = new Sampler(30);
  const taken = [1, 2, 3, 4, 5];
  const counts = new Map<number, number>();
  for (let slot = 0; slot < 1000; slot++) {
    const peer = spare(sampler, 0, taken, slot);
    counts.set(peer, (counts.get(peer) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1000 / 24) ** 2 / (1000 / 24), 0);
  assert.ok(chi < 23 + 6 * Math.sqrt(46), `${chi}`);
});

test('the last fresh peer is found, and none is invented', () => {
  const all = Array.from({ length: 29 }, (_, i) => i + 1);
  assert.equal(
    spare(
      new Sampler(30),
      0,
      all.filter((peer) => peer !== 13),
      0,
    ),
    13,
  );
  assert.equal(spare(new Sampler(30), 0, all, 0), -1);
});
