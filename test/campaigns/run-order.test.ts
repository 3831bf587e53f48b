// Goal: the dearest repetitions begin first, once each, and the time that is promised is that of this order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCatalogue } from '#campaigns/commands/plan-request.ts';
import { cellsToRun } from '#campaigns/next-action.ts';
import { dearestFirst, expectedSeconds, makespanSeconds } from '#campaigns/run-order.ts';
import { twinsOf } from '#campaigns/same-simulation.ts';
import { expectedCpuSeconds } from '#campaigns/simulation-time.ts';

const plan = planCatalogue({ seed: 1, scenarios: ['COV-BYZ-05', 'CT-003', 'COV-LOAD-04'] }).planOf('c');

test('what costs most begins first, and what is taken over comes after the run it takes over', () => {
  const twins = twinsOf(plan);
  const cells = dearestFirst(cellsToRun(plan), plan);
  assert.equal(cells.length, cellsToRun(plan).length);
  assert.ok(twins.size > 0);
  const costs = cells.map((cell) => (twins.has(cell.id) ? 0 : expectedCpuSeconds(cell.spec)));
  assert.deepEqual(
    costs,
    [...costs].sort((a, b) => b - a),
  );
  const place = new Map(cells.map(({ id }, index) => [id, index]));
  for (const [id, { cell }] of twins) assert.ok(place.get(cell.id)! < place.get(id)!, id);
});

test('equal costs keep the order of the plan', () => {
  const cells = cellsToRun(plan).filter(({ spec }) => spec.scenarioId === 'COV-BYZ-05');
  assert.deepEqual(dearestFirst(cells, plan), cells);
});

test('the time by the clock is that of the last worker', () => {
  assert.equal(makespanSeconds([], 2), 0);
  assert.equal(makespanSeconds([1, 1, 4], 2), 4);
  assert.equal(makespanSeconds([3, 3, 3], 2), 6);
  assert.equal(makespanSeconds([2, 3, 4], 1), 9);
  const all = [...expectedSeconds(plan).values()];
  const sum = all.reduce((total, seconds) => total + seconds, 0);
  assert.ok(makespanSeconds(all, 2) >= sum / 2 && makespanSeconds(all, 2) < sum / 2 + Math.max(...all));
});
