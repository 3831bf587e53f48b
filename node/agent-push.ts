/**
 * What an agent pushes to the conductor while its nodes run: figures, decisions, faults as they took effect, probes, events.
 * Owns: the bodies of pushes. Does not own: how a push is numbered and kept until it is acknowledged (agent-protocol.ts).
 *
 * Times are microseconds of the agent's own monotonic clock. Decisions and facts serve the safety checker and are complete;
 * counters are totals, so that a lost or doubled push does no harm to them.
 */
import { z } from 'zod';
import {
  batchEntriesMost,
  column,
  count,
  memberNumber,
  nodesPerProcessMost,
  share,
  text,
  timeUs,
  vertexIdHex,
} from '#node/agent-fields.ts';

/** Totals since the node started; a restarted node counts from 0 again, under a higher `life`. */
export const nodeCounters = [
  'transactionsSubmitted',
  'transactionsRefused',
  'verticesIssued',
  'verticesReissued',
  'verticesProcessed',
  'finalised',
  'rejected',
  'undecidedAtLimit',
  'polls',
  'pollVertices',
  'pollChits',
  'queriesSent',
  'queriesTimedOut',
  'convictions',
  'bytesSent',
  'bytesReceived',
  'framesSent',
  'framesReceived',
  'framesRefused',
  'dials',
  'poolReused',
  'signaturesMade',
  'signaturesVerified',
  'signaturesRefused',
  'verificationUs',
  'storeBatches',
  'storeBytesWritten',
  'breakerOpenings',
  'suspicions',
  'syncVertices',
  'syncBytes',
] as const;
export type NodeCounter = (typeof nodeCounters)[number];

function recordOf<Name extends string>(
  names: readonly Name[],
): z.ZodObject<Record<Name, typeof count>, z.core.$strict> {
  const shape = Object.fromEntries(names.map((name) => [name, count])) as Record<Name, typeof count>;
  return z.strictObject(shape);
}

/** Log-linear buckets, at most 0.8 % wide: [a value of the bucket in microseconds, observations since the last push]. */
export const histogramDelta = z.array(z.tuple([count, count])).max(8_192);
export type HistogramDelta = z.infer<typeof histogramDelta>;

export const nodeProgress = z.strictObject({
  node: memberNumber,
  life: count,
  isUp: z.boolean(),
  counters: recordOf(nodeCounters),
  activeVertices: count,
  queuedTransactions: count,
  connections: count,
  /** 0 = normal .. 4 = worst. */
  degradedLevel: z.int().min(0).max(4),
  /** From due time to durable finalisation, one observation per transaction of an own or foreign vertex with a known due time. */
  latency: histogramDelta,
});
export type NodeProgress = z.infer<typeof nodeProgress>;

const progress = z.strictObject({
  kind: z.literal('progress'),
  nodes: z.array(nodeProgress).max(nodesPerProcessMost),
  /** Over all nodes of the process. */
  queryLatency: histogramDelta,
  roundDuration: histogramDelta,
  process: z.strictObject({
    cpuUserUs: count,
    cpuSystemUs: count,
    residentBytes: count,
    heapBytes: count,
    /** Worst delay of the event loop since the last push. */
    loopDelayUs: count,
    /** Time since the last push in which the event loop was busy, 0..1. */
    loopBusyShare: share,
  }),
});

/** A vertex as the first node of this process saw it. `vertex`: serial given by the agent, unique within its incarnation. */
export const vertexFact = z.strictObject({
  vertex: count,
  id: vertexIdHex,
  creator: memberNumber,
  sequence: count,
  parents: z.array(vertexIdHex).max(8),
  keys: z.array(count).max(4_096),
  transactions: count,
  /** Load items that it carries; only the agent of the creator knows them. */
  items: z.array(count).max(4_096),
  /** Serial of the rejected vertex whose transactions it issues again. */
  replaces: count.nullable(),
});
export type VertexFact = z.infer<typeof vertexFact>;
const vertices = z.strictObject({
  kind: z.literal('vertices'),
  facts: z.array(vertexFact).max(batchEntriesMost),
});

