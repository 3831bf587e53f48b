// Goal: every graph is undirected, connected, without loops or double links, and the same for the same seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TopologyKind } from '#campaigns/run-spec.ts';
import { hopsFrom, type RelayGraph, relayGraph } from '#campaigns/targets/simulator/topology.ts';

const seed = 20_260_304;
const kinds: TopologyKind[] = ['ring', 'star', 'mesh', 'hierarchical', 'random'];
const input = fc.record({
  kind: fc.constantFrom(...kinds),
  degree: fc.integer({ min: 2, max: 12 }),
  nodes: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 400 })),
  seed: fc.integer(),
});

function linksOf(graph: RelayGraph): Set<string> {
  const links = new Set<string>();
  for (let node = 0; node < graph.nodes; node += 1) {
    for (let edge = graph.offsets[node]!; edge < graph.offsets[node + 1]!; edge += 1) {
      links.add(`${node}-${graph.neighbours[edge]!}`);
    }
  }
  return links;
}

test('graphs are undirected, simple, connected and reproducible', () => {
  fc.assert(
    fc.property(input, ({ kind, degree, nodes, seed: graphSeed }) => {
      const graph = relayGraph(kind, degree, nodes, graphSeed);
      assert.equal(graph.offsets.length, nodes + 1);
      assert.equal(graph.offsets[nodes], graph.neighbours.length);
      const links = linksOf(graph);
      assert.equal(links.size, graph.neighbours.length, 'a link occurs twice');
      for (const link of links) {
        const [a, b] = link.split('-');
        assert.notEqual(a, b);
        assert.ok(links.has(`${b}-${a}`), `${link} goes one way`);
      }
      assert.ok(hopsFrom(graph, nodes - 1).every((hops) => hops >= 0 && hops < nodes));
      assert.deepEqual(relayGraph(kind, degree, nodes, graphSeed), graph);
    }),
    { seed, numRuns: 250 },
  );
});
