/**
 * Rows and specs: the matrix, the names of rows, seeds, defaults by scale, overrides (campaigns/overrides.ts), phases.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '#campaigns/config-error.ts';
import { leastMessageBudget } from '#campaigns/message-budget.ts';
import { repetitionSeed } from '#campaigns/repetition-seed.ts';
import { resolvePhase, resolveScenario } from '#campaigns/resolve.ts';
import { findScenario, phaseNames, readScenario } from '#campaigns/scenario-file.ts';
import { violations } from '#node/core/params.ts';

const seed = 7;

function rowIds(phase: string): string[] {
  const judged = resolvePhase(phase, { seed }).filter((row) => row.comparison !== true);
  return judged.map(({ rowId }) => rowId);
}

test('the phases carry exactly the matrix of requirements 2.5', () => {
  assert.deepEqual(phaseNames(), ['phase1', 'phase2', 'phase3', 'phase4']);
  assert.deepEqual(rowIds('phase1'), [
    'LT-001/nodes=500',
    'LT-002/nodes=500',
    'LT-003/nodes=100',
    'LT-003/nodes=250',
    'LT-003/nodes=500',
    'ST-001/nodes=250',
    'CT-001/nodes=250',
    'CT-002/nodes=500',
    'CT-003/nodes=150,byzantine=10%',
    'CT-003/nodes=150,byzantine=20%',
    'CT-003/nodes=150,byzantine=30%',
    'CT-003/nodes=150,byzantine=33%',
    'RM-101',
    'PR-001',
  ]);
  assert.deepEqual(rowIds('phase2'), [
    'LT-001',
    'LT-002',
    'LT-003/nodes=1000',
    'ST-001',
    'ST-002',
    'SK-001',
    'CT-001',
    'CT-002',
    ...['10%', '20%', '30%', '33%'].map((share) => `CT-003/byzantine=${share}`),
    ...['random', 'always-reject', 'always-accept', 'collusion', 'sybil'].map(
      (attack) => `RM-201/attack=${attack}`,
    ),
  ]);
  assert.deepEqual(rowIds('phase3'), ['LT-003/nodes=5000', 'SK-002', 'RM-301', 'RM-302', 'RM-303', 'RM-304']);
  assert.deepEqual(rowIds('phase4'), ['LT-003/nodes=10000', 'ST-003', 'RM-401', 'RM-402', 'RM-403']);
});

test('every row of every phase can run: valid parameters, three seeds, a window worth measuring', () => {
  const rowsOfSeed = new Map<number, Set<string>>();
  const withoutAttackers = (rowId: string): string => rowId.replace(/[/,](byzantine|attack)=[^,]*/g, '');
  for (const phase of phaseNames()) {
    for (const row of resolvePhase(phase, { seed })) {
      if (row.skip !== null) continue;
      assert.equal(row.specs.length, 3, row.rowId);
      assert.equal(row.criteria.length > 0, row.comparison !== true, row.rowId);
      for (const spec of row.specs) {
        assert.deepEqual(violations(spec.consensus, spec.nodes), [], row.rowId);
        assert.ok(spec.messageBudget >= leastMessageBudget(spec), row.rowId);
        assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec, 'a spec is plain JSON');
        const known = rowsOfSeed.get(spec.seed) ?? new Set<string>();
        rowsOfSeed.set(spec.seed, known.add(`${withoutAttackers(row.rowId)}#${spec.repetition}`));
      }
    }
  }
  for (const sharing of rowsOfSeed.values())
    assert.equal(
      sharing.size,
      1,
      `only attackers may differ between rows of one seed: ${[...sharing].join(' ')}`,
    );
});

test('a row that differs from its scenario says so in its label', () => {
  const [row] = resolvePhase('phase1', { seed, scenarios: ['lt-001'] });
  assert.equal(
    row?.label,
    '500 nodes, local (the phase carries 100 to 500 nodes, the scenario asks for 1,000)',
  );
  assert.equal(row?.specs[0]?.label, '500 nodes, local');
});

