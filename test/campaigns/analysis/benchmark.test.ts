/**
 * Verdicts on benchmark rows: against a baseline, without one, on noise, on another core; what may become a baseline.
 * Method: records with planted changes of known size, judged as a row of a campaign.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { baselineOf } from '#campaigns/analysis/benchmark.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import { judgeRow } from '#campaigns/analysis/verdict.ts';
import type { CriterionVerdict, RowVerdict } from '#campaigns/analysis/verdict-record.ts';
import { readBaseline, storeBaseline } from '#campaigns/results/baseline-file.ts';
import {
  type BenchmarkBaseline,
  type BenchmarkRecord,
  baselinePath,
  type Machine,
} from '#campaigns/results/benchmark-record.ts';
import { criterion, plannedRow, runRecord } from '#test/support/run-result.ts';

const machine: Machine = { cpu: 'A (R) CPU', cores: 2, memoryGiB: 4, platform: 'x', node: 'v26.0.0' };

/** Steady at 100 ns, 50 us, 2 GB/s. */
const steady: BenchmarkBaseline = {
  saved_at: '2026-01-01T00:00:00.000Z',
  campaign: 'first',
  code_version: 'v0',
  machine,
  reference_ns: [2, 2, 2],
  figures: { 'graph.get': [99, 100, 101], 'storage.put': [50, 50, 50], 'hashing.bulk': [2, 2.01, 1.99] },
};

const units: Readonly<Record<string, Pick<BenchmarkRecord['figures'][number], 'group' | 'unit' | 'better'>>> =
  {
    'graph.get': { group: 'graph', unit: 'ns', better: 'lower' },
    'storage.put': { group: 'storage', unit: 'CPU us', better: 'lower' },
    'hashing.bulk': { group: 'hashing', unit: 'GB/s', better: 'higher' },
  };

interface Changes {
  readonly figures?: Readonly<Record<string, readonly number[]>>;
  readonly baseline?: BenchmarkBaseline | null;
  readonly referenceNs?: number;
  readonly repetitions?: number;
}

function runsOf({ figures = {}, baseline = steady, referenceNs = 2, repetitions = 3 }: Changes): RunRecord[] {
  const values = { ...steady.figures, ...figures };
  return Array.from({ length: repetitions }, (_, i) => {
    const record = runRecord({ seed: i + 1, tier: 'benchmark' });
    const benchmark: BenchmarkRecord = {
      machine,
      load_average: 0.5,
      reference_ns: referenceNs,
      figures: Object.entries(values).map(([id, all]) => {
        const median = all[i % all.length]!;
        return { id, title: id, ...units[id]!, median, lowest: median, highest: median, samples: 5 };
      }),
      baseline,
    };
    return { ...record, result: { ...record.result, benchmark } };
  });
}

function judge(changes: Changes, metric = 'regression.worst_change'): RowVerdict {
  const row = plannedRow([criterion(metric, 'at_most', 10)], { target: 'benchmark' });
  return judgeRow(row, runsOf(changes));
}

function only({ criteria }: RowVerdict): CriterionVerdict {
  assert.equal(criteria.length, 1);
  return criteria[0]!;
}

test('the same figures as the baseline pass', () => {
  const verdict = judge({});
  assert.equal(verdict.status, 'PASSED');
  assert.ok(verdict.validity.every(({ holds }) => holds));
});

test('a planted slow-down of 15 % fails, and the verdict names the figure with its values', () => {
  const verdict = judge({ figures: { 'storage.put': [57, 57.5, 58] } });
  assert.equal(verdict.status, 'FAILED');
  assert.match(only(verdict).note ?? '', /^storage.put: 57.5 CPU us, baseline 50$/);
  assert.ok(Math.abs(only(verdict).observed! - 15) < 0.01);
});

test('less of a figure where more is better is a slow-down, too; more of it is none', () => {
  assert.equal(judge({ figures: { 'hashing.bulk': [1.7, 1.71, 1.69] } }).status, 'FAILED');
  assert.equal(judge({ figures: { 'hashing.bulk': [3, 3, 3] } }).status, 'PASSED');
});

test('a criterion on one group does not look at the others', () => {
  const slow = { figures: { 'storage.put': [80, 80, 80] } };
  assert.equal(judge(slow, 'regression.graph').status, 'PASSED');
  assert.equal(judge(slow, 'regression.storage').status, 'FAILED');
  assert.equal(judge(slow, 'regression.consensus').status, 'INCONCLUSIVE');
});

