// Goal: counts are drawn from exactly their law, by every path of the code (from zero, from the mode, from a table).
// Method: chi-square against the pmf of the analytic laws, which share no code with the draws; fixed seeds, |z| < 4.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binomialLaw } from '#campaigns/analytic/binomial.ts';
import { hypergeometricLaw } from '#campaigns/analytic/hypergeometric.ts';
import { binomialTable, Draws, poissonTable, power } from '#campaigns/targets/simulator/lumped/draws.ts';
import { chiSquareZ } from './chi-square.ts';

const draws = 40_000;

function zOf(law: (x: number) => number, draw: () => number): number {
  const seen = new Map<number, number>();
  for (let i = 0; i < draws; i += 1) {
    const x = draw();
    seen.set(x, (seen.get(x) ?? 0) + 1);
  }
  return chiSquareZ(seen, draws, law);
}

for (const [trials, p] of [
  [1, 0.5],
  [12, 0.9],
  [500, 0.002],
  [10_000, 0.0007],
  [400, 0.3],
  [5_000, 0.97],
] as const) {
  test(`binomial(${trials}, ${p}): drawn and tabulated`, () => {
    const stream = new Draws(trials, 1);
    const law = binomialLaw(trials, p);
    assert.ok(Math.abs(zOf(law.pmf.bind(law), () => stream.binomial(trials, p, 1 - p))) < 4);
    const table = binomialTable(trials, p, 1 - p);
    assert.ok(Math.abs(zOf(law.pmf.bind(law), () => table.draw(stream.unit()))) < 4);
  });
}

for (const [population, marked, drawn] of [
  [10, 3, 5],
  [1_000, 20, 30],
  [9_000, 4_000, 700],
  [50, 50, 7],
] as const) {
  test(`hypergeometric(${population}, ${marked}, ${drawn})`, () => {
    const stream = new Draws(population, 2);
    const law = hypergeometricLaw(population, marked, drawn);
    assert.ok(Math.abs(zOf(law.pmf.bind(law), () => stream.hypergeometric(population, marked, drawn))) < 4);
  });
}

test('near one half, where rounding leaves a chance and its complement both above it, a draw ends', () => {
  const above = 0.5 + Number.EPSILON;
  const stream = new Draws(3, 1);
  const law = binomialLaw(20, 0.5);
  assert.ok(Math.abs(zOf(law.pmf.bind(law), () => stream.binomial(20, above, above))) < 4);
});

test('a Poisson table has the mean and the variance of its law', () => {
  const stream = new Draws(7, 3);
  const table = poissonTable(3.7);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < draws; i += 1) {
    const x = table.draw(stream.unit());
    sum += x;
    squares += x * x;
  }
  const mean = sum / draws;
  assert.ok(Math.abs(mean - 3.7) < 4 * Math.sqrt(3.7 / draws));
  assert.ok(Math.abs(squares / draws - mean * mean - 3.7) < 0.15);
});

test('a stream depends on its seed and its index, and on nothing else', () => {
  const first = (seed: number, index: number): number[] => {
    const stream = new Draws(seed, index);
    return Array.from({ length: 5 }, () => stream.unit());
  };
  assert.deepEqual(first(1, 2), first(1, 2));
  assert.notDeepEqual(first(1, 2), first(1, 3));
  assert.notDeepEqual(first(1, 2), first(2, 2));
});

test('the ends of a law are exact', () => {
  const stream = new Draws(1, 1);
  assert.equal(stream.binomial(9, 0, 1), 0);
  assert.equal(stream.binomial(9, 1, 0), 9);
  assert.equal(stream.binomial(0, 0.5, 0.5), 0);
  assert.equal(stream.hypergeometric(9, 9, 4), 4);
  assert.equal(stream.hypergeometric(9, 0, 4), 0);
  assert.equal(power(0.5, 10), 2 ** -10);
  assert.equal(power(0.3, 0), 1);
});