test('a benchmark row measures the groups that its criteria name, three times, without a baseline when no folder is given', () => {
  const [row] = resolvePhase('phase1', { seed, scenarios: ['PR-001'] });
  assert.equal(row?.target, 'benchmark');
  assert.equal(row?.skip, null);
  assert.equal(row?.specs.length, 3);
  for (const { benchmark } of row?.specs ?? []) {
    assert.deepEqual(benchmark?.groups, ['vertex', 'graph', 'consensus', 'storage', 'hashing']);
    assert.equal(benchmark?.baseline, null);
  }
});

test('a benchmark may not ask for a figure of a network', () => {
  const text = `kind: benchmark
id: MY-001
title: t
criteria:
  - { metric: regression.hashing, at_most: 10% }
  - { metric: latency.p95, at_most: 100ms }
`;
  assert.throws(
    () => readScenario(text, 'mine.yaml'),
    /mine\.yaml:6.*criteria\[1\]\.metric.*a benchmark has none/s,
  );
});

test('consensus parameters follow the scale, also below the sample size', () => {
  const of = (nodes: number): string => {
    const [row] = resolveScenario(findScenario('LT-001'), { seed, nodes: [nodes] });
    const params = row?.specs[0]?.consensus;
    return `${params?.k}/${params?.alphaConfidence}/${params?.beta}/${params?.maxRounds}`;
  };
  assert.equal(of(4), '3/3/20/100');
  assert.equal(of(30), '29/24/20/100');
  assert.equal(of(31), '30/24/20/100');
  assert.equal(of(499), '30/24/20/100');
  assert.equal(of(500), '50/40/15/100');
  assert.equal(of(4_999), '50/40/15/100');
  assert.equal(of(5_000), '100/80/10/50');
});

test('criteria for other sizes or shares are left out of a row', () => {
  const lt = resolveScenario(findScenario('LT-003'), { seed });
  const p95 = lt.map(({ criteria }) =>
    criteria.filter(({ metric }) => metric === 'latency.p95').map(({ limit }) => limit),
  );
  assert.deepEqual(p95, [[100], [100], [100], [200], [500]]);
  const ct = resolveScenario(findScenario('CT-003'), { seed });
  const live = ct.map(({ criteria }) => criteria.some(({ metric }) => metric === 'liveness.finalized_share'));
  assert.deepEqual(live, [true, true, true, false]);
});

test('seeds depend on the campaign seed, the row and the repetition, and on nothing else', () => {
  const all = resolvePhase('phase2', { seed });
  const one = resolvePhase('phase2', { seed, scenarios: ['CT-002'], replications: 5 });
  const same = all.find(({ rowId }) => rowId === 'CT-002');
  assert.deepEqual(
    one[0]?.specs.slice(0, 3).map((spec) => spec.seed),
    same?.specs.map((spec) => spec.seed),
  );
  assert.equal(one[0]?.specs.length, 5);
  const distinct = new Set([
    repetitionSeed(1, 'A', 0),
    repetitionSeed(2, 'A', 0),
    repetitionSeed(1, 'B', 0),
    repetitionSeed(1, 'A', 1),
  ]);
  assert.equal(distinct.size, 4);
  for (const value of distinct) assert.ok(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff);
});

test('overrides replace what they name and show in the row', () => {
  const rows = resolveScenario(findScenario('CT-003'), {
    seed,
    nodes: [200],
    byzantineShares: [0, 0.1],
    attacks: ['always-reject', 'silent'],
    network: 'ideal',
    consensus: { k: 20, alpha: 15, pollInterval: 20_000 },
    durationUs: 60_000_000,
    tps: 5,
    messageBudget: 1_000,
    tier: 'analytic',
    replications: 1,
  });
  assert.deepEqual(
    rows.map(({ rowId }) => rowId),
    [
      'CT-003/nodes=200,byzantine=0%,network=ideal',
      'CT-003/nodes=200,attack=always-reject,network=ideal',
      'CT-003/nodes=200,attack=silent,network=ideal',
    ].map((id) => id.replace('attack', 'byzantine=10%,attack')),
  );
  const spec = rows[1]?.specs[0];
  assert.equal(spec?.byzantine.attack, 'always-reject');
  assert.equal(rows[0]?.specs[0]?.byzantine.attack, 'none');
  assert.equal(spec?.consensus.k, 20);
  assert.equal(spec?.consensus.alphaPreference, 15);
  assert.equal(spec?.consensus.beta, 20);
  assert.equal(spec?.consensus.pollIntervalUs, 20_000);
  assert.equal(spec?.duration.measureUs, 60_000_000);
  assert.equal(spec?.messageBudget, 1_000);
  assert.equal(spec?.tier, 'analytic');
  assert.ok(spec?.workload.kind === 'constant' && spec.workload.tps === 5);
});

