// Goal: a message suffers exactly what the profile says: delay, loss, copies, order, bandwidth, cuts; faults add and go.
// Method: counts and chi-square over seeded draws (|z| < 4), queues message by message.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Network } from '#campaigns/targets/simulator/network.ts';
import { mix } from '#node/core/random.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';

const draws = 131_072;
const wan = networkNamed('wan');
const ideal = networkNamed('ideal');

function networkOf(over: Partial<NetworkProfile>, nodes = 10, tickUs = 1): Network {
  return new Network({ ...wan, loss: 0, ...over }, nodes, tickUs, 77);
}

/** z of `count` successes of chance `chance`. */
function zOf(count: number, chance: number, of = draws): number {
  return (count - of * chance) / Math.sqrt(of * chance * (1 - chance));
}

function chiSquareZ(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const sum = counts.reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
  return (sum - (counts.length - 1)) / Math.sqrt(2 * (counts.length - 1));
}

function drawn(draw: number): number {
  return mix(1234, 5678, draw);
}

test('delays are uniform between the two figures of the profile', () => {
  const network = networkOf({});
  const bins = 64;
  const counts = new Array<number>(bins).fill(0);
  let sumUs = 0;
  for (let i = 0; i < draws; i++) {
    const us = network.plainDelay(drawn(i));
    assert.ok(us >= 50_000 && us <= 200_000);
    counts[Math.floor(((us - 50_000) / 150_000) * bins)]! += 1;
    sumUs += us;
  }
  assert.ok(Math.abs(chiSquareZ(counts)) < 4, `${chiSquareZ(counts)}`);
  const meanZ = (sumUs / draws - 125_000) / (150_000 / Math.sqrt(12 * draws));
  assert.ok(Math.abs(meanZ) < 4, `${meanZ}`);
});

test('the tick rounds a delay to the nearest multiple', () => {
  const fine = networkOf({});
  const coarse = networkOf({}, 10, 400);
  for (let i = 0; i < 1_000; i++) {
    assert.ok(Math.abs(coarse.plainDelay(drawn(i)) * 400 - fine.plainDelay(drawn(i))) <= 200.5);
  }
});

test('loss is the share of the profile, with more loss on top while a fault lasts, and back', () => {
  const lossy = networkOf({ loss: 0.02 });
  const lostNow = (): number => {
    const before = lossy.lost;
    let lost = 0;
    for (let i = 0; i < draws; i++) if (lossy.plainDelay(drawn(i)) < 0) lost += 1;
    assert.equal(lossy.lost - before, lost);
    return lost;
  };
  const base = lostNow();
  assert.ok(Math.abs(zOf(base, 0.02)) < 4, `${base}`);
  lossy.setExtraLoss(0.1);
  const more = lostNow();
  assert.ok(Math.abs(zOf(more, 1 - 0.98 * 0.9)) < 4, `${more}`);
  lossy.setExtraLoss(0);
  assert.equal(lostNow(), base);
});

test('copies and held-back messages have their shares, independently of each other', () => {
  const network = networkOf({ duplication: 0.03, reorder: 0.1 });
  assert.equal(network.plain, false);
  let copies = 0;
  let held = 0;
  let both = 0;
  for (let i = 0; i < draws; i++) {
    const isHeld = network.delay(drawn(i), 1, 2, 100, 0) >= 200_000 + 50_000;
    const isCopied = network.isDuplicated(drawn(i));
    if (isCopied) copies += 1;
    if (isHeld) held += 1;
    if (isCopied && isHeld) both += 1;
  }
  assert.ok(Math.abs(zOf(copies, 0.03)) < 4, `${copies}`);
  assert.ok(Math.abs(zOf(held, 0.1)) < 4, `${held}`);
  assert.ok(Math.abs(zOf(both, 0.003)) < 4, `${both}`);
});

