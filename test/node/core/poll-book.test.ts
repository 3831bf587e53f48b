/**
 * Vote counting and the early end against a naive count: every vertex, every answer, up to 1,023 votes and over many words.
 * The naive rule: a poll is over when each vertex has enough yes votes, or too many slots without, for both thresholds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answerIgnored, answerMayBeLast, bitCount, PollBook, sequenceMask } from '#node/core/poll-book.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { encode, slotsOf, someParams, type Vote } from './recorded-core.ts';

guardDeterminism();
const seed = 20_261_121;

interface Thresholds {
  readonly k: number;
  readonly alphaPreference: number;
  readonly alphaConfidence: number;
  readonly earlyEnd?: boolean;
}

/** A book with one poll open over `scope`, and its naive twin. */
class Watched {
  readonly book: PollBook;
  readonly yes = new Map<number, number>();
  filled = 0;
  readonly #limits: Thresholds;
  readonly #poll: number;

  constructor(limits: Thresholds, scope: readonly number[], words: number, poll = 0) {
    this.#limits = limits;
    this.#poll = poll;
    this.book = new PollBook(poll + 1, words, { ...someParams, earlyEnd: true, ...limits });
    this.begin(scope, words);
  }

  begin(scope: readonly number[], words: number): void {
    const rows = new Int32Array(words);
    for (const slot of scope) rows[slot >>> 5]! |= 1 << (slot & 31);
    this.filled = 0;
    this.yes.clear();
    for (const slot of scope) this.yes.set(slot, 0);
    assert.equal(this.book.begin(this.#poll, rows, 0, words, 1, 0), scope.length);
  }

  /** Fills the next slot; returns whether the book thinks that the poll is over. */
  answer(table: ReadonlyMap<number, Vote> | null): boolean {
    const slot = this.filled++;
    if (table === null) return this.book.leaveEmpty(this.#poll, slot);
    for (const [vertex, vote] of table)
      if (vote === 'yes' && this.yes.has(vertex)) this.yes.set(vertex, this.yes.get(vertex)! + 1);
    const votes = encode(table, this.book.words);
    const kind = this.book.put(this.#poll, slot, votes, 0);
    return this.#arrive(slot, kind);
  }

  #arrive(slot: number, kind: number): boolean {
    const outcome = this.book.accept(this.#poll, slot, 0, kind);
    assert.equal(this.book.accept(this.#poll, slot, 0, kind), answerIgnored, 'a duplicate');
    return outcome === answerMayBeLast && this.book.isOver(this.#poll);
  }

  drop(vertex: number): void {
    this.book.drop(this.#poll, vertex);
    this.yes.delete(vertex);
  }

  get isCertain(): boolean {
    const { k, alphaPreference, alphaConfidence } = this.#limits;
    const settled = (votes: number, least: number): boolean =>
      votes >= least || this.filled - votes > k - least;
    return [...this.yes.values()].every(
      (votes) => settled(votes, alphaPreference) && settled(votes, alphaConfidence),
    );
  }

  get isOver(): boolean {
    if (this.filled >= this.#limits.k) return true;
    return this.#limits.earlyEnd !== false && this.isCertain;
  }

  assertCounts(): void {
    const { alphaPreference, alphaConfidence, k } = this.#limits;
    for (const [vertex, votes] of this.yes) {
      assert.equal(this.book.yesVotes(this.#poll, vertex), votes);
      for (const least of [0, 1, alphaPreference, alphaConfidence, k, votes, votes + 1]) {
        const mask = this.book.atLeast(this.#poll, vertex >>> 5, least);
        assert.equal((mask & (1 << (vertex & 31))) !== 0, votes >= least, `${votes} >= ${least}`);
      }
    }
  }
}

const limits: fc.Arbitrary<Thresholds> = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 60, max: 140 })),
    fc.nat(),
    fc.nat(),
    fc.boolean(),
  )
  .map(([k, a, b, equal]) => {
    const least = Math.floor(k / 2) + 1;
    const alphaPreference = least + (a % (k - least + 1));
    const alphaConfidence = equal ? alphaPreference : alphaPreference + (b % (k - alphaPreference + 1));
    return { k, alphaPreference, alphaConfidence };
  });

/** Answers lean to yes, to no or to a coin, so that polls end by success, by failure and late. */
const lean = fc.constantFrom(0.02, 0.3, 0.5, 0.8, 0.98, 1);
const scopes = fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 60 });

function tableOf(scope: readonly number[], chance: () => number, yesShare: number): Map<number, Vote> {
  const table = new Map<number, Vote>();
  for (const vertex of scope)
    table.set(vertex, chance() < yesShare ? 'yes' : chance() < 0.5 ? 'no' : 'unknown');
  return table;
}

/** A linear congruence: the tests need many cheap draws. */
function chanceOf(start: number): () => number {
  let state = start | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 0x1000000;
  };
}

for (const earlyEnd of [true, false]) {
  test(`with early end ${earlyEnd} a poll is over exactly when the naive rule says so`, () => {
    const endings = { early: 0, full: 0 };
    fc.assert(
      fc.property(limits, scopes, lean, fc.nat(), (of, scope, yesShare, start) => {
        const poll = new Watched({ ...of, earlyEnd }, scope, 4);
        const chance = chanceOf(start);
        for (let over = false; !over; ) {
          over = poll.answer(chance() < 0.05 ? null : tableOf(scope, chance, yesShare));
          assert.equal(over, poll.isOver, `after ${poll.filled} of ${of.k} slots`);
        }
        poll.assertCounts();
        if (poll.filled < of.k) endings.early += 1;
        else endings.full += 1;
      }),
      { seed, numRuns: 400 },
    );
    assert.ok(
      endings.full > 50 && (earlyEnd ? endings.early > 50 : endings.early === 0),
      JSON.stringify(endings),
    );
  });
}

test('the outcome at an early end is the outcome of all answers', () => {
  fc.assert(
    fc.property(limits, scopes, lean, fc.nat(), (of, scope, yesShare, start) => {
      const chance = chanceOf(start);
      const answers = Array.from({ length: of.k }, () => tableOf(scope, chance, yesShare));
      const outcome = (earlyEnd: boolean): number[] => {
        const poll = new Watched({ ...of, earlyEnd }, scope, 4);
        let next = 0;
        while (!poll.answer(answers[next]!)) next += 1;
        return [of.alphaPreference, of.alphaConfidence].flatMap((least) =>
          [0, 1, 2, 3].map((word) => poll.book.scope[word]! & poll.book.atLeast(0, word, least)),
        );
      };
      assert.deepEqual(outcome(true), outcome(false));
    }),
    { seed, numRuns: 300 },
  );
});

test('a vertex decided during the poll no longer holds it open', () => {
  fc.assert(
    fc.property(limits, scopes, lean, fc.nat(), (of, scope, yesShare, start) => {
      const poll = new Watched(of, scope, 4);
      const chance = chanceOf(start);
      for (let over = false; !over; ) {
        for (const vertex of scope) if (chance() < 0.1) poll.drop(vertex);
        over = poll.answer(tableOf(scope, chance, yesShare));
        assert.equal(over, poll.isOver, `after ${poll.filled} of ${of.k} slots`);
      }
      poll.assertCounts();
      const kept = slotsOf(poll.book.scope, 0, poll.book.scopeWords(0));
      assert.deepEqual(
        kept,
        [...poll.yes.keys()].sort((a, b) => a - b),
      );
    }),
    { seed, numRuns: 300 },
  );
});

test('a sample of 1,023 counts to the last vote', () => {
  const of = { k: 1023, alphaPreference: 512, alphaConfidence: 1023, earlyEnd: false };
  const poll = new Watched(of, [0, 31, 32, 70], 3);
  for (let slot = 0; slot < 1023; slot++) {
    const table = new Map<number, Vote>([
      [0, 'yes'],
      [31, slot % 2 === 0 ? 'yes' : 'no'],
      [70, slot === 0 ? 'unknown' : 'yes'],
    ]);
    assert.equal(poll.answer(table), slot === 1022);
  }
  assert.deepEqual(
    [0, 31, 32, 70].map((vertex) => poll.book.yesVotes(0, vertex)),
    [1023, 512, 0, 1022],
  );
  poll.assertCounts();
});

test('an empty scope is over with the first filled slot', () => {
  const poll = new Watched({ k: 9, alphaPreference: 5, alphaConfidence: 7 }, [3], 1);
  poll.drop(3);
  assert.equal(poll.answer(new Map()), true);
});

test('a new poll starts from zero, whatever the one before left behind', () => {
  const of = { k: 4, alphaPreference: 3, alphaConfidence: 3, earlyEnd: false };
  const poll = new Watched(of, [0, 40, 90], 3);
  for (let slot = 0; slot < 4; slot++) poll.answer(new Map([0, 40, 90].map((v) => [v, 'yes' as const])));
  poll.book.close(0);
  assert.equal(poll.book.isOpen(0), false);
  poll.begin([0, 40], 3);
  assert.equal(poll.book.isOpen(0), true);
  assert.equal(poll.book.scopeWords(0), 2, 'the scope ends at its last vertex');
  poll.assertCounts();
});

test('sequences count up, wrap, and survive closing', () => {
  const poll = new Watched({ k: 2, alphaPreference: 2, alphaConfidence: 2 }, [0], 1);
  let previous = poll.book.sequence(0);
  for (let i = 0; i < 2 * sequenceMask; i++) {
    poll.book.close(0);
    assert.equal(poll.book.sequence(0), previous);
    poll.begin([0], 1);
    assert.equal(poll.book.sequence(0), (previous + 1) & sequenceMask);
    previous = poll.book.sequence(0);
  }
});

test('widening keeps open polls and the answers on their way', () => {
  const of = { k: 5, alphaPreference: 3, alphaConfidence: 4, earlyEnd: false };
  const poll = new Watched(of, [5, 63], 2, 3);
  const yes = new Map<number, Vote>([
    [5, 'yes'],
    [63, 'no'],
  ]);
  poll.answer(yes);
  poll.answer(yes);
  const kind = poll.book.put(3, 4, Int32Array.of(1 << 5, -1, 0, -1), 0);
  poll.book.grow(8);
  assert.equal(poll.book.words, 8);
  assert.deepEqual([poll.book.yesWord(3, 4, kind, 0), poll.book.yesWord(3, 4, kind, 1)], [1 << 5, 0]);
  const refused = new Int32Array(2);
  poll.book.refusedWords(3, 4, kind, refused);
  assert.deepEqual([...refused], [0, 1 << 31]);
  assert.deepEqual(slotsOf(poll.book.scope, 3 * 8, 8), [5, 63]);
  for (const over of [false, false, true]) assert.equal(poll.answer(yes), over);
  poll.assertCounts();
  assert.deepEqual([poll.book.yesVotes(3, 5), poll.book.yesVotes(3, 63)], [5, 0]);
});

test('polls of one book do not touch each other', () => {
  const book = new PollBook(2, 2, { ...someParams, k: 1, alphaPreference: 1, alphaConfidence: 1 });
  const rows = Int32Array.of(-1, -1);
  for (const poll of [0, 1]) book.begin(poll, rows, 0, 2, 1, 10 * poll);
  assert.equal(book.accept(0, 0, 0, book.put(0, 0, Int32Array.of(-1, -1, -1, -1), 0)), answerMayBeLast);
  assert.equal(book.isOver(0), true);
  assert.equal(book.isOver(1), false);
  assert.deepEqual([book.yesVotes(0, 33), book.yesVotes(1, 33)], [1, 0]);
  book.close(0);
  assert.equal(book.isOpen(1), true);
  assert.deepEqual([...book.startUs], [0, 10]);
});

test('bitCount counts the bits of any 32-bit word', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (word) =>
      assert.equal(bitCount(word), (word >>> 0).toString(2).replaceAll('0', '').length),
    ),
    { seed },
  );
});
