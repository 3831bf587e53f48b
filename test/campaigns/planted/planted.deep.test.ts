/**
 * Entries of the suites can fail: a small variant with a planted cause is FAILED, the plain small variant is not.
 * Which entries have a planted cause so far is the table's matter (plants.ts); criteria are never edited.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCatalogue } from '#campaigns/scenario-file.ts';
import { explain, verdictOf } from './planted-run.ts';
import { plants } from './plants.ts';

const catalogue = loadCatalogue();

for (const [id, { small, planted }] of Object.entries(plants)) {
  const scenario = catalogue.find((entry) => entry.id === id)?.scenario;
  const shared = small === undefined ? [] : [small];
  test(`${id} does not fail when nothing is planted, and fails by its planted cause`, async () => {
    assert.ok(scenario?.kind === 'run', 'no entry of the catalogue that runs');
    const plain = await verdictOf(scenario, shared);
    assert.notEqual(plain.status, 'FAILED', explain(plain));
    const verdict = await verdictOf(scenario, [...shared, planted]);
    assert.equal(verdict.status, 'FAILED', explain(verdict));
  });
}