test('a pair keeps its delay but for a tenth of the spread, the same in both directions; pairs spread over the profile', () => {
  const nodes = 60;
  const network = networkOf({ spread: 'pair' }, nodes);
  const counts = new Array<number>(9).fill(0);
  for (let a = 0; a < nodes; a++) {
    for (let b = a + 1; b < nodes; b++) {
      const us: number[] = [];
      for (let i = 0; i < 20; i++) {
        us.push(network.delay(drawn(i), a, b, 100, 0), network.delay(drawn(20 + i), b, a, 100, 0));
      }
      const least = Math.min(...us);
      assert.ok(least >= 50_000 && Math.max(...us) <= 200_000);
      assert.ok(Math.max(...us) - least <= 15_000 + 75, `pair ${a}-${b}`);
      assert.equal(network.delay(drawn(0), a, b, 100, 0), network.delay(drawn(0), b, a, 100, 0));
      const middle = network.delay(0, a, b, 100, 0) - 50_000;
      counts[Math.min(8, Math.floor(middle / 15_000))]! += 1;
    }
  }
  assert.ok(Math.abs(chiSquareZ(counts)) < 4, `${counts.join(' ')}`);
});

const megabit = { ...ideal, bandwidthBitsPerSecond: 1_000_000 };

test('a link sends in order at its rate and no faster, and drops what would wait for more than five seconds', () => {
  const network = networkOf(megabit);
  const perMessageUs = 8_000;
  const arrivals: number[] = [];
  for (let i = 0; i < 1_000; i++) {
    // Each to a receiver of its own turn: only the sender's link is busy.
    const ticks = network.delay(drawn(i), 0, 1 + (i % 9), 1_000, 0);
    if (ticks >= 0) arrivals.push(ticks);
  }
  assert.equal(arrivals.length, 625);
  assert.equal(network.queueDrops, 375);
  for (let i = 1; i < arrivals.length; i++) assert.ok(arrivals[i]! - arrivals[i - 1]! >= perMessageUs);
  assert.ok(arrivals[624]! >= 625 * perMessageUs);
  const later = network.delay(drawn(1), 0, 1, 1_000, 20_000_000);
  assert.equal(later, 2 * perMessageUs, 'an idle link costs its two transmissions');
});

test('a receiving link takes what several send at its rate', () => {
  const network = networkOf(megabit, 50);
  const arrivals = Array.from({ length: 49 }, (_, i) => network.delay(drawn(i), i + 1, 0, 1_000, 0));
  for (let i = 1; i < arrivals.length; i++) assert.equal(arrivals[i]! - arrivals[i - 1]!, 8_000);
});

test('a cut stands between groups only, is counted, and heals', () => {
  const network = networkOf({}, 4);
  assert.equal(network.isCut(0, 3), false);
  network.partition(Uint8Array.of(0, 0, 1, 2));
  const cut = [0, 1, 2, 3].map((from) => [0, 1, 2, 3].map((to) => (network.isCut(from, to) ? 1 : 0)));
  assert.deepEqual(cut, [
    [0, 0, 1, 1],
    [0, 0, 1, 1],
    [1, 1, 0, 1],
    [1, 1, 1, 0],
  ]);
  assert.equal(network.cut, 10);
  network.partition(null);
  assert.equal(network.isCut(0, 3), false);
  assert.equal(network.cut, 10);
});

test('added latency counts at both ends, overlaps add up, and all of it is taken back', () => {
  const network = networkOf(ideal);
  const both = Int32Array.of(2, 3);
  const between = (from: number, to: number): number => network.delay(drawn(9), from, to, 100, 0);
  network.addLatency(both, 30_000);
  assert.equal(network.plain, false);
  assert.deepEqual([between(0, 1), between(0, 2), between(2, 0), between(2, 3)], [0, 30_000, 30_000, 60_000]);
  assert.equal(network.delayed, 3);
  network.addLatency(Int32Array.of(0, 2), 5_000);
  assert.equal(between(0, 2), 40_000);
  network.addLatency(both, -30_000);
  assert.equal(between(0, 2), 10_000);
  assert.equal(between(3, 1), 0);
  network.addLatency(Int32Array.of(0, 2), -5_000);
  assert.equal(network.plain, true);
  assert.equal(between(0, 2), 0);
});

test('the same seed gives the same pairs, another seed others', () => {
  const of = (seed: number): number[] => {
    const network = new Network({ ...wan, spread: 'pair' }, 50, 1, seed);
    return Array.from({ length: 49 }, (_, i) => network.delay(drawn(i), 0, i + 1, 100, 0));
  };
  assert.deepEqual(of(5), of(5));
  assert.notDeepEqual(of(5), of(6));
});
