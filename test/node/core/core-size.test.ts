/** Many vertices and many polls: thousands at once, a table that grows in the middle of polls, sequences that wrap. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sequenceMask } from '#node/core/poll-book.ts';
import { genesis } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { RecordedCore, slotsOf, type Vote } from './recorded-core.ts';

guardDeterminism();

const yesTo = (...slots: number[]): Map<number, Vote> => new Map(slots.map((slot) => [slot, 'yes']));

describe('size', () => {
  test('four thousand undecided vertices at once are polled and finalised together', () => {
    const host = new RecordedCore({ slots: 4096, params: { beta: 4, earlyEnd: true } });
    const slots = Array.from({ length: 4000 }, (_, i) => host.register(i < 50 ? [genesis] : [i - 50]));
    for (const slot of slots) host.core.deliver(0, slot, -1, host.nowUs);
    host.poll(new Map());
    const all = host.votes(yesTo(...slots));
    for (let round = 0; round < host.params.beta; round++) {
      host.wake();
      assert.equal(host.ports.begun.at(-1)!.vertices, 4000);
      for (let slot = 0; slot < 4; slot++) host.core.receive(0, slot, 0, all, 0, host.nowUs);
    }
    assert.equal(host.ports.finalisations.length, 4000);
    const place = new Map(host.ports.finalisations.map(({ slot }, index) => [slot, index]));
    for (const slot of slots.slice(50)) assert.ok(place.get(slot - 50)! < place.get(slot)!, 'parents first');
    host.core.decisions.release(4000);
    assert.equal(host.core.table.highWord, 0);
  });

  test('the table grows in the middle of polls and no vote is lost', () => {
    const host = new RecordedCore({ slots: 32, params: { concurrentPolls: 2, beta: 2, threshold: 0.5 } });
    const first = Array.from({ length: 20 }, () => host.add());
    host.poll(new Map());
    host.wake();
    host.wake();
    for (const poll of [0, 1]) for (const slot of [0, 1, 2]) host.answer(poll, slot, yesTo(...first));
    const more = Array.from({ length: 200 }, () => host.add([first[0]!]));
    assert.ok(host.core.table.capacity >= 256);
    assert.deepEqual(slotsOf(host.core.polls.scope, 0, host.core.polls.scopeWords(0)), first);
    for (const poll of [0, 1])
      for (const slot of [3, 4]) host.answer(poll, slot, slot === 3 ? yesTo(...first) : new Map());
    for (const slot of first) assert.equal(host.status(slot), 'finalised');
    for (const slot of more) assert.deepEqual([host.status(slot), host.rounds(slot)], ['undecided', 0]);
    assert.deepEqual(host.core.parentsFor(0, 1), [more.at(-1)]);
  });

  test('sequences of polls wrap and answers still find their poll', () => {
    const host = new RecordedCore({ params: { maxRounds: 10_000, beta: 9_000 } });
    const v = host.add();
    for (let i = 0; i < sequenceMask + 3; i++) host.poll(new Map([[v, 5]]));
    assert.equal(host.core.polls.sequence(0), 2);
    assert.equal(host.counter(v), sequenceMask + 3);
  });
});
