/**
 * Building blocks that every section of the scale report uses: section with its badge, status marks, chart frames.
 * Owns: those blocks. Does not own: the page (reports/html.ts) or what a section says.
 */
import type { TestStatus } from '#campaigns/results/schema.ts';
import { type BadgeKind, badge, type Html, html, raw } from '#reports/html.ts';

/** Pictures by chart id, already SVG markup. */
export type Pictures = ReadonlyMap<string, string>;

/** A section whose heading carries the word that says where its figures come from. */
export function reportSection(id: string, title: string, provenance: string, body: Html): Html {
  return html`<section id="${id}"><h2><span>${title}</span>${badge(provenance, 'provenance')}</h2>
${body}
</section>
`;
}

const kinds: Readonly<Record<TestStatus, BadgeKind>> = {
  PASSED: 'passed',
  FAILED: 'failed',
  INCONCLUSIVE: 'inconclusive',
  ABORTED: 'aborted',
  SKIPPED: 'skipped',
};

/** Shapes differ, not only colours: circle, square, diamond, hexagon, ring. */
const shapes: Readonly<Record<TestStatus, string>> = {
  PASSED: '<circle cx="7" cy="7" r="5.5"/>',
  FAILED: '<rect x="1.8" y="1.8" width="10.4" height="10.4"/>',
  INCONCLUSIVE: '<path d="M7 .8 13.2 7 7 13.2 .8 7Z"/>',
  ABORTED: '<path d="M4 1.5h6L13 7l-3 5.5H4L1 7Z"/>',
  SKIPPED: '<circle cx="7" cy="7" r="4.8" fill="none" stroke="currentColor" stroke-width="1.5"/>',
};

/** Shape, colour and word. */
export function statusMark(status: TestStatus): Html {
  const shape = raw(
    `<svg class="mark" width="14" height="14" viewBox="0 0 14 14" fill="currentColor" aria-hidden="true">${shapes[status]}</svg>`,
  );
  return html`<span class="status status-${kinds[status]}">${shape}${status}</span>`;
}

/** A row that other rows are compared with has no verdict. */
export function rowMark({ status }: { readonly status: TestStatus | null }): Html {
  return status === null ? badge('comparison', 'neutral') : statusMark(status);
}

export interface KeyEntry {
  readonly label: string;
  readonly colour: string;
  readonly kind: 'line' | 'dash' | 'area' | 'tick' | 'words';
}

/** What the colours of the chart below mean. */
export function chartKey(entries: readonly KeyEntry[]): Html {
  return html`<p class="key">${entries.map(
    ({ label, colour, kind }) =>
      html`<span>${kind === 'words' ? null : html`<i class="swatch swatch-${kind}" style="--c:${colour}"></i>`}${label}</span>`,
  )}</p>`;
}

/** A chart with its key above and its words below; nothing when the chart was not drawn. */
export function chartFrame(
  pictures: Pictures,
  id: string,
  key: readonly KeyEntry[],
  caption: string | null,
): Html | null {
  const svg = pictures.get(id);
  if (svg === undefined) return null;
  return html`<figure class="chart">${key.length === 0 ? null : chartKey(key)}${raw(svg)}${
    caption === null ? null : html`<figcaption>${caption}</figcaption>`
  }</figure>
`;
}

export function link(anchor: string, text: string): Html {
  return html`<a href="#${anchor}">${text}</a>`;
}

/** Label and value, for lists of facts. */
export function facts(items: readonly (readonly [string, string | Html])[]): Html {
  return html`<dl class="facts">${items.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
`;
}
