/**
 * Why the figures of the fidelities may be believed: the section of the scale report about the table of truth.
 * Owns: its words. Does not own: the table (truth-table.ts).
 */
import { type Html, html, table } from '#reports/html.ts';
import { reportSection } from '#reports/scale/report-parts.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';

/** What its figures are, whatever this campaign's own rows are: simulations, and the enumeration that they are held against. */
const provenance = 'SIMULATED, beside exact enumeration';

/** Why the figures of the fidelities may be believed. */
export function truthSection(document: ScaleDocument): Html {
  const { truth } = document;
  const title = 'Whether the simulator is right';
  if (truth === null) {
    const words = html`<p>Not checked: <code>npm run test:truth</code> has stored no table.</p>`;
    return reportSection('truth', title, provenance, words);
  }
  const { at, codeVersion, comparisons, limit, familyError, planted, anchors } = truth;
  const same = codeVersion === document.codeVersion;
  const right = (label: string): { label: string; align: 'right' } => ({ label, align: 'right' });
  const left = (label: string): { label: string; align: 'left' } => ({ label, align: 'left' });
  const body = html`<p>Found on ${at} with code ${codeVersion}${same ? ', the code of this campaign' : `; this campaign ran code ${document.codeVersion}`}.
Networks of at most a dozen nodes were enumerated in exact fractions by a program that shares no code with the product: virtuous and conflicting vertices, loss,
partitions, four kinds of attackers. ${comparisons} statistical comparisons; |z| may reach ${limit}, so that a right product fails any of them with probability ${familyError}.</p>
${table({
  columns: [left('Fidelity'), left('Against'), right('Comparisons'), right('Hold'), right('Farthest')],
  rows: truth.groups.map((group) => [
    group.fidelity,
    group.against,
    String(group.comparisons),
    String(group.hold),
    group.farthest,
  ]),
})}
<p>Errors put in on purpose: ${planted.filter(({ caught }) => caught).length} of ${planted.length} were noticed (${planted.map(({ error }) => error).join('; ')}).</p>
<h3>Published results</h3>
<ul>${anchors.map(({ source, claim, seen, holds }) => html`<li>${holds ? 'Reproduced' : 'Not reproduced'}: ${claim} (${source}). ${seen}.</li>`)}</ul>`;
  return reportSection('truth', title, provenance, body);
}
