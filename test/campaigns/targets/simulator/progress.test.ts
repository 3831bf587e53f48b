/**
 * Goal: a repetition says how much of its work is done, at every fidelity and all the way, and can be stopped wherever it says so.
 * Method: small runs whose reports are collected; an order to stop that comes with a certain report.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSpec, TierName } from '#campaigns/run-spec.ts';
import { simulationTime } from '#campaigns/simulation-time.ts';
import { createSimulator } from '#campaigns/targets/simulator/target.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { smallSpec } from './small-run.ts';

const requestedUs = 600_000_000;
const partition = {
  kind: 'partition',
  groups: [0.5, 0.5],
  atUs: requestedUs / 2,
  forUs: requestedUs / 30,
} as const;

function specOf(tier: TierName, over: Partial<RunSpec> = {}): RunSpec {
  const duration = { warmupUs: 1_000_000, measureUs: requestedUs, cooldownUs: 1_000_000 };
  return {
    ...smallSpec({
      nodes: 20,
      consensus: { k: 10, alphaPreference: 8, alphaConfidence: 8 },
      messageBudget: 60_000,
    }),
    tier,
    duration,
    ...over,
  };
}

/** What a run reports; it is told to stop with the first report of at least `stopAt`. */
async function reports(spec: RunSpec, stopAt = 2): Promise<{ shares: number[]; outcome: RunOutcome }> {
  const controller = new AbortController();
  const shares: number[] = [];
  const progress = (share: number): void => {
    shares.push(share);
    if (share >= stopAt) controller.abort();
  };
  return { shares, outcome: await createSimulator().run(spec, progress, controller.signal) };
}

/** The longest stretch of the work in which nothing was said, of the stretch from `from` to `until`. */
function longestSilence(shares: readonly number[], from: number, until: number): number {
  const marks = [from, ...shares.filter((share) => share > from && share < until), until];
  return Math.max(...marks.slice(1).map((mark, i) => mark - marks[i]!));
}

test('shares of every fidelity rise, and end with the run', async () => {
  for (const tier of ['analytic', 'lumped', 'spliced', 'poll', 'message'] as const) {
    const { shares, outcome } = await reports(specOf(tier));
    assert.equal(outcome.result.test_status, 'PASSED', tier);
    assert.ok(shares.length > 0 && shares.every((share) => share >= 0 && share <= 1), tier);
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => a - b),
      tier,
    );
    // A window whose vertices are all decided leaves the rest of its cool-down out.
    assert.ok(shares.at(-1)! > 0.8, `${tier} ${shares.at(-1)}`);
  }
});

test('no tenth of a window of messages, and no tenth of counted time, passes in silence', async () => {
  const message = await reports(specOf('message'));
  assert.ok(longestSilence(message.shares, 0, message.shares.at(-1)!) < 0.1);
  for (const faults of [[], [partition]]) {
    const counted = await reports(specOf('lumped', { faults }));
    assert.ok(longestSilence(counted.shares, 0, 1) < 0.1);
  }
});

test('decisions one after another report, too', async () => {
  const workload = { ...smallSpec({}).workload, kind: 'single', batch: 1 } as const;
  const { shares } = await reports(specOf('lumped', { workload }));
  assert.ok(longestSilence(shares, 0, 1) < 0.1);
});

test('a spliced run divides its shares as its parts divide its work, and both parts report', async () => {
  // Ten hours take as long to count as the window takes to begin.
  const spec = specOf('spliced', {
    duration: { warmupUs: 1_000_000, measureUs: 60 * requestedUs, cooldownUs: 1_000_000 },
  });
  const { window, counted } = simulationTime(spec);
  const seam = window / (window + counted);
  assert.ok(seam > 0.05 && seam < 0.95, `${seam}`);
  const { shares } = await reports(spec);
  // The window may end before the whole of its cool-down is over.
  const inWindow = shares.filter((share) => share < seam);
  assert.ok(inWindow.at(-1)! > seam / 2);
  assert.ok(longestSilence(shares, 0, inWindow.at(-1)!) < 0.3 * seam, `${inWindow}`);
  assert.ok(longestSilence(shares, seam, 1) < 0.1 * (1 - seam));
});

test('a run is stopped where it reports, in its counted part, too, and answers nothing', async () => {
  for (const tier of ['lumped', 'spliced', 'message'] as const) {
    const { shares, outcome } = await reports(specOf(tier), 0.5);
    assert.equal(outcome.result.test_status, 'ABORTED', tier);
    assert.match(outcome.result.reason, /stopped before the end/);
    assert.ok(shares.at(-1)! < 0.75, `${tier} went on until ${shares.at(-1)}`);
  }
  const late = await reports(specOf('spliced'), 0.99);
  assert.equal(late.outcome.result.test_status, 'ABORTED');
});
