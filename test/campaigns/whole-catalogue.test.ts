/** The whole catalogue as one campaign: every entry is in it, runs on the simulator or says what answers it, and costs nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCatalogue } from '#campaigns/commands/plan-request.ts';
import { cellsToRun } from '#campaigns/next-action.ts';
import { type Plan, targetOf } from '#campaigns/plan-record.ts';
import { parsePlan } from '#campaigns/results/plan-file.ts';
import { loadCatalogue } from '#campaigns/scenario-file.ts';

const planOf = (scenarios?: readonly string[]): Plan => planCatalogue({ seed: 1, scenarios }).planOf('c');
const plan = planOf();

test('every entry has its rows, and only what the simulator cannot answer is skipped with the command or target that can', () => {
  const catalogue = loadCatalogue();
  assert.deepEqual(
    [...new Set(plan.rows.map(({ scenarioId }) => scenarioId))].sort(),
    catalogue.map(({ id }) => id).sort(),
  );
  const kinds = new Map(catalogue.map(({ id, scenario }) => [id, scenario]));
  for (const row of plan.rows) {
    const scenario = kinds.get(row.scenarioId)!;
    if (scenario.kind === 'benchmark')
      assert.match(row.skip ?? '', /npm run campaign measure -- /, row.rowId);
    else if (scenario.only_on === undefined) assert.equal(row.skip, null, row.rowId);
    else assert.match(row.skip ?? '', /only processes or kubernetes can answer it/, row.rowId);
  }
  const running = new Set(plan.rows.filter(({ skip }) => skip === null).map(targetOf));
  assert.deepEqual([...running], ['simulator']);
  assert.ok(cellsToRun(plan).length >= 3 * 79);
});

test('one entry alone is the same cells as among all, and the stored plan reads back', () => {
  const alone = planOf(['COV-LOAD-04']);
  const among = plan.rows.filter(({ scenarioId }) => scenarioId === 'COV-LOAD-04');
  assert.deepEqual(alone.rows, among);
  assert.deepEqual(parsePlan(JSON.stringify(alone)), alone);
  assert.deepEqual([plan.target, plan.stack], ['simulator', 'local']);
});

test('an id that is in no entry is refused', () => {
  assert.throws(() => planOf(['COV-LOAD-99']), /COV-LOAD-99 is not in catalogue/);
});
