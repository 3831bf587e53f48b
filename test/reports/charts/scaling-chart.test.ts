/** Goal: figures over sizes and shares show points, intervals, limits and fits. Method: render and read the marks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderChart } from '#reports/charts/render.ts';
import { byzantineChart, type ScalePanel, scalingChart } from '#reports/charts/scaling-chart.ts';
import { palette } from '#reports/charts/theme.ts';

const draw = (spec: Parameters<typeof renderChart>[0]): Promise<string> =>
  renderChart(spec, { id: 't', description: 'd' });
const panel = (part: Partial<ScalePanel>): ScalePanel => ({
  title: 'Latency',
  subtitle: 'p95',
  yTitle: 'milliseconds',
  points: [
    { at: 100, value: 80, interval: [75, 85], label: '80' },
    { at: 1_000, value: 120, interval: [110, 130], label: 'largest' },
  ],
  limits: [],
  curve: [],
  format: ',~r',
  domain: null,
  ...part,
});
/** y of the text with these words, which is drawn twice (halo first). */
function heightOf(svg: string, words: string): number {
  const found = new RegExp(`translate\\([-\\d.]+,([-\\d.]+)\\)"[^>]*>${words}<`).exec(svg);
  assert.ok(found?.[1] !== undefined, `${words} is not in the picture`);
  return Number(found[1]);
}

test('each point has its label, and the axis shows exactly the measured sizes', async () => {
  const svg = await draw(scalingChart([panel({})]));
  assert.match(svg, />80</);
  assert.match(svg, />1,000</);
  assert.doesNotMatch(svg, />200</);
});

test('a label moves below its point when a limit lies just above', async () => {
  const free = heightOf(await draw(scalingChart([panel({})])), 'largest');
  const limited = heightOf(
    await draw(scalingChart([panel({ limits: [{ at: 1_000, value: 125 }] })])),
    'largest',
  );
  const far = heightOf(await draw(scalingChart([panel({ limits: [{ at: 1_000, value: 160 }] })])), 'largest');
  assert.ok(limited > free + 15, `${limited} is not below ${free}`);
  assert.ok(limited > far);
});

test('limits and fits are drawn only where they exist', async () => {
  const bare = await draw(scalingChart([panel({})]));
  const full = await draw(
    scalingChart([
      panel({
        limits: [{ at: 100, value: 100 }],
        curve: [
          [100, 80],
          [1_000, 120],
        ],
      }),
    ]),
  );
  assert.ok(!bare.includes(palette.limit) && !bare.includes('stroke-dasharray'));
  assert.ok(full.includes(palette.limit) && full.includes('stroke-dasharray'));
});

test('neighbouring shares keep their own labels on the axis', async () => {
  const points = [30, 33].map((at) => ({ at, value: 1, interval: null, label: 'x' }));
  const svg = await draw(byzantineChart([panel({ points })]));
  assert.match(svg, />30</);
  assert.match(svg, />33</);
});

test('panels side by side put their titles on one line', async () => {
  const svg = await draw(
    scalingChart([
      panel({ title: 'Left' }),
      panel({ title: 'Right', points: [{ at: 100, value: 9_999, interval: null, label: 'high' }] }),
    ]),
  );
  assert.equal(heightOf(svg, 'Left'), heightOf(svg, 'Right'));
});
