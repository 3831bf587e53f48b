/** Exceptions to yes against plain sets of vertices: kinds, what is stored, what is counted, over many words and polls. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  answerNoToAll,
  answerSomeRefused,
  answerSomeUnknown,
  answerYesToAll,
  Exceptions,
} from '#node/core/exceptions.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();
const seed = 20_261_123;
const allUnknown = 3;
const k = 20;

const word = fc.oneof(
  fc.constant(0),
  fc.constant(-1),
  fc.integer(),
  fc.nat(40).map((bit) => 1 << bit),
);
/** Three words of each scope position: asked, yes, known. Yes implies known. */
const triple = fc.tuple(word, word, word).map(([asked, yes, known]) => ({ asked, yes, known: known | yes }));

function votesOf(words: readonly { yes: number; known: number }[]): Int32Array {
  return Int32Array.from(words.flatMap(({ yes, known }) => [yes, known]));
}

test('an answer is what its words say, and its exceptions are found again', () => {
  const seen = new Set<number>();
  fc.assert(
    fc.property(
      fc.array(triple, { minLength: 1, maxLength: 70 }),
      fc.nat(2),
      fc.nat(k - 1),
      (words, poll, slot) => {
        const book = new Exceptions(3, k, 70);
        const scope = Int32Array.from(words, ({ asked }) => asked);
        const kind = book.put(poll, slot, scope, 0, words.length, votesOf(words), 0);
        seen.add(kind);
        const some = (of: (one: (typeof words)[number]) => number): boolean =>
          words.some((one) => of(one) !== 0);
        const missing = some(({ asked, yes }) => asked & ~yes);
        const refused = some(({ asked, yes, known }) => asked & known & ~yes);
        const said = some(({ asked, yes }) => asked & yes);
        const unknown = some(({ asked, known }) => asked & ~known);
        const expected = !missing
          ? answerYesToAll
          : refused
            ? said || unknown
              ? answerSomeRefused
              : answerNoToAll
            : said
              ? answerSomeUnknown
              : allUnknown;
        assert.equal(kind, expected);
        for (const [w, { asked, yes }] of words.entries())
          assert.equal(book.missing(poll, slot, words.length, w), asked & ~yes);
        if (kind !== answerSomeRefused) return;
        const refusedWords = new Int32Array(words.length).fill(-1);
        book.takeRefused(poll, slot, words.length, refusedWords);
        assert.deepEqual(
          [...refusedWords],
          words.map(({ asked, yes, known }) => asked & ~yes & known),
        );
        // Rounds that differ from vertex to vertex; every third vertex has left the scope meanwhile.
        const row = 7;
        const rounds = Uint16Array.from({ length: row + 32 * words.length }, (_, i) => (i * 5) % 13);
        const left = scope.map((asked, w) => asked & (w % 3 === 0 ? 0x6db6_db6d : -1));
        for (const least of [0, 4, 12, 13]) {
          const old = Array.from({ length: 32 * words.length }, (_, v) => v).filter(
            (v) =>
              (((refusedWords[v >>> 5]! & left[v >>> 5]!) >>> (v & 31)) & 1) === 1 &&
              rounds[row + v]! >= least,
          );
          const first = book.firstRefused(poll, slot, words.length, left, 0, rounds, row, least);
          assert.equal(first, old[0] ?? -1);
        }
      },
    ),
    { seed, numRuns: 400 },
  );
  assert.equal(seen.size, 5, 'every kind of answer was met');
});

test('missing votes are counted for each vertex, in each poll, and move along when the book widens', () => {
  const answers = fc.array(fc.tuple(fc.nat(1), fc.tuple(word, word, word)), {
    minLength: 1,
    maxLength: 2 * k,
  });
  fc.assert(
    fc.property(answers, fc.nat(40), (given, widenAt) => {
      const book = new Exceptions(2, k, 3);
      const all = Int32Array.of(-1, -1, -1);
      const missed = [new Uint16Array(96), new Uint16Array(96)];
      const used = [0, 0];
      for (const poll of [0, 1]) book.clear(poll, 3);
      for (const [i, [poll, yes]] of given.entries()) {
        if (i === widenAt) book.grow(6);
        const slot = used[poll]!++;
        if (slot >= k) continue;
        book.put(poll, slot, all, 0, 3, votesOf(yes.map((bits) => ({ yes: bits, known: bits }))), 0);
        book.add(poll, slot, 3);
        for (let v = 0; v < 96; v++) if ((yes[v >>> 5]! & (1 << (v & 31))) === 0) missed[poll]![v]! += 1;
      }
      for (const poll of [0, 1]) {
        for (let v = 0; v < 96; v++) {
          const votes = missed[poll]![v]!;
          assert.equal(book.of(poll, v), votes);
          for (const least of [1, 7, votes, votes + 1, 31, 32].filter((count) => count > 0))
            assert.equal((book.atLeast(poll, v >>> 5, least) & (1 << (v & 31))) !== 0, votes >= least);
        }
      }
    }),
    { seed, numRuns: 60 },
  );
});
