/** Answers that no honest node gives, and all the ones that look odd but are honest. Everybody is asked in every poll. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastingConvictions, type ReputationRules } from '#node/core/params.ts';
import { strikesToConvict } from '#node/core/suspicion.ts';
import { genesis } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { RecordedCore, type Vote } from './recorded-core.ts';

guardDeterminism();

const suspect = 3;

/** Node 0 of six asks its five peers; peer 3 answers on its own terms. */
class Hearing {
  readonly host: RecordedCore;

  constructor(reputation: ReputationRules = lastingConvictions) {
    const params = { beta: 12, maxRounds: 100 };
    this.host = new RecordedCore({ members: 6, exclusion: true, params, reputation });
  }

  /** One poll in which everybody is honest (yes to what node 0 prefers) except the suspect. */
  poll(answer: (slot: number) => Vote | 'honest'): void {
    const { host } = this;
    const { polls } = host.core;
    if (!polls.isOpen(0)) host.wake();
    const scope = host.scope();
    const peers = [...polls.peers.subarray(0, host.params.k)];
    const ended = host.ports.ended.length;
    for (const [slot, peer] of peers.entries()) {
      if (host.ports.ended.length > ended) return;
      const table = new Map<number, Vote>();
      for (const v of scope) {
        const own = answer(v);
        table.set(v, peer === suspect && own !== 'honest' ? own : host.saysYes(v) ? 'yes' : 'no');
      }
      host.answer(0, slot, table);
    }
  }

  get convicted(): number[] {
    return this.host.ports.convictions.map(({ peer }) => peer);
  }
}

function grown(rounds = 6): Hearing {
  const hearing = new Hearing();
  hearing.host.add();
  for (let i = 0; i < rounds; i++) hearing.poll(() => 'honest');
  return hearing;
}

test('refusing a grown vertex without any conflict convicts, at the third time', () => {
  const hearing = grown();
  for (let i = 1; i < strikesToConvict; i++) {
    hearing.poll(() => 'no');
    assert.deepEqual(hearing.convicted, []);
  }
  hearing.poll(() => 'no');
  assert.deepEqual(hearing.convicted, [suspect]);
});

test('a convicted peer is not asked again, and the poll makes do with fewer slots', () => {
  const hearing = grown();
  for (let i = 0; i < strikesToConvict; i++) hearing.poll(() => 'no');
  const { host } = hearing;
  const before = host.ports.queries.length;
  assert.equal(host.core.polls.isOpen(0), false);
  host.wake();
  const asked = host.ports.queries.slice(before).map(({ peer }) => peer);
  assert.deepEqual(
    asked.toSorted((a, b) => a - b),
    [1, 2, 4, 5],
  );
  for (let slot = 0; slot < 4; slot++) host.answer(0, slot, new Map());
  assert.equal(host.core.polls.isOpen(0), false, 'the fifth slot counts as empty');
});

test('unknown is never misbehaviour', () => {
  const hearing = grown();
  for (let i = 0; i < 5; i++) hearing.poll(() => 'unknown');
  assert.deepEqual(hearing.convicted, []);
});

test('a young vertex may be refused: its conflict may be on its way', () => {
  const hearing = new Hearing();
  for (let i = 0; i < 6; i++) {
    const young = hearing.host.add();
    hearing.poll((v) => (v === young ? 'no' : 'honest'));
    hearing.poll((v) => (v === young ? 'no' : 'honest'));
  }
  assert.deepEqual(hearing.convicted, []);
});

test('a vertex with a conflict in its past may be refused by those who prefer the other', () => {
  const hearing = new Hearing();
  const { host } = hearing;
  const [a] = [host.add([genesis], [1]), host.add([genesis], [1])];
  const child = host.add([a]);
  for (let i = 0; i < 10; i++) hearing.poll((v) => (v === a || v === child ? 'no' : 'yes'));
  assert.deepEqual(hearing.convicted, []);
});

test('yes to two conflicting vertices in one answer convicts, however young they are', () => {
  const hearing = new Hearing();
  hearing.host.add([genesis], [1]);
  hearing.poll(() => 'honest');
  hearing.host.add([genesis], [1]);
  for (let i = 0; i < strikesToConvict; i++) {
    assert.deepEqual(hearing.convicted, []);
    hearing.poll(() => 'yes');
  }
  assert.deepEqual(hearing.convicted, [suspect]);
});

test('yes to the first and the last of a chain of conflicts is honest', () => {
  const hearing = new Hearing();
  const { host } = hearing;
  const [a, b, c] = [host.add([genesis], [1]), host.add([genesis], [1, 2]), host.add([genesis], [2])];
  for (let i = 0; i < 8; i++) hearing.poll((v) => (v === b ? 'no' : [a, c].includes(v) ? 'yes' : 'honest'));
  assert.deepEqual(hearing.convicted, []);
});

test('votes on vertices outside the scope are not evidence', () => {
  const hearing = new Hearing();
  const { host } = hearing;
  const a = host.add([genesis], [1]);
  for (let i = 0; i < 5; i++) {
    // The rival arrives when the scope is fixed already.
    if (!host.core.polls.isOpen(0)) host.wake();
    const late = host.add([genesis], [1]);
    for (let slot = 0; slot < 5; slot++)
      host.answer(
        0,
        slot,
        new Map([
          [a, 'yes'],
          [late, 'yes'],
        ]),
      );
  }
  assert.deepEqual(hearing.convicted, []);
});

test('a peer whose answers are lost or late is not suspected', () => {
  const hearing = grown();
  const { host } = hearing;
  for (let i = 0; i < 5; i++) {
    host.wake();
    const sequence = host.core.polls.sequence(0);
    host.core.timeout(0, sequence, host.nowUs); // there is nobody else to ask
    assert.equal(host.core.polls.isOpen(0), false);
    for (let slot = 0; slot < 5; slot++) host.core.receiveLate(0, sequence, slot, 0, host.nowUs);
  }
  assert.deepEqual(hearing.convicted, []);
});

test('a peer behind on a conflict that is decided here may refuse what descends from it', () => {
  const hearing = new Hearing();
  const { host } = hearing;
  const a = host.add([genesis], [1]);
  host.add([genesis], [1]);
  for (let i = 0; i < 8; i++) hearing.poll(() => 'honest');
  const child = host.add([a]);
  while (host.status(a) !== 'finalised') hearing.poll(() => 'honest');
  for (let i = 0; i < 4; i++) hearing.poll(() => 'honest');
  assert.equal(host.status(child), 'undecided');
  for (let i = 0; i < strikesToConvict + 1; i++) hearing.poll((slot) => (slot === child ? 'no' : 'honest'));
  assert.deepEqual(hearing.convicted, []);
});

test('where the outcome convicts, a no counts in the poll that finalises and in no other', () => {
  const hearing = new Hearing({ halfLifeUs: 0, basis: 'outcome' });
  for (let i = 0; i < strikesToConvict; i++) {
    const slot = hearing.host.add();
    for (let poll = 0; poll < 11; poll++) hearing.poll(() => 'no');
    assert.deepEqual(hearing.convicted, []);
    hearing.poll(() => 'no');
    assert.equal(hearing.host.status(slot), 'finalised');
  }
  assert.deepEqual(hearing.convicted, [suspect]);
});
