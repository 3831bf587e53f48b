// Goal: the contradictions of the requirements are found from the numbers of a run alone, with a way out that passes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finality } from '#campaigns/analytic/finality.ts';
import { checkRow } from '#campaigns/feasibility/check-row.ts';
import type { Finding, Topic } from '#campaigns/feasibility/finding.ts';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import { criterion, exampleSpec } from './example-spec.ts';

function finding(found: readonly Finding[], topic: Topic): Finding {
  const one = found.find((each) => each.topic === topic);
  assert.ok(one, `no finding on ${topic}`);
  return one;
}

test('80 % yes votes and 30 % rejecting nodes cannot both hold; the nearest parameters are live', () => {
  const spec = exampleSpec({ nodes: 1_000, share: 0.3, attack: 'always-reject' });
  const found = finding(
    checkRow(spec, [criterion('liveness.finalized_share', 'at_least', 0.99)], null),
    'byzantine-tolerance',
  );
  assert.equal(found.conclusion, 'cannot-pass');
  assert.match(found.because, /^cannot pass, because .*never unsafe$/);
  assert.deepEqual(found.metrics, ['liveness.finalized_share']);
  const { k, alpha, beta } = found.nearest!.values;
  const reach = finality({
    nodes: 1_000,
    byzantine: 300,
    voter: 'reject',
    k: k!,
    alpha: alpha!,
    beta: beta!,
    maxRounds: 100,
    loss: 0,
    offlineShare: 0,
    retry: true,
  });
  assert.ok(reach.allWithin >= 0.95);
});

test('p95 <= 100 ms cannot hold on WAN with 15 polls in a row, and can on local', () => {
  const limit = [criterion('latency.p95', 'at_most', 100)];
  const wan = finding(checkRow(exampleSpec({ nodes: 1_000, network: 'wan' }), limit, null), 'latency-floor');
  assert.equal(wan.conclusion, 'cannot-pass');
  assert.match(wan.because, /^cannot pass, because 15 polls in a row/);
  assert.notEqual(wan.nearest, null);
  const local = finding(checkRow(exampleSpec({ nodes: 1_000 }), limit, null), 'latency-floor');
  assert.equal(local.conclusion, 'possible');
});

test('1,000 individually signed vertices a second do not fit into 30 Mbps; the nearest batch does', () => {
  const limit = [criterion('resources.bandwidth', 'at_most', 30)];
  const spec = exampleSpec({ nodes: 10_000, tps: 1_000 });
  const found = finding(checkRow(spec, limit, null), 'bandwidth');
  assert.equal(found.conclusion, 'cannot-pass');
  const unique = found.arithmetic.find((line) => line.symbol === 'unique')!.value;
  assert.ok(unique > 20 && unique < 30, `${unique} Mbps unique`);
  assert.ok(found.arithmetic.some((line) => line.symbol === 'announcements'));
  const batch = found.nearest!.values['batch']!;
  const changed = nodeLoad(exampleSpec({ nodes: 10_000, tps: 1_000, batch }));
  assert.ok(changed.uniqueMbps + changed.pollMbps <= 30);
});

test('100 ms with 15 polls in a row needs more exchanges than 10 Mbps carry, whatever the poll interval', () => {
  const limits = [criterion('latency.p95', 'at_most', 100), criterion('resources.bandwidth', 'at_most', 10)];
  const found = finding(
    checkRow(exampleSpec({ nodes: 1_000, tps: 200 }), limits, null),
    'self-contradiction',
  );
  assert.equal(found.conclusion, 'cannot-pass');
  assert.deepEqual(found.metrics, ['latency.p95', 'resources.bandwidth']);
  const exchanges = found.arithmetic.find((line) => line.symbol === 'exchanges')!.value;
  assert.ok(exchanges > 6_000 && exchanges < 9_000, `${exchanges} exchanges/s`);
  assert.match(found.because, /no poll interval satisfies both/);
});

