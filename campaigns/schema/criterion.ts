/**
 * Acceptance criteria as they are written: a metric, one comparison, and what it speaks about.
 * Owns: the written form, the unit check against the metric registry, the rows a criterion is for.
 * Does not own: the metrics (analysis/metrics.ts) or judging (analysis/verdict.ts).
 */
import { z } from 'zod';
import { type MetricName, metricNames, metrics, parseUnits, type Unit } from '#campaigns/analysis/metrics.ts';
import { nodesMost } from '#campaigns/limits.ts';
import type { Comparator, Criterion } from '#campaigns/plan-record.ts';
import { positiveDurationUs, quantityOrNumber, sentence } from '#campaigns/schema/record.ts';
import { type Parsed, parseCount, parseRange, parseShare } from '#campaigns/units.ts';
import { record } from '#node/config-names.ts';

const comparators = [
  'at_least',
  'at_most',
  'equals',
  'below',
  'above',
] as const satisfies readonly Comparator[];

/** A criterion with the rows of the matrix it is for; null = all. */
export interface ScenarioCriterion {
  readonly criterion: Criterion;
  readonly forNodes: readonly [number, number] | null;
  readonly forByzantine: readonly [number, number] | null;
}

const examples: Readonly<Record<Unit, string>> = {
  tps: '100',
  ms: '100ms',
  s: '60s',
  percent: '99.9%',
  share: '99%',
  MB: '512MB',
  Mbps: '10Mbps',
  count: '0',
  polls: '20',
  ratio: '1',
};

/** A limit in the unit of its metric. */
export function parseLimit(written: string, unit: Unit): Parsed<number> {
  const match = /^(-?\d{1,12}(?:\.\d{1,9})?) ?([A-Za-z%]*)$/.exec(written.trim());
  const expected = `write it like ${examples[unit]}`;
  if (match === null)
    return { ok: false, reason: `${JSON.stringify(written.slice(0, 40))} is not a limit; ${expected}` };
  const suffixes = parseUnits[unit];
  const suffix = match[2]!;
  const factor = Object.hasOwn(suffixes, suffix) ? suffixes[suffix] : undefined;
  if (factor === undefined) {
    const found = suffix === '' ? 'has no unit' : `has the unit "${suffix}"`;
    return {
      ok: false,
      reason: `${JSON.stringify(written)} ${found}, but the metric is in ${unit}; ${expected}`,
    };
  }
  // Dividing by the whole inverse keeps the float that the decimal literal names: 55% is 0.55.
  const inverse = Math.round(1 / factor);
  const value = factor < 1 ? Number(match[1]) / inverse : Number(match[1]) * factor;
  if (unit === 'share' && (value < 0 || value > 1)) {
    return { ok: false, reason: `${JSON.stringify(written)} is not a share; ${expected}` };
  }
  return { ok: true, value };
}

const limit = z
  .union([z.string().min(1).max(40), z.number()])
  .meta({ description: "with the metric's unit", examples: ['100ms', '99%', 0] })
  .optional();

const metricName = z
  .enum(metricNames)
  .meta({ description: 'a name of the metric registry; see docs/scenario-format.md' });

const writtenCriterion = record({
  metric: metricName,
  at_least: limit,
  at_most: limit,
  equals: limit,
  below: limit,
  above: limit,
  over: positiveDurationUs(
    'virtual time the criterion speaks about; a shorter window cannot answer it',
  ).optional(),
  scope: z
    .enum(['row', 'scenario'])
    .optional()
    .meta({ description: 'follows from the metric; may be written for the reader' }),
  for_nodes: quantityOrNumber((text) => parseRange(text, parseCount), {
    description: 'only rows of these sizes: 1001..5000',
    examples: ['2..1000', '5000'],
    pattern: '^\\d+(\\.\\.\\d+)?$',
  })
    .refine(([, most]) => most <= nodesMost, { message: `must end at ${nodesMost} nodes or less` })
    .optional(),
  for_byzantine: quantityOrNumber((text) => parseRange(text, parseShare), {
    description: 'only rows with these Byzantine shares: 0%..30%',
    examples: ['0%..30%', '33%'],
    pattern: '^\\d+(\\.\\d+)? ?%?(\\.\\.\\d+(\\.\\d+)? ?%?)?$',
  }).optional(),
  note: sentence('what the source demands, where the metric is only the nearest').optional(),
});

export const criterionSchema = writtenCriterion.transform((written, context): ScenarioCriterion => {
  const refuse = (path: string[], message: string, remedy: string): never => {
    context.addIssue({ code: 'custom', path, message, params: { remedy } });
    return z.NEVER;
  };
  const used = comparators.filter((name) => written[name] !== undefined);
  const comparator = used[0];
  if (comparator === undefined)
    return refuse([], 'compares with nothing', `one of ${comparators.join(', ')}`);
  if (used.length > 1) return refuse([], `has ${used.join(' and ')}`, 'write one criterion for each');
  const metric: MetricName = written.metric;
  const { unit, scope } = metrics[metric];
  const text = String(written[comparator]);
  const parsed = parseLimit(text, unit);
  if (!parsed.ok) return refuse([comparator], parsed.reason, `${metric} is in ${unit}`);
  if (written.scope !== undefined && written.scope !== scope) {
    return refuse(['scope'], `${metric} speaks about a ${scope}`, `write scope: ${scope} or leave it out`);
  }
  return {
    criterion: {
      metric,
      comparator,
      limit: parsed.value,
      written: `${comparator}: ${text}`,
      overUs: written.over ?? null,
      scope,
      note: written.note ?? null,
    },
    forNodes: written.for_nodes ?? null,
    forByzantine: written.for_byzantine ?? null,
  };
});

/** Whether a criterion is for a row of that size and Byzantine share (0..1). */
export function appliesTo(criterion: ScenarioCriterion, nodes: number, byzantineShare: number): boolean {
  const within = (range: readonly [number, number] | null, value: number): boolean =>
    range === null || (value >= range[0] - 1e-12 && value <= range[1] + 1e-12);
  return within(criterion.forNodes, nodes) && within(criterion.forByzantine, byzantineShare);
}
