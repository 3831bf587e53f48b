/** Whole polls through recorded ports: scope, votes, timeouts and retries, pace, concurrency, limits, crash. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { genesis } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { RecordedCore, type Vote } from './recorded-core.ts';

guardDeterminism();

const yesTo = (...slots: number[]): Map<number, Vote> => new Map(slots.map((slot) => [slot, 'yes']));

describe('a poll', () => {
  test('asks k distinct peers about every undecided vertex, then sets a timer', () => {
    const host = new RecordedCore({ timeout: { initialUs: 777, leastUs: 1, mostUs: 9999 } });
    const v = host.add();
    assert.deepEqual(host.ports.begun, [{ node: 0, poll: 0, vertices: 1 }]);
    assert.deepEqual(host.scope(), [v]);
    assert.deepEqual(
      host.ports.queries.map(({ slot, attempt }) => [slot, attempt]),
      [0, 1, 2, 3, 4].map((slot) => [slot, 0]),
    );
    assert.equal(new Set(host.ports.queries.map(({ peer }) => peer)).size, 5);
    assert.deepEqual(host.ports.timeouts, [{ poll: 0, sequence: 1, atUs: host.nowUs + 777 }]);
  });

  test('leaves later vertices to the next one', () => {
    const host = new RecordedCore();
    const early = host.add();
    const late = host.add();
    assert.deepEqual(host.scope(), [early]);
    host.poll(new Map([[late, 5]]));
    assert.deepEqual([host.rounds(early), host.rounds(late)], [1, 0]);
    host.wake();
    assert.deepEqual(host.scope(), [early, late]);
  });

  test('counts each vertex by itself: yes, no and unknown in one answer', () => {
    const host = new RecordedCore({ params: { earlyEnd: false } });
    const slots = [host.add()];
    host.poll(new Map());
    slots.push(host.add(), host.add([slots[0]!]), host.add([slots[0]!]));
    host.wake();
    const [a, b, c, d] = slots as [number, number, number, number];
    for (let slot = 0; slot < 5; slot++) {
      const table = new Map<number, Vote>([
        [a, 'yes'],
        [b, slot < 4 ? 'yes' : 'unknown'],
        [c, slot < 3 ? 'yes' : 'no'],
        [d, slot < 2 ? 'no' : 'unknown'],
      ]);
      host.answer(0, slot, table);
    }
    assert.deepEqual(
      slots.map((slot) => host.score(slot)),
      [1, 1, 1, 0],
    );
    assert.deepEqual(
      slots.map((slot) => host.counter(slot)),
      [1, 1, 0, 0],
    );
    assert.deepEqual(host.ports.ended.at(-1), { node: 0, poll: 0, vertices: 4, chits: 2 });
  });

  test('a no for a child says nothing about its ancestors', () => {
    const host = new RecordedCore();
    const parent = host.add();
    host.poll(new Map([[parent, 5]]));
    const child = host.add([parent]);
    for (let i = 1; i < host.params.beta; i++) host.poll(new Map([[parent, 5]]));
    assert.deepEqual([host.status(parent), host.counter(child)], ['finalised', 0]);
  });

  test('is not held where nothing is undecided', () => {
    const host = new RecordedCore();
    host.core.wake(0, host.nowUs);
    assert.deepEqual([host.ports.begun, host.ports.wakes], [[], []]);
    const v = host.add();
    for (let i = 0; i < host.params.beta; i++) host.poll(new Map([[v, 5]]));
    host.wake();
    assert.equal(host.ports.begun.length, host.params.beta);
    assert.deepEqual(host.ports.wakes.length, host.params.beta - 1, 'and nobody is woken for it');
  });
});

describe('the liveness hole of coupled chits', () => {
  test('rejected or hated children attached to a virtuous vertex never reset its counter', () => {
    const host = new RecordedCore({ params: { beta: 8 } });
    const virtuous = host.add();
    host.poll(new Map([[virtuous, 5]]));
    for (let round = 1; round < host.params.beta; round++) {
      assert.equal(host.counter(virtuous), round);
      const input = 100 + round;
      const children = [host.add([virtuous], [input]), host.add([virtuous], [input])];
      host.poll(new Map([[virtuous, 5], ...children.map((c) => [c, round % 3] as const)]));
    }
    assert.equal(host.status(virtuous), 'finalised');
    assert.equal(host.ports.finalisations[0]!.rounds, host.params.beta);
  });

  test('nor do invalid children that are rejected on arrival', () => {
    const host = new RecordedCore({ params: { beta: 4 } });
    const virtuous = host.add();
    for (let round = 0; round < host.params.beta; round++) {
      host.poll(new Map([[virtuous, 4]]));
      const left = host.add([virtuous], [50]);
      const right = host.add([virtuous], [50]);
      assert.equal(host.status(host.add([left, right])), 'rejected');
    }
    assert.equal(host.status(virtuous), 'finalised');
  });
});

describe('timeouts and answers out of turn', () => {
  function started(earlyEnd = false): { host: RecordedCore; v: number; sequence: number } {
    const host = new RecordedCore({ params: { earlyEnd, pollIntervalUs: 1_000_000 } });
    const v = host.add();
    return { host, v, sequence: host.core.polls.sequence(0) };
  }

  test('unanswered slots go once to fresh peers, then stay empty', () => {
    const { host, v, sequence } = started();
    for (const slot of [0, 2]) host.answer(0, slot, yesTo(v));
    const asked = host.ports.queries.map(({ peer }) => peer);
    host.core.timeout(0, sequence, host.nowUs + 5000);
    const retries = host.ports.queries.slice(5);
    assert.deepEqual(
      retries.map(({ slot, attempt }) => [slot, attempt]),
      [
        [1, 1],
        [3, 1],
        [4, 1],
      ],
    );
    assert.equal(host.core.retries, 3);
    assert.ok(!retries.some(({ peer }) => peer === asked[0] || peer === asked[2] || peer === 0));
    assert.equal(new Set(retries.map(({ peer }) => peer)).size, 3);
    assert.equal(host.ports.timeouts.length, 2);
    host.answer(0, 1, yesTo(v), 1);
    host.core.timeout(0, sequence, host.nowUs + 10_000);
    assert.deepEqual([host.ports.queries.length, host.core.polls.isOpen(0)], [8, false]);
    assert.deepEqual([host.score(v), host.counter(v)], [1, 0], 'three of five: preference, no confidence');
  });

  test('when nobody fresh is left the slots stay empty at once', () => {
    const host = new RecordedCore({ members: 6, params: { pollIntervalUs: 1_000_000 } });
    const v = host.add();
    host.answer(0, 0, yesTo(v));
    host.core.timeout(0, 1, host.nowUs + 5000);
    assert.deepEqual([host.core.retries, host.core.polls.isOpen(0)], [0, false]);
    assert.deepEqual(host.ports.ended, [{ node: 0, poll: 0, vertices: 1, chits: 0 }]);
  });

  test('silence ends a poll early when too many slots are empty', () => {
    const host = new RecordedCore({ members: 6, params: { earlyEnd: true, pollIntervalUs: 1_000_000 } });
    const v = host.add();
    host.core.timeout(0, 1, host.nowUs + 5000);
    // 5 - 3 + 1 = 3 empty slots leave alphaPreference out of reach
    assert.equal(host.rounds(v), 1);
    assert.equal(host.core.polls.isOpen(0), false);
  });

  test('a timer of an earlier poll does nothing', () => {
    const { host, sequence } = started();
    host.poll(new Map());
    host.wake();
    const before = host.ports.queries.length;
    host.core.timeout(0, sequence, host.nowUs);
    assert.equal(host.ports.queries.length, before);
    assert.equal(host.core.polls.isOpen(0), true);
  });

  test('duplicates, answers of given up peers and unasked retries are ignored and counted', () => {
    const { host, v, sequence } = started();
    host.answer(0, 0, yesTo(v));
    host.answer(0, 0, yesTo(v));
    assert.equal(host.core.ignoredAnswers, 1, 'duplicate');
    host.answer(0, 1, yesTo(v), 1);
    assert.equal(host.core.ignoredAnswers, 2, 'an answer to a retry that was not sent');
    host.core.timeout(0, sequence, host.nowUs);
    host.answer(0, 1, yesTo(v), 0);
    assert.equal(host.core.ignoredAnswers, 3, 'the peer was given up');
    for (const slot of [1, 2, 3]) host.answer(0, slot, yesTo(v), 1);
    assert.equal(host.counter(v), 0);
    host.answer(0, 4, new Map(), 1);
    assert.equal(host.counter(v), 1, 'four votes, each peer once');
    host.core.receiveLate(0, sequence, 0, 0, host.nowUs);
    assert.equal(host.core.ignoredAnswers, 4);
    assert.equal(host.rounds(v), 1);
  });

  test('an early end comes with the vote that decides, not before', () => {
    const { host, v } = started(true);
    for (const slot of [0, 1, 2]) host.answer(0, slot, yesTo(v));
    assert.equal(host.core.polls.isOpen(0), true);
    host.answer(0, 3, yesTo(v));
    assert.deepEqual([host.core.polls.isOpen(0), host.counter(v)], [false, 1]);
  });

  test('the sampled slot teaches the timeout, the others do not', () => {
    const host = new RecordedCore({ timeout: { initialUs: 9000, leastUs: 10, mostUs: 50_000 } });
    const v = host.add();
    const sampled = host.core.polls.sequence(0) % 5;
    host.nowUs += 40;
    for (const slot of [0, 1, 2, 3, 4].filter((s) => s !== sampled)) host.answer(0, slot, yesTo(v));
    host.nowUs += 60;
    host.answer(0, sampled, yesTo(v)); // the next poll is due and begins with the new timeout
    assert.equal(host.ports.timeouts.at(-1)!.atUs - host.nowUs, 300, 'R + 4 R/2 for R = 100');
  });

  test('peers farther away than the timeout are waited for before long, though others answer at once', () => {
    const host = new RecordedCore({
      members: 400,
      params: { beta: 1000, maxRounds: 2000, earlyEnd: false },
      timeout: { initialUs: 1000, leastUs: 10, mostUs: 50_000 },
    });
    const v = host.add();
    const roundTripUs = 1500;
    for (let round = 0; round < 60; round++) {
      const startUs = host.nowUs;
      const sequence = host.core.polls.sequence(0);
      const dueUs = host.ports.timeouts.at(-1)!.atUs;
      host.answer(0, (sequence + 1) % 5, yesTo(v)); // the one near peer is never the sampled one
      if (dueUs < startUs + roundTripUs) host.core.timeout(0, sequence, dueUs);
      host.nowUs = startUs + roundTripUs;
      for (let slot = 0; slot < 5; slot++)
        if (slot !== (sequence + 1) % 5 && host.core.polls.sequence(0) === sequence)
          host.answer(0, slot, yesTo(v));
      if (host.core.polls.sequence(0) === sequence) host.core.timeout(0, sequence, host.nowUs);
    }
    assert.ok(host.counter(v) > 40, `${host.counter(v)} successes in a row`);
  });
});

describe('pace', () => {
  test('the next poll starts pollInterval after the start of the last, by a wake', () => {
    const host = new RecordedCore({ params: { pollIntervalUs: 1000 } });
    const v = host.add();
    const startUs = host.nowUs;
    host.nowUs += 300;
    for (let slot = 0; slot < 5; slot++) host.answer(0, slot, yesTo(v));
    assert.deepEqual(host.ports.wakes, [{ node: 0, atUs: startUs + 1000 }]);
    host.core.wake(0, startUs + 999);
    assert.equal(host.ports.begun.length, 1);
    assert.equal(host.ports.wakes.length, 1, 'one wake is enough');
    host.core.wake(0, startUs + 1000);
    assert.equal(host.ports.begun.length, 2);
  });

  test('a poll that took longer than the interval is followed at once', () => {
    const host = new RecordedCore({ params: { pollIntervalUs: 1000 } });
    const v = host.add();
    host.nowUs += 5000;
    for (let slot = 0; slot < 5; slot++) host.answer(0, slot, yesTo(v));
    assert.equal(host.ports.begun.length, 2);
    assert.deepEqual(host.ports.wakes, []);
  });

  test('a vertex that arrives after a pause is polled at once', () => {
    const host = new RecordedCore({ params: { beta: 1, threshold: 0.5 } });
    host.poll(new Map([[host.add(), 5]]));
    host.nowUs += 10_000;
    host.add();
    assert.equal(host.ports.begun.length, 2);
  });

  test('concurrent polls start an interval apart, each with its own scope and counts', () => {
    const host = new RecordedCore({ params: { concurrentPolls: 3, pollIntervalUs: 100 } });
    const a = host.add();
    assert.deepEqual(host.ports.begun.length, 1);
    const b = host.add();
    host.wake();
    host.wake();
    host.wake();
    assert.deepEqual(
      host.ports.begun.map(({ poll, vertices }) => [poll, vertices]),
      [
        [0, 1],
        [1, 2],
        [2, 2],
      ],
    );
    for (let slot = 0; slot < 5; slot++) host.answer(1, slot, yesTo(a, b));
    assert.deepEqual([host.counter(a), host.counter(b)], [1, 1]);
    for (let slot = 0; slot < 5; slot++) host.answer(0, slot, yesTo(a, b));
    assert.deepEqual([host.counter(a), host.counter(b)], [2, 1], 'b was not in the scope of the first poll');
  });

  test('a vertex decided by one poll is out of the others that are open', () => {
    const host = new RecordedCore({ params: { concurrentPolls: 2, beta: 1, threshold: 0.5 } });
    const a = host.add();
    host.wake();
    for (let slot = 0; slot < 5; slot++) host.answer(0, slot, yesTo(a));
    assert.equal(host.status(a), 'finalised');
    for (let slot = 0; slot < 5; slot++) host.answer(1, slot, new Map([[a, 'no']]));
    assert.deepEqual([host.status(a), host.rounds(a)], ['finalised', 1]);
    assert.deepEqual(host.ports.ended.at(-1), { node: 0, poll: 1, vertices: 0, chits: 0 });
  });
});

describe('maxRounds', () => {
  test('is reported once, at that round, and polling goes on until the vertex is decided', () => {
    const host = new RecordedCore({ params: { maxRounds: 4, beta: 2, threshold: 0.5 } });
    const v = host.add();
    for (let round = 1; round <= 8; round++) {
      assert.deepEqual(host.ports.limits, round > 4 ? [{ node: 0, slot: v }] : []);
      host.poll(new Map());
    }
    host.poll(new Map([[v, 5]]));
    host.poll(new Map([[v, 5]]));
    assert.equal(host.ports.finalisations[0]!.rounds, 10);
    assert.equal(host.ports.limits.length, 1);
  });

  test('is not reported for what is decided by the last poll allowed', () => {
    const host = new RecordedCore({ params: { maxRounds: 3, beta: 3 } });
    const [a] = [host.add([genesis], [1])];
    const rival = host.add([genesis], [1]);
    host.poll(new Map([[a, 5]]));
    for (let i = 0; i < 2; i++) host.poll(new Map([[a, 5]]));
    assert.deepEqual([host.status(a), host.status(rival), host.ports.limits], ['finalised', 'rejected', []]);
  });

  test('is reported for a vertex that is ripe but waits for its parent', () => {
    const host = new RecordedCore({ params: { maxRounds: 5, beta: 2, threshold: 0.5 } });
    const parent = host.add();
    host.poll(new Map());
    const child = host.add([parent]);
    for (let i = 0; i < 6; i++) host.poll(new Map([[child, 5]]));
    assert.equal(host.status(child), 'undecided');
    assert.deepEqual(
      host.ports.limits.map(({ slot }) => slot),
      [parent, child],
    );
  });

  test('counts stay at the end of their 16 bits', () => {
    const host = new RecordedCore({ params: { maxRounds: 65_535, beta: 65_535 } });
    const v = host.add();
    for (const column of [host.core.standing.rounds, host.core.standing.score, host.core.standing.counter])
      column[v] = 65_534;
    for (let i = 0; i < 3; i++) host.poll(new Map([[v, 5]]));
    assert.deepEqual([host.rounds(v), host.score(v), host.counter(v)], [65_535, 65_535, 65_535]);
    assert.equal(host.ports.limits.length, 1);
  });
});

describe('answers to others', () => {
  test('yes for finalised and strongly preferred, no for the rest, unknown where it is missing', () => {
    const host = new RecordedCore();
    const done = host.add();
    for (let i = 0; i < host.params.beta; i++) host.poll(new Map([[done, 5]]));
    const [a, b] = [host.add([done], [1]), host.add([done], [1])];
    const child = host.add([b]);
    const missing = host.register();
    const waiting = host.add([missing]);
    const scope = Int32Array.of(-1, -1);
    const out = new Int32Array(4);
    assert.notEqual(host.core.answer(0, scope, 0, 2, out, 0), 0);
    const said = (slot: number): Vote => {
      const at = 2 * (slot >>> 5);
      if ((out[at + 1]! & (1 << (slot & 31))) === 0) return 'unknown';
      return (out[at]! & (1 << (slot & 31))) === 0 ? 'no' : 'yes';
    };
    assert.deepEqual([done, a, b, child, missing, waiting].map(said), [
      'yes',
      'yes',
      'no',
      'no',
      'unknown',
      'unknown',
    ]);
    scope.fill(0);
    scope[0] = (1 << done) | (1 << a);
    assert.equal(host.core.answer(0, scope, 0, 2, out, 0), 0, 'yes to the whole scope');
  });
});

describe('a crash', () => {
  test('stops polls, forgets what was not durable, and the restarted node starts over', () => {
    const host = new RecordedCore();
    const kept = host.add();
    for (let i = 0; i < host.params.beta; i++) host.poll(new Map([[kept, 5]]));
    const open = host.add([kept]);
    host.poll(new Map([[open, 5]]));
    host.poll(new Map([[open, 5]]));
    assert.equal(host.counter(open), 2);
    host.wake();
    const sequence = host.core.polls.sequence(0);
    host.core.crash(0, (slot) => slot === kept);
    assert.equal(host.core.polls.isOpen(0), false);
    assert.deepEqual([host.status(kept), host.status(open)], ['finalised', 'unknown']);
    host.core.timeout(0, sequence, host.nowUs);
    host.core.wake(0, host.nowUs + 10_000);
    const begun = host.ports.begun.length;
    host.core.restart(0, host.nowUs);
    assert.equal(host.ports.begun.length, begun, 'nothing is undecided yet');
    host.nowUs += 10_000;
    assert.equal(host.core.deliver(0, open, 3, host.nowUs), 'entered');
    assert.deepEqual([host.counter(open), host.score(open), host.rounds(open)], [0, 0, 0]);
    assert.notEqual(
      host.core.polls.sequence(0),
      sequence,
      'answers to the old poll cannot be taken for new ones',
    );
    for (let i = 0; i < host.params.beta; i++) host.poll(new Map([[open, 5]]));
    assert.equal(host.status(open), 'finalised');
  });

  test('an inactive node begins no poll', () => {
    const host = new RecordedCore();
    host.core.crash(0, () => true);
    host.add();
    host.core.wake(0, host.nowUs + 1_000_000);
    assert.deepEqual(host.ports.begun, []);
    host.core.restart(0, host.nowUs + 1_000_000);
    assert.equal(host.ports.begun.length, 1);
  });
});
