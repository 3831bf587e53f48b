/**
 * Simulated beside measured: what the same configuration gave in the simulator and as real processes, with the error.
 * Owns: this section. Does not own: the comparison (campaigns/analysis/overlap.ts).
 */
import type { OverlapComparison, OverlapFigure } from '#campaigns/analysis/overlap.ts';
import { type Html, html, table } from '#reports/html.ts';
import { formatNumber, nothing } from '#reports/scale/figure-format.ts';
import { reportSection } from '#reports/scale/report-parts.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';

function cells({
  name,
  unit,
  simulated,
  measured,
  errorPercent,
  isTrusted,
}: OverlapFigure): (string | Html)[] {
  const figure = (value: number | null): string =>
    value === null ? nothing : `${formatNumber(value)} ${unit}`;
  const error =
    errorPercent === null ? nothing : `${errorPercent > 0 ? '+' : ''}${formatNumber(errorPercent)} %`;
  return [
    isTrusted ? name : html`${name}<span class="under">not to be trusted: the machine was too busy</span>`,
    figure(simulated),
    figure(measured),
    error,
  ];
}

function block({ rowId, label, figures, causes }: OverlapComparison): Html {
  return html`<article class="row"><h3>${rowId}</h3><p class="muted">${label}</p>
${table({
  columns: [
    { label: 'Figure', align: 'left' },
    { label: 'SIMULATED', align: 'right' },
    { label: 'MEASURED', align: 'right' },
    { label: 'Error', align: 'right' },
  ],
  rows: figures.map(cells),
})}
<ul>${causes.map((cause) => html`<li>${cause}</li>`)}</ul>
</article>
`;
}

/** Nothing when no row was run on both targets. */
export function overlapSection({ overlap }: ScaleDocument): Html {
  if (overlap.length === 0) return html``;
  const body = html`<p>The same configuration with the same seeds, once in the simulator and once as real node processes on one machine. The error is simulated against measured: positive where the simulator says more.</p>
${overlap.map(block)}`;
  return reportSection('overlap', 'Simulated and measured', 'SIMULATED + MEASURED', body);
}
