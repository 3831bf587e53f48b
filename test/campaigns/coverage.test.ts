/**
 * The suites of the catalogue against their sources: the 79 tests of the coverage list and the six suites of the scaling test
 * controller, as requirements 2.4 names them; each resolves, plans, and says what answers it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { answersOf } from '#campaigns/commands/catalogue-answers.ts';
import { resolveScenario } from '#campaigns/resolve.ts';
import { loadCatalogue } from '#campaigns/scenario-file.ts';

/** Requirements 2.4, written out: the words of the list, in its order, and the word of the title that shows it. */
const listed: Readonly<Record<string, readonly (readonly [demand: string, title: RegExp])[]>> = {
  INF: [
    ['creates cluster', /cluster is created/],
    ['lifecycle', /stopped and started/],
    ['metrics collection', /Metrics are collected/],
    ['network simulation', /network that was asked for/],
    ['Byzantine injection', /Byzantine behaviour is injected/],
    ['node failures', /Node failures/],
    ['network partition', /partition/],
    ['resource monitoring', /Resources .* monitored/],
    ['workload execution', /Workloads are executed/],
    ['consensus validation', /Consensus is validated/],
    ['result export', /Results are exported/],
  ],
  LOAD: [
    ['1000 baseline', /Baseline at 1,000/],
    ['1000 peak', /Peak at 1,000/],
    ['100 throughput', /Throughput at 100 /],
    ['500 throughput', /Throughput at 500 /],
    ['5000 throughput', /Throughput at 5,000/],
    ['10000 throughput', /Throughput at 10,000/],
    ['LAN', /LAN/],
    ['WAN', /WAN/],
    ['burst', /Bursts/],
    ['resource efficiency', /Resources per node/],
    ['consensus rounds', /Rounds/],
  ],
  STRESS: [
    ['CPU', /CPU/],
    ['memory', /Memory/],
    ['bandwidth', /Mbps/],
    ['100 KB payloads', /100 KB/],
    ['parameter change', /parameters/],
    ['concurrent submission', /submits at once/],
    ['rapid churn', /Rapid churn/],
    ['storage I/O', /store/],
    ['deep DAG', /deep DAG/],
    ['cold restart', /Cold restart/],
    ['recovery after load', /Recovery after/],
  ],
  SOAK: [
    ['24 h', /Twenty-four hours/],
    ['7 days', /Seven days/],
    ['leak detection 12 h', /Leak detection over 12/],
    ['storage degradation', /store does not degrade/],
    ['consensus stability', /stays stable/],
    ['network resilience', /Resilience/],
    ['detection accuracy', /Detection stays accurate/],
    ['sustained 5000', /5,000/],
    ['prolonged partition', /partition of two hours/],
    ['variable workload', /load that varies/],
  ],
  CHAOS: [
    ['random failures', /Random failures/],
    ['50/50', /50\/50/],
    ['80/20', /80\/20/],
    ['multiple partitions', /Several partitions/],
    ['cascading', /cascades/],
    ['disk', /Disks/],
    ['latency spikes', /Latency spikes/],
    ['packet loss', /Packet loss/],
    ['CPU throttling', /throttled/],
    ['memory pressure', /Memory pressure/],
    ['clock skew', /Clocks/],
  ],
  BYZ: [
    ['0 %', /No attackers/],
    ['10 % random', /Random voting, 10/],
    ['20 % random', /Random voting, 20/],
    ['30 % random', /Random voting, 30/],
    ['33 % random', /Random voting, 33/],
    ['always-reject', /always reject/],
    ['always-accept', /always accept/],
    ['collusion', /Collusion/],
    ['Sybil', /Sybil/],
    ['latency impact', /Effect on latency/],
    ['throughput impact', /Effect on throughput/],
    ['false positives', /False positives/],
    ['reputation + removal and recovery', /left out and the network recovers/],
  ],
  REG: [
    ['vertex creation', /Vertex creation/],
    ['graph', /Graph/],
    ['consensus', /Consensus/],
    ['storage', /Storage/],
    ['hashing', /Hashing/],
    ['memory', /Memory/],
    ['bandwidth', /Bandwidth/],
    ['CPU', /CPU/],
    ['scaling', /Scaling/],
    ['leak', /leak/],
    ['CI smoke < 2 min', /Smoke test .* two minutes/],
    ['report', /Report/],
  ],
};

/** Requirements 2.4: rows = product of the axes. */
const suites: Readonly<Record<string, number>> = {
  'PRSM-PROGRESSION': 8 * 3,
  'PRSM-NETWORK': 3 * 3,
  'PRSM-RESOURCES': 3 * 3,
  'PRSM-TOPOLOGY': 3 * 3,
  'PRSM-BYZANTINE': 4 * 4,
  'PRSM-EXTREME': 3,
};

const catalogue = loadCatalogue();

test('the 79 tests of the coverage list are entries, in its order', () => {
  const expected = Object.entries(listed).flatMap(([family, tests]) =>
    tests.map(([demand, title], index) => ({
      id: `COV-${family}-${String(index + 1).padStart(2, '0')}`,
      demand,
      title,
    })),
  );
  assert.equal(expected.length, 79);
  const found = catalogue.filter(({ id }) => id.startsWith('COV-'));
  assert.deepEqual(found.map(({ id }) => id).sort(), expected.map(({ id }) => id).sort());
  for (const { id, demand, title } of expected)
    assert.match(found.find((entry) => entry.id === id)!.scenario.title, title, `${id}: ${demand}`);
});

test('the six suites of the scaling test controller are entries with a row for every combination', () => {
  const found = catalogue.filter(({ id }) => id.startsWith('PRSM-'));
  const rows = found.map(({ id, scenario }) => [id, resolveScenario(scenario, { seed: 1 }).length]);
  assert.deepEqual(Object.fromEntries(rows), suites);
});

test('every entry resolves and plans, and a target or a command answers it', () => {
  const sheet = readPriceSheet();
  for (const { id, scenario } of catalogue) {
    assert.equal(scenario.id, id);
    const { answered_by, not_by } = answersOf(scenario, 1, sheet);
    if (scenario.kind === 'benchmark') {
      assert.equal(resolveScenario(scenario, { seed: 1 })[0]?.target, 'benchmark', id);
      continue;
    }
    if (scenario.only_on === undefined) {
      assert.ok(answered_by.includes('simulator'), `${id}: ${not_by['simulator']}`);
      continue;
    }
    assert.match(not_by['simulator']!, /^only processes or kubernetes can answer it: /, id);
    assert.deepEqual(answered_by, ['processes', 'kubernetes'], `${id}: ${not_by['processes']}`);
  }
});
