/**
 * The table of truth: every comparison, what their number allows, which planted errors were seen, which published results hold.
 * Owns: the record that the scale report shows, its verdict and its text. Does not own: any comparison.
 */
import { codeVersion } from '#campaigns/code-version.ts';
import { type TruthTable, truthSchema } from '#reports/scale/truth-table.ts';
import { anchors } from './anchors.ts';
import {
  type Comparison,
  duelCases,
  duelRows,
  plantedErrors,
  virtuousCases,
  virtuousRows,
} from './comparisons.ts';
import { ForgetfulCore } from './core-rounds.ts';
import { bonferroniLimit } from './statistics.ts';

/** Probability that a right product fails the table: it is divided by the number of statistical comparisons. */
const familyError = 0.001;
/** Formulas against fractions: rounding of a few hundred terms. */
const relativeErrorMost = 1e-11;

/** Runs everything. `effort` 1 is the stored table; `at` is the date it carries. */
export function truthTable(effort: number, at: string, progress: (about: string) => void): TruthTable {
  const rows: Comparison[] = [];
  for (const one of virtuousCases) {
    progress(one.about);
    rows.push(...virtuousRows(one, effort));
  }
  for (const one of duelCases) {
    progress(one.about);
    rows.push(...duelRows(one, effort));
  }
  const statistical = rows.filter(
    ({ statistic }) => statistic !== 'relative error' && statistic !== 'equal',
  ).length;
  const limit = bonferroniLimit(statistical, familyError);
  const holds = ({ statistic, value }: Pick<Comparison, 'statistic' | 'value'>): boolean =>
    statistic === 'equal'
      ? value === 0
      : statistic === 'relative error'
        ? value <= relativeErrorMost
        : Math.abs(value) <= limit;
  progress('planted errors');
  const planted = plantedErrors(effort, ForgetfulCore).map((one) => ({
    ...one,
    value: shown(one.value),
    caught: !holds(one),
  }));
  progress('published results');
  return truthSchema.parse({
    version: 1,
    at,
    codeVersion: codeVersion(),
    nodeVersion: process.version,
    effort,
    familyError,
    comparisons: statistical,
    limit: shown(limit),
    relativeErrorMost,
    rows: rows.map((row) => ({ ...row, value: shown(row.value), holds: holds(row) })),
    planted,
    anchors: anchors(),
  });
}

/** JSON has no infinity. */
function shown(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : Math.sign(value) * 1e9;
}

export function truthFailures(table: TruthTable): string[] {
  return [
    ...table.rows
      .filter(({ holds }) => !holds)
      .map(
        (row) =>
          `${row.about}: ${row.fidelity} against ${row.against}, ${row.figure}: ${row.statistic} ${row.value}`,
      ),
    ...table.planted
      .filter(({ caught }) => !caught)
      .map(({ error, value }) => `not noticed: ${error} (${value})`),
    ...table.anchors.filter(({ holds }) => !holds).map(({ claim, seen }) => `${claim}: ${seen}`),
  ];
}

export function truthText(table: TruthTable): string {
  const lines = table.rows.map((row) =>
    [
      row.holds ? 'ok  ' : 'FAIL',
      row.about.padEnd(42),
      `${row.fidelity} / ${row.against}`.padEnd(24),
      row.figure.padEnd(36),
      row.statistic === 'relative error'
        ? `rel. error ${row.value.toExponential(1)}`
        : row.statistic === 'equal'
          ? row.value === 0
            ? 'bit for bit'
            : 'differs'
          : `z ${row.value.toFixed(2)}`,
      row.samples > 0 ? `n ${row.samples}` : '',
    ]
      .join('  ')
      .trimEnd(),
  );
  return [
    ...lines,
    '',
    `${table.comparisons} statistical comparisons: |z| may reach ${table.limit} (all together fail a right product with probability ${table.familyError})`,
    '',
    ...table.planted.map(
      ({ error, statistic, value, caught }) =>
        `${caught ? 'seen' : 'MISSED'}  ${error}: ${statistic} ${value}`,
    ),
    '',
    ...table.anchors.map(
      ({ source, claim, seen, holds }) => `${holds ? 'ok  ' : 'FAIL'}  ${claim} (${source}): ${seen}`,
    ),
    '',
  ].join('\n');
}
