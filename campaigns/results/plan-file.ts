/**
 * Reads plan.json back: its shape at the edge, and the proof that it is the plan that was written.
 * Owns: the schema of the stored plan. Does not own: the types (plan-record.ts, run-spec.ts) or building one (plan.ts).
 */
import { z } from 'zod';
import { cellId } from '#campaigns/plan.ts';
import { type Plan, targetOf } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';

/**
 * A spec is proven by its cell's id, which hashes every member of it; its inner shape was checked when it was resolved.
 */
const storedSpec = z.custom<RunSpec>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'scenarioId' in value &&
    'seed' in value &&
    'nodes' in value,
  'not a run specification',
);

const storedCriterion = z.strictObject({
  metric: z.string(),
  comparator: z.enum(['at_least', 'at_most', 'equals', 'below', 'above']),
  limit: z.number(),
  written: z.string(),
  overUs: z.number().nullable(),
  scope: z.enum(['row', 'scenario']),
  note: z.string().nullable(),
});

export const storedPlan = z.strictObject({
  version: z.literal(1),
  campaign: z.string(),
  phase: z.string(),
  stack: z.string(),
  target: z.enum(['simulator', 'processes', 'kubernetes']),
  codeVersion: z.string(),
  nodeVersion: z.string(),
  seed: z.number(),
  simulatedWithinUs: z.exactOptional(z.number()),
  withinUs: z.exactOptional(z.number()),
  rows: z.array(
    z.strictObject({
      rowId: z.string(),
      scenarioId: z.string(),
      title: z.string(),
      source: z.string(),
      label: z.string(),
      criteria: z.array(storedCriterion),
      cells: z.array(z.strictObject({ id: z.string(), spec: storedSpec })),
      skip: z.string().nullable(),
      target: z.exactOptional(z.enum(['simulator', 'processes', 'benchmark'])),
      predictedBy: z.exactOptional(z.string()),
      comparison: z.exactOptional(z.literal(true)),
      more: z.exactOptional(
        z.strictObject({ most: z.number(), coreSeconds: z.number(), seedsFrom: z.string() }),
      ),
    }),
  ),
});

/** The plan in `text`, or what is wrong with it. */
export function parsePlan(text: string): Plan | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  const parsed = storedPlan.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `is not a plan: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
  }
  for (const row of parsed.data.rows) {
    for (const cell of row.cells) {
      if (cellId(cell.spec, parsed.data.codeVersion, targetOf(row)) !== cell.id)
        return `was changed: the specification of ${row.rowId} does not match its cell ${cell.id}`;
    }
  }
  return parsed.data;
}
