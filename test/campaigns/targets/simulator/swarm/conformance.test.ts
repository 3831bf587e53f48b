/**
 * The conformance checker on polls written by hand: it must see each departure from the stated rules.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VertexRecord } from '#campaigns/analysis/decision-record.ts';
import { Conformance } from '#test/swarm/conformance.ts';

const vertex = (creator: number, parents: readonly number[], keys: readonly number[]): VertexRecord => ({
  creator,
  sequence: 1,
  parents,
  keys,
  createdByHonest: true,
});
const vertices = [vertex(0, [-1], [10]), vertex(1, [0], [11]), vertex(2, [-1], [10])];

function checker(): Conformance {
  return new Conformance(
    { k: 2, alphaConfidence: 2, beta: 2, threshold: 0.8 },
    1,
    (serial) => vertices[serial]!,
  );
}

/** A poll of node 0 about `serials` (slot = position) with the yes words of its two answers. */
function poll(check: Conformance, serials: readonly number[], answers: readonly [number, number]): void {
  check.begin(0, [...serials.keys()], serials, 32);
  check.asked(0, 0, 0, 0, 1);
  check.asked(0, 0, 1, 0, 2);
  answers.forEach((yes, query) => {
    check.answered(0, query, 0, () => yes);
  });
  check.end(0, 0);
}

test('a finalisation after beta successful polls in a row conforms', () => {
  const check = checker();
  poll(check, [0], [1, 1]);
  poll(check, [0], [1, 1]);
  check.finalised(0, 0, 2);
  check.closing([0]);
  assert.deepEqual(check.violations, []);
});

test('a failed poll in between starts the count over', () => {
  const check = checker();
  poll(check, [0], [1, 1]);
  poll(check, [0], [1, 0]);
  poll(check, [0], [1, 1]);
  check.finalised(0, 0, 3);
  assert.match(check.violations[0]!, /after 1 consecutive successful polls, beta is 2/);
});

test('a second copy of an answer is not counted', () => {
  const check = checker();
  for (let i = 0; i < 2; i += 1) {
    check.begin(0, [0], [0], 32);
    check.asked(0, 0, 0, 0, 1);
    check.answered(0, 0, 0, () => 1);
    check.answered(0, 0, 0, () => 1);
    check.end(0, 0);
  }
  check.finalised(0, 0, 2);
  assert.match(check.violations[0]!, /after 0 consecutive/);
});

test('a child before its parent, a rival, and a decision taken twice are violations', () => {
  const check = checker();
  for (let i = 0; i < 2; i += 1) poll(check, [0, 1, 2], [7, 7]);
  check.finalised(0, 1, 2);
  check.finalised(0, 0, 2);
  check.finalised(0, 2, 2);
  check.rejected(0, 2);
  assert.match(check.violations[0]!, /before its parent 0/);
  assert.match(check.violations[1]!, /after its rival 0/);
  assert.match(check.violations[2]!, /although it had decided it/);
});

test('a rejection needs a finalised rival or a rejected parent', () => {
  const check = checker();
  check.rejected(0, 1);
  assert.match(check.violations[0]!, /without a reason/);
});

test('a vertex that is ripe and left undecided is a violation', () => {
  const check = checker();
  for (let i = 0; i < 3; i += 1) poll(check, [0], [1, 1]);
  check.closing([0]);
  assert.match(check.violations[0]!, /left vertex 0 undecided/);
});

test('a crash takes every count of an undecided vertex away', () => {
  const check = checker();
  poll(check, [0], [1, 1]);
  check.crashed(0, [0], () => false);
  poll(check, [0], [1, 1]);
  check.finalised(0, 0, 1);
  assert.match(check.violations[0]!, /after 1 consecutive/);
});

test('asking oneself, or one peer twice in a poll, is a violation', () => {
  const check = checker();
  check.begin(0, [0], [0], 32);
  check.asked(0, 0, 0, 0, 0);
  check.asked(0, 0, 1, 0, 0);
  assert.equal(check.total, 3);
});
