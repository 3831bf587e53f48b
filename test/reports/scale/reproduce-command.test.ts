/** Goal: the printed command asks for the row that was run. Method: compare its options with the specification. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reproduceCommand } from '#reports/scale/reproduce-command.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';

const { plan } = campaignFixture();
const rowOf = (rowId: string) => plan.rows.find((row) => row.rowId === rowId)!;

test('size, network, parameters, seed and repetitions are named', () => {
  assert.equal(
    reproduceCommand(plan, rowOf('LT-003/nodes=500')),
    'npm run campaign simulate -- LT-003 --nodes 500 --network local --consensus k=30,alpha=24,beta=20,rounds=100 --seed 7 --replications 3',
  );
});

test('attackers are named with their share and attack', () => {
  assert.match(reproduceCommand(plan, rowOf('CT-003/byzantine=33%')), / --byzantine 33% --attack random /);
});

test('a second threshold is named only when it differs', () => {
  const row = rowOf('LT-003/nodes=500');
  const [cell] = row.cells;
  const spec = { ...cell!.spec, consensus: { ...cell!.spec.consensus, alphaPreference: 16 } };
  assert.match(
    reproduceCommand(plan, { ...row, cells: [{ ...cell!, spec }] }),
    /alpha=24,alphaPreference=16,beta=20/,
  );
});

test('a name that a shell would take apart is quoted', () => {
  assert.match(
    reproduceCommand(plan, { ...rowOf('LT-003/nodes=500'), scenarioId: "a b'; c" }),
    / 'a b'\\''; c' /,
  );
});
