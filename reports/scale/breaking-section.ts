/**
 * At which share of attackers a network breaks, attack by attack, beside what the formulas tolerate.
 * Owns: the words of this section. Does not own: the record (breaking-points.ts) or finding it out (test/breaking).
 */
import { type Html, html, table } from '#reports/html.ts';
import type { BreakingPoint } from '#reports/scale/breaking-points.ts';
import { formatFigure } from '#reports/scale/figure-format.ts';
import { reportSection } from '#reports/scale/report-parts.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';

/** Simulated whatever this campaign's own rows are. */
export function breakingSection({ breaking, codeVersion }: ScaleDocument): Html {
  const title = 'Breaking points of the attacks';
  if (breaking === null) {
    const words = html`<p>Not looked for: <code>npm run breaking</code> has stored no table.</p>`;
    return reportSection('breaking', title, 'SIMULATED', words);
  }
  const { k, alphaConfidence, alphaPreference, beta, rounds } = breaking.consensus;
  const same = breaking.codeVersion === codeVersion ? ', the code of this campaign' : '';
  const left = (label: string): { label: string; align: 'left' } => ({ label, align: 'left' });
  const body = html`<p>SIMULATED on ${breaking.at} with code ${breaking.codeVersion}${same}: ${breaking.nodes} nodes, k ${k}, alpha ${alphaConfidence} (preference ${alphaPreference}), beta ${beta},
${rounds} polls; ${formatFigure(breaking.conflictShare, 'share')} of the vertices are double spends. A small network breaks earlier and less sharply than a large one. A run is no longer live when more than
${formatFigure(breaking.undecidedMost, 'share')} of its (honest node, transaction) pairs are undecided at its end, and unsafe when two conflicting vertices were finalised or another rule of safety was broken. Named is the
share at which half of the runs break, by a logistic curve with its 95 % interval. By the formulas a split decision stays below ${String(breaking.safetyTarget)} per decision up to ${formatFigure(breaking.safeByFormula, 'share')}, whatever the attack.</p>
${table({
  columns: [left('Attack'), left('No longer live at'), left('Live by formula up to'), left('Unsafe at')],
  rows: breaking.rows.map((row) => [
    row.attack,
    pointWords(row.liveness),
    `${formatFigure(row.liveByFormula, 'share')}${row.formulaIsExact ? '' : ', taken as rejecting'}`,
    pointWords(row.safety),
  ]),
})}`;
  return reportSection('breaking', title, 'SIMULATED', body);
}

function pointWords({ at, low, high, runs, triedUpTo }: BreakingPoint): string {
  if (at === null) return `never in ${runs} runs, up to ${formatFigure(triedUpTo, 'share')}`;
  return `${formatFigure(at, 'share')} (${formatFigure(low, 'share')} to ${formatFigure(high, 'share')})`;
}
