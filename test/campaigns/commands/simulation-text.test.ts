/** What `simulate` prints: every run, and beside the runs of a row what the formulas expect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planScenario } from '#campaigns/commands/plan-request.ts';
import { simulationDocument, simulationText } from '#campaigns/commands/simulation-text.ts';
import { journalState } from '#campaigns/journal-event.ts';
import type { CampaignRecord } from '#campaigns/results/reader.ts';

function record(tier: 'message' | 'analytic'): CampaignRecord {
  const options = { seed: 1, tier, nodes: [150], byzantineShares: [0.1], attacks: ['always-reject'] };
  return {
    dir: '/nowhere',
    plan: planScenario('BL-001', options).planOf('test'),
    feasibility: null,
    forecast: null,
    approval: null,
    verdicts: null,
    results: new Map(),
    journal: { state: journalState([]), events: 0, openedAt: null, lastAt: null, closedExitCode: null },
  };
}

test('the formulas expect 23.15 polls of 150 nodes with a tenth of rejecting ones', () => {
  assert.match(
    simulationText(record('message')),
    /BL-001\/nodes=150,byzantine=10% +formula .* 23\.15 +100 % +- +-/,
  );
});

test('a row that was computed by formulas has no second line of them', () => {
  assert.doesNotMatch(simulationText(record('analytic')), /formula/);
});

test('the document carries the expectation of every row', () => {
  const { summary } = simulationDocument(record('message'), null);
  assert.match(JSON.stringify(summary), /"expected":\{"BL-001\/nodes=150,byzantine=10%":\{"throughput"/);
});
