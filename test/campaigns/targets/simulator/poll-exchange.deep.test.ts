// Goal: as poll-exchange.prop.test.ts, over more configurations.
// Method: the same property with another seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { comparable, pollSpecArb } from './tier-pair.ts';

test('runs at poll fidelity equal the runs at message fidelity', () => {
  fc.assert(
    fc.property(pollSpecArb, (spec) => {
      assert.equal(comparable(spec, 'poll').text, comparable(spec, 'message').text);
    }),
    { seed: 7, numRuns: 150 },
  );
});
