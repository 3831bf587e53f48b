/** Goal: distributions show their limits and stay inside their axes. Method: render and read the marks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyDistributionChart, roundsChart } from '#reports/charts/distribution-chart.ts';
import { renderChart } from '#reports/charts/render.ts';
import { palette } from '#reports/charts/theme.ts';

const draw = (spec: Parameters<typeof renderChart>[0]): Promise<string> =>
  renderChart(spec, { id: 't', description: 'd' });
const shares = [
  [10, 0.1],
  [100, 0.6],
  [1_000, 0.97],
] as const;

test('the limit of the p95 is a line with its words, and absent without a limit', async () => {
  const limited = await draw(latencyDistributionChart(shares, { value: 100, label: 'p95 limit 100 ms' }));
  assert.match(limited, />p95 limit 100 ms</);
  assert.ok(limited.includes(palette.limit));
  const free = await draw(latencyDistributionChart(shares, null));
  assert.doesNotMatch(free, /p95 limit/);
  assert.ok(!free.includes(palette.limit));
});

test('the latency axis says its unit and that it is logarithmic', async () => {
  assert.match(await draw(latencyDistributionChart(shares, null)), />latency, log scale \(ms\)</);
});

test('every bin of the polls is a bar, and the fewest possible polls are marked', async () => {
  const svg = await draw(
    roundsChart(
      [
        [20, 0.8],
        [21, 0.15],
        [22, 0.05],
      ],
      1,
      20,
    ),
  );
  assert.equal(svg.split(`fill="${palette.blue}"`).length - 1, 3);
  assert.match(svg, />fewest possible: 20</);
});