export const decisionStatus = { finalised: 1, rejected: 2, undecidedAtLimit: 3 } as const;
/**
 * Durable decisions, one entry per node and vertex, all columns equally long, in the order in which each node made them.
 * `recovered`: read back from disk at a restart, not made anew: they must not contradict what was pushed before.
 */
const decisions = z
  .strictObject({
    kind: z.literal('decisions'),
    recovered: z.boolean(),
    node: column(memberNumber),
    vertex: column(count),
    status: column(z.int().min(1).max(3)),
    rounds: column(count),
    confidence: column(share),
    atUs: column(timeUs),
  })
  .refine(
    (batch) =>
      [batch.vertex, batch.status, batch.rounds, batch.confidence, batch.atUs].every(
        (other) => other.length === batch.node.length,
      ),
    { message: 'the columns are not equally long' },
  );
export type DecisionBatch = z.infer<typeof decisions>;

/**
 * A fault at one node. 'applied': switched on; 'observed': its effect was seen for the first time; 'lifted': switched off,
 * with the final count; 'refused': this process cannot do it.
 */
const faultReport = z.strictObject({
  kind: z.literal('fault'),
  fault: count,
  node: memberNumber,
  state: z.enum(['applied', 'observed', 'lifted', 'refused']),
  atUs: timeUs,
  /** Frames cut, delayed or lost, writes refused, answers rewritten; what is counted is said by `evidence`. */
  effects: count,
  evidence: text,
});
export type FaultReport = z.infer<typeof faultReport>;

/** What probes between two nodes saw since the last push, and what was ordered for the same time. One way, sender's view. */
const probeFigure = z.strictObject({
  node: memberNumber,
  peer: memberNumber,
  sent: count,
  answered: count,
  roundTripUs: z.strictObject({ least: count, mean: count, most: count }).nullable(),
  orderedOneWayUs: z.tuple([count, count]),
  orderedLoss: share,
  isCut: z.boolean(),
});
export type ProbeFigure = z.infer<typeof probeFigure>;
const probes = z.strictObject({
  kind: z.literal('probes'),
  figures: z.array(probeFigure).max(batchEntriesMost),
});

const conviction = z.strictObject({
  kind: z.literal('conviction'),
  node: memberNumber,
  peer: memberNumber,
  atUs: timeUs,
});

export const nodeEvents = [
  'started',
  'crashed',
  'restarted',
  'rejoined',
  'reconciled',
  'degraded',
  'recovered',
  'suspected',
  'trusted',
  'cut-off',
  'breaker-opened',
  'breaker-closed',
  'store-failed',
  'store-recovered',
  'failed',
] as const;
/** Something that happened to a node once. `tookUs`: 0 when it has no length. `figure`: what `text` counts. */
const nodeEvent = z.strictObject({
  kind: z.literal('event'),
  node: memberNumber,
  event: z.enum(nodeEvents),
  atUs: timeUs,
  tookUs: count,
  figure: count,
  text,
});
export type NodeEvent = z.infer<typeof nodeEvent>;

/** Load items that no vertex will carry: the queue of the node was full, or the node was down when they were due. */
const loadRefused = z.strictObject({
  kind: z.literal('load-refused'),
  items: z.array(count).max(batchEntriesMost),
  reason: z.enum(['queue-full', 'node-down', 'no-such-node']),
});

/** The bounded buffer overflowed while the conductor was away: this much is missing, and the run cannot be judged. */
const overflow = z.strictObject({ kind: z.literal('overflow'), pushesDropped: count, bytesDropped: count });

export const pushBody = z.discriminatedUnion('kind', [
  progress,
  vertices,
  decisions,
  faultReport,
  probes,
  conviction,
  nodeEvent,
  loadRefused,
  overflow,
]);
export type PushBody = z.infer<typeof pushBody>;
