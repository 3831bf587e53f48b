// Goal: the nearest change passes, anything nearer on its axis does not, and no change gives up safety.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitBoundLog10 } from '#campaigns/analytic/safety.ts';
import { nearestSpec } from '#campaigns/feasibility/nearest.ts';
import { nearestConsensus } from '#campaigns/feasibility/nearest-consensus.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { exampleSpec } from './example-spec.ts';

const spec = exampleSpec({ nodes: 1_000 });

test('the first passing step of an axis is taken', () => {
  const tried: number[] = [];
  const passes = (candidate: RunSpec): boolean => {
    tried.push(candidate.workload.batch);
    return candidate.workload.batch >= 7;
  };
  const found = nearestSpec(spec, ['batch'], passes, 'a batch of seven');
  assert.equal(found!.values['batch'], Math.min(...tried.filter((batch) => batch >= 7)));
  assert.ok(tried.filter((batch) => batch < 7).length > 2);
});

test('two axes together are tried when none alone passes', () => {
  const found = nearestSpec(
    spec,
    ['batch', 'pollInterval'],
    (c) => c.workload.batch > 1 && c.consensus.pollIntervalUs > 6_000,
    'both',
  );
  assert.deepEqual(Object.keys(found!.values).sort(), ['batch', 'poll_interval_ms']);
});

test('fewer polls in a row are not offered when an even split would become likely', () => {
  const found = nearestSpec(spec, ['beta'], (candidate) => candidate.consensus.beta <= 2, 'speed');
  assert.equal(found, null);
  const safer = nearestSpec(spec, ['beta'], (candidate) => candidate.consensus.beta < 15, 'speed');
  const { k, alphaPreference, alphaConfidence, maxRounds } = spec.consensus;
  const beta = safer!.values['beta']!;
  assert.ok(
    splitBoundLog10({ nodes: 1_000, byzantine: 300, k, alphaPreference, alphaConfidence, beta, maxRounds }) <=
      -9,
  );
});

test('what nothing satisfies has no nearest change', () => {
  assert.equal(
    nearestSpec(spec, ['batch', 'k'], () => false, 'nothing'),
    null,
  );
});

test('the nearest consensus parameters lower alpha before they touch the rest', () => {
  const aim = {
    nodes: 1_000,
    byzantine: 150,
    voter: 'reject',
    rounds: 100,
    safetyLog10: -9,
    notion: 'split',
    liveness: { oneWithinLeast: 0.999, allWithinLeast: 0.95 },
  } as const;
  const found = nearestConsensus(aim, spec.consensus);
  assert.equal(found!.values['k'], 50);
  assert.equal(found!.values['beta'], 15);
  assert.ok(found!.values['alpha']! < 40);
});

test('more attackers than honest nodes leave nothing near', () => {
  const aim = {
    nodes: 1_000,
    byzantine: 600,
    voter: 'reject',
    rounds: 100,
    safetyLog10: -9,
    notion: 'split',
    liveness: { oneWithinLeast: 0.999, allWithinLeast: 0.95 },
  } as const;
  assert.equal(nearestConsensus(aim, spec.consensus), null);
});
