// Goal: a node that cannot keep up says so at once, and stops saying so once it keeps up again, with or without work to do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DegradedMode, levels } from '#node/host/resilience/degraded-mode.ts';

const pollIntervalUs = 100_000;
const second = 1_000_000;

function pressed(): DegradedMode {
  const mode = new DegradedMode(true, pollIntervalUs, () => {});
  for (let turn = 0; turn < 40; turn++) mode.observe(10 * second, turn * 1_000);
  return mode;
}

test('a long wait raises the level to the top', () => {
  assert.equal(pressed().level, levels.fewPolls);
});

test('it falls by one level for each calm second while the node works', () => {
  const mode = pressed();
  const seen = new Set<number>();
  for (let ms = 100; ms < 10_000; ms += 10) {
    mode.observe(1, ms * 1_000);
    seen.add(mode.level);
  }
  assert.equal(mode.level, levels.normal);
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4]);
});

test('an idle node has no turns, and yet takes transactions again', () => {
  const mode = pressed();
  mode.observe(0, 2.5 * second);
  assert.equal(mode.level, levels.fewPolls - 2);
  mode.observe(0, 60 * second);
  assert.equal(mode.level, levels.normal);
});

test('a pause of the machine with work waiting is no rest', () => {
  const mode = pressed();
  mode.observe(5 * second, 30 * second);
  assert.equal(mode.level, levels.fewPolls);
});

test('switched off it never changes', () => {
  const mode = new DegradedMode(false, pollIntervalUs, () => {});
  for (let turn = 0; turn < 40; turn++) mode.observe(10 * second, turn * 1_000);
  assert.equal(mode.level, levels.normal);
});
