/**
 * What is read ahead of the end of a poll: the rows that its end reads, of the last node, too.
 * Does not own: that no result depends on it (test/campaigns/targets/simulator/golden-trace.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerNoToAll, answerSomeUnknown } from '#node/core/exceptions.ts';
import { PollBook } from '#node/core/poll-book.ts';
import { ReadAhead } from '#node/core/read-ahead.ts';
import { Standing } from '#node/core/standing.ts';
import { Suspicion } from '#node/core/suspicion.ts';
import { someParams } from './recorded-core.ts';

const nodes = 3;
const last = nodes - 1;
const slot = 5;

/** What is seen when the last node's poll about one vertex ends after an answer of that kind. */
function seenWith(kind: number): number {
  const standing = new Standing(nodes, 64);
  const polls = new PollBook(nodes, 2, { ...someParams, k: 20, alphaPreference: 15, alphaConfidence: 15 });
  const suspicion = new Suspicion(50, 0, nodes, true);
  const cell = last * standing.capacity + slot;
  standing.counter[cell] = 1;
  standing.rounds[cell] = 10;
  standing.score[cell] = 100;
  standing.confidence[cell] = 1_000;
  polls.begin(last, Int32Array.of(1 << slot), 0, 1, 7, 0);
  polls.peers[last * polls.k] = 0x10000;
  polls.peers[last * polls.k + 16] = 0x20000;
  suspicion.strike(last, 40, 1);
  polls.accept(last, 0, 0, kind);
  const ahead = new ReadAhead(standing, polls, suspicion);
  ahead.forEnd(last, last);
  return ahead.seen;
}

test('the counts of the vertex in question are read', () => {
  assert.equal(seenWith(answerSomeUnknown), 1_111);
});

test('after a refusal also its peers, one in each cache line, and the strikes', () => {
  const strikes = 3; // one strike, read three times
  assert.equal(seenWith(answerNoToAll), 1_111 ^ (0x30000 + strikes));
});
