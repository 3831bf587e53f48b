// Goal: counting nodes gives the law that keeping every node and every vertex gives, and that the run-length law demands.
// Method: chi-square and mean against the exact law; against a naive network the means of many seeds, |z| < 4, fixed seeds;
// nothing is lost: decided + pending = issued.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedRounds, roundsTable } from '#campaigns/analytic/run-length.ts';
import { DecisionChain } from '#campaigns/targets/simulator/lumped/decision-chain.ts';
import { Draws } from '#campaigns/targets/simulator/lumped/draws.ts';
import { WorkloadChain } from '#campaigns/targets/simulator/lumped/workload-chain.ts';
import { chiSquareZ } from './chi-square.ts';
import { type NaiveOptions, naiveNodes } from './naive-nodes.ts';

const roundsKept = 1 << 12;

function sumOf(values: Float64Array, weight: (i: number) => number = () => 1): number {
  return values.reduce((sum, count, i) => sum + count * weight(i), 0);
}

test('one decision: the rounds of every node follow the run-length law', () => {
  for (const [p, beta, nodes] of [
    [0.98, 10, 200],
    [0.8, 5, 400],
    [0.999, 15, 50],
  ] as const) {
    const chance = { p, q: 1 - p };
    const chain = new DecisionChain({ nodes, beta, maxRounds: 60, ...chance }, new Draws(11, beta));
    const histogram = new Float64Array(61);
    let late = 0;
    const decisions = Math.ceil(20_000 / nodes);
    for (let i = 0; i < decisions; i += 1) late += chain.decide(histogram).late;
    const table = roundsTable(chance, beta, 60);
    const seen = new Map([...histogram].map((count, rounds) => [rounds, count] as const));
    seen.set(61, late);
    const z = chiSquareZ(seen, decisions * nodes, (r) =>
      r <= 60 ? table.pmf[r]! : r === 61 ? table.undecided[60]! : 0,
    );
    assert.ok(Math.abs(z) < 4, `p ${p}, beta ${beta}: z ${z}`);
    assert.equal(sumOf(histogram) + late, decisions * nodes);
  }
});

test('a workload: mean rounds are E[T], and the share beyond the limit is P(T > R)', () => {
  const chance = { p: 0.93, q: 0.07 };
  const chain = new WorkloadChain({ nodes: 2_000, beta: 10, maxRounds: 30, roundsKept }, new Draws(5, 0));
  chain.setChance(chance.p, chance.q);
  const rounds = 4_000;
  for (let i = 0; i < rounds; i += 1) chain.advance(1);
  const decided = sumOf(chain.rounds);
  const mean = sumOf(chain.rounds, (r) => r) / decided;
  // Vertices of one node share its polls: about one independent observation per node and mean time to finality.
  const table = roundsTable(chance, 10, 400);
  const expected = expectedRounds(chance, 10);
  const variance = table.pmf.reduce((sum, share, r) => sum + share * (r - expected) ** 2, 0);
  const independent = (2_000 * rounds) / expected;
  assert.ok(Math.abs(mean - expected) < 4 * Math.sqrt(variance / independent), `${mean} ${expected}`);
  const late = chain.limitPairs / (2_000 * (rounds - 30));
  const law = table.undecided[30]!;
  assert.ok(Math.abs(late - law) < 4 * Math.sqrt((law * 30) / independent), `${late} ${law}`);
  assert.equal(decided + chain.pendingPairs(), 2_000 * rounds);
});

interface Case extends Omit<NaiveOptions, 'unit' | 'rounds'> {
  readonly name: string;
}

const cases: readonly Case[] = [
  { name: 'frequent failures', nodes: 6, beta: 4, maxRounds: 12, p: 0.7, issued: () => 2 },
  { name: 'sparse load', nodes: 5, beta: 5, maxRounds: 20, p: 0.85, issued: (r) => (r % 9 === 0 ? 1 : 0) },
  {
    name: 'nodes that go down and come back',
    nodes: 8,
    beta: 4,
    maxRounds: 12,
    p: 0.85,
    issued: (r) => (r % 2 === 0 ? 1 : 0),
    outage: { count: 3, from: 20, until: 45 },
  },
];

/** Figures of one run that both ways of looking have. */
function chainFigures(one: Case, seed: number, rounds: number): number[] {
  const { nodes, beta, maxRounds, p, issued, outage } = one;
  const chain = new WorkloadChain({ nodes, beta, maxRounds, roundsKept }, new Draws(seed, 1));
  chain.setChance(p, 1 - p);
  let down: ReturnType<WorkloadChain['takeDown']> | null = null;
  for (let round = 0; round < rounds; round += 1) {
    if (round === outage?.from) down = chain.takeDown(outage.count);
    if (round === outage?.until && down !== null) chain.bringUp(down);
    chain.advance(issued(round));
  }
  const decided = sumOf(chain.rounds);
  return [
    decided,
    sumOf(chain.rounds, (r) => r) / decided,
    sumOf(chain.rounds, (r) => r * r) / decided,
    sumOf(chain.lags, (r) => r) / decided,
    chain.pendingPairs(),
    chain.limitPairs,
    chain.polls,
  ];
}

function naiveFigures(one: Case, seed: number, rounds: number): number[] {
  const stream = new Draws(seed, 2);
  const seen = naiveNodes({ ...one, rounds, unit: () => stream.unit() });
  const total = (of: Map<number, number>, weight: (r: number) => number): number =>
    [...of].reduce((sum, [r, count]) => sum + count * weight(r), 0);
  const decided = total(seen.byPolls, () => 1);
  return [
    decided,
    total(seen.byPolls, (r) => r) / decided,
    total(seen.byPolls, (r) => r * r) / decided,
    total(seen.byLag, (r) => r) / decided,
    seen.pending,
    seen.limit,
    seen.polls,
  ];
}

const names = ['decided', 'mean rounds', 'squared rounds', 'mean lag', 'pending', 'at the limit', 'polls'];

for (const one of cases) {
  test(`counted nodes equal enumerated ones in law: ${one.name}`, () => {
    const seeds = 200;
    const rounds = 80;
    const chain = Array.from({ length: seeds }, (_, seed) => chainFigures(one, seed, rounds));
    const naive = Array.from({ length: seeds }, (_, seed) => naiveFigures(one, seed + 7_000, rounds));
    names.forEach((name, figure) => {
      const z = zOf(
        chain.map((figures) => figures[figure]!),
        naive.map((figures) => figures[figure]!),
      );
      assert.ok(Math.abs(z) < 4, `${name}: z ${z}`);
    });
  });
}

/** Difference of two means in standard errors; 0 when both are constant and equal. */
function zOf(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const square = (values: readonly number[]): number => {
    const centre = mean(values);
    return values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1) / values.length;
  };
  const distance = mean(a) - mean(b);
  return distance === 0 ? 0 : distance / Math.sqrt(square(a) + square(b));
}

test('the same seed counts the same, and a changed chance is noticed at once', () => {
  const run = (seed: number, p: number): Float64Array => {
    const chain = new WorkloadChain({ nodes: 500, beta: 5, maxRounds: 30, roundsKept }, new Draws(seed, 0));
    chain.setChance(p, 1 - p);
    for (let i = 0; i < 400; i += 1) chain.advance(1);
    return chain.rounds;
  };
  assert.deepEqual(run(3, 0.9), run(3, 0.9));
  assert.notDeepEqual(run(3, 0.9), run(4, 0.9));
  const share = (rounds: Float64Array): number => rounds[5]! / sumOf(rounds);
  assert.ok(share(run(3, 0.9)) > share(run(3, 0.85)) + 0.05);
});
