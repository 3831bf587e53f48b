/**
 * Figures of the DAG: adding, finding, walking and ordering vertices of node/core/vertex-table.ts.
 * Owns: the graph that is measured: 50 creators, two parents among the last vertices. Does not own: the table.
 */
import { KeyIndex } from '#node/core/key-index.ts';
import { mix } from '#node/core/random.ts';
import { TopologicalOrder } from '#node/core/topological-order.ts';
import { genesis, maximumParents, type VertexFacts, VertexTable } from '#node/core/vertex-table.ts';
import type { JobResult } from './job-result.ts';
import { type Efforts, keep, sampleNs } from './sampling.ts';

const creators = 50;
/** Parents are chosen among that many of the last vertices. */
const recent = 16;

/** Slots of a fresh table are given out in order, so that the parents are known beforehand. */
function vertices(count: number): VertexFacts[] {
  return Array.from({ length: count }, (_, i) => {
    const back = (draw: number): number => i - 1 - ((draw >>> 0) % Math.min(i, recent));
    const first = i === 0 ? genesis : back(mix(1, i, 0));
    const second = i < 2 ? genesis : back(mix(1, i, 1));
    const parents = first === second ? [first] : [first, second];
    return { creator: i % creators, sequence: 1 + Math.floor(i / creators), parents, inputs: [] };
  });
}

function tableOf(facts: readonly VertexFacts[], capacity: number): VertexTable {
  const table = new VertexTable(creators, 1, capacity);
  for (const vertex of facts) table.register(vertex);
  return table;
}

function add(count: number, capacity: number): (times: number) => void {
  const facts = vertices(count);
  return (times) => {
    for (let i = 0; i < times; i++) keep(tableOf(facts, capacity).liveCount);
  };
}

/** The same index and keys by which the table finds conflicts. */
function get(): (times: number) => void {
  const facts = vertices(1_000);
  const table = tableOf(facts, 1_024);
  const index = new KeyIndex(1_024);
  for (const [slot, { creator, sequence }] of facts.entries()) index.add(slot, creator, sequence);
  return (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) {
      const draw = Math.imul(i, 0x9e3779b1) >>> 8;
      const slot = index.slotAt(index.find(draw % creators, 1 + ((draw >>> 12) % 20)));
      sum = (sum + table.serial[slot]! + table.creator[slot]! + table.parentCount[slot]!) | 0;
    }
    keep(sum);
  };
}

function children(): (times: number) => void {
  const table = tableOf(vertices(1_000), 1_024);
  return (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) {
      const slot = ((Math.imul(i, 0x9e3779b1) >>> 8) * 1_000) >>> 24;
      for (let edge = table.childHead[slot]!; edge >= 0; edge = table.childNext[edge]!)
        sum = (sum + ((edge / maximumParents) | 0)) | 0;
    }
    keep(sum);
  };
}

function parents(): (times: number) => void {
  const table = tableOf(vertices(1_000), 1_024);
  return (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) {
      const slot = ((Math.imul(i, 0x9e3779b1) >>> 8) * 1_000) >>> 24;
      const at = slot * maximumParents;
      const until = at + table.parentCount[slot]!;
      for (let edge = at; edge < until; edge++) sum = (sum + table.parents[edge]!) | 0;
    }
    keep(sum);
  };
}

function topological(count: number, capacity: number): (times: number) => void {
  const order = new TopologicalOrder(tableOf(vertices(count), capacity));
  const out = new Int32Array(count);
  return (times) => {
    for (let i = 0; i < times; i++) keep(order.write(out) + out[count - 1]!);
  };
}

/** Each repetition makes a table: a sample must be long enough to hold several collections of old ones. */
const longerToAdd = 5;

export function measureGraph({ loop }: Efforts): JobResult {
  const adding = { ...loop, sampleMs: longerToAdd * loop.sampleMs };
  const microseconds = (ns: readonly number[]): number[] => ns.map((value) => value / 1_000);
  return {
    samples: {
      'graph.add-100': microseconds(sampleNs(adding, add(100, 128))),
      'graph.add-1000': microseconds(sampleNs(adding, add(1_000, 1_024))),
      'graph.get': sampleNs(loop, get()),
      'graph.children': sampleNs(loop, children()),
      'graph.parents': sampleNs(loop, parents()),
      'graph.topological-100': microseconds(sampleNs(loop, topological(100, 128))),
      'graph.topological-1000': microseconds(sampleNs(loop, topological(1_000, 1_024))),
    },
    facts: {},
  };
}
