/**
 * Consensus parameters on the command line.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '#campaigns/config-error.ts';
import { parseConsensusOption } from '#campaigns/schema/consensus.ts';

test('every parameter can be given, times with their unit', () => {
  const text =
    'k=50,alpha=40,beta=15,rounds=100,alphaPreference=26,threshold=0.95,pollInterval=20ms,concurrentPolls=1,earlyEnd=false,maxUndecided=64';
  assert.deepEqual(parseConsensusOption(text), {
    k: 50,
    alpha: 40,
    beta: 15,
    rounds: 100,
    alphaPreference: 26,
    threshold: 0.95,
    pollInterval: 20_000,
    concurrentPolls: 1,
    earlyEnd: false,
    maxUndecided: 64,
  });
});

const refused: readonly (readonly [string, RegExp])[] = [
  ['k=50,aplha=40', /unknown parameter "aplha" \(did you mean "alpha"\?\)/],
  ['k', /"k" is not name=value/],
  ['k=1=2', /is not name=value/],
  ['', /is not name=value/],
  ['k=1,k=2', /k is written twice/],
  ['k=1.5', /--consensus k: expected a whole number, found 1\.5/],
  ['k=5000', /--consensus k: must be at most 1023/],
  ['k=NaN', /--consensus k: expected a number, found the text "NaN"/],
  ['threshold=1', /--consensus threshold: must be less than 1/],
  ['pollInterval=20', /--consensus pollInterval: 20 has no unit/],
  ['__proto__=1', /unknown parameter "__proto__"/],
];

for (const [text, message] of refused) {
  test(`--consensus ${text === '' ? '(nothing)' : text} is refused`, () => {
    assert.throws(
      () => parseConsensusOption(text),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test('all mistakes of the option are reported together', () => {
  assert.throws(
    () => parseConsensusOption('aplha=1,k=0,beta'),
    (error) => error instanceof ConfigError && error.problems.length === 3,
  );
});
