/**
 * The stored table of truth: what `npm run test:truth` last found when it held the fidelities against exact enumeration.
 * Owns: the record, reading it, and the section of the scale report. Does not own: finding it out (test/truth).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Html, html, table } from '#reports/html.ts';
import { reportSection } from '#reports/scale/report-parts.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';

export const truthFile = fileURLToPath(new URL('../../docs/truth.json', import.meta.url));

export const truthSchema = z.strictObject({
  version: z.literal(1),
  /** Day on which it was found, YYYY-MM-DD. */
  at: z.iso.date(),
  codeVersion: z.string(),
  nodeVersion: z.string(),
  effort: z.number().positive(),
  /** Probability that a right product fails any of the statistical comparisons. */
  familyError: z.number(),
  comparisons: z.number().int(),
  /** |z| that a comparison may reach (Bonferroni). */
  limit: z.number(),
  relativeErrorMost: z.number(),
  rows: z.array(
    z.strictObject({
      about: z.string(),
      fidelity: z.string(),
      against: z.string(),
      figure: z.string(),
      statistic: z.enum(['chi-square', 'share', 'Smirnov', 'relative error', 'equal']),
      value: z.number(),
      samples: z.number(),
      holds: z.boolean(),
    }),
  ),
  planted: z.array(
    z.strictObject({ error: z.string(), statistic: z.string(), value: z.number(), caught: z.boolean() }),
  ),
  anchors: z.array(
    z.strictObject({ source: z.string(), claim: z.string(), seen: z.string(), holds: z.boolean() }),
  ),
});

export type TruthTable = z.infer<typeof truthSchema>;

/** Null when the command was never run. Throws when the file is damaged. */
export function readTruth(file: string = truthFile): TruthTable | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  return truthSchema.parse(JSON.parse(text));
}

interface Group {
  readonly fidelity: string;
  readonly against: string;
  readonly rows: TruthTable['rows'];
}

function groupsOf({ rows }: TruthTable): Group[] {
  const groups = new Map<string, TruthTable['rows']>();
  for (const row of rows) {
    const key = `${row.fidelity}|${row.against}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].map(([key, all]) => {
    const [fidelity = '', against = ''] = key.split('|');
    return { fidelity, against, rows: all };
  });
}

/** The worst comparison of a group, in its own unit. */
function worst({ rows }: Group): string {
  const largest = (of: TruthTable['rows']): number => Math.max(...of.map(({ value }) => Math.abs(value)));
  const [first] = rows;
  if (first?.statistic === 'equal') return rows.every(({ value }) => value === 0) ? 'bit for bit' : 'differs';
  if (first?.statistic === 'relative error') return `relative error ${largest(rows).toExponential(1)}`;
  return `|z| ${largest(rows).toFixed(2)}`;
}

/** Why the figures of the fidelities may be believed. */
export function truthSection(document: ScaleDocument, truth: TruthTable | null = readTruth()): Html {
  const title = 'Whether the simulator is right';
  if (truth === null) {
    const words = html`<p>Not checked: <code>npm run test:truth</code> has stored no table.</p>`;
    return reportSection('truth', title, document.provenance, words);
  }
  const { at, codeVersion, comparisons, limit, familyError, planted, anchors } = truth;
  const same = codeVersion === document.codeVersion;
  const right = (label: string): { label: string; align: 'right' } => ({ label, align: 'right' });
  const left = (label: string): { label: string; align: 'left' } => ({ label, align: 'left' });
  const body = html`<p>Found on ${at} with code ${codeVersion}${same ? ', the code of this campaign' : `; this campaign ran code ${document.codeVersion}`}.
Networks of at most 12 nodes were enumerated in exact fractions by a program that shares no code with the product: virtuous and conflicting vertices, loss,
partitions, four kinds of attackers. ${comparisons} statistical comparisons; |z| may reach ${limit}, so that a right product fails any of them with probability ${familyError}.</p>
${table({
  columns: [left('Fidelity'), left('Against'), right('Comparisons'), right('Hold'), right('Farthest')],
  rows: groupsOf(truth).map((group) => [
    group.fidelity,
    group.against,
    String(group.rows.length),
    String(group.rows.filter(({ holds }) => holds).length),
    worst(group),
  ]),
})}
<p>Errors put in on purpose: ${planted.filter(({ caught }) => caught).length} of ${planted.length} were noticed (${planted.map(({ error }) => error).join('; ')}).</p>
<h3>Published results</h3>
<ul>${anchors.map(({ source, claim, seen, holds }) => html`<li>${holds ? 'Reproduced' : 'Not reproduced'}: ${claim} (${source}). ${seen}.</li>`)}</ul>`;
  return reportSection('truth', title, document.provenance, body);
}
