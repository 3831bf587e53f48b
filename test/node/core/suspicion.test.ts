/** Strikes, conviction and exclusion: per node, once, never of oneself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Suspicion, signedEvidence, strikesToConvict } from '#node/core/suspicion.ts';
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

function forgivenAt(suspicion: Suspicion, node: number, nowUs: number): number[] {
  const peers: number[] = [];
  suspicion.forgive(node, nowUs, (_node, peer) => peers.push(peer));
  return peers;
}

test('a peer convicted by its answers is let in again after a half-life, and is out again after two strikes', () => {
  const suspicion = new Suspicion(50, 0, 1, true, 1_000);
  assert.equal(suspicion.strike(0, 7, strikesToConvict, 0), true);
  assert.deepEqual(forgivenAt(suspicion, 0, 900), []);
  assert.equal(suspicion.excludes(0, 7), true);
  assert.deepEqual(forgivenAt(suspicion, 0, 1_000), [7]);
  assert.equal(suspicion.excludes(0, 7), false);
  assert.equal(suspicion.count(0), 0);
  assert.equal(suspicion.convictedBy[7], 0);
  assert.equal(suspicion.strike(0, 7, 1, 1_000), false);
  assert.equal(suspicion.strike(0, 7, 1, 1_000), true);
  assert.deepEqual(forgivenAt(suspicion, 0, 1_500), []);
});

test('strikes that lie further apart than they are remembered convict nobody', () => {
  const suspicion = new Suspicion(50, 0, 1, true, 1_000);
  for (let i = 0; i < 100; i++) assert.equal(suspicion.strike(0, 7, 1, 1_000 * i), false);
});

test('signed evidence is never forgotten, also when answers had convicted before', () => {
  const suspicion = new Suspicion(50, 0, 1, true, 1_000);
  suspicion.strike(0, 7, signedEvidence, 0);
  suspicion.strike(0, 8, strikesToConvict, 0);
  suspicion.strike(0, 8, signedEvidence, 10);
  assert.deepEqual(forgivenAt(suspicion, 0, 1e9), []);
  assert.deepEqual(forgivenAt(suspicion, 0, 2e9), []);
  assert.equal(suspicion.count(0), 2);
});
