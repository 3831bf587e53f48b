/**
 * What a node counts about itself while it works: the sink its parts write to, and the figures everybody else reads.
 * Owns: plain counters, gauges and histograms of one node. Does not own: how they are shown (node-registry.ts), pushed
 * (agent) or read from other parts (store, transport, verifier keep their own figures).
 */
import { type NodeCounter, nodeCounters } from '#node/agent-push.ts';
import { BucketHistogram } from './bucket-histogram.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** Current values, not totals. */
export interface NodeGauges {
  activeVertices: number;
  queuedTransactions: number;
  connections: number;
  openBreakers: number;
  suspectedPeers: number;
  /** Vertices whose signatures wait to be verified. */
  verificationQueue: number;
  /** 0 = normal .. 4 = worst. */
  degradedLevel: number;
  /** Share of reads that the store's cache answered, 0..1. */
  storeCacheHitShare: number;
}

const latencySeconds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5,
  10, 15, 30, 60,
];
const confidenceBounds = [0.5, 0.75, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995, 0.999, 1];

export class Measurements {
  readonly counters: Record<NodeCounter, number>;
  readonly gauges: NodeGauges = {
    activeVertices: 0,
    queuedTransactions: 0,
    connections: 0,
    openBreakers: 0,
    suspectedPeers: 0,
    verificationQueue: 0,
    degradedLevel: 0,
    storeCacheHitShare: 0,
  };
  readonly consensusLatencySeconds = new BucketHistogram(latencySeconds);
  readonly roundDurationSeconds = new BucketHistogram(latencySeconds);
  readonly queryLatencySeconds = new BucketHistogram(latencySeconds);
  readonly pingSeconds = new BucketHistogram(latencySeconds);
  readonly confidence = new BucketHistogram(confidenceBounds);
  /** Since the last push. */
  readonly latencyUs = new LatencyHistogram();
  readonly roundUs = new LatencyHistogram();
  readonly queryUs = new LatencyHistogram();

  constructor() {
    this.counters = Object.fromEntries(nodeCounters.map((name) => [name, 0])) as Record<NodeCounter, number>;
  }

  /** A vertex was finalised durably; `latencyUs` from the time its transactions were due, null when this node cannot know it. */
  finalised(latencyUs: number | null, transactions: number, confidence: number): void {
    this.counters.finalised += 1;
    this.confidence.observe(confidence);
    if (latencyUs === null) return;
    this.consensusLatencySeconds.observe(latencyUs / 1e6, transactions);
    this.latencyUs.record(latencyUs, transactions);
  }

  /** A poll ended: how long it took, how many vertices it asked about, for how many it succeeded. */
  pollEnded(tookUs: number, vertices: number, chits: number): void {
    this.counters.polls += 1;
    this.counters.pollVertices += vertices;
    this.counters.pollChits += chits;
    this.roundDurationSeconds.observe(tookUs / 1e6);
    this.roundUs.record(tookUs);
  }

  /** A probe came back from a peer that had nothing to compute for it. */
  pinged(roundTripUs: number): void {
    this.pingSeconds.observe(roundTripUs / 1e6);
  }

  /** A query was answered. */
  queryAnswered(tookUs: number): void {
    this.queryLatencySeconds.observe(tookUs / 1e6);
    this.queryUs.record(tookUs);
  }
}
