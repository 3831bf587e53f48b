/**
 * Faults of a scenario as they are written.
 * Owns: the written form. Does not own: turning shares of nodes and open-ended repeats into numbers (fault-schedule.ts),
 * which needs the size and duration of a row, or injecting faults (targets).
 * Times run from the start of the measured window.
 */
import { z } from 'zod';
import { nodesMost } from '#campaigns/limits.ts';
import { durationUs, positiveDurationUs, quantityOrNumber, share, whole } from '#campaigns/schema/record.ts';
import { type Parsed, parseCount, parseShare } from '#campaigns/units.ts';
import { record } from '#node/config-names.ts';

/** How many nodes a fault takes: a number, or a share of whatever size the row has. */
export type NodeCount =
  | { readonly kind: 'count'; readonly nodes: number }
  | { readonly kind: 'share'; readonly share: number };

function parseNodeCount(text: string): Parsed<NodeCount> {
  if (text.trim().endsWith('%')) {
    const parsed = parseShare(text);
    if (!parsed.ok) return parsed;
    if (parsed.value === 0) return { ok: false, reason: 'a fault needs at least one node' };
    return { ok: true, value: { kind: 'share', share: parsed.value } };
  }
  const parsed = parseCount(text);
  if (!parsed.ok)
    return {
      ok: false,
      reason: `${JSON.stringify(text.slice(0, 40))} is not a number of nodes, like 10 or 1%`,
    };
  if (parsed.value < 1 || parsed.value > nodesMost)
    return { ok: false, reason: `must be 1..${nodesMost} nodes` };
  return { ok: true, value: { kind: 'count', nodes: parsed.value } };
}

const nodes = quantityOrNumber(parseNodeCount, {
  description: 'nodes: a number, or a share of all',
  examples: ['10', '1%'],
  pattern: '^\\d+(\\.\\d+)? ?%?$',
});

const at = durationUs('from the start of the measured window');
const lasts = { at, for: positiveDurationUs('until it is lifted') };
const repeat = whole(1, 100_000, 'how often; left out = as often as fits').optional();

const groups = z
  .array(share('of the nodes'))
  .min(2)
  .max(16)
  .meta({ description: 'sides of the partition; together 100%' })
  .refine((sides) => sides.every((side) => side > 0), { message: 'has an empty side' })
  .superRefine((sides, context) => {
    const sum = sides.reduce((total, side) => total + side, 0);
    if (Math.abs(sum - 1) <= 1e-9) return;
    const percent = Number((sum * 100).toFixed(6));
    context.addIssue({ code: 'custom', message: `the sides add up to ${percent}%, not to 100%` });
  });

export const faultSchema = z.discriminatedUnion('kind', [
  record({ kind: z.literal('partition'), groups, ...lasts }),
  record({
    kind: z.literal('kill'),
    nodes,
    at,
    every: positiveDurationUs('from one kill to the next').optional(),
    down: positiveDurationUs('until the node is started again'),
    disk: z
      .enum(['kept', 'lost'])
      .default('kept')
      .meta({ description: 'lost = what was not synced is gone' }),
    repeat,
  }),
  record({
    kind: z.literal('cascade'),
    first: nodes,
    factor: z.number().min(1).max(16).meta({ description: 'each wave takes this many times the last' }),
    waves: whole(1, 32, 'waves'),
    every: positiveDurationUs('from one wave to the next'),
    at,
    down: positiveDurationUs('until a node is started again'),
  }),
  record({
    kind: z.literal('latency'),
    add: positiveDurationUs('added to the delay, one way'),
    share: share('of the nodes').prefault('100%'),
    ...lasts,
  }),
  record({ kind: z.literal('loss'), loss: share('of the messages, beside the profile'), ...lasts }),
  record({
    kind: z.literal('throttle'),
    factor: z.number().min(1).max(1_000).meta({ description: 'everything takes this many times as long' }),
    share: share('of the nodes').prefault('100%'),
    ...lasts,
  }),
  record({
    kind: z.literal('clock-skew'),
    ppm: z
      .number()
      .min(-500_000)
      .max(500_000)
      .meta({ description: 'the clock runs fast by this many millionths' }),
    share: share('of the nodes').prefault('100%'),
    ...lasts,
  }),
  record({
    kind: z.literal('disk'),
    nodes,
    mode: z
      .enum(['error', 'full'])
      .default('error')
      .meta({ description: 'error = reads and writes fail; full = writes are refused' }),
    ...lasts,
  }),
  record({ kind: z.literal('stall'), nodes, ...lasts }).meta({
    description: 'processes stand still: connections stay open, nothing answers',
  }),
  record({
    kind: z.literal('memory'),
    factor: z
      .number()
      .min(0.01)
      .max(1)
      .meta({ description: 'what is left of the memory of a node, as a share of its limit' }),
    share: share('of the nodes').prefault('100%'),
    ...lasts,
  }),
  record({
    kind: z.literal('churn'),
    nodes,
    at,
    every: positiveDurationUs('from one change to the next'),
    down: positiveDurationUs('until a node that left joins again'),
    repeat,
  }),
]);

export type WrittenFault = z.output<typeof faultSchema>;
