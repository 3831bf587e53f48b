/** Goal: shared blocks escape their words and degrade quietly. Method: small calls. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from '#reports/html.ts';
import { chartFrame, chartKey, facts, link, reportSection, statusMark } from '#reports/scale/report-parts.ts';

test('a section carries its provenance in its heading', () => {
  assert.match(reportSection('a', 'Title', 'SIMULATED', html`<p>x</p>`).markup, /<h2>.*SIMULATED.*<\/h2>/);
});

test('a status is its word, with a shape that machines skip', () => {
  assert.match(statusMark('ABORTED').markup, /aria-hidden="true".*<\/svg>ABORTED</);
});

test('a chart that was not drawn leaves no empty frame', () => {
  assert.equal(chartFrame(new Map(), 'x', [], 'words'), null);
  assert.match(
    chartFrame(new Map([['x', '<svg></svg>']]), 'x', [], 'a < b')?.markup ?? '',
    /<svg><\/svg>.*a &lt; b/,
  );
});

test('words of keys, facts and links are escaped', () => {
  assert.match(chartKey([{ label: '<i>', colour: '#000', kind: 'line' }]).markup, /&lt;i&gt;/);
  assert.match(facts([['a', '<b>']]).markup, /&lt;b&gt;/);
  assert.equal(link('x', '<b>').markup, '<a href="#x">&lt;b&gt;</a>');
});
