/** Scaling tables, fits, bottlenecks and the CSV on rows whose figures are known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bottlenecks, recommendedScale } from '#campaigns/analysis/bottleneck.ts';
import { analyseCampaign } from '#campaigns/analysis/campaign-analysis.ts';
import { loadSteps, saturation } from '#campaigns/analysis/load.ts';
import type { Reading } from '#campaigns/analysis/reading.ts';
import { scaleCsv } from '#campaigns/analysis/scale-csv.ts';
import {
  analyseScaling,
  efficiencyLabel,
  efficiencyOf,
  latencyGrowthOf,
  latencyLogFitOf,
  type ScaleRow,
  scaleGroups,
  scaleTable,
  tpsFitOf,
} from '#campaigns/analysis/scaling.ts';
import { plannedRow, planOf, type RunChanges, repetitions, runRecord } from '#test/support/run-result.ts';

function scale(nodes: number, changes: RunChanges = {}): ScaleRow {
  const own = { ...changes, configuration: { ...changes.configuration, node_count: nodes } };
  return { rowId: `S/nodes=${nodes}`, runs: repetitions([own, own, own]), payloadBytes: 1_024 };
}

const logarithmic = [100, 1_000, 10_000].map((nodes) =>
  scale(nodes, { latency: { p95_ms: 10 * Math.log(nodes) } }),
);

test('efficiency is throughput ratio over node ratio, with its label', () => {
  const table = scaleTable([
    scale(100, { throughput: { avg_tps: 100 } }),
    scale(200, { throughput: { avg_tps: 180 } }),
    scale(400, { throughput: { avg_tps: 280 } }),
    scale(800, { throughput: { avg_tps: 400 } }),
    scale(1_600, { throughput: { avg_tps: 160 } }),
  ]);
  assert.deepEqual(
    table.map(({ efficiency }) => efficiency),
    [1, 0.9, 0.7, 0.5, 0.1],
  );
  assert.deepEqual(
    table.map((entry) => entry.efficiencyLabel),
    ['excellent', 'excellent', 'good', 'moderate', 'poor'],
  );
  assert.deepEqual([0.8, 0.6, 0.4].map(efficiencyLabel), ['good', 'good', 'moderate']);
});

test('the work of a node is told apart from the load of the network', () => {
  const [entry] = scaleTable([scale(100)]);
  assert.equal(entry?.messagesPerNodeSecond, 1_000);
  assert.equal(entry?.messagesPerNodeTransaction, 10);
  assert.equal(entry?.loadBound, true);
  assert.ok(Math.abs((entry?.networkEfficiency ?? 0) - (100 * 1_024 * 8) / 1e6 / 2) < 1e-12);
});

test('rows that differ by more than their scale are not put into one table', () => {
  const attacked = scale(1_000, { configuration: { byzantine_percentage: 10, attack: 'random' } });
  const groups = scaleGroups([
    ...logarithmic.toReversed(),
    attacked,
    { rowId: 'empty', runs: [], payloadBytes: null },
  ]);
  assert.deepEqual(
    groups.map((group) => group.map(({ rowId }) => rowId)),
    [['S/nodes=100', 'S/nodes=1000', 'S/nodes=10000'], ['S/nodes=1000']],
  );
});

test('logarithmic latency is recognised by its fit and by its growth', () => {
  const analysis = analyseScaling(logarithmic);
  assert.ok(Math.abs((analysis.latencyLog?.slope ?? 0) - 10) < 1e-9);
  assert.ok((analysis.latencyLog?.rSquared ?? 0) > 0.999999);
  assert.ok((analysis.latencyLinear?.rSquared ?? 1) < 0.9);
  assert.ok(Math.abs((analysis.latencyGrowth ?? 0) - 1) < 1e-12);
  assert.equal(analysis.saturationAt, null);
});

test('the scales where load is no longer served and where latency doubles are found', () => {
  const analysis = analyseScaling([
    scale(100, { latency: { p95_ms: 80 } }),
    scale(500, { latency: { p95_ms: 161 } }),
    scale(1_000, { latency: { p95_ms: 200 }, throughput: { avg_tps: 94 } }),
  ]);
  assert.equal(analysis.latencyDegradesAt?.nodes, 500);
  assert.equal(analysis.saturationAt?.nodes, 1_000);
});

test('two scales have no fit', () => {
  const analysis = analyseScaling(logarithmic.slice(0, 2));
  assert.equal(analysis.latencyLog, null);
  assert.equal(analysis.tpsLinear, null);
  assert.deepEqual(analyseScaling([]).entries, []);
});

function kinds(at: RunChanges, base: RunChanges = {}): string[] {
  return bottlenecks(scaleTable([scale(100, base), scale(1_000, at)]))
    .filter(({ nodes }) => nodes === 1_000)
    .map(({ kind }) => kind);
}

test('each bottleneck rule fires beyond its limit and not at it', () => {
  const wide = { avg_network_mbps: 1 };
  const calm: RunChanges = { resources: wide };
  assert.deepEqual(kinds(calm, calm), []);
  assert.deepEqual(kinds({ ...calm, throughput: { avg_tps: 49, offered_tps: 49 } }, calm), ['throughput']);
  assert.deepEqual(kinds({ ...calm, throughput: { avg_tps: 50 } }, calm), []);
  assert.deepEqual(kinds({ ...calm, latency: { p95_ms: 240 } }, calm), []);
  assert.deepEqual(kinds({ ...calm, latency: { p95_ms: 241 } }, calm), ['latency']);
  assert.deepEqual(kinds({ ...calm, latency: { p95_ms: null, undecided_share: 1 } }, calm), ['latency']);
  assert.deepEqual(kinds({ resources: { ...wide, avg_cpu_percent: 80 } }, calm), []);
  assert.deepEqual(kinds({ resources: { ...wide, avg_cpu_percent: 81 } }, calm), ['cpu']);
  assert.deepEqual(kinds({ resources: { ...wide, peak_memory_mb: 8_193 } }, calm), ['memory']);
  assert.deepEqual(kinds({ resources: { avg_network_mbps: 3 } }, calm), ['network-efficiency']);
});

test('a recommendation carries the numbers it rests on', () => {
  const entries = scaleTable([
    scale(100, { resources: { avg_cpu_percent: 90, signature_cpu_percent: 70, avg_network_mbps: 1 } }),
  ]);
  const [found] = bottlenecks(entries);
  assert.equal(
    found?.finding,
    'A node at 100 nodes uses 90 % of its CPU: 70 for signatures, 20 for messages.',
  );
  assert.match(found?.recommendation ?? '', /halves the 70 %/);
});

test('the recommended scale is the last before the first limit', () => {
  const good = [scale(100), scale(500)];
  assert.deepEqual(recommendedScale(scaleTable(good)), {
    nodes: 500,
    lowerBound: true,
    reason: 'no limit was reached up to 500 nodes',
  });
  const stuck = scale(1_000, { consensus: { finalized_share: 0.9 } });
  const stopped = recommendedScale(scaleTable([...good, stuck, scale(5_000)]));
  assert.equal(stopped.nodes, 500);
  assert.equal(stopped.lowerBound, false);
  assert.match(stopped.reason, /1000 nodes finalise 90 %/);
  assert.equal(recommendedScale([]).nodes, null);
});

test('the CSV has the six columns and leaves out what was not observed', () => {
  const csv = scaleCsv(scaleTable([scale(100), scale(1_000, { latency: { p95_ms: null, mean_ms: null } })]));
  assert.equal(
    csv,
    [
      'node_count,operations_per_second,mean_latency_ms,p95_latency_ms,success_rate,scaling_efficiency',
      '100,100,62,80,1,1',
      '1000,100,,,1,0.1',
      '',
    ].join('\n'),
  );
});

function across(
  read: (view: Parameters<typeof efficiencyOf>[0]) => Reading,
  rows: readonly ScaleRow[],
  absent: string[] = [],
): Reading {
  return read({ rows: rows.flatMap(({ runs }) => runs.slice(0, 1)), row: 0, absent, baseline: null });
}

test('metrics over a scenario need enough scales, all of them, and decided latencies', () => {
  assert.equal(across(latencyLogFitOf, logarithmic).kind, 'value');
  assert.equal(across(latencyLogFitOf, logarithmic.slice(0, 2)).kind, 'missing');
  assert.equal(across(latencyGrowthOf, logarithmic.slice(0, 2)).kind, 'value');
  assert.equal(across(latencyGrowthOf, logarithmic.slice(0, 1)).kind, 'missing');
  assert.deepEqual(across(latencyGrowthOf, logarithmic, ['S/nodes=20000']), {
    kind: 'missing',
    why: 'S/nodes=20000 has no result',
  });
  const undecided = scale(20_000, { latency: { p95_ms: null, undecided_share: 0.5 } });
  assert.equal(across(latencyGrowthOf, [...logarithmic, undecided]).kind, 'at-least');
  assert.deepEqual(across(efficiencyOf, [scale(100), scale(400, { throughput: { avg_tps: 200 } })]), {
    kind: 'value',
    value: 0.5,
  });
  assert.equal(
    across(efficiencyOf, [scale(100, { throughput: { avg_tps: 0 } }), scale(400)]).kind,
    'missing',
  );
});

test('finalised against offered TPS is fitted only where the load differs', () => {
  assert.equal(across(tpsFitOf, logarithmic).kind, 'missing');
  const ramp = runRecord({
    bins: [100, 200, 300, 400].map((tps) => ({ offered_tps: tps, finalized_tps: 0.99 * tps })),
  });
  const reading = tpsFitOf({ rows: [ramp], row: 0, absent: [], baseline: null });
  assert.ok(reading.kind === 'value' && reading.value > 0.999);
});

test('saturation and degradation of a ramp are found at their steps', () => {
  const bins = [
    { offered_tps: 100, finalized_tps: 100, p95_ms: 50 },
    { offered_tps: 400, finalized_tps: 398, p95_ms: 99 },
    { offered_tps: 700, finalized_tps: 690, p95_ms: 130 },
    { offered_tps: 1_000, finalized_tps: 720, p95_ms: 900 },
  ];
  const found = saturation(loadSteps(runRecord({ bins })));
  assert.equal(found?.sustainedTps, 690);
  assert.equal(found?.saturatedAt?.offeredTps, 1_000);
  assert.equal(found?.latencyDegradesAt?.offeredTps, 700);
  assert.equal(saturation([]), null);
});

test('the first half of a step still finalises the load of the one before, and is not looked at', () => {
  // 5,000 nodes on a local network, as simulated: a bin is 0.6 times to finality.
  const at = (offered: number, finalized: readonly number[]) =>
    finalized.map((tps) => ({ offered_tps: offered, finalized_tps: tps }));
  const bins = [...at(500, [502, 519, 476, 515]), ...at(1_000, [502, 722, 1_016, 1_017])];
  const steps = loadSteps(runRecord({ bins }));
  assert.deepEqual(
    steps.map(({ finalizedTps }) => finalizedTps),
    [495.5, 1_016.5],
  );
  assert.equal(saturation(steps)?.sustainedTps, 1_000);
});

test('a low step that misses its share by one vertex does not hide the steps above it', () => {
  const bins = [
    { offered_tps: 10, finalized_tps: 9 },
    { offered_tps: 500, finalized_tps: 499 },
    { offered_tps: 1_000, finalized_tps: 600 },
  ];
  const found = saturation(loadSteps(runRecord({ bins })));
  assert.equal(found?.sustainedTps, 499);
  assert.equal(found?.saturatedAt?.offeredTps, 1_000);
});

test('a campaign is analysed scenario by scenario, without aborted runs', () => {
  const rows = [100, 1_000].map((nodes) => plannedRow([], { rowId: `S/${nodes}` }, { nodes }));
  const runs = new Map(
    [100, 1_000].flatMap((nodes) =>
      scale(nodes).runs.map((run, index) => [`S/${nodes}#${index}`, run] as const),
    ),
  );
  runs.set(
    'S/1000#2',
    runRecord({ status: 'ABORTED', configuration: { node_count: 1_000 }, throughput: { avg_tps: 0 } }),
  );
  const analysis = analyseCampaign(planOf(rows), runs);
  assert.equal(analysis.scaling.length, 1);
  assert.deepEqual(
    analysis.scaling[0]?.entries.map(({ nodes, repetitions: count, avgTps }) => [nodes, count, avgTps]),
    [
      [100, 3, 100],
      [1_000, 2, 100],
    ],
  );
  assert.deepEqual(analysis.byzantine, []);
});
