/**
 * One test per kind of failure for entries of the catalogue: with the cause planted a criterion of that kind is FAILED.
 * Owns: the tests. Does not own: the causes (kinds.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCatalogue } from '#campaigns/scenario-file.ts';
import { exempt, kindsOf, larger, onePoint } from './kinds.ts';
import { explain, verdictOf } from './planted-run.ts';

/** `chosen`: which entries, by their id. */
export function testKinds(chosen: (id: string) => boolean): void {
  for (const { id, scenario } of loadCatalogue()) {
    if (scenario.kind !== 'run' || !chosen(id)) continue;
    const kinds = kindsOf(scenario).filter(({ name }) => exempt[id]?.kind.test(name) !== true);
    test(`${id} fails by ${kinds.map(({ name }) => name.split(':')[0]).join(', ')}`, async () => {
      assert.ok(kinds.length > 0, 'nothing to fail by');
      for (const { name, metrics, planted } of kinds) {
        const size = larger[id] === undefined ? [] : [larger[id]];
        const verdict = await verdictOf(onePoint(scenario), [planted, ...size]);
        const judged = verdict.rows
          .flatMap(({ criteria }) => criteria)
          .filter(({ metric }) => metrics.test(metric));
        assert.ok(
          judged.some(({ status }) => status === 'FAILED'),
          `${name}\n${explain(verdict)}`,
        );
      }
    });
  }
}
