// Goal: the formulas move the right way in every argument, over random settings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finality } from '#campaigns/analytic/finality.ts';
import { expectedAnswer } from '#campaigns/analytic/poll-time.ts';
import { safetyBounds } from '#campaigns/analytic/safety.ts';

const seed = 20_261_121;
console.log(`fast-check seed ${seed}`);
const rounding = 1e-12;

const settings = fc
  .record({
    nodes: fc.integer({ min: 20, max: 400 }),
    share: fc.double({ min: 0, max: 0.5, noNaN: true }),
    sample: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
    quorum: fc.double({ min: 0.51, max: 1, noNaN: true }),
  })
  .map(({ nodes, share, sample, quorum }) => {
    const k = Math.max(3, Math.min(60, Math.floor(sample * (nodes - 1))));
    const alpha = Math.max(Math.floor(k / 2) + 1, Math.min(k, Math.round(quorum * k)));
    return { nodes, byzantine: Math.floor(share * nodes), k, alpha };
  });
const voters = fc.constantFrom('reject', 'silent', 'random');
const betas = fc.integer({ min: 1, max: 12 });

test('one more attacker, a higher alpha, a higher beta or more loss never makes finality likelier', () => {
  fc.assert(
    fc.property(
      settings,
      voters,
      betas,
      fc.boolean(),
      ({ nodes, byzantine, k, alpha }, voter, beta, retry) => {
        const base = {
          nodes,
          byzantine,
          voter,
          k,
          alpha,
          beta,
          maxRounds: 30,
          loss: 0,
          offlineShare: 0,
          retry,
        } as const;
        const { oneWithin, allWithin } = finality(base);
        assert.ok(oneWithin >= 0 && oneWithin <= 1 && allWithin <= oneWithin + rounding);
        const changes = [
          { byzantine: byzantine + 1 },
          { beta: beta + 1 },
          { loss: 0.05 },
          ...(alpha < k ? [{ alpha: alpha + 1 }] : []),
        ];
        for (const change of changes)
          assert.ok(
            finality({ ...base, ...change }).oneWithin <= oneWithin + rounding,
            JSON.stringify(change),
          );
      },
    ),
    { seed, numRuns: 60 },
  );
});

test('one more attacker never makes a decision safer, a higher alpha or beta never less safe', () => {
  fc.assert(
    fc.property(settings, betas, ({ nodes, byzantine, k, alpha }, beta) => {
      const base = {
        nodes,
        byzantine,
        k,
        alphaPreference: Math.floor(k / 2) + 1,
        alphaConfidence: alpha,
        beta,
        maxRounds: 30,
      };
      const { splitLog10, forgeLog10 } = safetyBounds(base);
      const more = safetyBounds({ ...base, byzantine: byzantine + 2 });
      assert.ok(more.splitLog10 >= splitLog10 - rounding && more.forgeLog10 >= forgeLog10 - rounding);
      assert.ok(safetyBounds({ ...base, beta: beta + 1 }).splitLog10 <= splitLog10 + rounding);
      if (alpha < k)
        assert.ok(safetyBounds({ ...base, alphaConfidence: alpha + 1 }).splitLog10 <= splitLog10 + rounding);
    }),
    { seed, numRuns: 100 },
  );
});

test('later answers and longer delays take longer', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 60 }),
      fc.double({ min: 1, max: 50, noNaN: true }),
      (count, most) => {
        const trip = { kind: 'two-uniform', least: 1, most: 1 + most } as const;
        const rank = Math.ceil(count / 2);
        const at = expectedAnswer(trip, rank, count);
        assert.ok(expectedAnswer(trip, Math.min(count, rank + 1), count) >= at - 1e-9);
        assert.ok(expectedAnswer({ ...trip, most: 2 + most }, rank, count) >= at);
        assert.ok(at >= 2 && at <= 2 + 2 * most);
      },
    ),
    { seed, numRuns: 60 },
  );
});
