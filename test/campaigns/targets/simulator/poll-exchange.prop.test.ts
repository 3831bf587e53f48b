// Goal: the poll fidelity is the message fidelity: every figure, every event, every byte, over random configurations.
// Method: both run the same specification; only the name of the fidelity and the CPU time may differ.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tiers } from '#campaigns/targets/simulator/tier.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
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

// Vertices that reconciliation hands over enter between the events of two ticks, after stretches in which nothing is due.
test('a poll that begins before the events of its tick has the timeout of its own time', () => {
  const spec = smallSpec({
    seed: 25,
    nodes: 20,
    consensus: {
      k: 6,
      alphaPreference: 4,
      alphaConfidence: 4,
      beta: 1,
      earlyEnd: false,
      maxRounds: 12,
      pollIntervalUs: 175_000,
    },
    network: { ...networkNamed('poor'), loss: 0.3 },
    topology: { kind: 'ring', degree: 6 },
    calibration: weightless(defaultCalibration),
    workload: { tps: 8.5, batch: 2 },
    duration: { warmupUs: 700_000, measureUs: 14_000_000, cooldownUs: 2_800_000 },
    messageBudget: 20_000,
  });
  assert.equal(comparable(spec, 'poll').text, comparable(spec, 'message').text);
});

test('the comparison sees another seed', () => {
  const spec = smallSpec({ tier: 'poll', messageBudget: 50_000 });
  assert.notEqual(
    comparable({ ...spec, seed: 1 }, 'message').text,
    comparable({ ...spec, seed: 2 }, 'message').text,
  );
});
