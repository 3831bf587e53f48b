/**
 * Rows that differ by their attackers alone have the same seeds: what attackers change is then known better than from rows of seeds of
 * their own. Method: one small network under Poisson load, calm and attacked, eight seeds; the effect from pairs of one seed and from
 * pairs of two.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarise } from '#campaigns/analysis/statistics.ts';
import type { AttackName } from '#campaigns/run-spec.ts';
import { smallRun } from './small-run.ts';

const parents = { kind: 'count', least: 2, most: 4 } as const;
const seeds = [11, 12, 13, 14, 15, 16, 17, 18];

function figures(seed: number, share: number, attack: AttackName): { tps: number; meanMs: number } {
  const workload = {
    kind: 'open-loop',
    tps: 30,
    batch: 1,
    payloadBytes: 100,
    parents,
    conflictShare: 0,
  } as const;
  const { results } = smallRun({ seed, byzantine: { share, attack }, workload, messageBudget: 500_000 });
  return { tps: results.throughput.avg_tps, meanMs: results.latency.mean_ms ?? Number.NaN };
}

test('the effect of attackers on throughput has a narrower interval from pairs of one seed', (context) => {
  const calm = seeds.map((seed) => figures(seed, 0, 'none'));
  const attacked = seeds.map((seed) => figures(seed, 0.1, 'always-reject'));
  const halfWidth = (figure: 'tps' | 'meanMs', shift: number): number => {
    const effects = attacked.map((run, i) => run[figure] - calm[(i + shift) % calm.length]![figure]);
    const [low, high] = summarise(effects).interval!;
    return (high - low) / 2;
  };
  for (const figure of ['tps', 'meanMs'] as const) {
    const paired = halfWidth(figure, 0);
    const others = seeds.slice(1).map((_, shift) => halfWidth(figure, shift + 1));
    const unpaired = others.reduce((sum, width) => sum + width, 0) / others.length;
    context.diagnostic(
      `${figure}: half width ${paired.toPrecision(3)} from pairs, ${unpaired.toPrecision(3)} without`,
    );
    // Votes change every poll after the first difference: latencies of a pair have little in common but the load.
    if (figure === 'tps') assert.ok(paired < 0.5 * unpaired, `${figure}: ${paired} against ${unpaired}`);
  }
});
