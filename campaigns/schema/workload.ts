/**
 * The load of a scenario as it is written: kind, transactions per second, shape of the vertices.
 * Owns: the written form and its resolution to Workload. Does not own: the arrival engine (campaigns/workloads).
 */
import { z } from 'zod';
import { batchMost, parentsMost, payloadBytesMost, tpsMost } from '#campaigns/limits.ts';
import type { Workload } from '#campaigns/run-spec.ts';
import {
  positiveDurationUs,
  quantity,
  quantityOrNumber,
  run,
  share,
  sizeBytes,
  whole,
} from '#campaigns/schema/record.ts';
import { type Parsed, parseCount, parseNumber, parseRange } from '#campaigns/units.ts';
import { record } from '#node/config-names.ts';

const tps = z
  .number()
  .positive()
  .max(tpsMost)
  .meta({ description: 'transactions per second over the whole network' });

const tpsRange = quantity((text) => parseRange(text, parseNumber), {
  description: 'transactions per second, least..most',
  examples: ['10..1000'],
  pattern: '^\\d+(\\.\\d+)?\\.\\.\\d+(\\.\\d+)?$',
}).refine(([, most]) => most > 0 && most <= tpsMost, {
  message: `must end above 0 and at most at ${tpsMost}`,
});

type Parents = Workload['parents'];

function parseParents(text: string): Parsed<Parents> {
  if (text === 'chain' || text === 'wide' || text === 'random') return { ok: true, value: { kind: text } };
  const range = parseRange(text, parseCount);
  if (!range.ok)
    return {
      ok: false,
      reason: `${JSON.stringify(text.slice(0, 40))} is not chain, wide, random, a number or a range like 2..4`,
    };
  const [least, most] = range.value;
  if (least < 1 || most > parentsMost)
    return { ok: false, reason: `a vertex has 1..${parentsMost} parents, not ${text}` };
  return { ok: true, value: { kind: 'count', least, most } };
}

const shape = {
  batch: whole(1, batchMost, 'transactions in one vertex').default(1),
  payload: sizeBytes('of one transaction')
    .refine((bytes) => bytes <= payloadBytesMost, { message: 'must be at most 16MB' })
    .prefault('1KB'),
  parents: quantityOrNumber(parseParents, {
    description: 'parents a new vertex asks for',
    examples: ['2..4', '1', 'chain', 'wide', 'random'],
    pattern: '^(chain|wide|random|[1-8](\\.\\.[1-8])?)$',
  }).prefault('2..4'),
  conflicts: share('vertices that spend an input which another vertex spends too').prefault('0%'),
};

const kinds = z.discriminatedUnion('kind', [
  record({ kind: z.literal('constant'), tps, ...shape }),
  record({ kind: z.literal('open-loop'), tps, ...shape }),
  record({
    kind: z.literal('ramp'),
    tps: tpsRange,
    steps: whole(1, 1_000, 'levels of load').default(10),
    until: record({
      cpu: share('CPU of the busiest node, of its resource profile').refine((cpu) => cpu > 0 && cpu < 1, {
        message: 'must be above 0% and below 100%, which no figure can exceed',
      }),
    })
      .optional()
      .meta({
        description:
          'after a step in which a node was busier, or which was clearly not finalised, the load falls to the first step and its recovery is watched',
      }),
    ...shape,
  }),
  record({
    kind: z.literal('burst'),
    tps,
    burst_tps: tps,
    every: positiveDurationUs('from the start of a burst to the next'),
    for: positiveDurationUs('length of a burst'),
    ...shape,
  }),
  record({
    kind: z.literal('chaos'),
    tps: tpsRange,
    every: positiveDurationUs('how long a drawn load lasts'),
    ...shape,
  }),
  record({ kind: z.literal('sine'), tps: tpsRange, period: positiveDurationUs('of the wave'), ...shape }),
  record({ kind: z.literal('single'), ...shape }),
]);

type Written = z.output<typeof kinds>;

export const workloadSchema = kinds.transform((written, context): Workload => {
  const common = {
    batch: written.batch,
    payloadBytes: written.payload,
    parents: written.parents,
    conflictShare: written.conflicts,
  };
  if (written.kind === 'burst' && written.for >= written.every) {
    run({ ok: false, reason: 'the burst lasts as long as the time between two bursts' }, context);
  }
  return { ...common, ...load(written) };
});

type Load<T = Workload> = T extends Workload
  ? Omit<T, 'batch' | 'payloadBytes' | 'parents' | 'conflictShare'>
  : never;

function load(written: Written): Load {
  switch (written.kind) {
    case 'constant':
    case 'open-loop':
      return { kind: written.kind, tps: written.tps };
    case 'ramp':
      return {
        kind: 'ramp',
        fromTps: written.tps[0],
        toTps: written.tps[1],
        steps: written.steps,
        ...(written.until === undefined ? {} : { until: { cpuShare: written.until.cpu } }),
      };
    case 'burst':
      return {
        kind: 'burst',
        tps: written.tps,
        burstTps: written.burst_tps,
        everyUs: written.every,
        forUs: written.for,
      };
    case 'chaos':
      return { kind: 'chaos', leastTps: written.tps[0], mostTps: written.tps[1], everyUs: written.every };
    case 'sine':
      return { kind: 'sine', leastTps: written.tps[0], mostTps: written.tps[1], periodUs: written.period };
    case 'single':
      return { kind: 'single' };
  }
}
