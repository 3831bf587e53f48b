// Goal: the finding on attackers says what is missed, never confuses "not live" with "unsafe", and shows the tolerance.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byzantineFinding, promisedShareFinding } from '#campaigns/feasibility/byzantine-tolerance.ts';
import { criterion, exampleSpec } from './example-spec.ts';

test('33 % attackers fail as not live while an unsafe decision stays excluded', () => {
  const found = byzantineFinding(exampleSpec({ nodes: 1_000, share: 0.33, attack: 'random' }), [
    criterion('latency.p95', 'at_most', 60_000),
  ]);
  assert.equal(found.conclusion, 'cannot-pass');
  assert.match(found.because, /not live \(undecided\), never unsafe/);
  assert.ok(found.arithmetic.find((line) => line.symbol === 'log10 S1')!.value < -9);
});

test('a criterion that wants the network to stop is missed only while it lives', () => {
  const stops = [criterion('liveness.finalized_share', 'below', 0.5)];
  assert.equal(
    byzantineFinding(exampleSpec({ nodes: 1_000, share: 0.1, attack: 'always-reject' }), stops).conclusion,
    'cannot-pass',
  );
  assert.notEqual(
    byzantineFinding(exampleSpec({ nodes: 1_000, share: 0.33, attack: 'always-reject' }), stops).conclusion,
    'cannot-pass',
  );
});

test('the tolerable share is shown for each kind of voter, ordered as the votes are', () => {
  const lines = new Map(
    byzantineFinding(exampleSpec({ nodes: 1_000 }), []).arithmetic.map((line) => [line.symbol, line.value]),
  );
  assert.ok(lines.get('f max, always-reject')! < lines.get('f max, random')!);
  assert.ok(lines.get('f max, random')! < lines.get('f max, silent')!);
});

test('a promised share is refused at alpha / k = 0.8 and kept when it is small', () => {
  const spec = exampleSpec({ nodes: 10_000 });
  const refused = promisedShareFinding(spec, 0.3);
  assert.equal(refused.conclusion, 'cannot-pass');
  assert.ok(refused.nearest!.values['k']! > 100);
  assert.equal(promisedShareFinding(spec, 0.05).conclusion, 'possible');
});
