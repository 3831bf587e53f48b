// Goal: the poll fidelity is the message fidelity: every figure, every event, every byte, over random configurations.
// Method: both run the same specification; only the name of the fidelity and the CPU time may differ.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tiers } from '#campaigns/targets/simulator/tier.ts';
import { smallSpec } from './small-run.ts';
import { comparable, pollSpecArb } from './tier-pair.ts';

const seed = 20_261_129;

test('a run at poll fidelity equals the run at message fidelity', () => {
  let messages = 0;
  fc.assert(
    fc.property(pollSpecArb, (spec) => {
      assert.equal(tiers.poll.supports(spec), null);
      const byMessage = comparable(spec, 'message');
      assert.equal(comparable(spec, 'poll').text, byMessage.text);
      messages += byMessage.messages;
    }),
    { seed, numRuns: 10 },
  );
  assert.ok(messages > 15_000, `${messages} messages compared`);
});

test('the comparison sees another seed', () => {
  const spec = smallSpec({ tier: 'poll', messageBudget: 50_000 });
  assert.notEqual(
    comparable({ ...spec, seed: 1 }, 'message').text,
    comparable({ ...spec, seed: 2 }, 'message').text,
  );
});
