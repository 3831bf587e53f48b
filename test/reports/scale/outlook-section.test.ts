/** Goal: far sizes, published systems and breaking points are shown where there are figures, and their absence is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakingSection } from '#reports/scale/breaking-section.ts';
import { outlookSection } from '#reports/scale/outlook-section.ts';
import { resilienceSection } from '#reports/scale/resilience-section.ts';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import { truthSection } from '#reports/scale/truth-section.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';
import { wordsOf } from '#test/support/report-text.ts';

const input = campaignFixture();
const size = {
  nodes: 100_000,
  p50Ms: 79,
  p95Ms: 82,
  finalizedShare: 1,
  roundsMean: 15,
  mbpsPerNode: 34.3,
  memoryMb: 96,
  toleratedShare: 0.11,
  why: '',
};
const planning = { rowId: 'LT-001/nodes=500', label: '500 nodes, local', seconds: 60, sizes: [size] };

test('a larger size has its line, one that cannot be counted its reason', () => {
  const refused = { ...size, nodes: 1_000_000, p95Ms: null, why: 'queues decide' };
  const words = wordsOf(
    outlookSection(scaleDocument({ ...input, planning: { ...planning, sizes: [size, refused] } })).markup,
  );
  assert.match(words, /100,000 .*34\.3 Mbps .*11 %/);
  assert.match(words, /1,000,000 nodes cannot be counted: queues decide/);
});

test('without a row to take further, and without a table, the sections say so', () => {
  const document = scaleDocument(input);
  assert.match(wordsOf(outlookSection(document).markup), /none was taken further/);
  assert.match(
    wordsOf(breakingSection({ ...document, breaking: null }).markup),
    /npm run breaking has stored no table/,
  );
  assert.match(
    wordsOf(resilienceSection({ ...document, resilience: null }).markup),
    /npm run resilience has stored no table/,
  );
});

test('published systems stand below the row of the headline with their source', () => {
  const words = wordsOf(outlookSection(scaleDocument(input)).markup);
  assert.match(words, /Avalanche .*3,400 .*1\.35 s .*arXiv 1906\.08936/);
  assert.match(words, /Tendermint .*10,000/);
});

test('the stored breaking points name every attack with its interval or with the runs that found none', () => {
  const words = wordsOf(breakingSection(scaleDocument(input)).markup);
  assert.match(words, /always-reject .*% \(.* to .*\)/);
  assert.match(words, /collusion never in \d+ runs/);
});

test('each mechanism of resilience has a line with its scenario and its figure on and off', () => {
  const row = { mechanism: 'circuitBreaker', name: 'four keep bodies', figure: 'repeated requests' } as const;
  const rows = [{ ...row, unit: '' as const, on: 40, off: 400 }];
  const resilience = { version: 1, at: '2026-11-30', codeVersion: 'c', nodeVersion: 'v26', rows } as const;
  const words = wordsOf(
    resilienceSection({ ...scaleDocument(input), resilience: { ...resilience, rows } }).markup,
  );
  assert.match(words, /circuit breaker four keep bodies repeated requests 40 400/);
});

test('what is always simulated says so in a campaign of measured rows, with a table and without', () => {
  const simulated = scaleDocument({ ...input, planning: { ...planning, sizes: [size] } });
  const rows = simulated.rows.map((row) => ({ ...row, provenance: 'MEASURED' }));
  const document = { ...simulated, rows, provenance: 'MEASURED' };
  const headings = [document, { ...document, breaking: null, resilience: null, truth: null }].flatMap((one) =>
    [breakingSection(one), resilienceSection(one), truthSection(one)].map(({ markup }) => heading(markup)),
  );
  const words = [
    'Breaking points of the attacks SIMULATED',
    'Mechanisms of resilience, on and off SIMULATED',
    'Whether the simulator is right SIMULATED, beside exact enumeration',
  ];
  assert.deepEqual(headings, [...words, ...words]);
  assert.match(heading(outlookSection(document).markup), /MEASURED \+ SIMULATED$/);
  assert.match(heading(outlookSection({ ...document, planning: null }).markup), /systems MEASURED$/);
});

test('the line of the headline says where that row comes from, not where the campaign does', () => {
  const document = { ...scaleDocument(input), provenance: 'MEASURED + SIMULATED' };
  assert.match(wordsOf(outlookSection(document).markup), /this network, .* SIMULATED Avalanche/);
  assert.doesNotMatch(wordsOf(outlookSection(document).markup), /MEASURED/);
});

function heading(markup: string): string {
  return wordsOf(markup.slice(0, markup.indexOf('</h2>'))).trim();
}
