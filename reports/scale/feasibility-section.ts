/**
 * Part 3: what cannot pass whatever is measured, with the arithmetic, the nearest parameters that could, and whether
 * the runs bore the prediction out.
 * Owns: this section's words. Does not own: the findings (campaigns/feasibility).
 */
import type { Finding, Topic } from '#campaigns/feasibility/finding.ts';
import { type Html, html, table } from '#reports/html.ts';
import { formatNumber, nothing } from '#reports/scale/figure-format.ts';
import { link, reportSection } from '#reports/scale/report-parts.ts';
import type { PredictionDocument, ScaleDocument } from '#reports/scale/scale-document.ts';

/** A finding and every row it was made for; none when it is about the campaign as a whole. */
interface Shared {
  readonly finding: Finding;
  readonly rowIds: readonly string[];
}

const topics: Readonly<Record<Topic, string>> = {
  'byzantine-tolerance': 'Byzantine tolerance',
  'split-brain': 'Both sides of a partition',
  'contested-heal': 'Conflicts that a partition kept apart',
  'latency-floor': 'Latency floor',
  bandwidth: 'Bandwidth',
  cpu: 'CPU',
  memory: 'Memory',
  'measured-node': "This product's node as measured",
  money: 'Money',
  'self-contradiction': 'Requirements that contradict each other',
};

export function feasibilitySection(document: ScaleDocument): Html {
  const shared = sharedFindings(document);
  const cannot = shared.filter(({ finding }) => finding.conclusion === 'cannot-pass');
  const marginal = shared.filter(({ finding }) => finding.conclusion === 'marginal');
  const body = html`<p>${opening(document, cannot.length)}</p>
${predictionWords(document)}
${topicBlocks(cannot, document, 'h3')}
${
  marginal.length === 0
    ? null
    : html`<h3>Possible, but not certain</h3>
${topicBlocks(marginal, document, 'h4')}`
}`;
  // Arithmetic about runs to come, whatever the runs of this campaign are.
  return reportSection('cannot-pass', 'What cannot pass, and why', 'FORECAST', body);
}

function opening({ feasibility }: ScaleDocument, cannot: number): string {
  if (feasibility === null) return 'Feasibility was not checked for this campaign.';
  if (cannot === 0) return 'The arithmetic before the campaign found nothing that cannot pass.';
  return 'Found by arithmetic before anything was run, from the parameters and limits alone. No implementation could avoid these failures with the same parameters.';
}

/** The prediction is tested like everything else: a predicted failure that passed would be a defect of the arithmetic. */
function predictionWords({ predictions }: ScaleDocument): Html | null {
  if (predictions.length === 0) return null;
  const count = (outcome: PredictionDocument['outcome']): number =>
    predictions.filter((one) => one.outcome === outcome).length;
  const wrong = predictions.filter((one) => one.outcome === 'contradicted');
  const words = `Criteria predicted to fail: ${formatNumber(predictions.length)}. Borne out by the runs: ${formatNumber(count('borne out'))}. Not decided by them: ${formatNumber(count('undecided'))}. Contradicted: ${formatNumber(wrong.length)}.`;
  const which = wrong.map(
    ({ rowId, metric }) =>
      html`<li>${rowId}: <code>${metric}</code> passed although it was predicted to fail.</li>`,
  );
  return html`<p><b>${words}</b></p>${which.length === 0 ? null : html`<ul>${which}</ul>`}
`;
}

/** The same finding for several rows is told once. */
function sharedFindings({ feasibility }: ScaleDocument): Shared[] {
  if (feasibility === null) return [];
  const shared = new Map<string, { finding: Finding; rowIds: string[] }>();
  const add = (finding: Finding, rowIds: readonly string[]): void => {
    const key = JSON.stringify(finding);
    const known = shared.get(key);
    if (known === undefined) shared.set(key, { finding, rowIds: [...rowIds] });
    else known.rowIds.push(...rowIds);
  };
  for (const finding of feasibility.campaignFindings) add(finding, []);
  for (const { rowId, findings } of feasibility.rows) for (const finding of findings) add(finding, [rowId]);
  return [...shared.values()];
}

function topicBlocks(shared: readonly Shared[], document: ScaleDocument, level: 'h3' | 'h4'): Html[] {
  const anchors = new Map(document.rows.map((row) => [row.rowId, row.anchor]));
  const found = [...new Set(shared.map(({ finding }) => finding.topic))];
  return found.map((topic) => {
    const title = topics[topic];
    const heading = level === 'h3' ? html`<h3>${title}</h3>` : html`<h4>${title}</h4>`;
    return html`${heading}
${table({
  columns: [
    { label: 'For', align: 'left' },
    { label: 'Why, with the arithmetic', align: 'left' },
    { label: 'Nearest change that could pass', align: 'left' },
  ],
  rows: shared
    .filter(({ finding }) => finding.topic === topic)
    .map(({ finding, rowIds }) => [rowLinks(rowIds, anchors), why(finding), nearestWords(finding)]),
})}`;
  });
}

function rowLinks(rowIds: readonly string[], anchors: ReadonlyMap<string, string>): Html {
  if (rowIds.length === 0) return html`the whole campaign`;
  return html`${rowIds.map((rowId) => html`<span class="line">${link(anchors.get(rowId) ?? 'verdicts', rowId)}</span>`)}`;
}

function why({ because, arithmetic, metrics }: Finding): Html {
  const lines = arithmetic.map(
    ({ symbol, value, unit, how }) =>
      html`<span class="line"><code>${symbol}</code> = <b>${`${formatNumber(value)} ${unit}`.trim()}</b> <span class="muted">${how}</span></span>`,
  );
  return html`<span class="line">${sentence(because)}</span><span class="sum">${lines}</span>${
    metrics.length === 0 ? null : html`<span class="under">Criteria: ${metrics.join(', ')}</span>`
  }`;
}

function nearestWords({ nearest }: Finding): Html {
  if (nearest === null) return html`${nothing}`;
  return html`${nearest.change}<span class="under">${nearest.achieves}</span>`;
}

function sentence(text: string): string {
  const ended = /[.!?]$/.test(text) ? text : `${text}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}
