/**
 * The short way to a forecast buys what the plan buys: every phase, with and without options, compared with its full plan.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { planPhase } from '#campaigns/commands/plan-request.ts';
import { forecastInputOf, outlineInput } from '#campaigns/forecast-plan.ts';
import { type OutlineOptions, outlinePhase } from '#campaigns/phase-outline.ts';
import { phaseNames } from '#campaigns/scenario-file.ts';

const sheet = readPriceSheet();

function bothWays(phase: string, options: OutlineOptions) {
  const outline = outlinePhase(phase, options);
  const planned = planPhase(phase, options);
  const plan = planned.planOf('c');
  const { campaign: _unnamed, ...short } = outlineInput(outline, sheet);
  const { campaign: _named, ...long } = forecastInputOf(plan, null, sheet, sheet.date);
  return { short: { ...short, limits: outline.limits }, long: { ...long, limits: planned.limits } };
}

test('rows, hours, repetitions, stack and limits of every phase are those of its plan', () => {
  for (const phase of phaseNames()) {
    const { short, long } = bothWays(phase, { seed: 1 });
    assert.ok(short.rows.length > 0);
    assert.deepEqual(short, long, phase);
  }
});

test('one scenario, other repetitions and another budget change both alike', () => {
  const { short, long } = bothWays('phase3', { seed: 7, replications: 5, scenarios: ['sk-002'] });
  assert.deepEqual(short, long);
  assert.deepEqual(
    short.rows.map(({ rowId, repetitions }) => [rowId, repetitions]),
    [['SK-002', 5]],
  );
});

test('an unknown phase, a scenario of another phase and a seed that is none are refused', () => {
  assert.throws(() => outlinePhase('phase9', { seed: 1 }), /is not a phase/);
  assert.throws(() => outlinePhase('phase3', { seed: 1, scenarios: ['CT-001'] }), /is not in phase3/);
  assert.throws(() => outlinePhase('phase3', { seed: -1 }), /--seed/);
});
