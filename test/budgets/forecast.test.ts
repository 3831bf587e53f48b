/** The forecast of a phase: one row by hand, the window, unpriced items, limits, levers and sensitivities. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { forecastCampaign } from '#budgets/campaign-forecast.ts';
import { type ForecastInput, type ForecastRowInput, forecast } from '#budgets/forecast.ts';
import { alertsReached, breaches, defaultLimits } from '#budgets/limits.ts';
import { decimalUsd, parseUsd, sum, usdMicros } from '#budgets/money.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { defaultRisks } from '#budgets/risk.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import { sensitivity } from '#budgets/sensitivity.ts';
import { type CloudStack, cloudStackFor, type Stack, stackNamed } from '#budgets/stacks.ts';

const sheet = readPriceSheet();

function row(changes: Partial<ForecastRowInput> = {}): ForecastRowInput {
  const base = { rowId: 'LT-001/nodes=1000', scenarioId: 'LT-001', label: '1,000 nodes', nodes: 1_000 };
  return { ...base, repetitions: 3, runUs: HOUR_US, bytesPerNodeSecond: 50_000, ...changes };
}

function input(stack: Stack, rows: readonly ForecastRowInput[]): ForecastInput {
  return { campaign: 'c', phase: 'phase2', stack, sheet, asOf: sheet.date, rows };
}

const sk002 = row({ rowId: 'SK-002/nodes=5000', scenarioId: 'SK-002', nodes: 5_000, runUs: 168 * HOUR_US });

test('one row of 1,000 nodes for an hour, three times, is what a hand calculation gives', () => {
  const result = forecast(input(stackNamed('phase2'), [row()]));
  const [only] = result.rows;
  assert.ok(only !== undefined);
  assert.equal(only.vms, 67); // 1,000 / 15
  // 1 h run + 3 min reset = 1.05 h. Dollars per run: low / P50 / P90.
  const byHand: readonly (readonly [string, string, string, string])[] = [
    ['c6i.2xlarge spot', '5.51544', '7.986836', '9.34248'], // 67 x 1.05 x 0.0784 / 0.11353 / 0.1328
    ['system pool, m6i.2xlarge', '1.2096', '1.2096', '1.2096'], // 3 x 1.05 x 0.384
    ['metrics VM, m6i.2xlarge', '0.4032', '0.4032', '0.4032'], // 1 x 1.05 x 0.384
    ['EKS cluster', '0.105', '0.105', '0.105'], // 1.05 x 0.10
    ['interface endpoints', '0.0735', '0.0735', '0.0735'], // 7 x 1.05 x 0.01
    ['NAT gateways (none: endpoints)', '0.00', '0.00', '0.00'],
    ['public addresses (none: private nodes)', '0.00', '0.00', '0.00'],
    ['gp3 root disks', '0.253151', '0.253151', '0.253151'], // (67 x 30 + 3 x 30 + 100) x 1.05 / 730 x 0.08
    ['control-plane logs', '0.2625', '0.2625', '0.2625'], // 0.5 x 1.05 x 0.50
    ['cross-zone traffic', '0.00', '0.00', '0.00'], // one zone
    ['results and metrics leaving the region', '0.0189', '0.0189', '0.0189'], // 0.2 x 1.05 x 0.09
    // 67 x 1 h x 15 / 17.5 / 20 % / 730 h = 0.013767 / 0.016062 / 0.018356 interruptions
    ['replacement VMs', '0.000216', '0.000365', '0.000488'], // x 12 min x price
    ['repeated minutes', '0.025703', '0.039438', '0.050997'], // x 0.25 h / 1.05 h x sum of the lines above
  ];
  const risk = only.lines.at(-1);
  assert.equal(risk?.component, 'risk');
  assert.deepEqual(
    only.lines
      .slice(0, -1)
      .map(({ label, amount: { low, p50, p90 } }) => [
        label,
        ...[low, p50, p90].map((one) => decimalUsd(one.usdMicros)),
      ]),
    byHand.map(([label, ...figures]) => [label, ...figures.map((figure) => decimalUsd(parseUsd(figure)))]),
  );
  // Lines add up to the sampled quantiles; without chance P50 would be the sum of the quoted lines, 10.35249.
  const quoted = sum(only.lines.slice(0, -1).map((line) => line.amount.p50.usdMicros));
  assert.equal(quoted, parseUsd('10.35249'));
  assert.equal(sum(only.lines.map((line) => line.amount.p50.usdMicros)), only.perRun.p50.usdMicros);
  assert.equal(sum(only.lines.map((line) => line.amount.p90.usdMicros)), only.perRun.p90.usdMicros);
  assert.equal(only.total.p50.usdMicros, only.perRun.p50.usdMicros * 3);
  assert.equal(only.perThousandNodeHours, only.perRun.p50.usdMicros);
  // Deploy 20 min + teardown 10 min: 3.803255 + 0.576 + 0.192 + 0.05 + 0.035 + 0.120548 + 0.125 + 0.009
  const around = result.overhead?.lines.slice(0, -1).map((line) => line.amount.p50.usdMicros) ?? [];
  assert.equal(sum(around), parseUsd('4.910803'));
});

test('without chances and price ranges the quantiles are the quoted lines', () => {
  const flat = sheet.instances.map((quote) =>
    quote.spot === null
      ? quote
      : {
          ...quote,
          spot: { ...quote.spot, minUsdPerHour: quote.spot.usdPerHour, maxUsdPerHour: quote.spot.usdPerHour },
        },
  );
  const never = { share: 0, trials: 1, basis: 'none' };
  const risks = {
    ...defaultRisks,
    invalidRun: never,
    failedDeploy: never,
    deployPercent: { p10: 100, p50: 100, p90: 100 },
    mostFallbackShare: 0,
  };
  const given = input(stackNamed('phase2'), [row()]);
  const [only] = forecast({ ...given, risks, sheet: { ...sheet, instances: flat } }).rows;
  const quoted = sum(only?.lines.slice(0, -1).map((line) => line.amount.p50.usdMicros) ?? []);
  // What is left is the chance of an interruption, below a cent in the quoted lines and nothing in the median.
  assert.ok(Math.abs((only?.perRun.p50.usdMicros ?? 0) - quoted) < 60_000);
});

test('the same seed gives the same forecast, another seed nearly the same', () => {
  const given = input(stackNamed('phase2'), [row()]);
  assert.deepEqual(forecast(given), forecast(given));
  const [one, two] = [1, 2].map(
    (seed) => forecast({ ...given, sampling: { seed, draws: 2_000 } }).total.p90.usdMicros,
  );
  assert.notEqual(one, two);
  assert.ok(Math.abs((one ?? 0) / (two ?? 1) - 1) < 0.05);
});

test('every amount of a forecast is marked as a forecast', () => {
  const { total, rows } = forecast(input(stackNamed('phase2'), [row()]));
  const amounts = [
    total,
    ...rows.flatMap((one) => [one.perRun, one.alone, one.total, ...one.lines.map((line) => line.amount)]),
  ];
  for (const { low, p50, p90 } of amounts) {
    assert.deepEqual([low.kind, p50.kind, p90.kind], ['FORECAST', 'FORECAST', 'FORECAST']);
  }
});

test('rows and overhead add up to the total, by row, scenario and component alike (property, seed 7)', () => {
  const anyRow = fc
    .record({
      nodes: fc.integer({ min: 1, max: 10_000 }),
      repetitions: fc.integer({ min: 1, max: 5 }),
      runUs: fc.integer({ min: 1_000_000, max: 200 * HOUR_US }),
      scenarioId: fc.constantFrom('A', 'B'),
    })
    .map((part) => row(part));
  fc.assert(
    fc.property(fc.array(anyRow, { minLength: 1, maxLength: 5 }), (rows) => {
      const result = forecast(input(stackNamed('phase4'), rows));
      const overhead = usdMicros(
        (result.overhead?.total.p50.usdMicros ?? 0) + result.portfolio.p50.usdMicros,
      );
      const total = result.total.p50.usdMicros;
      assert.equal(sum([...result.rows.map((one) => one.total.p50.usdMicros), overhead]), total);
      assert.equal(sum([...result.byScenario.map((one) => one.amount.p50.usdMicros), overhead]), total);
      assert.equal(sum(result.byComponent.map((one) => one.amount.p50.usdMicros)), total);
      for (const { low, p50, p90 } of result.rows.map((one) => one.total)) {
        assert.ok(low.usdMicros <= p50.usdMicros && p50.usdMicros <= p90.usdMicros);
      }
    }),
    { seed: 7, numRuns: 60 },
  );
});

test('more nodes or more time never cost less (property, seed 7)', () => {
  const cost = (nodes: number, runUs: number) =>
    forecast(input(stackNamed('phase4'), [row({ nodes, runUs })])).total.p50.usdMicros;
  const nodes = fc.integer({ min: 1, max: 9_000 });
  const minutes = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(nodes, minutes, fc.integer({ min: 1, max: 1_000 }), (n, m, more) => {
      assert.ok(cost(n + more, m * 60e6) >= cost(n, m * 60e6));
      assert.ok(cost(n, (m + more) * 60e6) > cost(n, m * 60e6));
    }),
    { seed: 7, numRuns: 60 },
  );
});

test('three zones make traffic a cost: 50 KB/s of 10,000 nodes is 24 dollars an hour', () => {
  const stack = stackNamed('phase4');
  assert.ok(stack.kind === 'cloud');
  const rows = [row({ nodes: 10_000, repetitions: 1 })];
  const one = forecast(input(stack, rows));
  const three = forecast(input({ ...stack, zones: 3 }, rows));
  const traffic = (of: typeof one) =>
    of.rows[0]?.lines.find((line) => line.label === 'cross-zone traffic')?.amount.p50.usdMicros;
  assert.equal(traffic(one), 0);
  assert.equal(traffic(three), parseUsd('25.2')); // 500 MB/s x 3,780 s x 2/3 x 2 x 0.01 per GB
  assert.equal(one.threeZoneTraffic.p50.usdMicros, parseUsd('25.2'));
});

test('a local phase costs nothing because nothing is bought, and says what the same rows would cost', () => {
  const result = forecastCampaign(input(stackNamed('phase1'), [row()]), defaultLimits, {
    whatIfStack: cloudStackFor(1_000),
  });
  assert.equal(result.forecast.total.p50.usdMicros, 0);
  assert.deepEqual([result.forecast.rates.length, result.breaches.length, result.savings.length], [0, 0, 0]);
  const same = forecast(input(cloudStackFor(1_000), [row()]));
  assert.equal(result.whatIf?.total.p50.usdMicros, same.total.p50.usdMicros);
});

test('an unpriced node pool is listed and counted at its worst price, so the total rises instead of vanishing', () => {
  const instances = sheet.instances.map((quote) =>
    quote.region === 'us-west-2' && quote.sku === 'c6i.2xlarge' ? { ...quote, spot: null } : quote,
  );
  const priced = forecast(input(stackNamed('phase2'), [row()]));
  const unpriced = forecast({ ...input(stackNamed('phase2'), [row()]), sheet: { ...sheet, instances } });
  assert.deepEqual(
    unpriced.unpriced.map((one) => one.unpriced.item),
    ['aws us-west-2 c6i.2xlarge spot'],
  );
  assert.equal(unpriced.unpriced[0]?.pricedAs.expected, parseUsd('0.34'));
  assert.ok(unpriced.total.p50.usdMicros > priced.total.p90.usdMicros);
});

test('5,000 nodes for seven days break the limit per run many times over, and three of them the campaign', () => {
  const result = forecast(input(stackNamed('phase3'), [sk002]));
  const found = breaches(result, defaultLimits);
  assert.deepEqual(
    found.map(({ limit, severity }) => [limit, severity]),
    [
      ['per-run', 'over'],
      ['campaign', 'over'],
    ],
  );
  const compute = result.rows[0]?.lines[0]?.amount.p50.usdMicros;
  // 334 x 168.05 h x 0.11353
  assert.equal(compute, parseUsd('6372.291311'));
  assert.equal(found[0]?.by, (found[0]?.p50 ?? 0) - defaultLimits.perRun);
});

test('a limit that only P90 breaks is at risk, not over', () => {
  const result = forecast(input(stackNamed('phase2'), [row()]));
  const alone = result.rows[0]?.alone;
  assert.ok(alone !== undefined);
  const found = breaches(result, { ...defaultLimits, perRun: alone.p50.usdMicros });
  assert.deepEqual(
    found.map(({ severity }) => severity),
    ['at-risk'],
  );
  assert.deepEqual(breaches(result, { ...defaultLimits, perRun: alone.p90.usdMicros }), []);
});

test('alerts say at which figure they ring', () => {
  const result = forecast(input(stackNamed('phase2'), [row()]));
  const { p50, p90 } = result.total;
  const alerts = [p50.usdMicros, usdMicros(p50.usdMicros + 1), usdMicros(p90.usdMicros + 1)];
  assert.deepEqual(
    alertsReached(result, { ...defaultLimits, alerts }).map(({ reached }) => reached),
    ['at P50', 'at P90 only', 'not reached'],
  );
});

test('each lever that claims to be inside is inside, and one step more would not be', () => {
  const given = input(stackNamed('phase3'), [sk002]);
  const { breaches: found } = forecastCampaign(given, defaultLimits);
  const perRun = found.find((breach) => breach.limit === 'per-run');
  const campaign = found.find((breach) => breach.limit === 'campaign');
  assert.deepEqual(
    new Set(perRun?.levers.map(({ lever }) => lever)),
    new Set(['shorter', 'denser', 'smaller', 'cheaper-type']),
  );
  for (const lever of perRun?.levers ?? []) {
    assert.equal(lever.inside, lever.after.p90.usdMicros <= defaultLimits.perRun, lever.text);
  }
  for (const lever of campaign?.levers ?? []) {
    assert.equal(lever.inside, lever.after.p90.usdMicros <= defaultLimits.campaign, lever.text);
  }
  const shorter = perRun?.levers[0];
  const hours = Number(/to ([\d.]+) h/.exec(shorter?.text ?? '')?.[1]);
  const longer = { ...sk002, runUs: Math.ceil(hours * 60 + 1) * 60e6 };
  const after = forecast({ ...given, rows: [longer] }).rows[0]?.alone.p90.usdMicros ?? 0;
  assert.ok(after > defaultLimits.perRun, `${hours} h is not the longest run inside`);
});

test('ten per cent on the spot price moves the total by ten per cent of what depends on it', () => {
  const given = input(stackNamed('phase2'), [row()]);
  const line = sensitivity(given).find(({ assumption }) => assumption.startsWith('Spot price'));
  const base = forecast(given);
  const compute =
    base.byComponent.find(({ component }) => component === 'compute')?.amount.p50.usdMicros ?? 0;
  assert.ok(line !== undefined);
  assert.ok(Math.abs(line.plus - compute / 10) < compute / 50);
  assert.ok(Math.abs(line.plus + line.minus) < compute / 50);
});

test('rows that cannot be priced are refused', () => {
  for (const bad of [
    { nodes: 0 },
    { runUs: 0 },
    { runUs: 1.5 },
    { repetitions: -1 },
    { bytesPerNodeSecond: 0.5 },
  ]) {
    assert.throws(() => forecast(input(stackNamed('phase2'), [row(bad)])), { code: 'bad-forecast-input' });
  }
  const on = (sku: string, region: string): ForecastInput => {
    const stack = cloudStackFor(1_000);
    return input({ ...stack, region, pool: { ...stack.pool, sku } }, [row()]);
  };
  assert.throws(() => forecast(on('c6i.2xlrage', 'us-west-2')), {
    code: 'unknown-sku',
    message:
      /no row prices "c6i.2xlrage" of aws in "us-west-2" \(stack 1k-nodes, node pool\); nearest known: "c6i.2xlarge" in us-west-2/,
  });
  assert.throws(() => forecast(on('c6i.2xlarge', 'us-west2')), {
    code: 'unknown-sku',
    message: /nearest known: c6i.2xlarge in "us-west-2"/,
  });
  const azure: CloudStack = { ...cloudStackFor(1_000), provider: 'azure', fixedVms: [], region: 'eastus' };
  const pool = { ...azure.pool, sku: 'Standard_F8s_v2' };
  assert.throws(() => forecast(input({ ...azure, pool }, [row()])), { code: 'unknown-instance' });
  assert.throws(() => stackNamed('phase9'), { code: 'unknown-stack' });
});

test('no way back packs more nodes on a VM than its loss may take, and each is inside', () => {
  const given = input(stackNamed('phase3'), [sk002]);
  const levers = forecastCampaign(given, defaultLimits).breaches[0]?.levers ?? [];
  const denser = levers.find(({ lever }) => lever === 'denser');
  const perVm = Number(/pack (\d+) nodes per VM/.exec(denser?.text ?? '')?.[1]);
  assert.ok(perVm > 15 && perVm * 100 <= sk002.nodes, `${perVm} nodes per VM`);
  // At that packing alone the week is still over: the lever says by how much it has to be shorter, and that this is inside.
  assert.match(denser?.text ?? '', /and shorten the run to [\d.]+ h/);
  const nodes = Number(
    /run (\d+) nodes instead/.exec(levers.find(({ lever }) => lever === 'smaller')?.text ?? '')?.[1],
  );
  const alone = (count: number): number =>
    forecast({ ...given, stack: cloudStackFor(count), rows: [{ ...sk002, nodes: count }] }).rows[0]?.alone.p90
      .usdMicros ?? 0;
  assert.ok(alone(nodes) <= defaultLimits.perRun, `${nodes} nodes are not inside`);
  assert.ok(alone(nodes + 15) > defaultLimits.perRun, `${nodes} is not the most`);
});
