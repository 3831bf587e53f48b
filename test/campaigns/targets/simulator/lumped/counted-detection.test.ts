// Goal: counting finds whom a longer window finds, and not before; who is never struck is never found.
// Method: the law of the majority against Poisson's; a window that is too short to convict beside one that is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSpec } from '#campaigns/run-spec.ts';
import {
  foundByCounting,
  isDetectionCounted,
  strikeRates,
} from '#campaigns/targets/simulator/lumped/counted-detection.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { runSpec, runSpliced, smallSpec } from '../small-run.ts';

const nobody = { byzantine_detected: 0, false_positives: 0, time_to_detect_ms: null };
const counted = { pollsOfNode: 1_000, milliseconds: 60_000, attackers: 20, honest: 80 };

test('a majority holds a peer convicted from the mean on at which three strikes have even odds', () => {
  const convicted = (mean: number): number => 1 - Math.exp(-mean) * (1 + mean + mean ** 2 / 2);
  const least = 2.674;
  assert.ok(convicted(least) >= 0.4999 && convicted(0.99 * least) < 0.5);
  const just = foundByCounting(nobody, { attacker: least / 1_000, honest: 0 }, counted);
  assert.equal(just.byzantine_detected, 20);
  assert.ok(Math.abs(just.time_to_detect_ms! - 60_000) < 1e-6);
  assert.deepEqual(foundByCounting(nobody, { attacker: 0.99 * (least / 1_000), honest: 0 }, counted), nobody);
  const early = foundByCounting(nobody, { attacker: least / 100, honest: 0 }, counted);
  assert.ok(Math.abs(early.time_to_detect_ms! - 6_000) < 1e-6);
});

test('honest nodes that are struck as often are accused as well, and what the window found stays', () => {
  const rates = { attacker: 0, honest: 0.01 };
  assert.equal(foundByCounting(nobody, rates, counted).false_positives, 80);
  const seen = { byzantine_detected: 20, false_positives: 1, time_to_detect_ms: 5 };
  assert.deepEqual(foundByCounting(seen, { attacker: 1, honest: 0 }, counted), seen);
});

test('rates are means over the members of a kind and all polls', () => {
  const rates = strikeRates([6, 2, 0, 1], [0, 0, 1, 1], 10);
  assert.deepEqual(rates, { attacker: 0.4, honest: 0.05 });
  assert.deepEqual(strikeRates([0, 0], [1, 1], 0), { attacker: 0, honest: 0 });
});

test('a window too short to convict anybody and one of thirty times as long agree on who is found', () => {
  const second = 1_000_000;
  const spec: RunSpec = smallSpec({
    nodes: 100,
    network: networkNamed('lan'),
    consensus: { k: 10, alphaConfidence: 8, alphaPreference: 8, beta: 6, maxRounds: 100 },
    byzantine: { share: 0.1, attack: 'random' },
    messageBudget: 100_000,
    duration: { warmupUs: 0, measureUs: 20 * second, cooldownUs: 0 },
  });
  assert.ok(isDetectionCounted(spec));
  const window = runSpec({ ...spec, messageBudget: 30_000_000 }).result.results.consensus_metrics;
  const short = runSpec({ ...spec, tier: 'spliced' }).result.results.consensus_metrics;
  assert.equal(short.byzantine_detected, 0);
  const spliced = runSpliced(spec);
  const { consensus_metrics: long } = spliced.result.results;
  assert.equal(window.byzantine_detected, 10);
  assert.equal(long.byzantine_detected, 10);
  assert.equal(long.false_positives, window.false_positives);
  const ratio = long.time_to_detect_ms! / window.time_to_detect_ms!;
  assert.ok(ratio > 0.4 && ratio < 1.2, `${long.time_to_detect_ms} ${window.time_to_detect_ms}`);
});
