/**
 * The shipped catalogue: complete, consistent with its folders, within the time a campaign may take, and readable.
 * Covers campaigns/schema/phase.ts through the phases.
 */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { listCatalogue, showScenario } from '#campaigns/catalogue.ts';
import { leastMessageBudget } from '#campaigns/message-budget.ts';
import { resolvePhase, resolveScenario } from '#campaigns/resolve.ts';
import { loadCatalogue, loadPhase, phaseNames, readPhase, readScenario } from '#campaigns/scenario-file.ts';
import { rowText } from '#campaigns/scenario-text.ts';
import { plannedCpuSeconds } from '#campaigns/simulation-cost.ts';

const catalogue = loadCatalogue();

/** Entries of suites: coverage.test.ts holds them against their sources; those of reputation are our own. */
const isSuiteTest = (id: string): boolean => /^(COV|PRSM|RP)-/.test(id);

test('beside the suites the catalogue holds the twelve scenarios of the specification, the roadmap entries, the overlap and one for the law', () => {
  const ids = catalogue.map(({ id }) => id).filter((id) => !isSuiteTest(id));
  assert.deepEqual(ids.sort(), [
    ...['BL-001', 'CT-001', 'CT-002', 'CT-003', 'LT-001', 'LT-002', 'LT-003'],
    ...['OV-001', 'OV-002', 'OV-003', 'OV-004', 'OV-005', 'OV-006', 'PR-001'],
    ...['RM-101', 'RM-201', 'RM-301', 'RM-302', 'RM-303', 'RM-304', 'RM-401', 'RM-402', 'RM-403'],
    ...['SK-001', 'SK-002', 'ST-001', 'ST-002', 'ST-003'],
  ]);
});

test('a file is named after its scenario, unless it holds a suite', () => {
  for (const { id, file } of catalogue)
    if (!isSuiteTest(id)) assert.ok(basename(file).startsWith(`${id.toLowerCase()}-`), file);
});

test('every scenario that runs forbids finalised conflicts and names its source', () => {
  for (const { id, scenario } of catalogue) {
    assert.notEqual(scenario.source, 'user', id);
    if (scenario.kind === 'benchmark') continue;
    const safety = scenario.criteria.find(
      ({ criterion }) => criterion.metric === 'safety.conflicts_finalized',
    );
    assert.equal(safety?.criterion.limit, 0, id);
  }
});

test('durations, sizes and loads are those of requirements 2.4', () => {
  const facts = Object.fromEntries(
    listCatalogue(catalogue)
      .filter(({ id }) => !isSuiteTest(id))
      .map((line) => [line.id, `${line.nodes} | ${line.byzantine} | ${line.network} | ${line.measure}`]),
  );
  assert.deepEqual(facts, {
    'BL-001': '150, 1000 | 0%, 5%, 10%, 15% always-reject | ideal | 1h',
    'LT-001': '1000 | 0% | local | 1h',
    'LT-002': '1000 | 0% | local | 30m',
    'LT-003': '100, 500, 1000, 5000, 10000 | 0% | local | 15m',
    'ST-001': '1000 | 0% | local | 2h',
    'ST-002': '1000 | 0% | local | 4h',
    'ST-003': '10000 | 0% | local with 100Mbps | 1h',
    'SK-001': '1000 | 10% random | lan | 1d',
    'SK-002': '5000 | 20% random | wan | 7d',
    'CT-001': '1000 | 0% | lan | 2h',
    'CT-002': '1000 | 0% | lan | 1h',
    'CT-003': '1000 | 10%, 20%, 30%, 33% random | wan | 1h',
    'OV-001': '16 | 0% | lan | 20s',
    'OV-002': '100 | 0% | lan | 23s',
    'OV-003': '16 | 0% | lan | 13s',
    'OV-004': '16 | 0% | lan | 24s',
    'OV-005': '16 | 0% | lan | 20s',
    'OV-006': '16 | 12.5% random | lan | 14s',
    'PR-001': ' |  |  | ',
    'RM-101': '500 | 0% | lan | 1d',
    'RM-201': '1000 | 20% random, always-reject, always-accept, collusion, sybil | wan | 1h',
    'RM-301': '5000 | 0% | local | 30m',
    'RM-302': '5000 | 0% | local | 30m',
    'RM-303': '5000 | 20% collusion | wan | 1h',
    'RM-304': '5000 | 0% | local | 1d',
    'RM-401': '10000 | 0% | local | 1h',
    'RM-402': '10000 | 0% | lan | 1h',
    'RM-403': '10000 | 0% | local | 4h',
  });
});

