/**
 * Limits of criteria: every unit of the metric registry can be written, and nothing else in its place.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricNames, metrics, parseUnits, type Unit } from '#campaigns/analysis/metrics.ts';
import { appliesTo, criterionSchema, parseLimit } from '#campaigns/schema/criterion.ts';

test('limits become numbers in the unit of their metric', () => {
  const table: readonly (readonly [string, Unit, number])[] = [
    ['100ms', 'ms', 100],
    ['1.5s', 'ms', 1_500],
    ['250us', 'ms', 0.25],
    ['2m', 's', 120],
    ['99.9%', 'percent', 99.9],
    ['55%', 'share', 0.55],
    ['0.29', 'share', 0.29],
    ['29%', 'share', 0.29],
    ['512MB', 'MB', 512],
    ['2GB', 'MB', 2_048],
    ['10Mbps', 'Mbps', 10],
    ['100', 'tps', 100],
    ['0', 'count', 0],
    ['20 polls', 'polls', 20],
    ['1', 'ratio', 1],
    ['-5%', 'percent', -5],
  ];
  for (const [written, unit, value] of table)
    assert.deepEqual(parseLimit(written, unit), { ok: true, value }, written);
});

test('a limit in another unit is refused with an example of the right one', () => {
  const table: readonly (readonly [string, Unit, RegExp])[] = [
    ['100', 'ms', /has no unit, but the metric is in ms; write it like 100ms/],
    ['5', 'percent', /has no unit/],
    ['100ms', 'count', /has the unit "ms", but the metric is in count/],
    ['1.1', 'share', /is not a share/],
    ['101%', 'share', /is not a share/],
    ['512Mb', 'MB', /has the unit "Mb"/],
    ['1e3ms', 'ms', /not a limit/],
    ['1constructor', 'ms', /has the unit "constructor"/],
  ];
  for (const [written, unit, reason] of table) {
    const parsed = parseLimit(written, unit);
    assert.match(parsed.ok ? 'was read' : parsed.reason, reason, written);
  }
});

test('every metric of the registry takes a limit in its own unit and takes its scope from the registry', () => {
  for (const metric of metricNames) {
    const { unit, scope } = metrics[metric];
    const suffix = Object.keys(parseUnits[unit])[0];
    const parsed = criterionSchema.parse({ metric, at_most: `1${suffix}` });
    assert.equal(parsed.criterion.metric, metric);
    assert.equal(parsed.criterion.scope, scope);
    assert.equal(parsed.criterion.written, `at_most: 1${suffix}`);
    const other = scope === 'row' ? 'scenario' : 'row';
    assert.equal(criterionSchema.safeParse({ metric, at_most: `1${suffix}`, scope: other }).success, false);
  }
});

test('a criterion for sizes and shares includes both ends', () => {
  const criterion = criterionSchema.parse({
    metric: 'safety.violations',
    equals: 0,
    for_nodes: '10..20',
    for_byzantine: '10%..30%',
  });
  assert.equal(appliesTo(criterion, 10, 0.1), true);
  assert.equal(appliesTo(criterion, 20, 0.3), true);
  assert.equal(appliesTo(criterion, 9, 0.2), false);
  assert.equal(appliesTo(criterion, 21, 0.2), false);
  assert.equal(appliesTo(criterion, 15, 0.33), false);
});
