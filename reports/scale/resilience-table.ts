/**
 * The stored worth of each mechanism of resilience: one figure of the scenario that it exists for, with it and without it.
 * Owns: the record and reading it. Does not own: finding it out (test/resilience) or showing it (resilience-section.ts).
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readStored } from '#reports/scale/stored-table.ts';

export const resilienceFile = fileURLToPath(new URL('../../docs/resilience.json', import.meta.url));

export const resilienceSchema = z.strictObject({
  version: z.literal(1),
  /** Day on which it was found, YYYY-MM-DD. */
  at: z.iso.date(),
  codeVersion: z.string(),
  nodeVersion: z.string(),
  rows: z.array(
    z.strictObject({
      mechanism: z.string(),
      /** The scenario, in words. */
      name: z.string(),
      figure: z.string(),
      unit: z.enum(['ms', '']),
      on: z.number(),
      off: z.number(),
    }),
  ),
});

export type ResilienceTable = z.infer<typeof resilienceSchema>;

/** Null when the command was never run. Throws when the file is damaged. */
export function readResilience(file: string = resilienceFile): ResilienceTable | null {
  return readStored(file, resilienceSchema);
}
