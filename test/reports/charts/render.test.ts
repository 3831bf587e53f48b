/** Goal: charts are small, deterministic, self-contained SVG. Method: render tiny specifications and read the markup. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderChart, textWidth } from '#reports/charts/render.ts';

const clipped = {
  data: {
    values: [
      { a: 1, b: 2 },
      { a: 3, b: 6 },
    ],
  },
  layer: [
    {
      mark: { type: 'line', clip: true },
      encoding: { x: { field: 'a', type: 'quantitative' }, y: { field: 'b', type: 'quantitative' } },
    },
  ],
};

test('the same specification gives the same bytes, however many charts were drawn before', async () => {
  const options = { id: 'one', description: 'a line' };
  const first = await renderChart(clipped, options);
  await renderChart(clipped, { id: 'other', description: 'another' });
  assert.equal(await renderChart(clipped, options), first);
});

test('ids are prefixed with the id of the chart, and references follow', async () => {
  const svg = await renderChart(clipped, { id: 'mine', description: 'a line' });
  const ids = [...svg.matchAll(/id="([^"]+)"/g)].map((match) => match[1]);
  const references = [...svg.matchAll(/url\(#([^)]+)\)/g)].map((match) => match[1]);
  assert.ok(ids.length > 0);
  assert.ok(ids.every((id) => id?.startsWith('mine-')));
  assert.deepEqual([...new Set(references)], ids);
});

test('a picture names what it shows and carries no address, script or invisible part', async () => {
  const svg = await renderChart(clipped, { id: 'x', description: 'load & <latency> of "A"' });
  assert.match(svg, /^<svg role="img" aria-label="load &amp; &lt;latency> of &quot;A&quot;"/);
  assert.doesNotMatch(svg, /https?:|<script|opacity="0"|display="none"|xmlns/);
});

test('words of the data are escaped', async () => {
  const svg = await renderChart(
    { data: { values: [{ t: '<b>&' }] }, mark: 'text', encoding: { text: { field: 't' } } },
    { id: 'x', description: 'words' },
  );
  assert.match(svg, /&lt;b&gt;&amp;/);
  assert.doesNotMatch(svg, /<b>/);
});

test('coordinates have at most one decimal', async () => {
  const svg = await renderChart(clipped, { id: 'x', description: 'a line' });
  assert.doesNotMatch(svg.replaceAll(/opacity="[^"]*"/g, ''), /\d\.\d{2,}/);
});

test('a specification that cannot be drawn is rejected', async () => {
  await assert.rejects(
    renderChart({ mark: 'no-such-mark', data: { values: [] } }, { id: 'x', description: '' }),
  );
});

test('text is as wide as its letters: narrow below wide below bold', () => {
  assert.ok(textWidth('illi', 11, false) < textWidth('0000', 11, false));
  assert.ok(textWidth('0000', 11, false) < textWidth('MMMM', 11, false));
  assert.ok(textWidth('word', 11, false) < textWidth('word', 11, true));
  assert.equal(textWidth('', 11, false), 0);
});
