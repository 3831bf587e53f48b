/**
 * Goal: people are told nearly what simulating takes. Method: repetitions that were run, beside what is expected of them today, as long as
 * they are still the same simulation; half-known cases (does a partition heal?) only as a sum.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { planCatalogue, planPhase } from '#campaigns/commands/plan-request.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { simulationKey } from '#campaigns/same-simulation.ts';
import { expectedCpuSeconds } from '#campaigns/simulation-time.ts';

interface Recorded {
  readonly plan: string;
  readonly row: string;
  readonly repetition: number;
  /** Of its simulation; another one took another time. */
  readonly key: string;
  /** CPU-seconds at the pace of 1. */
  readonly seconds: number;
  /** Whether the constants were fitted to it. */
  readonly fitted: boolean;
}

interface Pair extends Recorded {
  readonly spec: RunSpec;
  /** Expected / taken. */
  readonly ratio: number;
}

function planNamed(name: string): Plan {
  const planned =
    name === 'catalogue'
      ? planCatalogue({ seed: 1 })
      : planPhase(name, { seed: 1, ...(name === 'phase1' ? {} : { target: 'simulator' }) });
  return planned.planOf(name);
}

function pairsOf(recorded: readonly Recorded[]): readonly Pair[] {
  const specs = new Map<string, RunSpec>();
  for (const name of new Set(recorded.map(({ plan }) => plan)))
    for (const { rowId, cells } of planNamed(name).rows)
      for (const { spec } of cells) specs.set(`${name} ${rowId} ${spec.repetition}`, spec);
  return recorded.flatMap((one) => {
    const spec = specs.get(`${one.plan} ${one.row} ${one.repetition}`);
    if (spec === undefined || !simulationKey(spec).startsWith(one.key)) return [];
    return [{ ...one, spec, ratio: expectedCpuSeconds(spec) / one.seconds }];
  });
}

const record: { readonly runs: readonly Recorded[] } = JSON.parse(
  readFileSync(new URL('./simulation-time.recorded.json', import.meta.url), 'utf8'),
);
const pairs = pairsOf(record.runs);

function isToss({ spec: { faults, workload } }: Pair): boolean {
  return workload.conflictShare > 0 && faults.some(({ kind }) => kind === 'partition');
}

function factorOf({ ratio }: Pair): number {
  return Math.max(ratio, 1 / ratio);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function totalRatio(some: readonly Pair[]): number {
  const taken = some.reduce((sum, { seconds }) => sum + seconds, 0);
  return some.reduce((sum, { seconds, ratio }) => sum + seconds * ratio, 0) / taken;
}

test('enough of what was recorded is still simulated', () => {
  assert.ok(pairs.length >= record.runs.length / 2, `${pairs.length} of ${record.runs.length}: record again`);
});

test('what was recorded took at most twice as much or as little as is expected, most of it within a quarter', () => {
  const known = pairs.filter((pair) => !isToss(pair));
  for (const pair of known)
    assert.ok(
      factorOf(pair) < 2,
      `${pair.plan} ${pair.row} #${pair.repetition + 1}: ${pair.ratio.toFixed(2)}`,
    );
  for (const fitted of [true, false]) {
    const some = known.filter((pair) => pair.fitted === fitted);
    assert.ok(middle(some.map(factorOf)) < 1.25, `${fitted}: ${middle(some.map(factorOf))}`);
  }
});

test('all of it together is expected within a sixth, partitions that may never heal within a third', () => {
  const all = totalRatio(pairs);
  assert.ok(all > 5 / 6 && all < 7 / 6, `${all}`);
  const tosses = pairs.filter(isToss);
  assert.ok(tosses.length >= 4);
  const ratio = totalRatio(tosses);
  assert.ok(ratio > 2 / 3 && ratio < 4 / 3, `${ratio}`);
});

test('the repetition that watches a partition longest is expected to take longest', () => {
  const row = planPhase('phase1', { seed: 1, scenarios: ['CT-002'] }).planOf('phase1').rows[0]!;
  const [first, second, third] = row.cells.map(({ spec }) => expectedCpuSeconds(spec));
  assert.ok(first! > 1.5 * second!, `${first} ${second}`);
  assert.equal(second, third);
});

test('more vertices, conflicts or faults never take less, and the poll fidelity takes less than messages', () => {
  const spec = pairs.find(({ row }) => row === 'LT-003/nodes=1000')!.spec;
  const { workload } = spec;
  assert.ok(workload.kind === 'constant');
  const plain = { ...spec, tier: 'message' } as const;
  const seconds = expectedCpuSeconds(plain);
  const contested = { ...plain, workload: { ...workload, conflictShare: 0.05 } };
  const faulty = {
    ...plain,
    faults: [{ kind: 'partition', groups: [0.8, 0.2], atUs: 60_000_000, forUs: 60_000_000 }],
  } as const;
  for (const dearer of [contested, faulty]) assert.ok(expectedCpuSeconds(dearer) > seconds);
  assert.ok(expectedCpuSeconds({ ...plain, tier: 'poll' }) < seconds);
  assert.ok(expectedCpuSeconds({ ...plain, tier: 'lumped' }) < 1);
});
