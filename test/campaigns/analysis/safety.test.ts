/** The safety checker against hand-made records: every rule is violated once by hand and must be seen and named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecisionRecord, VertexRecord } from '#campaigns/analysis/decision-record.ts';
import { checkSafety, sameSetAfterHeal } from '#campaigns/analysis/safety.ts';

type Decision = readonly [serial: number, node: number, status: 'finalised' | 'rejected'];

function vertex(
  creator: number,
  sequence: number,
  parents: number[],
  changes: Partial<VertexRecord> = {},
): VertexRecord {
  return {
    creator,
    sequence,
    parents,
    keys: [creator * 1_000 + sequence],
    createdByHonest: true,
    ...changes,
  };
}

function recordOf(
  vertices: readonly VertexRecord[],
  decisions: readonly Decision[],
  attackers: readonly number[] = [],
): DecisionRecord {
  const nodes = 3;
  const honest = Uint8Array.from({ length: nodes }, (_, node) => (attackers.includes(node) ? 0 : 1));
  return {
    nodes,
    honest,
    vertices,
    decisions: {
      serial: Uint32Array.from(decisions, ([serial]) => serial),
      node: Uint32Array.from(decisions, ([, node]) => node),
      status: Uint8Array.from(decisions, ([, , status]) => (status === 'finalised' ? 1 : 2)),
      count: decisions.length,
    },
  };
}

const chain = [vertex(0, 1, [-1]), vertex(1, 1, [0]), vertex(2, 1, [0, 1])];
/** 0 and 1 spend the same input; 2 builds on 0. */
const contested = [
  vertex(0, 1, [-1], { keys: [1, 77] }),
  vertex(1, 1, [-1], { keys: [1_001, 77] }),
  vertex(2, 1, [0]),
];

function all(serials: readonly number[], nodes: readonly number[]): Decision[] {
  return nodes.flatMap((node) => serials.map((serial): Decision => [serial, node, 'finalised']));
}

test('a record in which every node finalises parents first is safe', () => {
  const report = checkSafety(recordOf(chain, all([0, 1, 2], [0, 1, 2])));
  assert.equal(report.total, 0);
  assert.deepEqual(report.violations, []);
  assert.equal(report.decisionsChecked, 9);
  assert.equal(report.finalisedVertices, 3);
});

test('two conflicting vertices finalised at one node are found', () => {
  const report = checkSafety(recordOf(contested, all([0, 1], [1])));
  assert.equal(report.byRule.conflict, 1);
  assert.deepEqual(report.violations, [
    'vertices 0 and 1 conflict (key 77) and both are finalised, at node 1 and at node 1',
  ]);
});

test('two conflicting vertices finalised at different nodes are found', () => {
  const report = checkSafety(
    recordOf(contested, [
      [0, 0, 'finalised'],
      [1, 2, 'finalised'],
    ]),
  );
  assert.deepEqual(report.violations, [
    'vertices 0 and 1 conflict (key 77) and both are finalised, at node 0 and at node 2',
  ]);
});

test('a conflict is a graph: neighbours of one vertex may both be finalised', () => {
  const path = [
    vertex(0, 1, [-1], { keys: [5] }),
    vertex(1, 1, [-1], { keys: [5, 6] }),
    vertex(2, 1, [-1], { keys: [6] }),
  ];
  assert.equal(checkSafety(recordOf(path, all([0, 2], [0, 1]))).total, 0);
  assert.equal(checkSafety(recordOf(path, all([0, 1, 2], [0]))).byRule.conflict, 2);
});

test('a vertex finalised at one node and rejected at another is found', () => {
  const report = checkSafety(
    recordOf(chain, [
      [0, 0, 'finalised'],
      [0, 2, 'rejected'],
    ]),
  );
  assert.equal(report.total, 1);
  assert.deepEqual(report.violations, ['vertex 0 is finalised at node 0 and rejected at node 2']);
});

test('a vertex finalised and later rejected by one node breaks two rules', () => {
  const report = checkSafety(
    recordOf(chain, [
      [0, 1, 'finalised'],
      [0, 1, 'rejected'],
    ]),
  );
  assert.equal(report.byRule.reversal, 1);
  assert.equal(report.byRule.repetition, 1);
});

