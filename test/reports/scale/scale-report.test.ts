/**
 * Goal: the report of a whole campaign is complete, traceable, safe to open and always the same.
 * Method: write it from the invented campaign and read the files as a stranger would.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { escapeHtml } from '#reports/html.ts';
import { formatFigure, formatLimit, formatNumber, formatSeconds } from '#reports/scale/figure-format.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';
import { writeScaleReport } from '#reports/scale/scale-report.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';
import { wordsOf } from '#test/support/report-text.ts';

let folder = '';
let page = '';
let document: ScaleDocument;
const input = campaignFixture();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scale-report-'));
  await writeScaleReport(input, folder);
  page = await readFile(join(folder, 'index.html'), 'utf8');
  document = JSON.parse(await readFile(join(folder, 'scale-report.json'), 'utf8'));
});

after(() => rm(folder, { recursive: true }));

test('four whole files are written and nothing else stays behind', async () => {
  assert.deepEqual((await readdir(folder)).toSorted(), [
    'index.html',
    'runs.csv',
    'scale-report.json',
    'scale.csv',
  ]);
});

test('the same campaign gives the same bytes in every file', async () => {
  const again = await mkdtemp(join(tmpdir(), 'scale-report-'));
  try {
    for (const path of await writeScaleReport(campaignFixture(), again)) {
      const name = path.slice(again.length + 1);
      assert.equal(await readFile(path, 'utf8'), await readFile(join(folder, name), 'utf8'), name);
    }
  } finally {
    await rm(again, { recursive: true });
  }
});

test('every criterion of every row appears in its article with observed, limit and status', () => {
  for (const row of document.rows) {
    const start = page.indexOf(`<article class="row" id="${row.anchor}">`);
    assert.ok(start > 0, row.rowId);
    const article = wordsOf(page.slice(start, page.indexOf('</article>', start)));
    for (const criterion of row.criteria) {
      assert.ok(article.includes(criterion.metric), `${row.rowId} ${criterion.metric}`);
      assert.ok(article.includes(formatFigure(criterion.observed, criterion.unit)));
      assert.ok(article.includes(formatLimit(criterion.comparator, criterion.limit, criterion.unit)));
      assert.ok(article.includes(criterion.status));
      assert.ok(article.includes(criterion.wouldAnswer));
    }
  }
});

test('every section says where its figures come from', () => {
  const sections = page.split('<section ').slice(1);
  assert.ok(sections.length >= 12);
  for (const section of sections) {
    assert.match(section.slice(0, section.indexOf('</h2>')), /SIMULATED|FORECAST/, section.slice(0, 60));
  }
});

test('every number that a reader sees follows from a number or a word of scale-report.json', () => {
  const known = knownNumbers(document);
  // The net must have holes: a number that nothing explains is caught.
  assert.ok(!known.has('48,151') && !known.has('62.342'));
  const strange = numbersOf(wordsOf(page)).filter((number) => !known.has(number));
  assert.deepEqual([...new Set(strange)], []);
});

test('the page needs no network and runs no script', () => {
  assert.doesNotMatch(
    page.replaceAll('xmlns="http://www.w3.org/2000/svg"', ''),
    /https?:|\bsrc=|@import|url\((?!#)/,
  );
  assert.doesNotMatch(page, /<script/i);
  assert.match(page, /Content-Security-Policy/);
});

test('a hostile title is text everywhere it appears', () => {
  const title = '<script>alert("x")</script> & "quotes"';
  assert.ok(document.rows.some((row) => row.title.includes(title)));
  assert.ok(!page.includes(title));
  assert.ok(page.includes(escapeHtml(title)));
});

test('every link leads to a place in the page, and no id is used twice', () => {
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(target), String(target));
  assert.ok([...page.matchAll(/href="([^"]+)"/g)].every(([, address]) => address?.startsWith('#')));
});

test('every row with runs has its four pictures, and a skipped row has none', () => {
  for (const row of document.rows) {
    const start = page.indexOf(`id="${row.anchor}">`);
    const article = page.slice(start, page.indexOf('</article>', start));
    assert.equal(article.split('<svg role="img"').length - 1, row.runs.length > 0 ? 4 : 0, row.rowId);
  }
});

test('every row can be run again by a command that names its seed', () => {
  const reproduce = wordsOf(page.slice(page.indexOf('<section id="reproduce">')));
  for (const row of document.rows) {
    assert.ok(reproduce.includes(row.command), row.rowId);
    for (const run of row.runs) assert.ok(reproduce.includes(run.traceHash));
  }
  assert.ok(reproduce.includes(`npm run campaign verify -- ${document.campaign}`));
});

test('statuses differ in shape and word, not only in colour', () => {
  const marks = [...page.matchAll(/<span class="status status-\w+"><svg[^>]*>(.*?)<\/svg>(\w+)/g)];
  const shapeOf = new Map(marks.map(([, shape, word]) => [word, shape]));
  assert.ok(shapeOf.size >= 4);
  assert.equal(new Set(shapeOf.values()).size, shapeOf.size);
});

test('the size of the page stays below 3 MB for twenty rows', () => {
  assert.ok((page.length / document.rows.length) * 20 < 3_000_000);
});

test('scale.csv has one line per size with the six columns of the specification', async () => {
  const lines = (await readFile(join(folder, 'scale.csv'), 'utf8')).trimEnd().split('\n');
  assert.equal(
    lines[0],
    'node_count,operations_per_second,mean_latency_ms,p95_latency_ms,success_rate,scaling_efficiency',
  );
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(',')[0]),
    ['100', '250', '500', '1000'],
  );
});

function numbersOf(text: string): string[] {
  return [...text.matchAll(/\d[\d,]*(?:\.\d+)?(?:e-?\d+)?/g)].map(([number]) => number.replace(/,$/, ''));
}

/** Numbers of the report's fixed words: confidence level, rule of three, rule limits, percentiles, heading levels. */
const fixedWords = '95 % interval 3 / 50 p99.9 p95 p50 p99 30 % 80 % 8 GB 5 % 1';

function knownNumbers(root: unknown): Set<string> {
  const known = new Set(numbersOf(fixedWords));
  const addNumber = (value: number): void => {
    const scaled = [value, value * 100, value / 1_024, value / 1e6, value * 1e3, value / 1e3];
    for (const one of scaled) for (const number of numbersOf(formatNumber(one))) known.add(number);
    for (const seconds of [value, value / 1e6])
      for (const number of numbersOf(formatSeconds(seconds))) known.add(number);
    for (const number of numbersOf(String(value))) known.add(number);
  };
  const walk = (value: unknown): void => {
    if (typeof value === 'number') addNumber(value);
    else if (typeof value === 'string') for (const number of numbersOf(value)) known.add(number);
    else if (Array.isArray(value)) {
      addNumber(value.length);
      value.forEach(walk);
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  // Curves are for the pictures: a number of the text that only a curve explains is not explained.
  walk(
    JSON.parse(
      JSON.stringify(root, (key, value) =>
        ['timeline', 'latencyShares', 'rounds'].includes(key) ? null : value,
      ),
    ),
  );
  return known;
}
