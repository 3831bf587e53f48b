/** A sample of the catalogue fails by what is planted (kinds.deep.test.ts has all of it), and the table names no entry that is not there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCatalogue } from '#campaigns/scenario-file.ts';
import { testKinds } from './kind-test.ts';
import { exempt, larger } from './kinds.ts';

const sample = [
  'LT-001',
  'CT-002',
  'COV-LOAD-04',
  'COV-INF-05',
  'COV-BYZ-13',
  'COV-SOAK-06',
  'RP-002',
  'ST-003',
];

testKinds((id) => sample.includes(id));

test('exemptions and sizes are those of entries of the catalogue', () => {
  const ids = new Set(loadCatalogue().map(({ id }) => id));
  for (const id of [...sample, ...Object.keys(exempt), ...Object.keys(larger)]) assert.ok(ids.has(id), id);
});
