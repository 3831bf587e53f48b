/** Goal: headings stand at a fixed place. Method: read the layers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelTitle } from '#reports/charts/panel-title.ts';

test('a heading stands above its subtitle, both above the clearance', () => {
  const heights = panelTitle('Title', 'subtitle', 20).map((layer) => (layer['mark'] as { y: number }).y);
  assert.deepEqual(heights, [-36, -20]);
});

test('without a subtitle there is one line of text', () => {
  assert.equal(panelTitle('Title', '', 8).length, 1);
});