test('the highest load of a varying workload becomes the override, the rest keeps its proportion', () => {
  const workloadOf = (id: string, tps: number) =>
    resolveScenario(findScenario(id), { seed, tps })[0]?.specs[0]?.workload;
  const ramp = workloadOf('LT-002', 100);
  assert.ok(ramp?.kind === 'ramp' && ramp.fromTps === 1 && ramp.toTps === 100);
  const burst = workloadOf('ST-003', 500);
  assert.ok(burst?.kind === 'burst' && burst.tps === 50 && burst.burstTps === 500);
  const sine = workloadOf('SK-002', 100);
  assert.ok(sine?.kind === 'sine' && sine.leastTps === 25 && sine.mostTps === 100);
});

const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    'an unknown phase',
    () => resolvePhase('phase9', { seed }),
    /"phase9" is not a phase \(did you mean phase1\?\)/,
  ],
  [
    'a scenario that the phase does not carry',
    () => resolvePhase('phase3', { seed, scenarios: ['CT-001'] }),
    /CT-001 is not in phase3/,
  ],
  [
    'an unknown scenario',
    () => findScenario('CT-02'),
    /"CT-02" is not in the catalogue \(did you mean CT-002\?\)/,
  ],
  [
    'a scenario that resembles none of a hundred',
    () => findScenario('qqqqqqqq'),
    /"qqqqqqqq" is not in the catalogue \(see: npm run campaign list\)/,
  ],
  ['a seed that is no 32-bit number', () => resolvePhase('phase1', { seed: 2 ** 32 }), /--seed: 4294967296/],
  ['no repetitions', () => resolvePhase('phase1', { seed, replications: 0 }), /--replications: 0/],
  ['one node', () => resolveScenario(findScenario('LT-001'), { seed, nodes: [1] }), /--nodes: 1 is not/],
  [
    'all Byzantine',
    () => resolveScenario(findScenario('LT-001'), { seed, byzantineShares: [1] }),
    /--byzantine: 1 is not/,
  ],
  [
    'an unknown attack',
    () => resolveScenario(findScenario('LT-001'), { seed, attacks: ['slient'] }),
    /did you mean "silent"/,
  ],
  [
    'an unknown network',
    () => resolveScenario(findScenario('LT-001'), { seed, network: 'lna' }),
    /did you mean "lan"/,
  ],
  ['a NaN load', () => resolveScenario(findScenario('LT-001'), { seed, tps: Number.NaN }), /--tps: NaN/],
  [
    'a window that cuts a fault off',
    () => resolveScenario(findScenario('CT-002'), { seed, durationUs: 60_000_000 }),
    /CT-002 faults\[0\]\.at: the partition ends 30m/,
  ],
  [
    'k as large as the network',
    () => resolveScenario(findScenario('LT-001'), { seed, nodes: [20], consensus: { k: 20 } }),
    /k = 20 must be < 20 nodes/,
  ],
];

for (const [what, act, message] of refused) {
  test(`${what} is refused as a configuration error`, () => {
    assert.throws(
      act,
      (error) => error instanceof ConfigError && error.exitCode === 20 && message.test(error.message),
    );
  });
}

test('a criterion about more time than an override measures stays, for an honest INCONCLUSIVE', () => {
  const [row] = resolveScenario(findScenario('SK-001'), { seed, durationUs: 600_000_000 });
  assert.ok(row?.criteria.some(({ overUs }) => overUs === 86_400_000_000));
});
