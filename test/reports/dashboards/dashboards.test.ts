/** Dashboards and alerts: the committed files are those that are generated, and everything they ask for is exported. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { alertRuleFile, alertRules } from '#reports/dashboards/alert-rules.ts';
import { boards } from '#reports/dashboards/boards.ts';
import { dashboardFiles, dashboardFolder } from '#reports/dashboards/write-dashboards.ts';
import { exportedNames, metricsIn } from '#test/reports/dashboards/exported-metrics.ts';

const limits = { p95LatencySeconds: 0.1, memoryBytesPerNode: 536_870_912, silentShare: 0.02 };

test('the committed dashboards are what node reports/dashboards/write-dashboards.ts writes', () => {
  const files = dashboardFiles();
  assert.deepEqual(readdirSync(dashboardFolder).sort(), [...files.keys()].sort());
  for (const [name, text] of files)
    assert.equal(readFileSync(path.join(dashboardFolder, name), 'utf8'), text, `${name} is stale`);
});

test('there are the five pages of a network and the one of its cost, each with an own address', () => {
  assert.deepEqual(
    boards.map(({ uid }) => uid),
    ['bft-throughput', 'bft-latency', 'bft-resources', 'bft-consensus', 'bft-byzantine', 'bft-cost'],
  );
  for (const { title, panels } of boards) {
    assert.equal(new Set(panels.map((panel) => panel.title)).size, panels.length, title);
    assert.ok(panels.length >= 7, title);
  }
});

test('every panel and alert asks for metrics that conductor or nodes export', async () => {
  const known = await exportedNames();
  const expressions = [
    ...boards.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr))),
    ...alertRules(limits).map(({ quantity, comparison }) => `${quantity} ${comparison}`),
  ];
  const unknown = expressions.flatMap(metricsIn).filter((name) => !known.has(name));
  assert.deepEqual(unknown, []);
  assert.deepEqual(metricsIn('sum by (le) (rate(no_such_metric[5m])) > bool 0'), ['no_such_metric']);
});

test('panels do not overlap and fit the page', () => {
  for (const text of dashboardFiles().values()) {
    const { panels } = JSON.parse(text) as {
      panels: { gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`),
    );
    assert.equal(new Set(cells).size, cells.length);
    assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
  }
});

test('the limits of a stack stand in its alerts, and every alert says what to do', () => {
  const file = parse(alertRuleFile(limits)) as {
    groups: { rules: { alert: string; expr: string; annotations: { remedy: string } }[] }[];
  };
  const rules = file.groups[0]!.rules;
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  assert.match(rules.find(({ alert }) => alert === 'LatencyAboveTarget')!.expr, /> 0\.1$/);
  assert.match(rules.find(({ alert }) => alert === 'MemoryNearLimit')!.expr, /> 483183821$/);
  for (const { alert, annotations } of rules) assert.ok(annotations.remedy.length > 20, alert);
});
