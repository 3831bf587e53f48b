/**
 * The safety checker against the rules written down naively: every pair of vertices, every prefix of decisions.
 * Small random records, most of them unsafe; counts must agree rule by rule.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DecisionRecord, VertexRecord } from '#campaigns/analysis/decision-record.ts';
import { checkSafety, sameSetAfterHeal } from '#campaigns/analysis/safety.ts';

const seed = 20_260_101;
const nodes = 4;

interface Decision {
  readonly serial: number;
  readonly node: number;
  readonly status: number;
}

const vertices = fc
  .array(
    fc.record({
      creator: fc.nat(3),
      sequence: fc.nat(2),
      parents: fc.array(fc.nat(9), { maxLength: 3 }),
      keys: fc.array(fc.nat(12), { minLength: 1, maxLength: 3 }),
      createdByHonest: fc.boolean(),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((drawn): VertexRecord[] =>
    drawn.map((vertex, serial) => ({
      ...vertex,
      parents: vertex.parents.map((parent) => (parent < serial ? parent : -1)),
    })),
  );

const unsafe = fc.record({
  vertices,
  decisions: fc.array(
    fc.record({ serial: fc.nat(9), node: fc.nat(nodes - 1), status: fc.constantFrom(1, 2) }),
    { maxLength: 40 },
  ),
  honest: fc.array(fc.constantFrom(0, 1, 1, 1), { minLength: nodes, maxLength: nodes }),
});

function build(drawn: {
  vertices: VertexRecord[];
  decisions: Decision[];
  honest: number[];
}): DecisionRecord & { list: Decision[] } {
  const list = drawn.decisions.filter(({ serial }) => serial < drawn.vertices.length);
  return {
    nodes,
    honest: Uint8Array.from(drawn.honest),
    vertices: drawn.vertices,
    decisions: {
      serial: Uint32Array.from(list, ({ serial }) => serial),
      node: Uint32Array.from(list, ({ node }) => node),
      status: Uint8Array.from(list, ({ status }) => status),
      count: list.length,
    },
    list,
  };
}

function naive(record: DecisionRecord & { list: Decision[] }): Record<string, number> {
  const list = record.list.filter(({ node }) => record.honest[node] === 1);
  const finalisedSomewhere = (serial: number): boolean =>
    list.some((each) => each.serial === serial && each.status === 1);
  const rejectedSomewhere = (serial: number): boolean =>
    list.some((each) => each.serial === serial && each.status === 2);
  const serials = [...record.vertices.keys()];
  const share = (left: number, right: number): boolean =>
    record.vertices[left]!.keys.some((key) => record.vertices[right]!.keys.includes(key));
  const conflict = serials.filter(
    (later) =>
      finalisedSomewhere(later) &&
      serials.some((earlier) => earlier < later && finalisedSomewhere(earlier) && share(earlier, later)),
  ).length;
  const reversal = serials.filter((serial) => finalisedSomewhere(serial) && rejectedSomewhere(serial)).length;
  const before = (index: number, serial: number, node: number, final: boolean): boolean =>
    list
      .slice(0, index)
      .some((each) => each.serial === serial && each.node === node && (!final || each.status === 1));
  const order = list.filter(
    ({ serial, node, status }, index) =>
      status === 1 &&
      record.vertices[serial]!.parents.some((parent) => parent !== -1 && !before(index, parent, node, true)),
  ).length;
  const repetition = list.filter(({ serial, node }, index) => before(index, serial, node, false)).length;
  const equivocation = record.vertices.filter(
    (later, at) =>
      later.createdByHonest &&
      record.vertices
        .slice(0, at)
        .some(
          (earlier) =>
            earlier.createdByHonest &&
            earlier.creator === later.creator &&
            earlier.sequence === later.sequence,
        ),
  ).length;
  return {
    conflict,
    reversal,
    order,
    repetition,
    'honest-equivocation': equivocation,
    divergence: 0,
    record: 0,
  };
}

test(`the checker counts what the naive rules count (seed ${seed})`, () => {
  let violated = 0;
  fc.assert(
    fc.property(unsafe, (drawn) => {
      const record = build(drawn);
      const report = checkSafety(record);
      assert.deepEqual(report.byRule, naive(record));
      assert.equal(
        report.total,
        Object.values(report.byRule).reduce((sum, count) => sum + count, 0),
      );
      assert.equal(report.violations.length, Math.min(20, report.total));
      if (report.total > 0) violated += 1;
    }),
    { seed, numRuns: 3_000 },
  );
  assert.ok(violated > 1_000, `only ${violated} records were unsafe: the property has seen nothing`);
});

test(`two nodes agree after healing exactly when their finalised sets are equal (seed ${seed})`, () => {
  let equal = 0;
  fc.assert(
    fc.property(unsafe, (drawn) => {
      const record = build({ ...drawn, honest: [1, 1, 1, 1] });
      const setOf = (node: number): string =>
        [
          ...new Set(
            record.list.filter((each) => each.node === node && each.status === 1).map(({ serial }) => serial),
          ),
        ]
          .sort((left, right) => left - right)
          .join();
      const same = setOf(0) === setOf(1);
      if (same) equal += 1;
      assert.equal(sameSetAfterHeal(record, [0, 1]).total === 0, same);
    }),
    { seed, numRuns: 1_000 },
  );
  assert.ok(equal > 10 && equal < 990, `${equal} of 1000 were equal: the property has seen one side only`);
});