test('a vertex finalised before its parent is found, even when the parent follows', () => {
  const report = checkSafety(
    recordOf(chain, [
      [1, 0, 'finalised'],
      [0, 0, 'finalised'],
    ]),
  );
  assert.deepEqual(report.violations, ['node 0 finalised vertex 1 before its parent 0']);
});

test('a vertex finalised on a rejected or unknown parent is found', () => {
  const onRejected = checkSafety(
    recordOf(chain, [
      [0, 0, 'rejected'],
      [1, 0, 'finalised'],
    ]),
  );
  assert.equal(onRejected.byRule.order, 1);
  const onUnknown = checkSafety(recordOf([vertex(0, 1, [9])], [[0, 0, 'finalised']]));
  assert.equal(onUnknown.byRule.order, 1);
});

test('a parent finalised by another node only does not count', () => {
  const report = checkSafety(
    recordOf(chain, [
      [0, 0, 'finalised'],
      [1, 1, 'finalised'],
    ]),
  );
  assert.deepEqual(report.violations, ['node 1 finalised vertex 1 before its parent 0']);
});

test('a decision taken twice by one node is found', () => {
  const report = checkSafety(
    recordOf(chain, [
      [0, 0, 'finalised'],
      [0, 1, 'finalised'],
      [0, 0, 'finalised'],
    ]),
  );
  assert.deepEqual(report.violations, ['node 0 decided vertex 0 twice']);
});

test('an honest creator with two vertices of one sequence is found, an attacker is not', () => {
  const twice = [vertex(4, 1, [-1], { keys: [1] }), vertex(4, 1, [-1], { keys: [2] })];
  assert.deepEqual(checkSafety(recordOf(twice, [])).violations, [
    'honest creator 4 has two vertices with sequence 1: 0 and 1',
  ]);
  const attacker = twice.map((each) => ({ ...each, createdByHonest: false }));
  assert.equal(checkSafety(recordOf(attacker, [])).total, 0);
});

test('what attackers decide is not checked', () => {
  const report = checkSafety(recordOf(contested, [...all([0], [0]), ...all([1], [2])], [2]));
  assert.equal(report.total, 0);
  assert.equal(report.decisionsChecked, 1);
});

test('a decision about a node or vertex that does not exist is found', () => {
  const report = checkSafety(
    recordOf(chain, [
      [0, 7, 'finalised'],
      [9, 0, 'finalised'],
    ]),
  );
  assert.equal(report.byRule.record, 2);
});

test('only twenty violations are written out, all are counted', () => {
  const vertices = Array.from({ length: 50 }, (_, index) => vertex(index, 1, [-1], { keys: [77] }));
  const report = checkSafety(recordOf(vertices, all([...vertices.keys()], [0])));
  assert.equal(report.total, 49);
  assert.equal(report.violations.length, 20);
});

test('rows beyond the filled count are not read', () => {
  const record = recordOf(contested, all([0, 1], [0]));
  const short = { ...record, decisions: { ...record.decisions, count: 1 } };
  assert.equal(checkSafety(short).total, 0);
});

test('after healing, a node with another finalised set is named', () => {
  const record = recordOf(chain, [...all([0, 1], [0]), ...all([0, 1], [1]), ...all([0], [2])]);
  assert.equal(sameSetAfterHeal(record, [0, 1]).total, 0);
  const report = sameSetAfterHeal(record, [0, 1, 2]);
  assert.deepEqual(report.violations, [
    'after healing node 0 has finalised vertex 1 and node 2 has not (1 vertices finalised at node 2, 2 at node 0)',
  ]);
});

test('after healing, vertices still due and attackers are left out', () => {
  const record = recordOf(chain, [...all([0, 1], [0]), ...all([0], [1])], [2]);
  assert.equal(sameSetAfterHeal(record, [0, 1]).total, 1);
  assert.equal(sameSetAfterHeal(record, [0, 1], Uint8Array.of(1, 0, 1)).total, 0);
  assert.equal(sameSetAfterHeal(record, [0, 2]).total, 0);
});

test('a rejected vertex is not part of the finalised set', () => {
  const record = recordOf(chain, [
    [0, 0, 'finalised'],
    [0, 1, 'rejected'],
  ]);
  assert.equal(sameSetAfterHeal(record, [0, 1]).total, 1);
});
