/** The metrics of a node: names, values, several nodes on one page, and that the two histograms count what they are given. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from '#campaigns/measure/histogram.ts';
import { histogramDelta } from '#node/agent-push.ts';
import { copyFigures } from '#node/host/agent/figure-copy.ts';
import type { LifeParts } from '#node/host/agent/life-parts.ts';
import { BucketHistogram } from '#node/host/metrics/bucket-histogram.ts';
import { LatencyHistogram } from '#node/host/metrics/latency-histogram.ts';
import { Measurements } from '#node/host/metrics/measurements.ts';
import { createNodeRegistry, mergedText } from '#node/host/metrics/node-registry.ts';
import { ProcessMeter } from '#node/host/metrics/process-meter.ts';

const meter = new ProcessMeter();
after(() => meter.close());

function registryOf(label: string, measurements: Measurements, nodesInProcess = 1) {
  return createNodeRegistry({ label, measurements: () => measurements, meter, nodesInProcess });
}

/** Samples of a page by name and labels. */
function samples(page: string): Map<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

const required: Readonly<Record<string, string>> = {
  vertices_processed: 'counter',
  consensus_rounds_total: 'counter',
  finalized_vertices: 'counter',
  consensus_latency_seconds: 'histogram',
  round_duration_seconds: 'histogram',
  query_latency_seconds: 'histogram',
  ping_round_trip_seconds: 'histogram',
  memory_bytes: 'gauge',
  cpu_usage_percent: 'gauge',
  network_bytes_sent: 'counter',
  network_bytes_received: 'counter',
  active_vertices: 'gauge',
  confidence_score: 'histogram',
  byzantine_detections: 'counter',
};

test('every metric that dashboards rely on exists under its exact name and type', async () => {
  const page = await registryOf('0', new Measurements()).metrics();
  for (const [name, type] of Object.entries(required)) {
    assert.match(page, new RegExp(`^# TYPE ${name} ${type}$`, 'm'));
    assert.match(page, new RegExp(`^# HELP ${name} \\S`, 'm'));
  }
});

test('a scrape shows what the node has counted', async () => {
  const measurements = new Measurements();
  measurements.finalised(80_000, 10, 0.97);
  measurements.finalised(null, 10, 0.99);
  measurements.pollEnded(12_000, 5, 4);
  measurements.queryAnswered(900);
  measurements.pinged(2_000);
  measurements.counters.verificationUs = 2_500_000;
  measurements.gauges.activeVertices = 7;
  const registry = registryOf('12', measurements);
  await registry.metrics();
  const found = samples(await registry.metrics());
  assert.equal(found.get('finalized_vertices{node="12"}'), 2);
  assert.equal(found.get('consensus_rounds_total{node="12"}'), 1);
  assert.equal(found.get('active_vertices{node="12"}'), 7);
  assert.equal(found.get('verification_cpu_seconds{node="12"}'), 2.5);
  assert.equal(found.get('consensus_latency_seconds_bucket{le="0.075",node="12"}'), 0);
  assert.equal(found.get('consensus_latency_seconds_bucket{le="0.1",node="12"}'), 10);
  assert.equal(found.get('consensus_latency_seconds_bucket{le="+Inf",node="12"}'), 10);
  assert.equal(found.get('consensus_latency_seconds_count{node="12"}'), 10);
  assert.ok(Math.abs(found.get('consensus_latency_seconds_sum{node="12"}')! - 0.8) < 1e-9);
  assert.equal(found.get('confidence_score_count{node="12"}'), 2);
  assert.equal(found.get('query_latency_seconds_bucket{le="0.001",node="12"}'), 1);
  assert.equal(found.get('ping_round_trip_seconds_bucket{le="0.001",node="12"}'), 0);
  assert.equal(found.get('ping_round_trip_seconds_bucket{le="0.0025",node="12"}'), 1);
});

