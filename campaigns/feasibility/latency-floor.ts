/**
 * Can a decision be as fast as asked for?
 * Owns: the finding on the latency floor: beta sequential polls, dissemination, disk. Does not own: the poll-time model.
 */
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Finding, NearestChange } from './finding.ts';
import { line, shown, upperLimits } from './finding.ts';
import { nearestSpec } from './nearest.ts';
import type { NodeLoad, PollTimes } from './node-load.ts';
import { nodeLoad } from './node-load.ts';

/** The mean of a sum of many poll times lies below its upper quantiles, so a floor above the limit decides them all. */
const latencyMetrics = ['latency.p50', 'latency.p95', 'latency.p99', 'latency.p999', 'latency.max'];

/** Of the spacing, what at most this share of transactions waits for the first poll: they arrive at any time between two. */
const waited: Readonly<Record<string, number>> = {
  'latency.p50': 0.5,
  'latency.p95': 0.95,
  'latency.p99': 0.99,
  'latency.p999': 0.999,
  'latency.max': 1,
};

/** The tightest latency limit of the criteria in milliseconds; null without one. */
export function latencyLimit(criteria: readonly Criterion[]): Criterion | null {
  return upperLimits(criteria, latencyMetrics)[0] ?? null;
}

/** null when no criterion limits latency. */
export function latencyFinding(
  spec: RunSpec,
  criteria: readonly Criterion[],
  known: PollTimes,
): Finding | null {
  const limit = latencyLimit(criteria);
  if (limit === null) return null;
  const load = nodeLoad(spec, known);
  const floorMs = load.floorUs / 1_000;
  const wait = waited[limit.metric]!;
  // The expected time to finality holds half a spacing.
  const expectedMs = (load.finalityUs + (wait - 0.5) * load.spacingUs) / 1_000;
  const conclusion =
    floorMs > limit.limit ? 'cannot-pass' : expectedMs > 0.9 * limit.limit ? 'marginal' : 'possible';
  const { beta } = spec.consensus;
  const polls = `${beta} polls in a row, ${shown(load.spacingUs / 1_000)} ms apart, take at least ${shown(floorMs)} ms`;
  const sentences = {
    'cannot-pass': `cannot pass, because ${polls} to finality, against ${limit.metric} ${limit.written}`,
    marginal: `${polls}, ${shown(expectedMs)} ms are expected, against ${limit.metric} ${limit.written}${expectedMs > limit.limit ? ': the simulator is expected to say FAILED' : ''}`,
    possible: `${polls}, against ${limit.metric} ${limit.written}`,
  };
  return {
    topic: 'latency-floor',
    conclusion,
    because: sentences[conclusion],
    arithmetic: [
      ...latencyLines(spec, load),
      line(
        'expected',
        expectedMs,
        'ms',
        `the same with E[T] = ${shown(load.expectedRounds)} polls and ${shown(wait)} x spacing until the first, for ${limit.metric}`,
      ),
      line('limit', limit.limit, 'ms', `${limit.metric} ${limit.written}`),
    ],
    metrics: upperLimits(criteria, latencyMetrics)
      .filter((c) => c.limit < floorMs || c === limit)
      .map((c) => c.metric),
    nearest: conclusion === 'cannot-pass' ? nearestFast(spec, limit.limit, known) : null,
  };
}

function latencyLines(spec: RunSpec, load: NodeLoad) {
  const { consensus, network } = spec;
  const [least, most] = network.oneWayUs;
  return [
    line(
      'one way',
      most / 1_000,
      'ms at most',
      `${network.name}: ${least / 1_000}-${most / 1_000} ms each way, two ways a round trip`,
    ),
    line(
      'poll',
      load.pollUs / 1_000,
      'ms',
      `expected until ${consensus.alphaConfidence} of ${consensus.k} yes votes are in${consensus.earlyEnd ? '' : ' and all slots are filled'}`,
    ),
    line(
      'interval',
      consensus.pollIntervalUs / 1_000,
      'ms',
      `configured, ${consensus.concurrentPolls} poll(s) at a time`,
    ),
    line(
      'spacing',
      load.spacingUs / 1_000,
      'ms',
      'start to start: expected max(interval, poll), not below the CPU of one poll',
    ),
    line(
      'dissemination',
      load.disseminationUs / 1_000,
      'ms',
      'sign, disk sync, mean hops x (one way + handling + verification)',
    ),
    line(
      'floor',
      load.floorUs / 1_000,
      'ms',
      `dissemination + (beta - 1) x spacing + last poll, beta = ${consensus.beta}`,
    ),
  ];
}

function nearestFast(spec: RunSpec, limitMs: number, known: PollTimes): NearestChange | null {
  const axes =
    spec.consensus.beta > 1
      ? (['pollInterval', 'beta', 'delay'] as const)
      : (['pollInterval', 'delay'] as const);
  return nearestSpec(
    spec,
    axes,
    (candidate) => nodeLoad(candidate, known).floorUs / 1_000 <= limitMs,
    `a floor of at most ${shown(limitMs)} ms (fewer polls in a row are less safe: see Byzantine tolerance)`,
  );
}
