// Goal: what all hosted nodes say yes to is known exactly, and looking only where somebody may not changes no answer.
// Method: random votes, decisions, releases, restarts and growth beside a count from scratch; answers with and without the map.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Exceptions } from '#node/core/exceptions.ts';
import { OpenWords } from '#node/core/open-words.ts';
import { Standing } from '#node/core/standing.ts';

const nodes = 3;
const capacity = 64;

const stepArb = fc.record({
  what: fc.constantFrom('yes', 'yes', 'yes', 'no', 'enter', 'finalise', 'restart', 'release', 'grow'),
  node: fc.nat(nodes - 1),
  slot: fc.nat(capacity - 1),
});
type Step = typeof stepArb extends fc.Arbitrary<infer T> ? T : never;

function apply(standing: Standing, { what, node, slot }: Step): void {
  const isUndecided = standing.has(standing.undecided, node, slot);
  if (what === 'enter' && !standing.isKnown(node, slot)) standing.enter(node, slot);
  else if (what === 'yes' || what === 'no') {
    if (isUndecided) standing.setYes(node, slot, what === 'yes');
  } else if (what === 'finalise' && isUndecided) standing.decide(node, slot, true);
  else if (what === 'restart') standing.restart(node, (each) => each % 2 === 0);
  else if (what === 'release') standing.release(slot);
  else if (what === 'grow' && standing.capacity === capacity) standing.grow();
}

function countedFromScratch(standing: Standing): number[] {
  return Array.from({ length: standing.words }, (_, w) => {
    let all = -1;
    for (let node = 0; node < nodes; node++) all &= standing.votes[2 * (node * standing.words + w)]!;
    return all;
  });
}

test('the set is the intersection of all votes, after whatever happened', () => {
  let common = 0;
  fc.assert(
    fc.property(fc.array(stepArb, { maxLength: 60 }), fc.array(fc.nat(capacity - 1)), (steps, everywhere) => {
      const standing = new Standing(nodes, capacity);
      const told = new Set<number>();
      standing.common.onLoss = (word) => told.add(word);
      for (const slot of new Set(everywhere))
        for (let node = 0; node < nodes; node++) {
          standing.enter(node, slot);
          standing.setYes(node, slot, true);
        }
      for (const step of steps) {
        const before = countedFromScratch(standing);
        told.clear();
        apply(standing, step);
        const after = countedFromScratch(standing);
        assert.deepEqual([...standing.common.rows], after);
        const less = before.flatMap((bits, w) => ((bits & ~after[w]!) === 0 ? [] : [w]));
        if (step.what !== 'release') assert.deepEqual([...told].sort(), less, step.what);
        common += after.filter((bits) => bits !== 0).length;
      }
    }),
    { seed: 20_261_129, numRuns: 200 },
  );
  assert.ok(common > 500, `${common} words held something`);
});

test('an answer looked at only in open words is the same answer', () => {
  const word = fc.oneof(fc.constant(0), fc.constant(-1), fc.integer());
  const kinds = new Set<number>();
  const wordsArb = fc.array(fc.record({ scope: word, common: word, yes: word, known: word }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(wordsArb, (words) => {
      const k = 2;
      const scope = Int32Array.from(words, (each) => each.scope);
      // What is common the peer says yes to, and what it says yes to it knows.
      const votes = Int32Array.from(
        words.flatMap(({ common, yes, known }) => [yes | common, yes | common | known]),
      );
      const open = new OpenWords(1, words.length);
      open.narrow(
        0,
        scope,
        0,
        words.length,
        Int32Array.from(words, ({ common }) => common),
      );
      const book = new Exceptions(1, k, words.length);
      const whole = book.put(0, 0, scope, 0, words.length, votes, 0);
      const narrow = book.put(0, 1, scope, 0, words.length, votes, 0, open.maps, 0);
      kinds.add(narrow);
      assert.equal(narrow, whole);
      if (whole < 4) return;
      for (let w = 0; w < words.length; w++)
        assert.equal(book.missing(0, 1, words.length, w), book.missing(0, 0, words.length, w));
      if (whole !== 5) return;
      const refused = [0, 1].map((slot) => {
        const into = new Int32Array(words.length);
        book.takeRefused(0, slot, words.length, into);
        return [...into];
      });
      assert.deepEqual(refused[1], refused[0]);
    }),
    { seed: 20_261_129, numRuns: 400 },
  );
  assert.deepEqual([...kinds].sort(), [1, 2, 3, 4, 5]);
});
