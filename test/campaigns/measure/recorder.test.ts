// Goal: the recorder counts pairs, latency and rounds of the window as they are defined, and its trace tells orders apart.
// Method: decisions by hand; three honest nodes and one attacker.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalised, rejected } from '#campaigns/analysis/decision-record.ts';
import { Recorder } from '#campaigns/measure/recorder.ts';

function recorder(): Recorder {
  return new Recorder({
    nodes: 4,
    honest: Uint8Array.of(1, 1, 1, 0),
    honestCount: 3,
    maxRounds: 100,
    windowFromUs: 1_000,
    windowUntilUs: 2_000,
  });
}

function issue(to: Recorder, dueUs: number, contested = false, createdByHonest = true): number {
  const serial = to.vertices.length;
  to.issued({
    record: { creator: 0, sequence: serial + 1, parents: [-1], keys: [-serial - 1], createdByHonest },
    dueUs,
    transactions: 10,
    contested,
  });
  return serial;
}

function finalise(to: Recorder, node: number, serial: number, atUs: number, rounds = 20): void {
  to.decided(node, 0, serial, finalised, rounds, 0.96, atUs);
}

test('latency runs from when a transaction was due to when its vertex is durable, per honest node and transaction', () => {
  const one = recorder();
  const serial = issue(one, 1_500);
  finalise(one, 0, serial, 1_700);
  finalise(one, 1, serial, 1_900);
  finalise(one, 3, serial, 9_000); // an attacker's decision is nobody's latency
  assert.equal(one.latency.total, 20);
  assert.equal(one.latency.meanUs, 300);
  assert.equal(one.latency.mostUs, 400);
  assert.equal(one.finalisedPairs, 2);
  assert.equal(one.openPairs(), 1);
});

test('warm-up, cool-down and attackers are not measured', () => {
  const one = recorder();
  for (const serial of [issue(one, 999), issue(one, 2_000), issue(one, 1_500, false, false)]) {
    finalise(one, 0, serial, 2_500);
  }
  assert.equal(one.latency.total, 0);
  assert.equal(one.shares(0).measuredVertices, 0);
  assert.equal(one.columns.count, 3, 'but all of it goes to the safety checker');
});

test('shares are over all pairs of honest node and uncontested vertex; late decisions count as not in time', () => {
  const one = recorder();
  const [everywhere, late, open, conflict] = [
    issue(one, 1_100),
    issue(one, 1_200),
    issue(one, 1_300),
    issue(one, 1_400, true),
  ];
  for (const node of [0, 1, 2]) finalise(one, node, everywhere, 2_000);
  finalise(one, 0, late, 2_000);
  finalise(one, 1, late, 2_000, 100);
  one.undecidedAtLimit(2, late, 2_000);
  finalise(one, 2, late, 3_000, 101);
  one.undecidedAtLimit(3, open, 2_000);
  one.decided(0, 0, conflict, rejected, 0, 0, 2_000);
  const shares = one.shares(0);
  assert.equal(shares.measuredVertices, 3);
  assert.equal(shares.finalizedShare, 5 / 9);
  assert.equal(shares.allHonestShare, 1 / 3);
  assert.equal(shares.undecidedTransactionShare, 3 / 9);
  assert.equal(one.livenessFailures, 1);
  assert.equal(one.rejectedPairs, 1);
  assert.equal(one.rounds.total, 5, 'rounds of what was in time');
  assert.equal(one.rounds.most, 100);
});

test('transactions that no vertex carries count as undecided at every honest node', () => {
  const one = recorder();
  const serial = issue(one, 1_100);
  for (const node of [0, 1, 2]) finalise(one, node, serial, 1_900);
  assert.equal(one.shares(0).undecidedTransactionShare, 0);
  assert.equal(one.shares(30).undecidedTransactionShare, 0.75);
  assert.equal(one.shares(30).finalizedShare, 1, 'of vertices');
});

test('a vertex whose transactions were issued again is counted in the other one only', () => {
  const one = recorder();
  const first = issue(one, 1_100);
  issue(one, 1_100);
  one.supersede(first, 1_500);
  assert.equal(one.shares(0).measuredVertices, 1);
  assert.equal(one.openPairs(), 3);
});

