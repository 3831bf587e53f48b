// Goal: the floor decides exactly at the limit, and its nearest change lies below it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyFinding, latencyLimit } from '#campaigns/feasibility/latency-floor.ts';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import { criterion, exampleSpec } from './example-spec.ts';

const spec = exampleSpec({ nodes: 1_000, network: 'lan' });
const floorMs = nodeLoad(spec).floorUs / 1_000;

test('a limit just above the floor is not refused, one just below is', () => {
  const judged = (limit: number) =>
    latencyFinding(spec, [criterion('latency.p95', 'at_most', limit)], new Map())!.conclusion;
  assert.equal(judged(floorMs - 0.01), 'cannot-pass');
  assert.equal(judged(floorMs + 0.01), 'marginal');
  assert.equal(judged(2 * floorMs), 'possible');
});

test('without a latency criterion there is no finding', () => {
  assert.equal(latencyFinding(spec, [criterion('resources.memory', 'at_most', 1)], new Map()), null);
  assert.equal(latencyLimit([criterion('latency.p95', 'at_least', 1)]), null);
});

test('the nearest change on LAN is a faster network: fewer polls would be less safe', () => {
  const found = latencyFinding(spec, [criterion('latency.p95', 'at_most', 100)], new Map())!;
  assert.ok(found.nearest!.values['one_way_most_ms']! < 10);
});

test('a limit between the floor and what is expected of its percentile is said to fail', () => {
  const { finalityUs, spacingUs } = nodeLoad(spec);
  const expectedMs = (finalityUs + 0.45 * spacingUs) / 1_000;
  const said = (limit: number) =>
    latencyFinding(spec, [criterion('latency.p95', 'at_most', limit)], new Map())!.because;
  assert.match(said(expectedMs - 0.01), /expected to say FAILED/);
  assert.doesNotMatch(said(expectedMs + 0.01), /FAILED/);
});
