/**
 * Goal: the printed command plans exactly the cells that were run. Method: plan every phase, plan each row's command
 * the way the command line does, and compare the content-addressed ids.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planMeasurement, planPhase, planScenario } from '#campaigns/commands/plan-request.ts';
import type { Plan, PlannedRow } from '#campaigns/plan-record.ts';
import { parseConsensusOption } from '#campaigns/schema/consensus.ts';
import { tierNames } from '#campaigns/targets/simulator/tier.ts';
import { reproduceCommand } from '#reports/scale/reproduce-command.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';

const seed = 7;

/** The options of a printed command, resolved as `simulate` resolves them. */
function planOfCommand(command: string): Plan {
  const isMeasured = command.startsWith('npm run campaign measure -- ');
  const [id = '', ...words] = command.replace(/^npm run campaign (simulate|measure) -- /, '').split(' ');
  const option = (name: string): string | undefined => {
    const at = words.indexOf(`--${name}`);
    return at < 0 ? undefined : words[at + 1];
  };
  const share = option('byzantine');
  const attack = option('attack');
  const consensus = option('consensus');
  const duration = option('duration');
  const packing = option('nodes-per-process');
  const budget = option('message-budget');
  const changes = {
    seed: Number(option('seed')),
    replications: Number(option('replications')),
    // Without the option the planner chooses, as it did the first time.
    tier: isMeasured ? ('message' as const) : tierNames.find((name) => name === option('tier')),
    // A benchmark has no size.
    nodes: option('nodes') === undefined ? undefined : [Number(option('nodes'))],
    byzantineShares: share === undefined ? undefined : [Number.parseFloat(share) / 100],
    attacks: attack === undefined ? undefined : [attack],
    network: option('network'),
    consensus: consensus === undefined ? undefined : parseConsensusOption(consensus),
    messageBudget: budget === undefined ? undefined : Number(budget),
    durationUs: duration === undefined ? undefined : Number.parseFloat(duration) * 1e6,
  };
  const planned = isMeasured
    ? planMeasurement(id, changes, packing === undefined ? null : Number(packing), words.includes('--alone'))
    : planScenario(id, changes);
  return planned.planOf('again');
}

const cellIds = (rows: readonly PlannedRow[]): string[] =>
  rows.flatMap((row) => row.cells.map((cell) => cell.id));

test('every row of every phase is planned again, cell by cell, by its command', () => {
  let compared = 0;
  for (const phase of ['phase1', 'phase2', 'phase3', 'phase4']) {
    const plan = planPhase(phase, { seed }).planOf('first');
    for (const row of plan.rows.filter((one) => one.cells.length > 0)) {
      const again = planOfCommand(reproduceCommand(plan, row));
      assert.deepEqual(cellIds(again.rows), cellIds([row]), `${phase} ${row.rowId}`);
      compared += 1;
    }
  }
  assert.ok(compared > 30);
});

test('a simulation with replaced parameters, network and duration is planned again', () => {
  const plan = planScenario('CT-003', {
    seed,
    nodes: [120],
    byzantineShares: [0.125],
    attacks: ['silent'],
    network: 'lan',
    consensus: parseConsensusOption('k=20,alpha=15,beta=10,rounds=60'),
    durationUs: 90e6,
    tier: 'message',
  }).planOf('first');
  for (const row of plan.rows) {
    assert.deepEqual(cellIds(planOfCommand(reproduceCommand(plan, row)).rows), cellIds([row]));
  }
});

test('a name that a shell would take apart is quoted', () => {
  const { plan } = campaignFixture();
  assert.match(reproduceCommand(plan, { ...plan.rows[0]!, scenarioId: "a b'; c" }), / 'a b'\\''; c' /);
});

test('a row without cells is asked for by its scenario', () => {
  const { plan } = campaignFixture();
  const command = reproduceCommand(plan, { ...plan.rows[0]!, cells: [] });
  assert.equal(command, 'npm run campaign phase1 -- --scenario LT-001');
});
