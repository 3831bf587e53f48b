/**
 * Each mechanism of resilience, with and without it, in the scenario that it exists for; and the stored table that reports show.
 * Owns: what must change. A mechanism whose figure does not differ here has no reason to exist. Does not own: the scenarios.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allMechanisms } from '#node/host/host-parts.ts';
import { readResilience } from '#reports/scale/resilience-table.ts';
import { figureOf, scenarios } from './scenarios.ts';

for (const scenario of scenarios) {
  const { mechanism, name, figure, unit, ratio } = scenario;
  test(`${mechanism} changes a figure: ${name}`, async (context) => {
    const [on, off] = [await figureOf(scenario, true), await figureOf(scenario, false)];
    const words = `${figure}: ${on} ${unit} with it, ${off} ${unit} without`;
    context.diagnostic(words);
    assert.ok(Number.isFinite(on) && Number.isFinite(off) && on !== off, words);
    if ('atMost' in ratio) assert.ok(on <= ratio.atMost * off, words);
    else assert.ok(on >= ratio.atLeast * off, words);
  });
}

test('every mechanism that can be switched off has a scenario, and the stored table has every scenario', () => {
  const named = new Set(scenarios.map(({ mechanism }) => mechanism));
  assert.deepEqual([...named].sort(), Object.keys(allMechanisms).sort());
  const stored = readResilience()?.rows.map(
    ({ mechanism, name, figure }) => `${mechanism}/${name}/${figure}`,
  );
  assert.deepEqual(
    stored,
    scenarios.map(({ mechanism, name, figure }) => `${mechanism}/${name}/${figure}`),
  );
});
