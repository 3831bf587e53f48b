/** Goal: the rules style what exists and print well. Method: compare class names with the page that uses them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportCss } from '#reports/scale/report-css.ts';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import { scaleHtml } from '#reports/scale/scale-report.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';

test('every class of the rules occurs in the page, apart from outcomes that this campaign lacks', async () => {
  const { rows, ...rest } = scaleDocument(campaignFixture());
  const page = await scaleHtml({ ...rest, rows: rows.slice(0, 1) });
  const classes = new Set([...reportCss.matchAll(/\.([a-z][a-z-]+)/g)].map(([, name]) => name ?? ''));
  const rare = new Set(['status-aborted', 'broken', 'holds', 'bad', 'warn', 'note', 'reason']);
  const markup = page.slice(page.indexOf('</style>'));
  const used = new Set(
    [...markup.matchAll(/class="([^"]+)"/g)].flatMap(([, names]) => (names ?? '').split(' ')),
  );
  assert.deepEqual(
    [...classes].filter((name) => !used.has(name) && !rare.has(name)),
    [],
  );
});

test('there are rules for paper and none that fetch anything', () => {
  assert.match(reportCss, /@media print/);
  assert.doesNotMatch(reportCss, /url\(|@import|gradient/);
});
