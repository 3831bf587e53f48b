/**
 * The stored table of truth: what `npm run test:truth` last found when it held the fidelities against exact enumeration.
 * Owns: the record and reading it. Does not own: finding it out (test/truth) or showing it (truth-section.ts).
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readStored } from '#reports/scale/stored-table.ts';

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
  return readStored(file, truthSchema);
}

/** All comparisons of one fidelity with one reference. */
export interface TruthGroup {
  readonly fidelity: string;
  readonly against: string;
  readonly comparisons: number;
  readonly hold: number;
  /** The farthest of them, in words. */
  readonly farthest: string;
}

export interface TruthDocument extends TruthTable {
  readonly groups: readonly TruthGroup[];
}

/** The table with what the report says of each group; null without a table. */
export function truthDocument(truth: TruthTable | null = readTruth()): TruthDocument | null {
  if (truth === null) return null;
  const groups = new Map<string, TruthTable['rows']>();
  for (const row of truth.rows) {
    const key = `${row.fidelity}|${row.against}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return {
    ...truth,
    groups: [...groups].map(([key, rows]) => {
      const [fidelity = '', against = ''] = key.split('|');
      const hold = rows.filter(({ holds }) => holds).length;
      return { fidelity, against, comparisons: rows.length, hold, farthest: farthest(rows) };
    }),
  };
}

function farthest(rows: TruthTable['rows']): string {
  const largest = Math.max(...rows.map(({ value }) => Math.abs(value)));
  switch (rows[0]?.statistic) {
    case 'equal':
      return largest === 0 ? 'bit for bit' : 'differs';
    case 'relative error':
      return `relative error ${largest.toExponential(1)}`;
    default:
      // Comparisons of one pair may be of several statistics; all others are z values.
      return `|z| ${Math.max(...rows.filter(({ statistic }) => statistic !== 'equal').map(({ value }) => Math.abs(value))).toFixed(2)}`;
  }
}
