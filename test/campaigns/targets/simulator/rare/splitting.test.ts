/**
 * Importance splitting against exact probabilities far below what repetitions would show: late nodes by the run-length law, split
 * decisions of small networks by following every state of theirs.
 * Method: fixed seeds; |z| < 4 over all comparisons. The enumeration keeps node by node what the chain counts, and shares no code with it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finality } from '#campaigns/analytic/finality.ts';
import { type SafetySetting, splitBoundLog10 } from '#campaigns/analytic/safety.ts';
import { Draws } from '#campaigns/targets/simulator/lumped/draws.ts';
import { lateChain } from '#campaigns/targets/simulator/rare/late-chain.ts';
import { splitChain } from '#campaigns/targets/simulator/rare/split-chain.ts';
import { estimateRare, splitOnce } from '#campaigns/targets/simulator/rare/splitting.ts';

function choose(n: number, k: number): number {
  let product = 1;
  for (let i = 1; i <= k; i += 1) product = (product * (n - k + i)) / i;
  return k < 0 || k > n ? 0 : product;
}

/** One honest node: the side it prefers, its run; `beta` = finalised. */
type Node = `${0 | 1}${number}`;

/** P(both sides have a finalised node within the round limit), over every outcome of every node. */
function exactSplit({
  nodes,
  byzantine,
  k,
  alphaPreference,
  alphaConfidence,
  beta,
  maxRounds,
}: SafetySetting): number {
  const honest = nodes - byzantine;
  const outcomes = (node: Node, all: readonly Node[]): [Node, number][] => {
    const side = Number(node[0]);
    const run = Number(node.slice(1));
    if (run === beta) return [[node, 1]];
    const own = all.filter((other) => Number(other[0]) === side).length - 1 + byzantine;
    const chances = new Map<Node, number>();
    for (let yes = 0; yes <= k; yes += 1) {
      const chance = (choose(own, yes) * choose(nodes - 1 - own, k - yes)) / choose(nodes - 1, k);
      const no = k - yes;
      const kept: Node = yes >= alphaConfidence ? (`${side}${run + 1}` as Node) : (`${side}0` as Node);
      const other: Node = `${1 - side}${no >= alphaConfidence ? 1 : 0}` as Node;
      const after = no >= alphaPreference ? other : kept;
      if (chance > 0) chances.set(after, (chances.get(after) ?? 0) + chance);
    }
    return [...chances];
  };
  const begin = Array.from({ length: honest }, (_, i): Node => (i < Math.ceil(honest / 2) ? '00' : '10'));
  let states = new Map<string, number>([[begin.join(), 1]]);
  let split = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    const next = new Map<string, number>();
    for (const [state, chance] of states) {
      const all = state.split(',') as Node[];
      let partial = new Map<string, number>([['', chance]]);
      for (const node of all) {
        const longer = new Map<string, number>();
        for (const [prefix, before] of partial)
          for (const [after, part] of outcomes(node, all)) {
            const key = [...prefix.split(',').filter(Boolean), after].sort().join();
            longer.set(key, (longer.get(key) ?? 0) + before * part);
          }
        partial = longer;
      }
      for (const [after, part] of partial) {
        const sides = new Set(
          (after.split(',') as Node[])
            .filter((node) => Number(node.slice(1)) === beta)
            .map((node) => node[0]),
        );
        if (sides.size === 2) split += part;
        else next.set(after, (next.get(after) ?? 0) + part);
      }
    }
    states = next;
  }
  return split;
}

const comparisons: {
  readonly name: string;
  readonly z: number;
  readonly exact: number;
  readonly relative: number;
}[] = [];

function compare(name: string, exact: number, estimate: ReturnType<typeof estimateRare>): void {
  assert.ok(estimate.relativeError !== null, `${name}: never reached`);
  const z = (estimate.probability - exact) / estimate.standardError;
  comparisons.push({ name, z, exact, relative: estimate.relativeError });
  assert.ok(Math.abs(z) < 4, `${name}: ${estimate.probability} instead of ${exact}, z = ${z}`);
  assert.ok(estimate.relativeError < 0.5, `${name}: relative error ${estimate.relativeError}`);
}

