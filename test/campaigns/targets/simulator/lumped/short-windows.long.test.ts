// Goal: short windows with conflicts finalise the share that a long one does, though what is blocked comes in clusters.
// Method: twelve spliced runs of a network of 60 nodes whose members learn late of conflicts, three windows of all of its time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarise } from '#campaigns/analysis/statistics.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { runSpec, runSpliced, smallSpec } from '../small-run.ts';

const second = 1_000_000;

/** Members far apart learn late that a vertex conflicts, and build on it: some of what they issue is blocked until its round limit. */
function blocking(seed: number): RunSpec {
  return smallSpec({
    seed,
    nodes: 60,
    network: networkNamed('wan'),
    topology: { kind: 'mesh', degree: 4 },
    consensus: { k: 15, alphaConfidence: 12, alphaPreference: 12, beta: 8, maxRounds: 60 },
    byzantine: { share: 0.2, attack: 'collusion', clusters: 4 },
    workload: { tps: 50, batch: 1, conflictShare: 0.1 },
    messageBudget: 1_000,
    duration: { warmupUs: 100 * second, measureUs: 400 * second, cooldownUs: 60 * second },
  });
}

test('the share that short windows with conflicts finalise is that of a long one: what is within its limit is not counted as late', () => {
  const short = Array.from({ length: 12 }, (_, index) => runSpliced(blocking(index + 1)).result);
  const { interval, mean } = summarise(short.map(({ results }) => results.consensus_metrics.finalized_share));
  // Four long windows lack 0.01 to 0.3 %: what is blocked comes in clusters, so that one of them alone says little.
  const long = [99, 100, 101].map((seed) => {
    const { window, results } = runSpec({ ...blocking(seed), messageBudget: 800_000_000 }).result;
    assert.equal(window.measured_s, 400);
    return results.consensus_metrics.finalized_share;
  });
  const whole = summarise(long).mean;
  assert.ok(interval![0] <= whole && whole <= interval![1], `${mean}, ${interval} for ${whole}`);
});
