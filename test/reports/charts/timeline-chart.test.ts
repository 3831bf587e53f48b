/** Goal: the timeline shows window, faults, gaps and bands. Method: render and look for their marks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderChart } from '#reports/charts/render.ts';
import { palette } from '#reports/charts/theme.ts';
import { resourceChart, type TimeCurve, timelineChart, timeScale } from '#reports/charts/timeline-chart.ts';

const curve = (values: readonly (number | null)[], dashed = false): TimeCurve => ({
  name: 'curve',
  colour: dashed ? palette.faint : palette.blue,
  dashed,
  bins: values.map((median, bin) => ({
    startS: bin * 10 - 10,
    median,
    least: median === null ? null : median * 0.9,
    most: median === null ? null : median * 1.1,
  })),
});
const frame = { binS: 10, windowEndS: 30, faults: [{ label: 'partition', fromS: 5, untilS: 15 }] };
const draw = (spec: Parameters<typeof renderChart>[0]): Promise<string> =>
  renderChart(spec, { id: 't', description: 'd' });

test('the time unit is the largest that still gives the span a few whole units', () => {
  assert.equal(timeScale(599).unit, 's');
  assert.equal(timeScale(600).unit, 'min');
  assert.equal(timeScale(14_399).unit, 'min');
  assert.equal(timeScale(14_400).unit, 'h');
  assert.equal(timeScale(345_599).unit, 'h');
  assert.equal(timeScale(345_600).unit, 'days');
});

test('window and fault periods are shaded in both panels and named once', async () => {
  const svg = await draw(timelineChart([curve([1, 2, 3, 4, 5])], [curve([5, 4, 3, 2, 1])], frame));
  assert.equal(svg.split(`fill="${palette.faultFill}"`).length - 1, 2);
  assert.equal(svg.split(`fill="${palette.windowFill}"`).length - 1, 2);
  assert.equal(svg.split('>partition<').length - 1, 1);
  assert.equal(svg.split('>measured window<').length - 1, 1);
});

test('a bin without a value breaks the line instead of being bridged', async () => {
  const lineOf = (svg: string): string => /<path d="([^"]+)" stroke="#0072b2"/.exec(svg)?.[1] ?? '';
  const whole = lineOf(await draw(timelineChart([curve([1, 2, 3, 4, 5])], [], frame)));
  const broken = lineOf(await draw(timelineChart([curve([1, 2, null, 4, 5])], [], frame)));
  assert.equal(whole.split('M').length - 1, 1);
  assert.equal(broken.split('M').length - 1, 2);
});

test('units stand in the axis titles', async () => {
  const svg = await draw(timelineChart([curve([1, 2])], [curve([1, 2])], frame));
  assert.match(svg, />transactions per second</);
  assert.match(svg, />milliseconds</);
  assert.match(svg, />time since the window opened \(s\)</);
});

test('a dashed curve has no band, a solid one has', async () => {
  const bands = (svg: string): number => svg.split('opacity="0.18"').length - 1;
  assert.equal(bands(await draw(timelineChart([curve([1, 2, 3])], [], frame))), 1);
  assert.equal(bands(await draw(timelineChart([curve([1, 2, 3], true)], [], frame))), 0);
});

test('resource panels carry their own titles and units', async () => {
  const svg = await draw(
    resourceChart([{ title: 'CPU per node', yTitle: 'percent', curve: curve([1, 2, 3]) }], frame),
  );
  assert.match(svg, />CPU per node</);
  assert.match(svg, />percent</);
});
