/**
 * The stored breaking points: at which share of attackers a small network with the same ratios stopped deciding, or became unsafe.
 * Owns: the record and reading it. Does not own: finding it out (test/breaking) or showing it (breaking-section.ts).
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readStored } from '#reports/scale/stored-table.ts';

export const breakingFile = fileURLToPath(new URL('../../docs/breaking-points.json', import.meta.url));

const share = z.number().min(0).max(1);

/** Share at which half of the runs break, with an interval of 95 %; null when none broke up to `triedUpTo`. */
const breakingPoint = z.strictObject({
  at: share.nullable(),
  low: share.nullable(),
  high: share.nullable(),
  runs: z.number().int(),
  broken: z.number().int(),
  triedUpTo: share,
});
export type BreakingPoint = z.infer<typeof breakingPoint>;

export const breakingSchema = z.strictObject({
  version: z.literal(1),
  /** Day on which it was found, YYYY-MM-DD. */
  at: z.iso.date(),
  codeVersion: z.string(),
  nodeVersion: z.string(),
  nodes: z.number().int(),
  consensus: z.strictObject({
    k: z.number(),
    alphaPreference: z.number(),
    alphaConfidence: z.number(),
    beta: z.number(),
    rounds: z.number(),
  }),
  /** Undecided share of (honest node, transaction) pairs above which a run counts as not live. */
  undecidedMost: share,
  conflictShare: share,
  /** Bound on an unsafe decision up to which the formulas tolerate attackers. */
  safetyTarget: z.number(),
  /** Share up to which no formula expects a split decision, whatever the attack. */
  safeByFormula: share,
  rows: z.array(
    z.strictObject({
      attack: z.string(),
      liveness: breakingPoint,
      safety: breakingPoint,
      /** Share up to which the formulas expect the network to be live; null where the attack has no voter in them. */
      liveByFormula: share.nullable(),
      /** Whether the formulas know the attack's votes, or bound them by the worst. */
      formulaIsExact: z.boolean(),
    }),
  ),
});

export type BreakingPoints = z.infer<typeof breakingSchema>;

/** Null when the command was never run. Throws when the file is damaged. */
export function readBreakingPoints(file: string = breakingFile): BreakingPoints | null {
  return readStored(file, breakingSchema);
}