test('packed nodes share one page: each family once, each node with its label and its share of the process', async () => {
  const registries = [0, 1, 2].map((node) => {
    const measurements = new Measurements();
    measurements.counters.finalised = 100 + node;
    return registryOf(`${node}`, measurements, 3);
  });
  const page = await mergedText(registries);
  assert.equal(page.match(/^# TYPE finalized_vertices counter$/gm)?.length, 1);
  const found = samples(page);
  for (const node of [0, 1, 2]) assert.equal(found.get(`finalized_vertices{node="${node}"}`), 100 + node);
  const whole = found.get('process_memory_bytes{node="0"}')!;
  const part = found.get('memory_bytes{node="0"}')!;
  assert.ok(whole > 2.5 * part && whole < 3.5 * part, `${whole} of ${part}`);
  assert.equal(await mergedText([]), '');
});

test('the counts of a restarted node begin anew', async () => {
  let measurements = new Measurements();
  measurements.counters.finalised = 5;
  const registry = createNodeRegistry({
    label: '0',
    measurements: () => measurements,
    meter,
    nodesInProcess: 1,
  });
  assert.equal(samples(await registry.metrics()).get('finalized_vertices{node="0"}'), 5);
  measurements = new Measurements();
  assert.equal(samples(await registry.metrics()).get('finalized_vertices{node="0"}'), 0);
});

test('JSON of a registry holds the same histogram as its text', async () => {
  const measurements = new Measurements();
  measurements.queryAnswered(30_000);
  const json = await registryOf('4', measurements).getMetricsAsJSON();
  const family = json.find(({ name }) => name === 'query_latency_seconds');
  const infinite = family?.values.find(({ labels }) => labels['le'] === '+Inf');
  assert.equal(infinite?.value, 1);
});

test('a bucket histogram agrees with counting by hand', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 3, noNaN: true })), (values) => {
      const histogram = new BucketHistogram([0.5, 1, 2]);
      for (const value of values) histogram.observe(value);
      const within = (from: number, to: number): number =>
        values.filter((value) => value > from && value <= to).length;
      assert.deepEqual([...histogram.counts], [within(-1, 0.5), within(0.5, 1), within(1, 2), within(2, 4)]);
      assert.equal(histogram.total, values.length);
    }),
  );
});

test('deltas of a latency histogram add up to what was recorded, and merge into the histogram of a run without loss', () => {
  const parts = fc.array(fc.array(fc.tuple(fc.nat(0x7fff_ffff), fc.integer({ min: 1, max: 50 }))));
  fc.assert(
    fc.property(parts, (pushes) => {
      const pushed = new LatencyHistogram();
      const direct = new Histogram();
      const merged = new Histogram();
      for (const push of pushes) {
        for (const [value, weight] of push) {
          pushed.record(value, weight);
          direct.record(value, weight);
        }
        for (const [value, weight] of histogramDelta.parse(pushed.takeDelta())) merged.record(value, weight);
      }
      assert.deepEqual(pushed.takeDelta(), []);
      assert.equal(merged.total, direct.total);
      // The same buckets: upper bounds agree but for the extremes, which the run's histogram knows exactly.
      assert.deepEqual(
        merged.toPairs().map(([, count]) => count),
        direct.toPairs().map(([, count]) => count),
      );
    }),
    { numRuns: 300 },
  );
});

test('impossible latencies are kept in range', () => {
  const histogram = new LatencyHistogram();
  histogram.record(-5);
  histogram.record(1e15);
  histogram.record(3.4, 0);
  const delta = histogram.takeDelta();
  assert.equal(delta.length, 2);
  assert.equal(delta[0]![0], 0);
});

test('the process meter reports figures of this process', () => {
  const cpu = meter.cpuPercent();
  assert.ok(cpu > 0 && cpu < 6_400, `${cpu}`);
  assert.equal(meter.cpuPercent(), cpu, 'two readings close together are one');
  const reading = meter.read();
  assert.ok(reading.residentBytes > 10_000_000);
  assert.ok(reading.heapBytes < reading.residentBytes);
  assert.ok(reading.loopBusyShare >= 0 && reading.loopBusyShare <= 1);
  assert.ok(reading.cpuUserUs > 0 && Number.isInteger(reading.cpuSystemUs));
});

test('what a host says of its peers and its load reaches the gauges of its node', () => {
  const figures = {
    undecided: 3,
    queuedTransactions: 4,
    degradedLevel: 1,
    openBreakers: 2,
    suspectedPeers: 5,
  };
  const measurements = new Measurements();
  const parts = Object.assign({} as LifeParts, {
    host: { figures },
    transport: { figures: { connections: 7 } },
    store: { figures: { reads: 0 } },
    verifier: { figures: { queueDepth: 6 } },
    verifiedBefore: {},
  });
  copyFigures(measurements, parts);
  assert.deepEqual(measurements.gauges, {
    ...measurements.gauges,
    activeVertices: 3,
    queuedTransactions: 4,
    degradedLevel: 1,
    openBreakers: 2,
    suspectedPeers: 5,
    connections: 7,
    verificationQueue: 6,
  });
});
