/**
 * The message budget against its arithmetic, and that a harder configuration never gets a smaller least budget.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveConsensus } from '#campaigns/consensus-defaults.ts';
import { messagesAlways, messagesUsuallyMost } from '#campaigns/limits.ts';
import {
  type BudgetFacts,
  defaultMessageBudget,
  leastMessageBudget,
  messagesPerFinalityTime,
  pollsPerFinalityTime,
} from '#campaigns/message-budget.ts';
import { networkProfiles } from '#node/model/network-profile.ts';

const local = networkProfiles.find(({ name }) => name === 'local')!;

function facts(nodes: number, tps: number, network = local): BudgetFacts {
  const consensus = resolveConsensus({}, nodes, network);
  const parents = { kind: 'chain' } as const;
  const workload = { kind: 'constant', tps, batch: 1, payloadBytes: 100, parents, conflictShare: 0 } as const;
  return { nodes, consensus, network, workload, byzantine: { share: 0, attack: 'none' } };
}

test('one finality time costs beta polls of 2k messages for each node, and two messages for each vertex and node', () => {
  // 1,000 nodes, k 50, beta 15, polls every 5 ms: 15 x 100 x 1,000, and 75 ms x 100 TPS = 7.5 vertices x 2 x 1,000.
  assert.equal(messagesPerFinalityTime(facts(1_000, 100)), 1_500_000 + 15_000);
  assert.equal(leastMessageBudget(facts(1_000, 100)), 24 * 1_515_000);
  assert.equal(defaultMessageBudget(facts(1_000, 100)), 60 * 1_515_000);
});

test('a network that is hardly live is watched for twice its round limit, one without attackers for beta polls', () => {
  const given = facts(1_000, 100);
  assert.equal(pollsPerFinalityTime(given), 15);
  const rejected = { ...given, byzantine: { share: 0.2, attack: 'always-reject' } } as const;
  assert.equal(pollsPerFinalityTime(rejected), 200);
  const random = pollsPerFinalityTime({ ...given, byzantine: { share: 0.2, attack: 'random' } });
  assert.ok(random > 15 && random < 30, `${random}`);
});

test('small networks get a budget that nobody waits for, large ones no more than the least', () => {
  assert.equal(defaultMessageBudget(facts(100, 100)), messagesAlways);
  const large = facts(10_000, 100);
  assert.equal(defaultMessageBudget(large), leastMessageBudget(large));
  assert.ok(defaultMessageBudget(large) > messagesUsuallyMost);
});

test('the default is never below the least budget, which grows with nodes and load', () => {
  const property = fc.property(
    fc.integer({ min: 2, max: 100_000 }),
    fc.integer({ min: 1, max: 100_000 }),
    fc.constantFrom(...networkProfiles),
    (nodes, tps, network) => {
      const given = facts(nodes, tps, network);
      assert.ok(defaultMessageBudget(given) >= leastMessageBudget(given));
      const more = { ...given, workload: facts(nodes, tps + 1, network).workload };
      assert.ok(leastMessageBudget(more) >= leastMessageBudget(given));
      // With losses one more peer to ask again can save more polls than one more node costs.
      if (network.loss > 0) return;
      assert.ok(leastMessageBudget({ ...given, nodes: nodes + 1 }) >= leastMessageBudget(given));
    },
  );
  fc.assert(property, { seed: 20_261_121, numRuns: 500 });
});
