/** Strikes, conviction and exclusion: per node, once, never of oneself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Suspicion, strikesToConvict } from '#node/core/suspicion.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();

test('the last strike needed convicts, the ones before do not', () => {
  const suspicion = new Suspicion(50, 0, 2, true);
  for (let strike = 1; strike < strikesToConvict; strike++) {
    assert.equal(suspicion.strike(0, 40, 1), false);
    assert.equal(suspicion.isConvicted(0, 40), false);
  }
  assert.equal(suspicion.strike(0, 40, 1), true);
  assert.equal(suspicion.isConvicted(0, 40), true);
});

test('a conviction is reported and counted once', () => {
  const suspicion = new Suspicion(50, 0, 2, true);
  assert.equal(suspicion.strike(0, 7, strikesToConvict), true);
  assert.equal(suspicion.strike(0, 7, strikesToConvict), false);
  assert.equal(suspicion.convictedBy[7], 1);
  assert.equal(suspicion.count(0), 1);
  assert.equal(suspicion.strike(1, 7, strikesToConvict), true);
  assert.equal(suspicion.convictedBy[7], 2);
});

test('nodes judge for themselves', () => {
  const suspicion = new Suspicion(50, 0, 2, true);
  suspicion.strike(0, 33, strikesToConvict);
  assert.equal(suspicion.isConvicted(1, 33), false);
  assert.equal(suspicion.excludes(1, 33), false);
  assert.equal(suspicion.count(1), 0);
});

test('a node does not convict itself', () => {
  const suspicion = new Suspicion(50, 10, 3, true);
  assert.equal(suspicion.strike(2, 12, strikesToConvict), false);
  assert.equal(suspicion.isConvicted(2, 12), false);
  assert.equal(suspicion.strike(1, 12, strikesToConvict), true);
});

test('a huge number of strikes does not wrap', () => {
  const suspicion = new Suspicion(10, 0, 1, true);
  assert.equal(suspicion.strike(0, 3, 1000), true);
  for (let i = 0; i < 600; i++) assert.equal(suspicion.strike(0, 3, 1), false);
  assert.equal(suspicion.isConvicted(0, 3), true);
});

test('the sampler asks by member number', () => {
  const suspicion = new Suspicion(100, 60, 2, true);
  suspicion.strike(1, 99, strikesToConvict);
  assert.equal(suspicion.count(61), 1);
  assert.equal(suspicion.count(60), 0);
  assert.equal(suspicion.excludes(61, 99), true);
  assert.equal(suspicion.excludes(60, 99), false);
});

test('without exclusion convictions are recorded but nobody is left out', () => {
  const suspicion = new Suspicion(50, 0, 1, false);
  suspicion.strike(0, 7, strikesToConvict);
  assert.equal(suspicion.isConvicted(0, 7), true);
  assert.equal(suspicion.count(0), 0);
  assert.equal(suspicion.excludes(0, 7), false);
});
