/**
 * What a side of a cut network gathers, against enumeration of every sample and every fresh peer; and how the bound moves.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CutSetting, cutBoundLog10, cutSide, leastAlphaOfCut } from '#campaigns/analytic/cut.ts';

/** All subsets of `size` of `items`. */
function subsets(items: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}

/** Peers 0 .. reachable-1 answer. Every first sample, then every set of fresh peers for its empty slots, equally likely. */
function enumerated(peers: number, reachable: number, k: number, alpha: number): number {
  const all = Array.from({ length: peers }, (_, i) => i);
  const answered = (sample: readonly number[]): number => sample.filter((peer) => peer < reachable).length;
  const firsts = subsets(all, k);
  const chances = firsts.map((first) => {
    const got = answered(first);
    const unasked = all.filter((peer) => !first.includes(peer));
    const seconds = subsets(unasked, Math.min(k - got, unasked.length));
    return seconds.filter((second) => got + answered(second) >= alpha).length / seconds.length;
  });
  return chances.reduce((sum, chance) => sum + chance, 0) / firsts.length;
}

test('the chance of a poll within one side is that of enumeration', () => {
  for (const [nodes, byzantine, k, alpha] of [
    [8, 0, 4, 3],
    [9, 1, 4, 4],
    [10, 2, 5, 4],
    [10, 0, 6, 5],
  ] as const) {
    const setting: CutSetting = {
      nodes,
      byzantine,
      k,
      alphaConfidence: alpha,
      beta: 3,
      sides: [0.5, 0.5],
      polls: 50,
    };
    const { honest, success } = cutSide(setting, 0.5);
    const exact = enumerated(nodes - 1, honest - 1 + byzantine, k, alpha);
    assert.ok(Math.abs(success - exact) < 1e-12, `${nodes} ${byzantine} ${k} ${alpha}: ${success} ${exact}`);
  }
});

const thousand: CutSetting = {
  nodes: 1_000,
  byzantine: 0,
  k: 50,
  alphaConfidence: 40,
  beta: 15,
  sides: [0.5, 0.5],
  polls: 100,
};

test('a half reaches three quarters of its sample, so that 80 % are gathered in a quarter of the polls', () => {
  // From the binomial law of 50 slots that are each answered with probability 3/4, nearly: 0.26.
  const { success } = cutSide(thousand, 0.5);
  assert.ok(success > 0.24 && success < 0.27, `${success}`);
});

test('attackers, time and retries make it likelier; a higher alpha and a smaller side do not', () => {
  const bound = cutBoundLog10(thousand);
  assert.ok(cutBoundLog10({ ...thousand, byzantine: 100 }) > bound);
  assert.ok(cutBoundLog10({ ...thousand, polls: 10_000 }) > bound);
  assert.ok(cutBoundLog10({ ...thousand, alphaConfidence: 41 }) < bound);
  assert.ok(cutBoundLog10({ ...thousand, sides: [0.8, 0.2] }) < bound);
  assert.equal(cutBoundLog10({ ...thousand, polls: 14 }), -Infinity);
  assert.equal(cutBoundLog10({ ...thousand, sides: [1] }), -Infinity);
});

test('the least alpha keeps the bound, the one below does not', () => {
  const cut = { ...thousand, byzantine: 100, polls: 10_000 };
  const alpha = leastAlphaOfCut(cut, -9)!;
  assert.ok(alpha > 40);
  assert.ok(cutBoundLog10({ ...cut, alphaConfidence: alpha }) <= -9);
  assert.ok(cutBoundLog10({ ...cut, alphaConfidence: alpha - 1 }) > -9);
});
