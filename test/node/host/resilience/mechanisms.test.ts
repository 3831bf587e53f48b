/**
 * The parts of resilience by themselves; what they are worth is shown in test/resilience.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakerDefaults, CircuitBreakers } from '#node/host/resilience/circuit-breaker.ts';
import { DegradedMode } from '#node/host/resilience/degraded-mode.ts';
import { detectorDefaults, FailureDetector } from '#node/host/resilience/failure-detector.ts';

const second = 1_000_000;

test('a breaker opens after failures in a row, lets one request through after its pause, and closes by a success', () => {
  const changes: string[] = [];
  const breakers = new CircuitBreakers(breakerDefaults, (member, isOpen) =>
    changes.push(`${member} ${isOpen}`),
  );
  breakers.failed(4, 0);
  breakers.failed(4, 0);
  breakers.succeeded(4);
  for (let i = 0; i < 3; i++) {
    assert.ok(breakers.allows(4, 0));
    breakers.failed(4, 0);
  }
  assert.equal(breakers.state(4, 0), 'open');
  assert.deepEqual([breakers.open(0), breakers.open(second)], [1, 0]);
  assert.ok(!breakers.allows(4, 0.9 * second));
  assert.equal(breakers.state(4, second), 'half-open');
  assert.ok(breakers.allows(4, second));
  breakers.asked(4);
  assert.ok(!breakers.allows(4, second), 'a second request passes while the trial is open');
  breakers.failed(4, second);
  assert.ok(!breakers.allows(4, 2.9 * second), 'the pause has not doubled');
  assert.ok(breakers.allows(4, 3 * second));
  breakers.succeeded(4);
  assert.equal(breakers.state(4, 3 * second), 'closed');
  assert.deepEqual(changes, ['4 true', '4 false']);
});

test('a breaker that is off never opens', () => {
  const breakers = new CircuitBreakers({ ...breakerDefaults, isOn: false }, () => assert.fail());
  for (let i = 0; i < 10; i++) breakers.failed(1, 0);
  assert.ok(breakers.allows(1, 0));
});

test('suspicion grows with silence, measured by what is usual for the peer', () => {
  const changes: boolean[] = [];
  const detector = new FailureDetector(detectorDefaults, (_member, isSuspect) => changes.push(isSuspect));
  for (let i = 0; i < 20; i++) {
    detector.asked(1, i * 100_000);
    detector.answered(1, 20_000 + (i % 3) * 2_000);
    detector.heard(1);
  }
  const startUs = 5 * second;
  for (let i = 0; i < 3; i++) detector.asked(1, startUs);
  const at = (us: number): number => detector.phi(1, startUs + us) ?? Number.NaN;
  assert.ok(at(10_000) < 1 && at(25_000) < at(35_000) && at(35_000) < at(60_000));
  assert.ok(!detector.isSuspect(1, startUs + 22_000));
  assert.ok(detector.isSuspect(1, startUs + 200_000));
  detector.heard(1);
  assert.ok(!detector.isSuspect(1, startUs + 200_000));
  assert.deepEqual(changes, [true, false]);
});

test('one lost query makes nobody a suspect, nor does having nothing to ask', () => {
  const detector = new FailureDetector(detectorDefaults, () => assert.fail());
  detector.asked(1, 0);
  detector.answered(1, 10_000);
  detector.heard(1);
  assert.ok(!detector.isSuspect(1, 100 * second));
  detector.asked(1, 100 * second);
  assert.ok(!detector.isSuspect(1, 200 * second));
});

test('degradation rises at once, and falls a level a second', () => {
  const seen: number[] = [];
  const mode = new DegradedMode(true, 20_000, (level) => seen.push(level));
  for (let i = 0; i < 40; i++) mode.observe(500_000, 0);
  assert.equal(mode.level, 4);
  for (let us = 0; us <= 10 * second; us += 100_000) mode.observe(0, us);
  assert.equal(mode.level, 0);
  const falling = seen.slice(seen.indexOf(4));
  assert.deepEqual(falling, [4, 3, 2, 1, 0]);
  const off = new DegradedMode(false, 20_000, () => assert.fail());
  for (let i = 0; i < 40; i++) off.observe(second, 0);
});