for (const [nodes, byzantine, k, alpha, beta, maxRounds] of [
  [40, 4, 10, 8, 4, 40],
  [150, 15, 30, 24, 20, 200],
] as const)
  test(`late nodes of ${nodes}: splitting agrees with the run-length law`, () => {
    const setting = { nodes, byzantine, voter: 'reject', k, loss: 0, offlineShare: 0, retry: true } as const;
    const { success, someLate } = finality({ ...setting, alpha, beta, maxRounds });
    assert.ok(someLate < 1e-5, `${someLate} is not rare`);
    const chain = lateChain({ nodes: nodes - byzantine, beta, maxRounds, ...success });
    compare(`late ${nodes}`, someLate, estimateRare(chain, { seed: 7, effort: 200, estimates: 30 }));
  });

for (const [nodes, byzantine, k, alphaPreference, alphaConfidence, beta, maxRounds] of [
  [5, 1, 2, 2, 2, 5, 6],
  [6, 2, 3, 3, 3, 4, 5],
  [6, 2, 3, 2, 3, 3, 6],
] as const)
  test(`split decision of ${nodes} nodes, ${k}/${alphaPreference},${alphaConfidence}/${beta}: splitting agrees with every state followed`, () => {
    const setting = { nodes, byzantine, k, alphaPreference, alphaConfidence, beta, maxRounds };
    const exact = exactSplit(setting);
    assert.ok(exact > 0 && exact < 0.1, `${exact}`);
    compare(
      `split ${nodes} ${k}/${alphaPreference},${alphaConfidence}/${beta}`,
      exact,
      estimateRare(splitChain(setting, 'sum'), { seed: 11, effort: 500, estimates: 40 }),
    );
  });

test('levels that are badly chosen cost certainty, not truth', () => {
  const setting = {
    nodes: 6,
    byzantine: 2,
    k: 3,
    alphaPreference: 3,
    alphaConfidence: 3,
    beta: 2,
    maxRounds: 4,
  };
  const exact = exactSplit(setting);
  const chain = splitChain(setting);
  for (const levels of [[4], [1, 4], [1, 2, 3, 4]]) {
    const values = Array.from({ length: 100 }, (_, index) =>
      splitOnce(chain, levels, 100, new Draws(3, 1 + index)),
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    assert.ok(Math.abs(mean - exact) < 4 * Math.sqrt(square / values.length), `${levels}: ${mean}, ${exact}`);
  }
});

test('a split that the bound calls nearly impossible is estimated below the bound', () => {
  const setting = {
    nodes: 60,
    byzantine: 6,
    k: 12,
    alphaPreference: 10,
    alphaConfidence: 10,
    beta: 8,
    maxRounds: 60,
  };
  const estimate = estimateRare(splitChain(setting), { seed: 5, effort: 300, estimates: 10 });
  assert.ok(Math.log10(estimate.probability) < splitBoundLog10(setting));
});

test('what is not reached is not called impossible, and too little effort is refused', () => {
  const setting = {
    nodes: 60,
    byzantine: 0,
    k: 20,
    alphaPreference: 20,
    alphaConfidence: 20,
    beta: 20,
    maxRounds: 30,
  };
  const estimate = estimateRare(splitChain(setting), { seed: 5, effort: 10, estimates: 2 });
  assert.deepEqual([estimate.probability, estimate.interval, estimate.relativeError], [0, null, null]);
  assert.throws(() => estimateRare(splitChain(setting), { seed: 5, effort: 1, estimates: 2 }), RangeError);
  assert.throws(() => splitChain({ ...setting, alphaPreference: 9 }), /alpha = 9/);
});

test('every comparison was made; the table', (context) => {
  assert.equal(comparisons.length, 5);
  for (const { name, exact, relative, z } of comparisons)
    context.diagnostic(
      `${name}: exact ${exact.toExponential(2)}, relative error ${(100 * relative).toFixed(0)} %, z ${z.toFixed(2)}`,
    );
});
