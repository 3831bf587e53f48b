/** The bench itself: a smoke run of two groups (of every job: bench.long.test.ts), its options, the comparison with a baseline, tables. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { thisMachine } from '#campaigns/targets/benchmark/machine.ts';
import { efforts, median, sampleNs } from '#campaigns/targets/benchmark/sampling.ts';
import { type Baseline, baselineFile, baselineOf, compare, readBaseline, writeBaseline } from './baseline.ts';
import { figures, groups } from './figures.ts';
import { jobOf, jobs } from './job.ts';
import { assertQuickRun, bench } from './quick-run.ts';
import { nothingMeasured, type Summary, summaries, takeBetter } from './runner.ts';
import { changeTable, factLines, figureTable, lackOf, markdown, plain, short } from './table.ts';

function summary(value: number, samples = 3): Summary {
  return { median: value, min: value * 0.95, max: value * 1.05, samples };
}

function baselineWith(stored: Readonly<Record<string, number>>): Baseline {
  const found = new Map(Object.entries(stored).map(([id, value]) => [id, summary(value)]));
  return baselineOf(found, 2, '2026-11-21T00:00:00.000Z', null);
}

test('a quick run measures every figure of the groups that were asked for, each above zero', () => {
  assertQuickRun(['graph', 'hashing']);
});

test('every figure has a job, and every group has figures or says why not', () => {
  assert.deepEqual(
    figures.filter(({ id }) => jobOf(id) === null).map(({ id }) => id),
    [],
  );
  const withFigures = new Set(figures.map(({ group }) => group));
  assert.deepEqual(
    groups.filter((group) => !withFigures.has(group) && lackOf(group) === null),
    [],
  );
  assert.equal(new Set(figures.map(({ id }) => id)).size, figures.length);
  assert.ok(jobs.every(({ name }) => figures.some(({ id, group }) => id === name || group === name)));
});

for (const args of [
  ['speed'],
  ['--quick', '--compare'],
  ['--quick', '--save-baseline'],
  ['--fast'],
  ['graph', '--markdown'],
]) {
  test(`wrong use (${args.join(' ')}) ends with exit code 20 and the help`, () => {
    const { code, out, err } = bench(...args);
    assert.equal(code, 20);
    assert.equal(out, '');
    assert.match(err, /npm run bench/);
  });
}

test('a median more than 10 % worse is a regression, in the direction of its unit', () => {
  const baseline = baselineWith({ 'graph.get': 100, 'messages.single-1000': 50, 'hashing.100': 200 });
  const found = new Map([
    ['graph.get', summary(109.9)],
    ['messages.single-1000', summary(45)],
    ['hashing.100', summary(100)],
    ['hashing.1k', summary(5)],
  ]);
  const { changes, unmatched, worthless } = compare(found, 2, thisMachine(), baseline);
  assert.deepEqual(
    changes.map(({ figure, isRegression }) => [figure.id, isRegression]),
    [
      ['messages.single-1000', true],
      ['graph.get', false],
      ['hashing.100', false],
    ],
  );
  assert.ok(Math.abs(changes[0]!.worsePercent - 100 / 9) < 1e-9);
  assert.ok(changes.every(({ noisePercent }) => Math.abs(noisePercent - 5) < 1e-9));
  assert.deepEqual(unmatched, ['hashing.1k']);
  assert.equal(worthless, null);
});

test('a baseline of another machine, or of a faster moment of this one, allows no verdict', () => {
  const baseline = baselineWith({ 'graph.get': 100 });
  const found = new Map([['graph.get', summary(200)]]);
  const elsewhere = compare(found, 2, { ...thisMachine(), cpu: 'another' }, baseline);
  assert.match(elsewhere.worthless ?? '', /another machine/);
  assert.match(compare(found, 2.3, thisMachine(), baseline).worthless ?? '', /machine, not the code/);
  assert.equal(compare(found, 2.1, thisMachine(), baseline).worthless, null);
});

test('a saved baseline is read back, keeps figures that were not measured again, and holds no ratios or growth', (context) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'baseline.json');
  assert.equal(readBaseline(file), null);
  const first = baselineWith({ 'graph.get': 100, 'vertex.ratio-10k': 1, 'growth.nodes-100': 9 });
  writeBaseline(file, first);
  assert.deepEqual(readBaseline(file), first);
  assert.deepEqual(Object.keys(first.figures), ['graph.get']);
  const second = baselineOf(new Map([['hashing.100', summary(1)]]), 2, first.savedAt, first);
  assert.deepEqual(Object.keys(second.figures), ['graph.get', 'hashing.100']);
  writeFileSync(file, '{}');
  assert.throws(() => readBaseline(file));
});

test('the baseline of the repository is valid and holds figures of each group of PR-001 that exists', () => {
  const baseline = readBaseline(baselineFile);
  assert.ok(baseline !== null);
  const stored = new Set(
    figures.filter(({ id }) => baseline.figures[id] !== undefined).map(({ group }) => group),
  );
  for (const group of ['vertex', 'graph', 'messages', 'consensus', 'hashing'] as const)
    assert.ok(stored.has(group), group);
});

test('all samples of all rounds count: median, smallest and largest', () => {
  const measured = nothingMeasured();
  measured.samples.set('graph.get', [5, 1, 3, 9]);
  assert.deepEqual(summaries(measured).get('graph.get'), { median: 4, min: 1, max: 9, samples: 4 });
  assert.equal(median([3, 1, 2]), 2);
  assert.throws(() => median([]), RangeError);
});

test('of two measurements of a doubtful figure the better one counts, in the direction of its unit', () => {
  const first = nothingMeasured();
  const again = nothingMeasured();
  for (const id of ['graph.get', 'messages.single-1000', 'hashing.100']) {
    first.samples.set(id, [10]);
    again.samples.set(id, [8]);
  }
  const chosen = figures.filter(({ id }) => id === 'graph.get' || id === 'messages.single-1000');
  takeBetter(first, again, chosen);
  assert.deepEqual(
    [...first.samples],
    [
      ['graph.get', [8]],
      ['messages.single-1000', [10]],
      ['hashing.100', [10]],
    ],
  );
});

test('a loop is repeated until a sample is long enough, and every sample is per operation', () => {
  let operations = 0;
  const found = sampleNs({ ...efforts.quick.loop, samples: 4 }, (times) => {
    operations += times;
    let x = 1;
    for (let i = 0; i < times * 100; i++) x = Math.imul(x, 3) + i;
    assert.notEqual(x, 0.5);
  });
  assert.equal(found.length, 4);
  assert.ok(found.every((ns) => ns > 0) && operations > 100);
});

test('the table shows a target as met or missed and the ratio to the published figure', () => {
  const found = new Map([
    ['messages.single-1000', summary(20)],
    ['graph.get', summary(32.0775)],
  ]);
  const text = plain(figureTable(found)).join('\n');
  assert.match(text, /messages\.single-1000 .* 20 \[19\.\.21\] .*>= 30 MISSED +0\.67 x +8 +2\.50 x/);
  assert.match(text, /graph\.get .*<= 64\.2 met +2\.00 x +128 +4\.00 x/);
  assert.equal(markdown(figureTable(found)).length, 4);
  assert.equal(short(1_234.5), '1,235');
});

test('the table of changes names the figure that became slower', () => {
  const baseline = baselineWith({ 'graph.get': 100, 'graph.parents': 10 });
  const found = new Map([
    ['graph.get', summary(120)],
    ['graph.parents', summary(10)],
  ]);
  const text = plain(changeTable(compare(found, 2, thisMachine(), baseline))).join('\n');
  assert.match(text, /graph\.get +ns +100 +120 +20\.0 % +\+-5\.0 % +SLOWER/);
  assert.match(text, /graph\.parents .* ok/);
});

test('a network of real nodes that decided less than it was offered is named saturated, with the shares', () => {
  const measured = nothingMeasured();
  const common = { offeredTps: 40, coresOfNodes: 1.5, cores: 2, hostBusyPercent: 99, loadBefore: 3 };
  measured.facts.set('live.tps-150x10', { ...common, tps: 39.5, allCoresTps: 52.7 });
  measured.facts.set('live.tps-150x100', { ...common, tps: 10, allCoresTps: 13.3 });
  const [carried, saturated] = factLines(measured);
  assert.match(carried!, /39\.5 of 40 TPS offered;.*1\.5 cores, all 2 would carry 52\.7 TPS/);
  assert.doesNotMatch(carried!, /SATURATED/);
  assert.match(saturated!, /10 of 40 TPS offered: SATURATED, 25 % of what was offered/);
});
