// Goal: every fidelity agrees with exact enumeration and with the others, errors put in on purpose are noticed, published results hold.
// Method: the table of `npm run test:truth` at a third of its repetitions; fixed seeds, |z| limited by the number of comparisons.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { truthFailures, truthTable, truthText } from './truth-table.ts';

test('the table of truth holds', (context) => {
  const table = truthTable(0.3, '2026-01-01', () => undefined);
  context.diagnostic(truthText(table));
  assert.deepEqual(truthFailures(table), []);
});
