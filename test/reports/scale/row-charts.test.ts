/** Goal: each row gets the charts its data allow. Method: count jobs and read what they mark. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderChart } from '#reports/charts/render.ts';
import { rowCharts } from '#reports/scale/row-charts.ts';
import type { RowDocument } from '#reports/scale/row-document.ts';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';

const { rows } = scaleDocument(campaignFixture());
const rowOf = (rowId: string): RowDocument => rows.find((row) => row.rowId === rowId)!;

test('ids of all charts of a report differ', () => {
  const ids = rows.flatMap(rowCharts).map((job) => job.id);
  assert.equal(new Set(ids).size, ids.length);
});

test('a row that was not run has no chart, one that finalised nothing has no distribution', () => {
  assert.deepEqual(rowCharts(rowOf('CT-001/nodes=250')), []);
  const silent = { ...rowOf('LT-001/nodes=500'), latencyShares: [], rounds: { width: 1, bins: [] } };
  assert.deepEqual(
    rowCharts(silent).map((job) => job.id.replace(/.*-/, '')),
    ['time', 'resources'],
  );
});

test('the latency limit of the row is drawn in its distribution', async () => {
  const job = rowCharts(rowOf('LT-001/nodes=500')).find((one) => one.id.endsWith('-latency'))!;
  assert.match(await renderChart(job.spec, job), />p95 limit 100 ms</);
});

test('repeated faults are shaded each but named once', async () => {
  const row = rowOf('CT-002/nodes=500');
  const faults = row.faults.map((fault) => ({
    ...fault,
    kind: 'kill',
    periods: [
      [10, 10],
      [20, 20],
      [30, 30],
    ] as const,
  }));
  const job = rowCharts({ ...row, faults }).find((one) => one.id.endsWith('-time'))!;
  const svg = await renderChart(job.spec, job);
  assert.equal(svg.split('>kill<').length - 1, 1);
  assert.equal(svg.split('fill="#f3dfd3"').length - 1, 6);
});