test('noise beyond 10 % is INCONCLUSIVE and not FAILED; it does not hide a certain regression elsewhere', () => {
  const noisy = { 'graph.get': [80, 100, 130] };
  const verdict = judge({ figures: noisy });
  assert.equal(verdict.status, 'INCONCLUSIVE');
  assert.match(only(verdict).reason, /straddles 10 %/);
  const both = judge({ figures: { ...noisy, 'storage.put': [60, 60, 60] } });
  assert.equal(both.status, 'FAILED');
  assert.match(only(both).note ?? '', /storage.put/);
});

test('the noise of the baseline counts as well', () => {
  const baseline = { ...steady, figures: { ...steady.figures, 'graph.get': [80, 100, 130] } };
  assert.equal(judge({ baseline }).status, 'INCONCLUSIVE');
});

test('on a core that is slower by more than 10 % nothing is judged', () => {
  const verdict = judge({ referenceNs: 2.3, figures: { 'storage.put': [60, 60, 60] } });
  assert.equal(verdict.status, 'INCONCLUSIVE');
  assert.match(only(verdict).reason, /machine as fast: .* 15 % more CPU time/);
});

test('without a baseline the row is INCONCLUSIVE and says whether it has become the baseline', () => {
  const stored = judge({ baseline: null });
  assert.equal(stored.status, 'INCONCLUSIVE');
  assert.match(
    only(stored).reason,
    /these figures are stored as it \(baselines\/a-r-cpu-2-cores-x-node-v26.0.0.json\)/,
  );
  const noisy = judge({ baseline: null, figures: { 'graph.get': [80, 100, 130] } });
  assert.match(only(noisy).reason, /cannot be it: 1 of 3 are uncertain by more than 10 %, graph.get by/);
  assert.match(only(judge({ baseline: null, repetitions: 2 })).reason, /2 of at least 3 repetitions/);
});

test('a figure that the baseline lacks, and a metric of a network, are not answered', () => {
  const { 'graph.get': _, ...rest } = steady.figures;
  const lacking = judge({ baseline: { ...steady, figures: rest } });
  assert.match(only(lacking).reason, /the baseline lacks graph.get/);
  for (const metric of ['latency.p95', 'safety.conflicts_finalized', 'throughput.avg_tps'])
    assert.equal(judge({}, metric).status, 'INCONCLUSIVE', metric);
});

test('whatever the figures, a row passes only if no figure is worse by more than 10 % on average', () => {
  const factor = fc.double({ min: 0.5, max: 2, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(factor, { minLength: 3, maxLength: 6 }),
      fc.array(factor, { minLength: 3, maxLength: 6 }),
      (get, put) => {
        const figures = { 'graph.get': get.map((x) => 100 * x), 'storage.put': put.map((x) => 50 * x) };
        const exact = { ...steady, figures: { ...steady.figures, 'graph.get': [100], 'storage.put': [50] } };
        const repetitions = Math.min(get.length, put.length);
        const { status } = judge({ figures, baseline: exact, repetitions });
        const mean = (of: readonly number[]): number =>
          of.slice(0, repetitions).reduce((sum, x) => sum + x, 0) / repetitions;
        if (status === 'PASSED') assert.ok(mean(get) <= 1.1 + 1e-9 && mean(put) <= 1.1 + 1e-9);
        if (status === 'FAILED') assert.ok(mean(get) > 1.1 || mean(put) > 1.1);
      },
    ),
    { seed: 7, numRuns: 200 },
  );
});

test('the first baseline of a machine is stored once, read back, and never replaced', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baselines-'));
  try {
    const origin = { saved_at: 't', campaign: 'c', code_version: 'v' };
    const baseline = baselineOf(runsOf({ baseline: null }), origin)!;
    assert.equal(readBaseline(folder, machine), null);
    assert.equal(storeBaseline(folder, baseline), true);
    assert.equal(storeBaseline(folder, { ...baseline, campaign: 'later' }), false);
    assert.deepEqual(readBaseline(folder, machine), {
      ...origin,
      machine,
      reference_ns: [2, 2, 2],
      figures: steady.figures,
    });
    assert.equal(readBaseline(folder, { ...machine, node: 'v27.0.0' }), null);
    assert.deepEqual(readdirSync(path.join(folder, 'baselines')), [path.basename(baselinePath(machine))]);
    writeFileSync(path.join(folder, baselinePath(machine)), '{"saved_at": 1}');
    assert.throws(() => readBaseline(folder, machine), /is no baseline of a benchmark/);
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.equal(
    baselineOf(runsOf({ figures: { 'graph.get': [80, 100, 130] } }), {
      saved_at: 't',
      campaign: 'c',
      code_version: 'v',
    }),
    null,
  );
});