test('CT-001 kills ten nodes every five minutes as often as two hours allow', () => {
  const [row] = showScenario('CT-001').rows;
  assert.deepEqual(row?.specs[0]?.faults, [
    {
      kind: 'kill',
      nodes: 10,
      everyUs: 300_000_000,
      atUs: 300_000_000,
      downUs: 60_000_000,
      disk: 'kept',
      repeat: 23,
    },
  ]);
});

test('every scenario is carried by a phase but suites and those for comparisons: with the law, and with longer measurements', () => {
  const alone = ['BL-001', 'OV-001', 'OV-005'];
  for (const { id, phases } of listCatalogue(catalogue))
    assert.equal(phases.length > 0, !alone.includes(id) && !isSuiteTest(id), id);
});

test('phases name their stack, machines and money', () => {
  const facts = phaseNames().map((name) => {
    const { stack, nodes, vms, target, budget } = loadPhase(name, catalogue);
    assert.deepEqual(budget, { campaign: 1e10, run: 1e9, alerts: [5e8, 1e9, 5e9] });
    return `${stack} ${nodes.join('..')} ${vms.join('..')} ${target}`;
  });
  assert.deepEqual(facts, [
    'local 100..500 0..0 simulator',
    '1k-nodes 1000..1000 50..100 kubernetes',
    '5k-nodes 5000..5000 250..350 kubernetes',
    '10k-nodes 10000..10000 500..700 kubernetes',
  ]);
});

test('what a phase simulates fits the time it names on two cores, or no row gets more than its least window', () => {
  for (const name of phaseNames()) {
    const { simulated_within: withinUs } = loadPhase(name, catalogue);
    const rows = resolvePhase(name, { seed: 1 }).filter(({ target }) => target === undefined);
    const seconds = rows.reduce((sum, { specs }) => sum + specs.length * plannedCpuSeconds(specs[0]!), 0);
    const isLeast = rows.every(({ specs: [spec] }) => spec!.messageBudget <= leastMessageBudget(spec!));
    const fits = withinUs !== undefined && seconds <= 2 * 0.95 * (withinUs / 1e6);
    assert.ok(fits || isLeast, `${name}: ${seconds} CPU-s`);
  }
});

test('what show prints is a scenario that resolves to the same spec', () => {
  for (const { scenario } of catalogue) {
    for (const row of resolveScenario(scenario, { seed: 1 })) {
      if (row.skip !== null) continue;
      const again = resolveScenario(readScenario(rowText(row), 'shown.yaml'), { seed: 1 });
      assert.equal(again.length, 1);
      const { seed: _, label: __, ...spec } = row.specs[0]!;
      const { seed: ___, label: ____, ...read } = again[0]!.specs[0]!;
      assert.deepEqual(
        { ...read, network: read.network.oneWayUs },
        { ...spec, network: spec.network.oneWayUs },
        row.rowId,
      );
      assert.deepEqual(again[0]?.criteria, row.criteria);
    }
  }
});

test('show prints one document for each row with its seeds and notes', () => {
  const shown = showScenario('CT-003', { seed: 3 });
  assert.equal(shown.yaml.split('---\n').length, 4);
  assert.match(shown.yaml, /# row: CT-003\/byzantine=33%: 1000 nodes, wan, random 33 %/);
  assert.match(shown.yaml, /note: attackers identified/);
  assert.match(showScenario('PR-001').yaml, /kind: benchmark/);
});

test('a phase with an unknown scenario or a size it does not carry is refused at its place', () => {
  const text = `id: phase1
title: t
source: s
stack: local
nodes: 100..500
vms: 0
target: simulator
budget: { campaign: "$10", run: "$1", alerts: [] }
scenarios:
  - { scenario: LT-01 }
  - { scenario: LT-001, nodes: 600 }
  - { scenario: RM-403 }
`;
  assert.throws(() => readPhase(text, 'p.yaml', catalogue), {
    message: [
      'p.yaml:10:17: scenarios[0].scenario: LT-01 is not in the catalogue (did you mean LT-001?)',
      "p.yaml:11:32: scenarios[1].nodes: LT-001 at 600 nodes is outside of the phase's 100..500 (name sizes with nodes: [...])",
      "p.yaml:12:17: scenarios[2].scenario: RM-403 at 10000 nodes is outside of the phase's 100..500 (name sizes with nodes: [...])",
    ].join('\n'),
  });
});
