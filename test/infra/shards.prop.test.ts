/**
 * Cutting a network into shards: every node is in exactly one, whatever the size and the packing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PODS_PER_SHARD, planShards } from '#infra/plan/shards.ts';

test('shards hold every node once, in order, and no more than 100 pods', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 100 }),
      (nodes, perProcess) => {
        const shards = planShards(nodes, perProcess);
        let next = 0;
        for (const shard of shards) {
          assert.equal(shard.firstNode, next);
          assert.ok(shard.pods >= 1 && shard.pods <= PODS_PER_SHARD);
          assert.ok(shard.nodes > (shard.pods - 1) * perProcess && shard.nodes <= shard.pods * perProcess);
          next += shard.nodes;
        }
        assert.equal(next, nodes);
        assert.equal(new Set(shards.map(({ name }) => name)).size, shards.length);
      },
    ),
  );
});

test('ten thousand pods are a hundred shards, of which ten are scraped', () => {
  const shards = planShards(10_000, 1);
  assert.equal(shards.length, 100);
  assert.equal(shards.filter(({ sampled }) => sampled).length, 10);
});
