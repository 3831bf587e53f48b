// Goal: the sources' three triples are placed where published arithmetic puts them; no bound above the wish is printed; misfits are refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advise, betaRanges, type Wish } from '#campaigns/advise.ts';
import { adviceText } from '#campaigns/commands/advice-text.ts';
import { placeTriple } from '#campaigns/triple-advice.ts';

const wish: Wish = {
  nodes: 150,
  byzantineShare: 0.1,
  attack: 'always-reject',
  safety: 1e-9,
  rounds: 100,
  safetyNotion: 'reversal',
};

test('30/24/20 at 150 nodes with 10 % rejecting: 23.15 polls, all with 0.996', () => {
  const placed = placeTriple(wish, { k: 30, alpha: 24, beta: 20 });
  assert.ok(Math.abs(placed.expectedRounds - 23.15) < 0.005);
  assert.ok(Math.abs(placed.allWithin - 0.996) < 0.0005);
  assert.ok(placed.isLive && placed.isSafe);
});

test('each of the three triples is not live with 30 % rejecting, and bears more against a split than against a reversal', () => {
  for (const [nodes, k, alpha, beta] of [
    [150, 30, 24, 20],
    [1_000, 50, 40, 15],
    [10_000, 100, 80, 10],
  ] as const) {
    const placed = placeTriple({ ...wish, nodes, byzantineShare: 0.3 }, { k, alpha, beta });
    assert.equal(placed.isLive, false);
    assert.ok(placed.liveShare < 0.2 && placed.splitShare > placed.reversalShare);
  }
});

test('no printed bound is larger than what was wished, whatever the notion', () => {
  for (const safetyNotion of ['forge', 'split', 'reversal'] as const)
    for (const safety of [1e-3, 1e-9]) {
      const asked = { ...wish, nodes: 60, safety, safetyNotion };
      const text = adviceText(asked, advise(asked), placeTriple(asked, { k: 10, alpha: 8, beta: 4 }));
      for (const [, bound] of text.matchAll(/<= (1e-?\d+)/g))
        assert.ok(Number(bound) <= safety * (1 + 1e-9), text);
      assert.match(text, /S2 a finalised side/);
    }
});

test('the map agrees with the advice, and a triple outside the network is refused', () => {
  const advice = advise({ ...wish, nodes: 60 });
  assert.equal(advice.kind, 'found');
  const { k, alphaConfidence, beta, alphaRange } = advice.best;
  const range = betaRanges({ ...wish, nodes: 60 }, k).find(({ alpha }) => alpha === alphaConfidence)!;
  assert.ok(range.leastSafe === beta && range.mostLive! >= beta);
  assert.ok(alphaRange[0] <= alphaConfidence && alphaConfidence <= alphaRange[1]);
  assert.throws(() => placeTriple(wish, { k: 150, alpha: 120, beta: 3 }), RangeError);
});
