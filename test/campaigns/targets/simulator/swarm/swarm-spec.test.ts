/**
 * The configurations the swarm draws: valid, within the analytic bounds, the same for the same seed, and of every kind.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitBoundLog10 } from '#campaigns/analytic/safety.ts';
import { attackNames } from '#campaigns/schema/names.ts';
import { violations } from '#node/core/params.ts';
import { extinct, uncontested } from '#test/swarm/progress.ts';
import { mixOf, swarmSpec } from '#test/swarm/swarm-spec.ts';

const specs = Array.from({ length: 400 }, (_, index) => swarmSpec(3, index));

test('every drawn configuration is valid and below the split bound', () => {
  for (const { consensus, nodes, ...rest } of specs) {
    const { attackers, amnesiacs } = mixOf({ consensus, nodes, ...rest });
    assert.deepEqual(violations(consensus, nodes), []);
    assert.ok(splitBoundLog10({ ...consensus, nodes, byzantine: attackers + amnesiacs }) < -9);
    assert.equal(consensus.k, Math.min(30, nodes - 1));
    assert.equal(consensus.alphaConfidence, Math.ceil(0.8 * consensus.k));
  }
});

test('sizes from 4 to 100, every attack, topology and fault occur', () => {
  assert.equal(Math.min(...specs.map(({ nodes }) => nodes)), 4);
  assert.ok(Math.max(...specs.map(({ nodes }) => nodes)) > 90);
  assert.equal(new Set(specs.map(({ byzantine }) => byzantine.attack)).size, attackNames.length);
  assert.equal(new Set(specs.map(({ topology }) => topology.kind)).size, 6);
  assert.equal(new Set(specs.flatMap(({ faults }) => faults.map(({ kind }) => kind))).size, 9);
});

test('the same seed and index give the same configuration', () => {
  assert.deepEqual(swarmSpec(3, 17), specs[17]);
  assert.notDeepEqual(swarmSpec(4, 17), specs[17]);
});

test('a vertex is contested by a shared key or by its past, and extinct with its only holders', () => {
  const vertex = (parents: readonly number[], keys: readonly number[]) => ({
    creator: 0,
    sequence: 1,
    parents,
    keys,
    createdByHonest: true,
  });
  const vertices = [
    vertex([-1], [1]),
    vertex([0], [2]),
    vertex([-1], [1]),
    vertex([-1], [3]),
    vertex([3], [4]),
  ];
  assert.deepEqual([...uncontested(vertices)], [0, 0, 0, 1, 1]);
  const held = new Set([0, 1, 2, 4]);
  assert.deepEqual(
    [
      ...extinct(
        vertices,
        () => false,
        1,
        (_node, serial) => held.has(serial),
      ),
    ],
    [0, 0, 0, 1, 1],
  );
  assert.deepEqual(
    [
      ...extinct(
        vertices,
        (serial) => serial >= 3,
        1,
        () => false,
      ),
    ],
    [1, 1, 1, 0, 0],
  );
});
