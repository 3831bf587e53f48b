// Goal: each resource is judged at its limit, and overload is named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import { contradictionFinding, resourceFindings } from '#campaigns/feasibility/resource-limits.ts';
import { criterion, exampleSpec } from './example-spec.ts';

const spec = exampleSpec({ nodes: 1_000, tps: 200 });
const load = nodeLoad(spec);

test('bandwidth, CPU and memory are refused below what they certainly need', () => {
  const needs = [
    ['resources.bandwidth', load.uniqueMbps + load.pollMbps],
    ['resources.cpu', load.cpuPercent],
    ['resources.memory', load.memoryMb],
  ] as const;
  for (const [metric, need] of needs) {
    const judged = (limit: number) =>
      resourceFindings(spec, [criterion(metric, 'at_most', limit)], new Map())[0]!.conclusion;
    assert.equal(judged(need * 0.99), 'cannot-pass', metric);
    assert.equal(judged(need * 1.01), 'marginal', metric);
    assert.equal(judged(need * 2), 'possible', metric);
  }
});

test('where nothing is ever final the need for bandwidth says from when on it holds', () => {
  const stuck = exampleSpec({ nodes: 1_000, tps: 200, share: 0.4, attack: 'always-reject' });
  const { scopeVertices, verticesPerSecond } = nodeLoad(stuck);
  const [found] = resourceFindings(stuck, [criterion('resources.bandwidth', 'at_most', 1)], new Map());
  const seconds = scopeVertices / verticesPerSecond;
  assert.match(found!.because, new RegExp(`once 4096 vertices are open, ${seconds} s after the start`));
  const [live] = resourceFindings(spec, [criterion('resources.bandwidth', 'at_most', 0.01)], new Map());
  assert.doesNotMatch(live!.because, /vertices are open/);
});

test('memory of a pool of 10,000 connections exceeds 768 MB', () => {
  const example = exampleSpec({ nodes: 10_000 });
  const [found] = resourceFindings(
    { ...example, calibration: { ...example.calibration, connectionsMost: 10_000 } },
    [criterion('resources.memory', 'at_most', 768)],
    new Map(),
  );
  assert.equal(found!.conclusion, 'cannot-pass');
  assert.ok(found!.nearest!.values['nodes']! < 10_000);
});

test('more CPU than there is rules out throughput, and is only noted when nothing asks for it', () => {
  const heavy = {
    ...exampleSpec({ nodes: 1_000, tps: 20_000 }),
    resources: { name: 'minimal', cpuCores: 1, memoryBytes: 2 ** 29 },
  };
  const asked = resourceFindings(heavy, [criterion('throughput.avg_tps', 'at_least', 20_000)], new Map());
  assert.match(asked[0]!.because, /^cannot pass, because .*more than there is$/);
  assert.equal(resourceFindings(heavy, [], new Map())[0]!.conclusion, 'marginal');
});

test('limits that some poll interval satisfies together do not contradict each other', () => {
  const limits = [
    criterion('latency.p95', 'at_most', 2_000),
    criterion('resources.bandwidth', 'at_most', 40),
  ];
  assert.equal(contradictionFinding(spec, limits, new Map()), null);
});

test('100 ms and 1 % CPU contradict each other: the polls alone cost more', () => {
  const limits = [criterion('latency.p95', 'at_most', 100), criterion('resources.cpu', 'at_most', 1)];
  assert.match(
    contradictionFinding(spec, limits, new Map())!.because,
    /resources\.cpu at_most: 1: no poll interval/,
  );
});
