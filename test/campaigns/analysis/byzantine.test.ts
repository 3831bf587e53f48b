/** Effects of attackers against the quietest comparable row, and the table of a report. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byzantineTable, latencyEffect, throughputEffect } from '#campaigns/analysis/byzantine.ts';
import type { Reading, RunRecord } from '#campaigns/analysis/reading.ts';
import { type RunChanges, repetitions, runRecord } from '#test/support/run-result.ts';

function attacked(percent: number, changes: RunChanges = {}): RunChanges {
  const configuration = {
    byzantine_percentage: percent,
    byzantine_nodes: percent,
    attack: percent > 0 ? 'random' : 'none',
  };
  return { ...changes, configuration: { ...configuration, ...changes.configuration } };
}

const quiet = runRecord(attacked(0));
const noisy = runRecord(attacked(20, { throughput: { avg_tps: 75 }, latency: { p95_ms: 120 } }));

function effects(rows: readonly RunRecord[], row: number): Reading[] {
  return [throughputEffect, latencyEffect].map((read) => read({ rows, row, absent: [], baseline: null }));
}

test('effects are the loss of TPS and the rise of p95 against the row without attackers', () => {
  assert.deepEqual(effects([quiet, noisy], 1), [
    { kind: 'value', value: 25 },
    { kind: 'value', value: 50 },
  ]);
  assert.deepEqual(effects([quiet, noisy], 0), [
    { kind: 'value', value: 0 },
    { kind: 'value', value: 0 },
  ]);
});

test('without a row free of attackers, of the same size and network, there is no effect', () => {
  assert.ok(effects([noisy], 0).every(({ kind }) => kind === 'missing'));
  const elsewhere = runRecord(attacked(0, { configuration: { network_profile: 'wan' } }));
  assert.ok(effects([elsewhere, noisy], 1).every(({ kind }) => kind === 'missing'));
});

test('a p95 among undecided pairs is an effect beyond any figure', () => {
  const stuck = runRecord(attacked(33, { latency: { p95_ms: null, undecided_share: 0.9 } }));
  const [, latency] = effects([quiet, stuck], 1);
  assert.equal(latency?.kind, 'at-least');
});

test('the table compares with the lowest share and says with which row', () => {
  const rows = [10, 20].map((percent) => ({
    rowId: `B/${percent}%`,
    runs: repetitions(
      [0, 1, 2].map(() =>
        attacked(percent, {
          throughput: { avg_tps: 110 - percent },
          consensus: { byzantine_detected: percent - 1, false_positives: 0, time_to_detect_ms: 500 },
        }),
      ),
    ),
  }));
  const [low, high] = byzantineTable([...rows, { rowId: 'empty', runs: [] }]);
  assert.equal(low?.comparedWith, null);
  assert.equal(low?.throughputEffectPercent, null);
  assert.equal(low?.detectedPercent, 90);
  assert.equal(high?.comparedWith, 'B/10%');
  assert.ok(Math.abs((high?.throughputEffectPercent ?? 0) - 10) < 1e-9);
  assert.equal(high?.latencyEffectPercent, 0);
  assert.equal(high?.timeToDetectMs, 500);
  assert.equal(high?.falsePositivePercent, 0);
});

test('a figure that one repetition lacks is not averaged over the others', () => {
  const runs = [
    runRecord(attacked(10)),
    runRecord(attacked(10, { seed: 2, latency: { p95_ms: null, undecided_share: 0.5 } })),
  ];
  const [entry] = byzantineTable([{ rowId: 'B', runs }]);
  assert.equal(entry?.p95Ms, null);
  assert.equal(entry?.avgTps, 100);
});
