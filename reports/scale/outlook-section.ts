/**
 * Beyond the campaign: networks of 100,000 and 1,000,000 nodes as counting sees them, and what other systems have published.
 * Owns: the words of this section. Does not own: counting (campaigns/planning.ts), the figures of others (published-systems.ts).
 */
import type { LargerNetwork } from '#campaigns/analysis/larger-network.ts';
import { type Html, html, table } from '#reports/html.ts';
import { formatFigure, formatNumber } from '#reports/scale/figure-format.ts';
import { reportSection } from '#reports/scale/report-parts.ts';
import type { RowDocument } from '#reports/scale/row-document.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';

const right = (label: string): { label: string; align: 'right' } => ({ label, align: 'right' });
const left = (label: string): { label: string; align: 'left' } => ({ label, align: 'left' });

export function outlookSection(document: ScaleDocument): Html {
  const body = html`${planningBlock(document)}${publishedBlock(document)}`;
  return reportSection('outlook', 'Larger networks and published systems', sourcesOf(document), body);
}

/** Counted networks are simulated whatever the rows are; beside them stands one row of the campaign. */
function sourcesOf(document: ScaleDocument): string {
  const words = [
    ...(document.planning === null ? [] : ['SIMULATED']),
    ...(headlineOf(document)?.provenance.split(' + ') ?? []),
  ];
  return words.length === 0 ? document.provenance : [...new Set(words)].toSorted().join(' + ');
}

function headlineOf({ rows, summary }: ScaleDocument): RowDocument | undefined {
  return rows.find(({ rowId }) => rowId === summary.headline);
}

function planningBlock({ planning }: ScaleDocument): Html {
  if (planning === null)
    return html`<h3>100,000 nodes and more</h3>
<p>No row of this campaign has a steady load without attackers and faults, so none was taken further.</p>`;
  const { rowId, label, seconds, sizes } = planning;
  return html`<h3>100,000 nodes and more</h3>
<p>SIMULATED with counted nodes (fidelity lumped), ${seconds} s of ${rowId} (${label}) with its parameters, network and load; no node was enumerated, queues, gossip trees and membership
are not in it. Traffic per node does not grow, because it is bounded by k and by the load. What grows is the number of members a node has to know, and the hops of a vertex. The last column is the largest share of
rejecting nodes with which all honest nodes still decide in time in 95 % of the cases: it falls with size, because more nodes must all succeed.</p>
${table({
  columns: [
    right('Nodes'),
    right('p50'),
    right('p95'),
    right('Finalised'),
    right('Polls'),
    right('Sent per node'),
    right('Memory'),
    right('Rejecting nodes borne'),
  ],
  rows: sizes.map(sizeRow),
})}${sizes.flatMap(({ nodes, why }) => (why === '' ? [] : [html`<p class="small">${formatNumber(nodes)} nodes cannot be counted: ${why}.</p>`]))}`;
}

function sizeRow(size: LargerNetwork): string[] {
  return [
    formatNumber(size.nodes),
    formatFigure(size.p50Ms, 'ms'),
    formatFigure(size.p95Ms, 'ms'),
    formatFigure(size.finalizedShare, 'share'),
    formatFigure(size.roundsMean, 'polls'),
    formatFigure(size.mbpsPerNode, 'Mbps'),
    formatFigure(size.memoryMb, 'MB'),
    formatFigure(size.toleratedShare, 'share'),
  ];
}

function publishedBlock(document: ScaleDocument): Html {
  const row = headlineOf(document);
  if (row === undefined || row.spec === null) return html``;
  const { figures, spec } = row;
  return html`<h3>Published systems</h3>
<p>Figures of others are theirs: other machines, networks, loads and notions of finality, none of them run here. The first line is this campaign's row ${row.rowId}, whose throughput is what was offered, not a maximum.</p>
${table({
  columns: [left('System'), right('Nodes'), right('TPS'), right('Finality'), left('Source')],
  rows: [
    [
      `this network, ${spec.network.name}`,
      formatNumber(spec.nodes),
      formatFigure(figures.avgTps?.mean ?? null, 'tps'),
      `p95 ${formatFigure(figures.p95Ms?.mean ?? null, 'ms')}`,
      row.provenance,
    ],
    ...document.published.map(({ system, nodes, tps, finality, source }) => [
      system,
      nodes,
      tps,
      finality,
      source,
    ]),
  ],
})}`;
}
