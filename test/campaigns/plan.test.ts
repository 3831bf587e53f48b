/**
 * Cell ids and the order of a plan: what may change an id, what must not.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { codeVersion, productVersion } from '#campaigns/code-version.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { cellId, planHash } from '#campaigns/plan.ts';
import { parsePlan } from '#campaigns/results/plan-file.ts';
import { fakePlan, fakeRow, fakeSpec } from '#test/support/fake-campaign.ts';

test('the order in which a record was built does not change its canonical text', () => {
  assert.equal(canonicalJson({ b: [1, { d: 1, c: null }], a: 'x' }), '{"a":"x","b":[1,{"c":null,"d":1}]}');
  assert.equal(canonicalJson({ a: 1, b: undefined }), '{"a":1}');
});

test('a number without a JSON form is refused, not written as null', () => {
  assert.throws(() => canonicalJson({ a: Number.NaN }), RangeError);
});

test('a cell id changes with the seed, with any parameter and with the code', () => {
  const base = cellId(fakeSpec(), 'v1');
  const { consensus } = fakeSpec();
  const others = [
    cellId(fakeSpec({ seed: 2 }), 'v1'),
    cellId(fakeSpec({ consensus: { ...consensus, beta: 21 } }), 'v1'),
    cellId(fakeSpec({ repetition: 1 }), 'v1'),
    cellId(fakeSpec(), 'v2'),
  ];
  assert.equal(new Set([base, ...others]).size, 5);
  assert.match(base, /^[0-9a-f]{16}$/);
  assert.equal(cellId(fakeSpec(), 'v1'), base);
});

test('rows are in ascending scale and keep their order within one scale', () => {
  const rows = [
    fakeRow('C', 1, { nodes: 500 }),
    fakeRow('A', 1, { nodes: 100, label: 'a' }),
    fakeRow('D', 1, { nodes: 500, label: 'd' }),
    fakeRow('B', 1, { nodes: 250 }),
  ];
  assert.deepEqual(
    fakePlan('c', rows).rows.map((row) => row.rowId),
    ['A', 'B', 'C', 'D'],
  );
});

test('criteria and the name of the campaign change no cell; criteria change what is approved, the name does not', () => {
  const row = fakeRow('A', 1);
  const plan = fakePlan('c1', [row]);
  const lenient = fakePlan('c1', [{ ...row, criteria: [] }]);
  assert.equal(plan.rows[0]!.cells[0]!.id, lenient.rows[0]!.cells[0]!.id);
  assert.notEqual(planHash(plan), planHash(lenient));
  assert.equal(planHash(plan), planHash(fakePlan('c2', [row])));
});

test('a plan without rows and two rows that are the same run are refused', () => {
  const refused = (code: string) => (error: unknown) => error instanceof CampaignError && error.code === code;
  assert.throws(() => fakePlan('c', []), refused('plan-empty'));
  assert.throws(
    () => fakePlan('c', [fakeRow('A', 1, { label: 'x' }), fakeRow('B', 1, { label: 'x' })]),
    refused('usage'),
  );
});

test('a stored plan is read back equal, and a changed specification is found', () => {
  const plan = fakePlan('c', [fakeRow('A', 2)]);
  const text = JSON.stringify(plan);
  assert.deepEqual(parsePlan(text), plan);
  assert.match(String(parsePlan(text.replace('"nodes":100', '"nodes":101'))), /was changed/);
  assert.match(String(parsePlan('{}')), /is not a plan/);
  assert.match(String(parsePlan('{')), /is not JSON/);
});

test('the code version is a hash that two calls agree on, and the product has a version', () => {
  assert.match(codeVersion(), /^[0-9a-f]{16}$/);
  assert.equal(codeVersion(), codeVersion());
  assert.match(productVersion(), /^\d+\.\d+\.\d+$/);
});
