// Goal: whoever plans with the forecast of libraries is told what the node as measured would do, and nobody else is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRow } from '#campaigns/feasibility/check-row.ts';
import { measuredNodeFinding } from '#campaigns/feasibility/measured-node.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { measuredCalibration } from '#node/model/calibration.ts';
import { criterion, exampleSpec } from './example-spec.ts';

const limit = criterion('latency.p95', 'at_most', 100);
const found = (spec: RunSpec) => measuredNodeFinding(spec, [limit], new Map());
const paced = (spec: RunSpec, pollIntervalUs: number): RunSpec => ({
  ...spec,
  consensus: { ...spec.consensus, pollIntervalUs },
});

test('a pace that the measured node cannot keep is marginal, with the pace that it keeps', () => {
  const spec = exampleSpec({ nodes: 1_000 });
  const finding = found(spec)!;
  assert.equal(finding.conclusion, 'marginal');
  assert.match(finding.because, /polls every .* instead of 5 ms, .* against latency\.p95 at_most: 100/);
  const { askQuery, answerQuery, handleVertex } = measuredCalibration.serviceTimesUs;
  const spacing = finding.arithmetic.find(({ symbol }) => symbol === 'spacing')!.value;
  const left = 1 - (100 * handleVertex) / 1e6;
  assert.ok(Math.abs(spacing - (50 * (askQuery + answerQuery)) / left / 1_000) < 1e-6 * spacing);
});

test('a slow pace is kept', () => {
  assert.equal(found(paced(exampleSpec({ nodes: 1_000, tps: 10 }), 2_000_000))!.conclusion, 'possible');
});

test('more vertices than one event loop can take leave nothing for polls', () => {
  const finding = found(exampleSpec({ nodes: 1_000, tps: 5_000 }))!;
  assert.equal(finding.conclusion, 'marginal');
  assert.match(finding.because, /alone keep its event loop busy .* falls behind/);
});

test('figures of a node of the user are not doubted', () => {
  const spec = { ...exampleSpec({ nodes: 1_000 }), calibration: measuredCalibration };
  assert.equal(found(spec), null);
  assert.ok(checkRow(spec, [limit], null).every(({ topic }) => topic !== 'measured-node'));
});

test('a row whose criteria do not depend on the pace is left alone', () => {
  const memory = criterion('resources.memory', 'at_most', 512);
  assert.equal(measuredNodeFinding(exampleSpec({ nodes: 1_000 }), [memory], new Map()), null);
});
