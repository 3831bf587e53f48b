// Goal: whatever is placed keeps its order, its least length and its gaps inside the window; uncompressed means unchanged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Effect, type PlacementOptions, placeEffects } from '#campaigns/faults/placement.ts';

const seed = 20_260_305;
const requestedUs = 1_000_000;
const effects = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 999_998 }), fc.integer({ min: 1, max: 400_000 })), {
    maxLength: 12,
  })
  .map((list): Effect[] =>
    list.map(([fromUs, forUs], i) => ({
      fault: i % 5,
      index: Math.floor(i / 5),
      fromUs,
      untilUs: Math.min(requestedUs, fromUs + forUs),
    })),
  );
const compression = fc.record({
  scale: fc.double({ min: 0.001, max: 1, noNaN: true }),
  leastEffectUs: fc.integer({ min: 1, max: 20_000 }),
  leastGapUs: fc.integer({ min: 0, max: 20_000 }),
  windowFromUs: fc.integer({ min: 0, max: 10_000 }),
});

function optionsOf(drawn: {
  scale: number;
  leastEffectUs: number;
  leastGapUs: number;
  windowFromUs: number;
}): PlacementOptions {
  return { ...drawn, requestedUs, windowUntilUs: drawn.windowFromUs + Math.ceil(requestedUs * drawn.scale) };
}

test('a placement keeps order, lengths and quiet gaps inside the window', () => {
  fc.assert(
    fc.property(effects, compression, (list, drawn) => {
      const options = optionsOf(drawn);
      const placed = placeEffects(list, options);
      if (placed === null) return;
      for (const { effect, fromUs, untilUs } of placed) {
        assert.ok(fromUs >= options.windowFromUs && untilUs <= options.windowUntilUs);
        assert.ok(untilUs - fromUs >= Math.min(effect.untilUs - effect.fromUs, options.leastEffectUs));
      }
      const ends = (written: boolean): [number, number][] =>
        placed.map((one) => (written ? [one.effect.fromUs, one.effect.untilUs] : [one.fromUs, one.untilUs]));
      const [written, run] = [ends(true).flat(), ends(false).flat()];
      for (let i = 0; i < written.length; i += 1) {
        for (let j = 0; j < written.length; j += 1) {
          if (written[i]! < written[j]!) assert.ok(run[i]! <= run[j]!, 'order changed');
        }
      }
      for (const one of placed) {
        const isQuietBefore = placed.every(
          ({ effect }) =>
            effect === one.effect || effect.untilUs <= one.effect.fromUs || effect.fromUs > one.effect.fromUs,
        );
        if (!isQuietBefore) continue;
        for (const other of placed) {
          if (other.effect === one.effect || other.effect.untilUs > one.effect.fromUs) continue;
          const leastUs = Math.min(one.effect.fromUs - other.effect.untilUs, options.leastGapUs);
          assert.ok(one.fromUs - other.untilUs >= leastUs, 'no room to recover');
        }
      }
    }),
    { seed, numRuns: 500 },
  );
});

test('without compression every effect keeps its very times', () => {
  fc.assert(
    fc.property(effects, compression, (list, drawn) => {
      const options = optionsOf({ ...drawn, scale: 1 });
      const placed = placeEffects(list, options);
      assert.ok(placed !== null);
      for (const { effect, fromUs, untilUs } of placed) {
        assert.equal(fromUs, options.windowFromUs + effect.fromUs);
        assert.equal(untilUs, options.windowFromUs + effect.untilUs);
      }
    }),
    { seed, numRuns: 200 },
  );
});
