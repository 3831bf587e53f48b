// Goal: each topology has the shape of its name, and the estimates without a graph are near what the graph measures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopologyKind } from '#campaigns/run-spec.ts';
import {
  expectedHops,
  expectedRelayMessages,
  measuredHops,
  relayGraph,
  relayMessages,
} from '#campaigns/targets/simulator/topology.ts';

function degrees(kind: TopologyKind, degree: number, nodes: number): number[] {
  const { offsets } = relayGraph(kind, degree, nodes, 5);
  return Array.from({ length: nodes }, (_, node) => offsets[node + 1]! - offsets[node]!);
}

test('a full network of 10,000 nodes stores no links', () => {
  const graph = relayGraph('full', 8, 10_000, 1);
  assert.equal(graph.isDirect, true);
  assert.equal(graph.neighbours.length, 0);
  assert.deepEqual(measuredHops(graph, 3), { mean: 1, most: 1 });
  assert.equal(relayMessages(graph), 9_999);
});

test('a ring has two links per node, a star one hub', () => {
  assert.ok(degrees('ring', 8, 50).every((degree) => degree === 2));
  const star = degrees('star', 8, 50).sort((a, b) => b - a);
  assert.deepEqual(star.slice(0, 2), [49, 1]);
});

test('a mesh is nearly regular, also with an odd degree', () => {
  for (const degree of [7, 8]) {
    const found = degrees('mesh', degree, 1_000);
    assert.ok(Math.max(...found) <= degree);
    assert.ok(found.filter((links) => links >= degree - 1).length > 950);
  }
});

test('a random graph has its mean degree and spreads around it', () => {
  const found = degrees('random', 8, 2_000);
  const mean = found.reduce((sum, links) => sum + links, 0) / found.length;
  assert.ok(Math.abs(mean - 8) < 0.05, `${mean}`);
  const variance = found.reduce((sum, links) => sum + (links - mean) ** 2, 0) / found.length;
  assert.ok(variance > 6 && variance < 10, `${variance}`);
});

test('a sparse random graph is joined by few links more than it has', () => {
  const found = degrees('random', 2, 1_000);
  const links = found.reduce((sum, one) => sum + one, 0) / 2;
  assert.ok(links > 1_000 && links < 1_400, `${links}`);
});

test('hubs and super nodes are drawn, not numbered', () => {
  const hubs = new Set<number>();
  for (let seed = 0; seed < 20; seed += 1) {
    const { offsets } = relayGraph('star', 8, 30, seed);
    hubs.add(Array.from({ length: 30 }, (_, node) => offsets[node + 1]! - offsets[node]!).indexOf(29));
  }
  assert.ok(hubs.size > 8);
});

test('hops without a graph are exact for ring and star, and within a fifth and two levels elsewhere', () => {
  for (const nodes of [3, 10, 101, 1_000]) {
    for (const kind of ['ring', 'star'] as const) {
      const measured = measuredHops(relayGraph(kind, 8, nodes, 3), nodes);
      const expected = expectedHops(kind, 8, nodes);
      assert.ok(Math.abs(measured.mean - expected.mean) < 1e-9, `${kind} ${nodes}`);
      assert.equal(measured.most, expected.most);
    }
    for (const kind of ['mesh', 'random', 'hierarchical'] as const) {
      const measured = measuredHops(relayGraph(kind, 8, nodes, 3), 30);
      const expected = expectedHops(kind, 8, nodes);
      assert.ok(Math.abs(measured.mean - expected.mean) <= 0.2 * measured.mean, `${kind} ${nodes}`);
      assert.ok(Math.abs(measured.most - expected.most) <= 2, `${kind} ${nodes}`);
    }
  }
});

test('relayed messages without a graph are within a tenth of those on the graph', () => {
  for (const kind of ['full', 'ring', 'star', 'mesh', 'random'] as const) {
    const measured = relayMessages(relayGraph(kind, 8, 500, 3));
    assert.ok(Math.abs(expectedRelayMessages(kind, 8, 500) - measured) < 0.1 * measured, kind);
  }
});

test('a graph without nodes or with a degree below two is refused', () => {
  assert.throws(() => relayGraph('ring', 8, 0, 1), RangeError);
  assert.throws(() => relayGraph('mesh', 1, 10, 1), RangeError);
  assert.throws(() => relayGraph('random', 2.5, 10, 1), RangeError);
});

test('one node alone has nobody to relay to', () => {
  for (const kind of ['ring', 'star', 'mesh', 'hierarchical', 'random'] as const) {
    assert.equal(relayGraph(kind, 8, 1, 1).neighbours.length, 0);
    assert.deepEqual(expectedHops(kind, 8, 1), { mean: 0, most: 0 });
  }
});
