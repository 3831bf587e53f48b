/**
 * The metrics of one node under the names that dashboards and alerts use.
 * Owns: names, help texts, one prom-client registry per node (its label is `node`), and the text of several nodes together.
 * Does not own: counting. Hot counters are plain numbers; they are read when somebody scrapes.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { NodeCounter } from '#node/agent-push.ts';
import type { Measurements, NodeGauges } from './measurements.ts';
import type { ProcessMeter } from './process-meter.ts';
import { ScrapedHistogram } from './scraped-histogram.ts';

const counters: readonly (readonly [name: string, counter: NodeCounter, help: string, scale?: number])[] = [
  ['vertices_processed', 'verticesProcessed', 'Vertices that were verified and taken in'],
  ['consensus_rounds_total', 'polls', 'Polls that ended'],
  ['finalized_vertices', 'finalised', 'Vertices that were finalised durably'],
  ['rejected_vertices', 'rejected', 'Vertices that were rejected'],
  ['undecided_at_limit', 'undecidedAtLimit', 'Vertices that were polled beyond the round limit'],
  ['network_bytes_sent', 'bytesSent', 'Bytes of frames and announcements that were sent'],
  ['network_bytes_received', 'bytesReceived', 'Bytes of frames and announcements that arrived'],
  ['network_frames_sent', 'framesSent', 'Frames that were sent'],
  ['network_frames_received', 'framesReceived', 'Frames that arrived'],
  ['network_frames_refused', 'framesRefused', 'Frames that a full queue or a lost session refused'],
  ['byzantine_detections', 'convictions', 'Peers that this node has convicted'],
  ['transactions_submitted', 'transactionsSubmitted', 'Transactions that clients handed in'],
  ['transactions_refused', 'transactionsRefused', 'Transactions that a full queue refused'],
  ['vertices_issued', 'verticesIssued', 'Own vertices that were issued'],
  ['vertices_reissued', 'verticesReissued', 'Own vertices whose transactions were issued again'],
  ['poll_vertices', 'pollVertices', 'Vertices in the polls that ended'],
  ['poll_chits', 'pollChits', 'Of them, those that got a chit'],
  ['queries_sent', 'queriesSent', 'Queries that were sent'],
  ['queries_timed_out', 'queriesTimedOut', 'Queries without an answer in time'],
  ['signatures_made', 'signaturesMade', 'Vertices that were signed'],
  ['signatures_verified', 'signaturesVerified', 'Signatures that were verified and hold'],
  ['signatures_refused', 'signaturesRefused', 'Signatures that were verified and do not hold'],
  ['verification_cpu_seconds', 'verificationUs', 'Time spent verifying signatures', 1e-6],
  ['store_batches', 'storeBatches', 'Batches that the store acknowledged'],
  ['store_bytes_written', 'storeBytesWritten', 'Bytes of these batches'],
  ['pool_dials', 'dials', 'Sessions that were opened'],
  ['pool_reused', 'poolReused', 'Frames that found an open stream'],
  ['breaker_openings', 'breakerOpenings', 'Times a circuit breaker opened'],
  ['peer_suspicions', 'suspicions', 'Times the failure detector suspected a peer'],
  ['sync_vertices', 'syncVertices', 'Vertices that came by state transfer'],
  ['sync_bytes', 'syncBytes', 'Bytes that came by state transfer'],
];

const gauges: readonly (readonly [name: string, gauge: keyof NodeGauges, help: string])[] = [
  ['active_vertices', 'activeVertices', 'Vertices that are not decided yet'],
  ['queued_transactions', 'queuedTransactions', 'Transactions that wait to be issued'],
  ['pool_connections', 'connections', 'Open sessions'],
  ['breakers_open', 'openBreakers', 'Peers whose circuit breaker is open'],
  ['peers_suspected', 'suspectedPeers', 'Peers that the failure detector suspects'],
  ['verification_queue', 'verificationQueue', 'Vertices whose signatures wait to be verified'],
  ['degraded_level', 'degradedLevel', '0 normal, 4 worst'],
  ['store_cache_hit_ratio', 'storeCacheHitShare', 'Share of reads that the cache answered'],
];

/** What a registry shows. `measurements` is asked for at each scrape: a restarted node counts anew. */
export interface NodeSource {
  readonly label: string;
  readonly measurements: () => Measurements;
  readonly meter: ProcessMeter;
  /** Nodes that share this process, and with it memory and CPU. */
  readonly nodesInProcess: number;
}

export function createNodeRegistry(source: NodeSource): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ node: source.label });
  for (const [name, counter, help, scale = 1] of counters) {
    const metric: Counter = new Counter({
      name,
      help,
      registers: [registry],
      collect: () => {
        metric.reset();
        metric.inc(source.measurements().counters[counter] * scale);
      },
    });
  }
  for (const [name, key, help] of gauges) {
    const metric: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => metric.set(source.measurements().gauges[key]),
    });
  }
  addHistograms(registry, source);
  addProcess(registry, source);
  return registry;
}

function addHistograms(registry: Registry, source: NodeSource): void {
  const at = source.measurements;
  new ScrapedHistogram(
    'consensus_latency_seconds',
    'From due time to durable finalisation',
    () => at().consensusLatencySeconds,
    registry,
  );
  new ScrapedHistogram(
    'round_duration_seconds',
    'Length of a poll',
    () => at().roundDurationSeconds,
    registry,
  );
  new ScrapedHistogram(
    'query_latency_seconds',
    'From a query to its answer',
    () => at().queryLatencySeconds,
    registry,
  );
  new ScrapedHistogram(
    'ping_round_trip_seconds',
    'Round trips of probes to random peers: the network and two event loops, nothing else',
    () => at().pingSeconds,
    registry,
  );
  new ScrapedHistogram(
    'confidence_score',
    'Confidence of a vertex when it was finalised',
    () => at().confidence,
    registry,
  );
}

function addProcess(registry: Registry, { meter, nodesInProcess }: NodeSource): void {
  const gauge = (name: string, help: string, value: () => number): void => {
    const metric: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => metric.set(value()),
    });
  };
  const shared = 'share of this node when several are packed into the process';
  gauge('memory_bytes', `Resident memory, ${shared}`, () => process.memoryUsage.rss() / nodesInProcess);
  gauge('cpu_usage_percent', `Percent of one core, ${shared}`, () => meter.cpuPercent() / nodesInProcess);
  gauge('process_memory_bytes', 'Resident memory of the process', () => process.memoryUsage.rss());
  gauge('process_cpu_usage_percent', 'Percent of one core that the process uses', () => meter.cpuPercent());
  gauge('nodes_in_process', 'Nodes packed into the process', () => nodesInProcess);
}

/** One page for several registries: each family once, with the samples of every node. */
export async function mergedText(registries: readonly Registry[]): Promise<string> {
  const first = registries[0];
  if (first === undefined) return '';
  const families: string[] = [];
  for (const { name } of first.getMetricsAsArray()) {
    const texts = await Promise.all(registries.map((registry) => registry.getSingleMetricAsString(name)));
    // The first two lines of a family are its help and its type: they may stand there once only.
    families.push(
      texts.map((text, index) => (index === 0 ? text : text.split('\n').slice(2).join('\n'))).join('\n'),
    );
  }
  return `${families.join('\n\n')}\n`;
}
