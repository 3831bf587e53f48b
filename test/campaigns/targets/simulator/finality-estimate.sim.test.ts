// Goal: the estimate that sizes windows agrees with what the simulation then measures. Method: short runs, fixed seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { runEvents } from '#campaigns/targets/simulator/run.ts';
import { networkNamed, runSpecExample } from '#test/support/run-spec-example.ts';

const spec = runSpecExample({ messageBudget: 1_000_000 });
const wan = { ...spec, network: networkNamed('wan') };
const cases: readonly (readonly [string, RunSpec])[] = [
  ['the LAN profile', spec],
  ['the local profile', { ...spec, network: networkNamed('local') }],
  ['the WAN profile', wan],
  [
    'a tenth of rejecting nodes',
    { ...wan, byzantine: { ...spec.byzantine, share: 0.1, attack: 'always-reject' } },
  ],
  ['a mesh', { ...spec, topology: { kind: 'mesh', degree: 8 } }],
];

for (const [name, one] of cases) {
  test(`estimated finality and messages are within a fifth of the simulation for ${name}`, () => {
    const { results } = runEvents(one, () => undefined, new AbortController().signal).result;
    const estimate = estimateFinality(one);
    const measuredUs = results.latency.mean_ms! * 1_000;
    assert.ok(
      Math.abs(estimate.finalityUs / measuredUs - 1) < 0.2,
      `${estimate.finalityUs} for ${measuredUs}`,
    );
    const perSecond = results.simulation.messages / results.simulation.virtual_seconds;
    const ratio = estimate.messagesPerSecond / perSecond;
    assert.ok(ratio > 0.8 && ratio < 1.35, `messages ${ratio}`);
  });
}