test('a row that asks for nothing impossible has no finding that says so', () => {
  const criteria = [
    criterion('latency.p95', 'at_most', 1_000),
    criterion('resources.bandwidth', 'at_most', 1_000),
    criterion('liveness.finalized_share', 'at_least', 0.99),
  ];
  const found = checkRow(exampleSpec({ nodes: 150 }), criteria, null);
  assert.deepEqual(
    found.filter((each) => each.conclusion === 'cannot-pass'),
    [],
  );
});

test('an attack that may also vote yes never yields a certain refusal', () => {
  const spec = exampleSpec({ nodes: 1_000, share: 0.3, attack: 'collusion' });
  const found = finding(
    checkRow(spec, [criterion('liveness.finalized_share', 'at_least', 0.99)], null),
    'byzantine-tolerance',
  );
  assert.equal(found.conclusion, 'marginal');
});

test('more than the workload offers cannot be finalised', () => {
  const found = finding(
    checkRow(exampleSpec({ nodes: 150, tps: 100 }), [criterion('throughput.avg_tps', 'at_least', 200)], null),
    'self-contradiction',
  );
  assert.match(found.because, /offers 100 transactions/);
});

test('parameters that do not fit the network are a finding, not an exception', () => {
  const spec = exampleSpec({ nodes: 150 });
  const [found] = checkRow({ ...spec, nodes: 20 }, [], null);
  assert.match(found!.because, /^cannot pass, because the parameters do not fit/);
});

test('an amount over the cap says how much shorter or denser would fit', () => {
  const money = {
    runForecastUsdMicros: 4_000_000_000n,
    perRunCapUsdMicros: 1_000_000_000n,
    repetitions: 3,
    hours: 168,
    vmHours: 50_000,
    nodesPerVm: 15,
  };
  const found = finding(checkRow(exampleSpec({ nodes: 150 }), [], money), 'money');
  assert.equal(found.conclusion, 'cannot-pass');
  assert.deepEqual(found.nearest!.values, { hours: 42, nodes_per_vm: 60 });
});

test('identity does not matter: another id, title, label or seed gives the same findings', () => {
  const spec = exampleSpec({ nodes: 150, network: 'wan', share: 0.3, attack: 'random' });
  const criteria = [criterion('latency.p95', 'at_most', 100), criterion('liveness.failures', 'equals', 0)];
  const other = { ...spec, scenarioId: 'Y-9', label: 'something else', seed: 99, repetition: 2 };
  assert.deepEqual(checkRow(other, criteria, null), checkRow(spec, criteria, null));
});

test('a cut that both sides can decide in is named with its nearest alpha; a network that is whole has no such finding', () => {
  const half = { kind: 'partition', groups: [0.5, 0.5], atUs: 0, forUs: 600_000_000 } as const;
  const whole = exampleSpec({ nodes: 1_000, network: 'lan' });
  const never = [criterion('safety.conflicts_finalized', 'equals', 0)];
  const contested = { ...whole, workload: { ...whole.workload, conflictShare: 0.01 }, faults: [half] };
  assert.ok(checkRow(whole, never, null).every(({ topic }) => topic !== 'split-brain'));
  const found = finding(checkRow(contested, never, null), 'split-brain');
  assert.equal(found.conclusion, 'marginal');
  assert.match(found.because, /on both sides of a 50\/50 cut differently, because/);
  const alpha = found.nearest!.values['alpha']!;
  const consensus = { ...contested.consensus, alphaPreference: alpha, alphaConfidence: alpha };
  assert.equal(
    finding(checkRow({ ...contested, consensus }, never, null), 'split-brain').conclusion,
    'possible',
  );
  const majority = { ...consensus, alphaPreference: 30, alphaConfidence: 30 };
  const certain = finding(checkRow({ ...contested, consensus: majority }, never, null), 'split-brain');
  assert.equal(certain.conclusion, 'cannot-pass');
  assert.match(certain.because, /^cannot pass, because/);
});
