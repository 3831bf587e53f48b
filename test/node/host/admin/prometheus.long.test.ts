/**
 * A real Prometheus scrapes the metrics of packed nodes through the admin API, token and all, and answers the queries that
 * dashboards ask. NOT RUN where no prometheus is installed (Debian: apt-get install prometheus).
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { createAdminServer } from '#node/host/admin/admin-server.ts';
import { createLog } from '#node/host/log.ts';
import { Measurements } from '#node/host/metrics/measurements.ts';
import { createNodeRegistry, mergedText } from '#node/host/metrics/node-registry.ts';
import { ProcessMeter } from '#node/host/metrics/process-meter.ts';
import { RecordedPort } from '#test/node/host/admin/recorded-port.ts';

const token = 'a-token-for-the-scraper-0123';
const isInstalled = spawnSync('prometheus', ['--version']).status === 0;
const reason = isInstalled ? false : 'NOT RUN: prometheus is not installed (apt-get install prometheus)';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === 'object' && address !== null ? address.port : assert.fail('no port');
}

/** Two nodes that finalise: 50 vertices a second at node 0, latencies between 60 and 90 ms. */
async function startNodes(): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const meter = new ProcessMeter();
  const nodes = [new Measurements(), new Measurements()];
  const registries = nodes.map((measurements, node) =>
    createNodeRegistry({ label: `${node}`, measurements: () => measurements, meter, nodesInProcess: 2 }),
  );
  const beganMs = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - beganMs) / 20);
    while (nodes[0]!.counters.finalised < due) {
      nodes[0]!.finalised(60_000 + (nodes[0]!.counters.finalised % 30) * 1_000, 1, 0.96);
      nodes[0]!.pollEnded(9_000, 3, 3);
    }
  }, 10);
  const port = new RecordedPort();
  port.metrics = () => mergedText(registries);
  const log = createLog({ level: 'silent', name: 'test', secrets: [] });
  const app = createAdminServer(port, { host: '127.0.0.1', port: 0, token, isCampaign: false, log });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    meter.close();
    await app.close();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : assert.fail('no port'),
    stop,
  };
}

async function startPrometheus(target: number): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'node-prometheus-'));
  const port = await freePort();
  writeFileSync(
    path.join(folder, 'prometheus.yml'),
    [
      'global: { scrape_interval: 500ms, scrape_timeout: 400ms }',
      'scrape_configs:',
      '  - job_name: node',
      `    authorization: { credentials: ${token} }`,
      `    static_configs: [{ targets: ["127.0.0.1:${target}"] }]`,
    ].join('\n'),
  );
  const words = [
    `--config.file=${path.join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${path.join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn('prometheus', words, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  after(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  return `http://127.0.0.1:${port}`;
}

interface Answer {
  readonly data?: {
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly value: readonly [number, string];
    }[];
  };
}

/** The first answer of a query that `isRight` accepts. */
async function ask(
  base: string,
  query: string,
  isRight: (values: Map<string, number>) => boolean,
): Promise<Map<string, number>> {
  const deadline = performance.now() + 60_000;
  let seen = 'nothing';
  while (performance.now() < deadline) {
    try {
      const response = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(query)}`);
      const { data } = (await response.json()) as Answer;
      const values = new Map(
        (data?.result ?? []).map(({ metric, value }) => [metric['node'] ?? '', Number(value[1])]),
      );
      seen = JSON.stringify([...values]);
      if (isRight(values)) return values;
    } catch {
      // It is not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail(`${query}: ${seen}`);
}

test('Prometheus scrapes packed nodes and answers the queries of a dashboard', { skip: reason }, async () => {
  const nodes = await startNodes();
  after(() => nodes.stop());
  const base = await startPrometheus(nodes.port);
  await ask(base, 'up', (values) => values.get('') === 1);
  await ask(base, 'finalized_vertices', (values) => values.size === 2 && (values.get('0') ?? 0) > 100);
  const rate = await ask(
    base,
    'rate(finalized_vertices[5s])',
    (values) => Math.abs((values.get('0') ?? 0) - 50) < 10,
  );
  assert.equal(rate.get('1'), 0);
  const quantile = 'histogram_quantile(0.95, sum by (le) (rate(consensus_latency_seconds_bucket[5s])))';
  const p95 = await ask(base, quantile, (values) => Number.isFinite(values.get('') ?? Number.NaN));
  assert.ok(p95.get('')! > 0.075 && p95.get('')! <= 0.1, `${p95.get('')}`);
  const polls = await ask(
    base,
    'rate(round_duration_seconds_sum[5s]) / rate(round_duration_seconds_count[5s])',
    (values) => values.has('0'),
  );
  assert.ok(Math.abs(polls.get('0')! - 0.009) < 1e-6);
  await ask(base, 'sum(memory_bytes)', (values) => (values.get('') ?? 0) > 10_000_000);
});