test('a vertex is settled when every honest node has decided it or given up within the limit', () => {
  const one = recorder();
  const settled: number[][] = [];
  one.onSettled = (serial, atUs) => settled.push([serial, atUs]);
  const serial = issue(one, 1_100);
  finalise(one, 0, serial, 1_200);
  finalise(one, 3, serial, 1_250);
  one.undecidedAtLimit(1, serial, 1_300);
  assert.deepEqual(settled, []);
  finalise(one, 2, serial, 1_400);
  assert.deepEqual(settled, [[serial, 1_400]]);
});

test('a watch ends with the last decision it waits for, of its node or of all, and looks at older uncontested ones only', () => {
  const one = recorder();
  const [a, b, contested] = [issue(one, 1_000), issue(one, 1_000), issue(one, 1_000, true)];
  const done: string[] = [];
  const waits = new Map([
    [a, 1],
    [b, 2],
  ]);
  one.watch(waits, -1, 1_000, (atUs) => done.push(`all ${atUs}`));
  one.watch(new Map([[b, 1]]), 1, 1_000, (atUs) => done.push(`node ${atUs}`));
  one.watch(new Map(), 2, 1_000, (atUs) => done.push(`none ${atUs}`));
  const younger = issue(one, 1_100);
  finalise(one, 0, a, 1_200);
  finalise(one, 1, contested, 1_250);
  finalise(one, 1, younger, 1_260);
  finalise(one, 1, b, 1_300);
  assert.deepEqual(done, ['none 1000', 'node 1300']);
  finalise(one, 2, b, 1_400);
  assert.deepEqual(done, ['none 1000', 'node 1300', 'all 1400']);
});

test('a vertex whose transactions were issued again is not waited for any more', () => {
  const one = recorder();
  const [a, b] = [issue(one, 1_000), issue(one, 1_000)];
  const done: string[] = [];
  const waits = new Map([
    [a, 1],
    [b, 3],
  ]);
  one.watch(waits, -1, 1_000, (atUs) => done.push(`all ${atUs}`));
  one.watch(new Map([[b, 1]]), 2, 1_000, (atUs) => done.push(`node ${atUs}`));
  finalise(one, 0, b, 1_100);
  one.supersede(b, 1_200);
  assert.deepEqual(done, ['node 1200']);
  finalise(one, 1, b, 1_250);
  assert.deepEqual(done, ['node 1200'], 'what is decided about it says nothing about others');
  finalise(one, 1, a, 1_300);
  assert.deepEqual(done, ['node 1200', 'all 1300']);
});

test('a node that lost its disk repeats its decisions uncounted; another decision is recorded for the checker', () => {
  const one = recorder();
  const [same, other] = [issue(one, 1_100), issue(one, 1_100)];
  finalise(one, 0, same, 1_200);
  finalise(one, 0, other, 1_200);
  one.wiped(0);
  finalise(one, 0, same, 1_900);
  assert.equal(one.columns.count, 2);
  assert.equal(one.latency.total, 20);
  one.decided(0, 0, other, rejected, 0, 0, 1_900);
  assert.equal(one.columns.count, 3);
  assert.equal(one.columns.status[2], rejected);
});

test('decisions beyond the first capacity of the columns are kept in order', () => {
  const one = recorder();
  const serial = issue(one, 100);
  const count = 70_000;
  for (let i = 0; i < count; i++) one.decided(i % 4, 0, serial, 1 + (i % 2), 0, 0, i);
  assert.equal(one.columns.count, count);
  for (const at of [0, 65_535, 65_536, count - 1]) {
    assert.equal(one.columns.node[at], at % 4);
    assert.equal(one.columns.status[at], 1 + (at % 2));
  }
});

test('the trace hash depends on every event, its time and the order', () => {
  const hashOf = (events: readonly (readonly [number, number, number])[]): string => {
    const one = recorder();
    for (const [x, y, atUs] of events) one.trace(x, y, atUs);
    return one.traceHash;
  };
  const events = [
    [1, 5, 1_000],
    [2, 5, 1_000],
    [1, 9, 5_000_000_000],
  ] as const;
  const hashes = [
    hashOf(events),
    hashOf(events.slice(0, 2)),
    hashOf([events[1], events[0], events[2]]),
    hashOf([events[0], events[1], [1, 9, 5_000_000_001]]),
    hashOf([events[0], events[1], [1, 9, 5_000_000_000 - 4_294_967_296]]),
    hashOf([events[0], events[1], [1, 8, 5_000_000_000]]),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
  assert.equal(hashOf(events), hashes[0]);
});
