/**
 * A table that a command of its own stored in docs/ and the scale report shows.
 * Owns: reading it. Does not own: what is in it (truth-table.ts, breaking-points.ts, resilience-table.ts), finding it out.
 */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';

/** Null when the command was never run. Throws when the file is damaged. */
export function readStored<T>(file: string, schema: z.ZodType<T>): T | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  return schema.parse(JSON.parse(text));
}
