/** Goal: who is an attacker is one count, and a network without an honest node is refused in one sentence. Method: sizes around the edge. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advise } from '#campaigns/advise.ts';
import { attackerCountOf, nobodyHonest } from '#campaigns/cast.ts';
import { readScenario } from '#campaigns/scenario-file.ts';
import { tiers } from '#campaigns/targets/simulator/tier.ts';
import { runSpecExample } from '#test/support/run-spec-example.ts';

const sentence = '99.999999999% attackers among 10 nodes leave no honest node';
const almostAll = { share: 0.99999999999, attack: 'random' } as const;

test('attackers are refused exactly where they are all, and the remedy leaves one honest node', () => {
  for (const nodes of [2, 7, 10, 333, 10_000]) {
    const most = (nodes - 1) / nodes;
    assert.equal(nobodyHonest({ share: most, attack: 'random' }, nodes), null);
    const refusal = nobodyHonest({ share: 1, attack: 'random' }, nodes)!;
    const remedy = Number(/at most ([\d.]+)%/.exec(refusal.remedy)?.[1]) / 100;
    assert.equal(attackerCountOf(remedy, nodes), nodes - 1, refusal.remedy);
  }
  assert.equal(nobodyHonest({ share: 1, attack: 'none' }, 10), null, 'who does not attack is honest');
  assert.equal(nobodyHonest({ share: 0.99 }, null), null);
  assert.match(nobodyHonest({ share: 1 }, null)?.message ?? '', /^100% attackers leave no honest node$/);
});

test('a scenario, every fidelity and advice say the same', () => {
  const { message, remedy } = nobodyHonest(almostAll, 10)!;
  assert.deepEqual([message, remedy], [sentence, 'at most 90%']);
  const byzantine = { ...runSpecExample().byzantine, ...almostAll };
  for (const tier of Object.values(tiers))
    assert.equal(tier.supports(runSpecExample({ tier: tier.name, nodes: 10, byzantine })), sentence);
  const written = {
    id: 'A-1',
    title: 'All',
    nodes: 10,
    byzantine: { share: '99.999999999%', attack: 'random' },
    duration: { warmup: '1s', measure: '10s', cooldown: '1s' },
    workload: { kind: 'constant', tps: 1 },
    criteria: [{ metric: 'liveness.finalized_share', at_least: '99%' }],
  };
  const told = (error: unknown): boolean => error instanceof Error && error.message.includes(sentence);
  assert.throws(() => readScenario(JSON.stringify(written), 'a.json'), told);
  const { share, attack } = almostAll;
  const wish = { nodes: 10, byzantineShare: share, attack, safety: 1e-9, rounds: 100 };
  assert.throws(() => advise(wish), told);
});
