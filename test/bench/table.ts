/**
 * What was measured, as text and as Markdown.
 * Owns: columns and number formats. Does not own: figures, judgement.
 */
import { missing, pulumiTool } from '#test/bed/tools.ts';
import type { Comparison } from './baseline.ts';
import { limitPercent } from './baseline.ts';
import { type Figure, figures, type Group, groups, growthLoads, growthNodes } from './figures.ts';
import type { Measured, Summary } from './runner.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Three significant digits, thousands apart. */
export function short(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function timesBetter({ better }: Figure, measured: number, other: number): number {
  return better === 'lower' ? other / measured : measured / other;
}

/** `1.2 x` better, or worse below 1. */
function ratioText(figure: Figure, measured: number, other: number | null): string {
  return other === null ? '' : `${timesBetter(figure, measured, other).toFixed(2)} x`;
}

function targetText(figure: Figure, measured: number): string {
  if (figure.target === null) return '';
  const met = timesBetter(figure, measured, figure.target) >= 1;
  return `${figure.better === 'lower' ? '<=' : '>='} ${short(figure.target)} ${met ? 'met' : 'MISSED'}`;
}

export function figureTable(found: ReadonlyMap<string, Summary>): Table {
  const head = [
    'figure',
    'what',
    'unit',
    'median [min..max]',
    'target',
    'to target',
    'published',
    'to published',
  ];
  const rows = figures.flatMap((figure) => {
    const summary = found.get(figure.id);
    if (summary === undefined || figure.group === 'growth') return [];
    const { median, min, max } = summary;
    return [
      [
        figure.id,
        figure.title,
        figure.unit,
        `${short(median)} [${short(min)}..${short(max)}]`,
        targetText(figure, median),
        ratioText(figure, median, figure.target),
        figure.published === null ? '' : short(figure.published),
        ratioText(figure, median, figure.published),
      ],
    ];
  });
  return { head, rows };
}

/** Growth with load and with nodes; the common point stands in both series. */
export function growthTable(found: ReadonlyMap<string, Summary>, measured: Measured): Table {
  const series = [
    ...[...growthLoads, 100].map((load) => ({ nodes: 1_000, load })).sort((a, b) => a.load - b.load),
    ...[...growthNodes, 1_000].map((nodes) => ({ nodes, load: 100 })).sort((a, b) => a.nodes - b.nodes),
  ];
  const rows = series.flatMap(({ nodes, load }) => {
    const id =
      nodes === 1_000 && load === 100
        ? 'load.dag-1000'
        : load === 100
          ? `growth.nodes-${nodes}`
          : `growth.load-${load}`;
    const summary = found.get(id);
    const facts = measured.facts.get(id);
    if (summary === undefined || facts === undefined) return [];
    return [
      [
        short(nodes),
        short(load),
        `${short(summary.median)} [${short(summary.min)}..${short(summary.max)}]`,
        short(facts['undecided'] ?? 0),
        short((facts['standingBytesPerNode'] ?? 0) / 1_024),
        short(facts['standingBytesPerUndecided'] ?? 0),
        short((facts['processBytesPerNode'] ?? 0) / 1_024),
      ],
    ];
  });
  const head = [
    'nodes',
    'vertices/s',
    'M messages/CPU-s',
    'undecided vertices',
    'standing KiB/node',
    'standing B/node and undecided vertex',
    'process KiB/node',
  ];
  return { head, rows };
}

export function changeTable({ changes }: Comparison): Table {
  return {
    head: ['figure', 'unit', 'baseline', 'now', 'worse by', 'noise', 'verdict'],
    rows: changes.map(({ figure, before, now, worsePercent, noisePercent, isRegression }) => [
      figure.id,
      figure.unit,
      short(before),
      short(now),
      `${worsePercent.toFixed(1)} %`,
      `+-${noisePercent.toFixed(1)} %`,
      isRegression ? `SLOWER by more than ${limitPercent} %` : 'ok',
    ]),
  };
}

export function plain({ head, rows }: Table): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

export function markdown({ head, rows }: Table): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Why a group lacks some of its figures; null when it has all. */
export function lackOf(group: Group): string | null {
  const absent = group === 'stack' ? missing(pulumiTool) : false;
  return absent === false ? null : `previews ${absent}`;
}

/** Lines for the wanted groups that lack figures. */
export function notRunLines(wanted: ReadonlySet<Group>): string[] {
  return groups.flatMap((group) => {
    const why = wanted.has(group) ? lackOf(group) : null;
    return why === null ? [] : [`${group}: ${why}`];
  });
}

/** A network that decides less than is offered has a backlog, and what it decides then is no measure of what it carries. */
const carriedShare = 0.95;

function liveLine(job: string, facts: Readonly<Record<string, number>>): string {
  const fact = (name: string): string => short(facts[name] ?? 0);
  const share = (facts['tps'] ?? 0) / (facts['offeredTps'] ?? 1);
  const percent = Math.min(100, Math.round(100 * share));
  const mark =
    share >= carriedShare
      ? ''
      : `: SATURATED, ${percent} % of what was offered, no measure of what they carry`;
  return (
    `${job} MEASURED: ${fact('tps')} of ${fact('offeredTps')} TPS offered${mark}; its nodes took ${fact('coresOfNodes')} cores, all ${fact('cores')} ` +
    `would carry ${fact('allCoresTps')} TPS at this cost, the machine was ${fact('hostBusyPercent')} % busy, load before ${fact('loadBefore')}, ` +
    `median finality ${fact('medianFinalityMs')} ms`
  );
}

/** What the figures say about single runs: memory per node, wall time. */
export function factLines(measured: Measured): string[] {
  const lines: string[] = [];
  for (const nodes of [1_000, 10_000]) {
    const facts = measured.facts.get(`messages.single-${nodes}`);
    if (facts === undefined) continue;
    lines.push(
      `one decision at ${short(nodes)} nodes: ${short((facts['standingBytesPerNode'] ?? 0) / 1_024)} KiB of standing and ` +
        `${short((facts['processBytesPerNode'] ?? 0) / 1_024)} KiB of process per node`,
    );
  }
  for (const [job, text] of [
    ['consensus.one-vertex', 'one vertex at 150 nodes'],
    ['consensus.ten-vertices', 'ten vertices at 150 nodes'],
  ] as const) {
    const facts = measured.facts.get(job);
    if (facts !== undefined) lines.push(`${text}: ${short(facts['wallMs'] ?? 0)} ms on the wall clock`);
  }
  for (const [job, facts] of measured.facts) {
    if (facts['hostBusyPercent'] === undefined) continue;
    lines.push(liveLine(job, facts));
  }
  for (const [job, facts] of measured.facts) {
    if (facts['resources'] === undefined) continue;
    lines.push(
      `${job} MEASURED: ${short(facts['resources'])} resources; load before ${short(facts['loadBefore'] ?? 0)}`,
    );
  }
  return lines;
}
