// Goal: every fidelity says which runs it answers, and the target refuses the others with that reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSimulator } from '#campaigns/targets/simulator/target.ts';
import { tierNames, tiers } from '#campaigns/targets/simulator/tier.ts';
import { smallSpec } from './small-run.ts';

test('the list carries every fidelity under its own name', () => {
  for (const name of tierNames) assert.equal(tiers[name].name, name);
});

test('the target refuses a run with the reason of its fidelity', () => {
  const { refuses } = createSimulator().capabilities;
  for (const tier of tierNames) {
    const spec = smallSpec({ tier });
    assert.equal(refuses?.(spec), tiers[tier].supports(spec));
  }
});
