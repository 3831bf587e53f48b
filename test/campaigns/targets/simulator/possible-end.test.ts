/**
 * The first answer that may end a poll: exactly the one that does when it is known what all say, never a later one when it is not.
 * Does not own: that a run is the same at every fidelity (poll-exchange.prop.test.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PossibleEnd } from '#campaigns/targets/simulator/possible-end.ts';
import { answerNoToAll, answerYesToAll } from '#node/core/exceptions.ts';
import { PollBook } from '#node/core/poll-book.ts';

const notKnown = 255;

const polls = fc
  .record({
    said: fc.array(fc.record({ isYes: fc.boolean(), isKnown: fc.boolean() }), {
      minLength: 1,
      maxLength: 30,
    }),
    without: fc.nat(3),
    lost: fc.nat(3),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    preferenceShare: fc.double({ min: 0, max: 1, noNaN: true }),
    earlyEnd: fc.boolean(),
  })
  .map(({ said, without, lost, share, preferenceShare, earlyEnd }) => {
    const k = said.length + without + lost;
    const alpha = 1 + Math.floor(share * (k - 1));
    return { said, without, k, alpha, preference: 1 + Math.floor(preferenceShare * (alpha - 1)), earlyEnd };
  });

function paramsOf(k: number, alpha: number, preference: number, earlyEnd: boolean) {
  const plain = {
    beta: 5,
    maxRounds: 100,
    concurrentPolls: 1,
    pollIntervalUs: 1,
    maxUndecided: 9,
    threshold: 0.9,
  };
  return { ...plain, k, alphaConfidence: alpha, alphaPreference: preference, earlyEnd };
}

test('what is known of answers gives the end of the poll, and less knowledge no later one', () => {
  fc.assert(
    fc.property(polls, ({ said, without, k, alpha, preference, earlyEnd }) => {
      const params = paramsOf(k, alpha, preference, earlyEnd);
      const book = new PollBook(1, 1, params);
      book.begin(0, Int32Array.of(1), 0, 1, 7, 0);
      let isOver = false;
      for (let slot = 0; slot < without; slot++) isOver = book.leaveEmpty(0, k - 1 - slot);
      if (isOver) return;
      const kinds = Uint8Array.from(said, ({ isYes }) => (isYes ? answerYesToAll : answerNoToAll));
      let end = 0;
      while (end < said.length) {
        book.accept(0, end, 0, kinds[end]!);
        if (book.isOver(0)) break;
        end += 1;
      }
      const words = Int32Array.from(said.keys());
      const some = kinds.map((kind, slot) => (said[slot]!.isKnown ? kind : notKnown));
      const possible = new PossibleEnd(params);
      assert.equal(possible.find(words, kinds, 0, said.length, 0, without), end);
      if (end < said.length)
        assert.deepEqual([possible.isCertain, possible.votes], [true, book.yesVotes(0, 0)]);
      assert.ok(possible.find(words, some, 0, said.length, 0, without) <= end);
    }),
    { numRuns: 300 },
  );
});
