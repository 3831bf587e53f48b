/**
 * A real Prometheus over a running network of real nodes answers every query of every dashboard and every alert with data;
 * promtool accepts rules and metrics, and each alert fires on the series it is meant for and on no healthy one.
 * NOT RUN where no prometheus is installed (Debian: apt-get install prometheus).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { alertRuleFile, alertRules } from '#reports/dashboards/alert-rules.ts';
import { boards } from '#reports/dashboards/boards.ts';
import { conductorText } from '#test/reports/dashboards/exported-metrics.ts';
import { LocalNetwork } from '../../../scripts/local-network.ts';
import { PrometheusProcess, prometheusMissing } from '../../../scripts/prometheus-process.ts';

const missing = prometheusMissing() ?? prometheusMissing('promtool');
const skip = missing === null ? false : `NOT RUN: ${missing}`;
const limits = { p95LatencySeconds: 0.5, memoryBytesPerNode: 536_870_912, silentShare: 0.02 };

/** What was final when the first run had ended: it has an answer a second after that end was first scraped, and keeps it. */
const fleetAtEnd = 'min_over_time((sum(fleet_finalised_total) and on() (sum(run_ended_total) >= 1))[15m:1s])';

const folder = mkdtempSync(path.join(os.tmpdir(), 'bft-scale-rules-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function promtool(words: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8', input, cwd: folder });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  return stdout;
}

test('every dashboard query and every alert is answered with data', {
  skip,
  timeout: 480_000,
}, async (context) => {
  const sinceMs = Date.now();
  const money = { usdPerHour: 2, capUsd: 50, sinceMs, deadlineMs: sinceMs + 3_600_000 };
  const network = new LocalNetwork({ nodes: 8, processes: 2, tps: 20, money, log: () => undefined });
  const stop = new AbortController();
  let prometheus: PrometheusProcess | null = null;
  let load: Promise<void> = Promise.resolve();
  try {
    await network.start();
    prometheus = await PrometheusProcess.start(network.targets, alertRuleFile(limits), 1);
    load = network.load(stop.signal);
    load.catch(() => undefined); // awaited below
    const unanswered = new Set([
      ...boards.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr))),
      ...alertRules(limits).map(({ quantity }) => quantity),
      fleetAtEnd,
    ]);
    const asked = unanswered.size;
    const deadline = performance.now() + 360_000;
    while (unanswered.size > 0 && performance.now() < deadline) {
      await Promise.race([load, new Promise((resolve) => setTimeout(resolve, 1_000))]);
      for (const expr of unanswered) {
        const samples = await prometheus.query(expr.replaceAll('$__rate_interval', '15s')).catch(() => []);
        // A number, and a finite one: 0 / 0 would be shown as an empty panel.
        if (samples.length > 0 && samples.every(({ value }) => Number.isFinite(value)))
          unanswered.delete(expr);
      }
    }
    assert.deepEqual([...unanswered], [], `of ${asked} expressions`);
    // Two views of one network: the conductor's sum of pushes and the nodes' own counters, each at the end of the first run. While
    // it goes on they are scraped at different moments, and the nodes' counters begin anew with the next one.
    const [fleet] = await prometheus.query(fleetAtEnd);
    const [nodes] = await prometheus.query('sum(max_over_time(finalized_vertices[15m]))');
    assert.ok(
      (fleet?.value ?? 0) > 0,
      `nothing final in the first run: fleet ${fleet?.value}, nodes ${nodes?.value}`,
    );
    const ratio = (fleet?.value ?? 0) / (nodes?.value ?? Number.NaN);
    assert.ok(ratio > 0.75 && ratio < 1.33, `fleet ${fleet?.value}, nodes ${nodes?.value}`);
    context.diagnostic(`fleet ${fleet?.value}, nodes ${nodes?.value} finalised in the first run`);
  } finally {
    stop.abort();
    await load.catch(() => undefined);
    await prometheus?.stop();
    await network.stop();
  }
});

test('promtool accepts the rules and the metrics of the conductor', { skip }, () => {
  writeFileSync(path.join(folder, 'alerts.yml'), alertRuleFile(limits));
  const count = alertRules(limits).length;
  assert.match(promtool(['check', 'rules', 'alerts.yml']), new RegExp(`${count} rules found`));
  promtool(['check', 'metrics'], conductorText());
});

/** A healthy network for an hour, one sample per 15 s. */
const healthy: Readonly<Record<string, string>> = {
  fleet_conflicts_finalised_total: '0x240',
  fleet_active_vertices: '40x240',
  fleet_finalised_total: '0+150x240',
  fleet_convictions_reported_total: '0x240',
  fleet_nodes_heard: '100x240',
  run_nodes_expected: '100x240',
  run_progress_ratio: '0.5x240',
  'conductor_agents{phase="failed"}': '0x240',
  'fleet_consensus_latency_seconds_bucket{le="0.1"}': '0+1500x240',
  'fleet_consensus_latency_seconds_bucket{le="1"}': '0+1510x240',
  'fleet_consensus_latency_seconds_bucket{le="+Inf"}': '0+1510x240',
  fleet_resident_bytes_per_node_most: '200000000x240',
  fleet_loop_busy_ratio_most: '0.4x240',
  conductor_pushes_dropped_total: '0x240',
  'up{job="nodes"}': '1x240',
  campaign_accrued_usd: '100x240',
  campaign_cap_usd: '1000x240',
  campaign_deadline_timestamp_seconds: '7200x240',
};

/** The alert -> what makes it fire. */
const sick: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ConflictFinalised: { fleet_conflicts_finalised_total: '1x240' },
  FinalityStalled: { fleet_finalised_total: '5000x240' },
  PeersConvicted: { fleet_convictions_reported_total: '0+1x240' },
  NodesSilent: { fleet_nodes_heard: '90x240' },
  AgentsFailed: { 'conductor_agents{phase="failed"}': '1x240' },
  LatencyAboveTarget: { 'fleet_consensus_latency_seconds_bucket{le="0.1"}': '0+10x240' },
  MemoryNearLimit: { fleet_resident_bytes_per_node_most: '500000000x240' },
  EventLoopSaturated: { fleet_loop_busy_ratio_most: '0.99x240' },
  ReportsDropped: { conductor_pushes_dropped_total: '0+1x240' },
  TargetsNotScraped: { 'up{job="nodes"}': '0x240' },
  SpendNearCap: { campaign_accrued_usd: '900x240' },
  DeadlineNear: { campaign_deadline_timestamp_seconds: '2000x240' },
};

test('each alert fires on the series that it is meant for, and none on healthy ones', { skip }, () => {
  const rules = alertRules(limits);
  assert.deepEqual(Object.keys(sick).sort(), rules.map(({ name }) => name).sort());
  writeFileSync(path.join(folder, 'alerts.yml'), alertRuleFile(limits));
  const scenario = (changes: Readonly<Record<string, string>>, firing: string | null) => ({
    interval: '15s',
    input_series: Object.entries({ ...healthy, ...changes }).map(([series, values]) => ({ series, values })),
    // The count of firing alerts and the one that fires: others would show.
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: '20m',
        exp_samples: firing === null ? [] : [{ labels: `{alertname="${firing}"}`, value: 1 }],
      },
    ],
  });
  const tests = [scenario({}, null), ...Object.entries(sick).map(([name, change]) => scenario(change, name))];
  writeFileSync(path.join(folder, 'tests.yml'), stringify({ rule_files: ['alerts.yml'], tests }));
  assert.match(promtool(['test', 'rules', 'tests.yml']), /SUCCESS/);
});
