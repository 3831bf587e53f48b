/**
 * The message budget against its arithmetic, and that a harder configuration never gets a smaller least budget.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveConsensus } from '#campaigns/consensus-defaults.ts';
import { messagesAlways, messagesUsuallyMost } from '#campaigns/limits.ts';
import {
  affordableShare,
  type BudgetFacts,
  defaultMessageBudget,
  leastMessageBudget,
  sharedMessageBudget,
} from '#campaigns/message-budget.ts';
import { plannedCpuSeconds } from '#campaigns/simulation-cost.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { runSpecExample } from '#test/support/run-spec-example.ts';

const local = networkProfiles.find(({ name }) => name === 'local')!;

function facts(nodes: number, tps: number, network = local): BudgetFacts {
  const consensus = resolveConsensus({}, nodes, network);
  const parents = { kind: 'chain' } as const;
  const workload = { kind: 'constant', tps, batch: 1, payloadBytes: 100, parents, conflictShare: 0 } as const;
  return runSpecExample({ nodes, consensus, network, workload });
}

test('the least budget pays for warm-up, 24 finality times and one of the cool-down', () => {
  const given = facts(1_000, 100);
  const { finalityUs, messagesPerSecond, workPerMessage } = estimateFinality(given);
  const lengthUs = (2 + 24 + 1) * finalityUs;
  const paid = (lengthUs / 1e6) * messagesPerSecond * workPerMessage;
  assert.ok(Math.abs(leastMessageBudget(given) / paid - 1) < 1e-6);
});

test('vertices are counted in messages: few cost little beside the queries, many more than they do', () => {
  const calm = facts(1_000, 10);
  const crowd = facts(1_000, 20_000);
  assert.ok(estimateFinality(calm).workPerMessage < 1.03);
  assert.ok(estimateFinality(crowd).workPerMessage > 3);
});

test('a network that is not live is paid for 35 polls under load and its round limit of 100 without', () => {
  const given = facts(1_000, 100);
  const rejected = {
    ...given,
    byzantine: { ...given.byzantine, share: 0.2, attack: 'always-reject' },
  } as const;
  const { isLive, roundUs, messagesPerSecond, workPerMessage } = estimateFinality(rejected);
  assert.equal(isLive, false);
  const paid = ((135 * roundUs) / 1e6) * messagesPerSecond * workPerMessage;
  assert.ok(Math.abs(leastMessageBudget(rejected) / paid - 1) < 1e-3);
  assert.equal(defaultMessageBudget(rejected), leastMessageBudget(rejected));
  assert.equal(estimateFinality(given).isLive, true);
});

test('small networks get a budget that nobody waits for, large ones no more than the least', () => {
  assert.equal(defaultMessageBudget(facts(100, 100)), messagesAlways);
  const large = facts(10_000, 100);
  assert.equal(defaultMessageBudget(large), leastMessageBudget(large));
  assert.ok(defaultMessageBudget(large) > messagesUsuallyMost);
});

test('the default is never below the least budget, which grows with the load', () => {
  const property = fc.property(
    fc.integer({ min: 2, max: 100_000 }),
    fc.integer({ min: 1, max: 100_000 }),
    fc.constantFrom(...networkProfiles),
    (nodes, tps, network) => {
      const given = facts(nodes, tps, network);
      assert.ok(defaultMessageBudget(given) >= leastMessageBudget(given));
      const more = { ...given, workload: facts(nodes, tps + 1, network).workload };
      assert.ok(leastMessageBudget(more) >= leastMessageBudget(given));
    },
  );
  fc.assert(property, { seed: 20_261_121, numRuns: 500 });
});

test('rows beyond the time of their phase give up what goes beyond the least, all by the same share', () => {
  const spec = runSpecExample({ ...facts(100, 100), messageBudget: 60_000_000 });
  const rows = [
    { spec, repetitions: 3 },
    { spec: { ...spec, messageBudget: 30_000_000 }, repetitions: 2 },
  ];
  const cost = (share: number): number =>
    rows.reduce(
      (sum, row) =>
        sum +
        row.repetitions *
          plannedCpuSeconds({ ...row.spec, messageBudget: sharedMessageBudget(row.spec, share) }),
      0,
    );
  assert.equal(affordableShare(rows, cost(1)), 1);
  assert.equal(affordableShare(rows, cost(0) / 2), 0);
  const wanted = (cost(0) + cost(1)) / 2;
  const share = affordableShare(rows, wanted);
  assert.ok(share > 0 && share < 1);
  assert.ok(Math.abs(cost(share) / wanted - 1) < 0.02, `${cost(share)} ${wanted}`);
  assert.equal(sharedMessageBudget(spec, 0), leastMessageBudget(spec));
});
