/** The shared page: escaping by default, no network, provenance on every page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { badge, escapeHtml, html, join, page, raw, section, table } from '#reports/html.ts';

test('text that reaches a template is escaped, markup is kept, null is nothing', () => {
  const text = `<img src=x onerror="a('b')">&`;
  assert.equal(
    html`<p>${text}</p>`.markup,
    '<p>&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;</p>',
  );
  assert.equal(html`${raw('<b>')}${null}${[raw('1'), raw('2')]}${3}`.markup, '<b>123');
  assert.equal(join([raw('a'), raw('b')], ', ').markup, 'a, b');
});

test('no text can open a tag or leave an attribute (property, seed 3)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeHtml(text);
      assert.doesNotMatch(escaped, /[<>"']/);
      assert.doesNotMatch(escaped.replace(/&(amp|lt|gt|quot|#39);/g, ''), /&/);
    }),
    { seed: 3 },
  );
});

test('cells and labels of a table are text; a missing cell is a dash; figures are aligned right', () => {
  const out = table({
    columns: [
      { label: '<a>', align: 'left' },
      { label: 'n', align: 'right' },
    ],
    rows: [['<b>', null]],
  }).markup;
  assert.ok(
    out.includes('&lt;a&gt;') && out.includes('&lt;b&gt;') && out.includes('<td class="right">\u2013</td>'),
  );
});

test('a page has no script and no address to load from, and says its provenance on screen and on every printed page', () => {
  const out = page({
    title: 'A <title>',
    provenance: 'SIMULATED',
    subtitle: 's',
    body: section('one', 'One', badge('PASSED', 'passed')),
    reference: 'c',
  });
  assert.doesNotMatch(out, /<script|https?:|url\(|@import|src=/);
  assert.match(out, /default-src 'none'/);
  assert.match(out, /@top-right\{content:"SIMULATED"/);
  assert.match(out, /<title>A &lt;title&gt;<\/title>/);
  assert.match(out, /class="badge badge-provenance">SIMULATED/);
});

test('a badge says in a sign what its colour says', () => {
  const kinds = ['passed', 'failed', 'inconclusive', 'aborted', 'skipped', 'warning'] as const;
  assert.equal(new Set(kinds.map((kind) => badge('x', kind).markup.replace(kind, ''))).size, kinds.length);
});
