// Goal: polls that end and begin in the module change what they change in the core, and they are most of those of which all is certain.
// Method: the same runs at message fidelity, which has no such turns; polls that the core concludes itself are counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { assemble, execute } from '#campaigns/targets/simulator/run.ts';
import { Core } from '#node/core/core.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { smallSpec } from './small-run.ts';
import { comparable } from './tier-pair.ts';

let concluded = 0;

class CountingCore extends Core {
  override conclude(poll: number, nowUs: number): void {
    concluded += 1;
    super.conclude(poll, nowUs);
  }
}

/** One vertex at a time, asked about often before it is final. */
function specOf(over: Parameters<typeof smallSpec>[0]): RunSpec {
  return smallSpec({
    seed: 7,
    nodes: 60,
    consensus: {
      k: 20,
      alphaPreference: 14,
      alphaConfidence: 14,
      beta: 12,
      maxRounds: 60,
      pollIntervalUs: 20_000,
    },
    network: networkNamed('wan'),
    byzantine: { attack: 'always-reject', share: 0.1 },
    workload: {
      kind: 'single',
      batch: 1,
      payloadBytes: 100,
      parents: { kind: 'count', least: 1, most: 1 },
      conflictShare: 0,
    },
    calibration: weightless(defaultCalibration),
    duration: { warmupUs: 200_000, measureUs: 12_000_000, cooldownUs: 2_000_000 },
    messageBudget: 2_000_000,
    ...over,
  });
}

/** Polls of the run, and how many of these the core has concluded. */
function counted(spec: RunSpec): { polls: number; byCore: number } {
  const byMessage = comparable(spec, 'message');
  concluded = 0;
  const byPoll = comparable(spec, 'poll', { core: (options, ports) => new CountingCore(options, ports) });
  assert.equal(byPoll.text, byMessage.text);
  const { polls } = JSON.parse(byPoll.text).results.simulation;
  return { polls, byCore: concluded };
}

test('most polls of a network in which nothing conflicts turn in the module', () => {
  const { polls, byCore } = counted(specOf({}));
  assert.ok(polls > 1_000 && byCore < polls / 2, `${byCore} of ${polls}`);
});

test('so they do when two thresholds hold, all answers are awaited, or many are lost', () => {
  const twofold = {
    k: 20,
    alphaPreference: 11,
    alphaConfidence: 14,
    beta: 12,
    maxRounds: 60,
    pollIntervalUs: 20_000,
  };
  for (const over of [
    { consensus: twofold },
    { consensus: { ...twofold, earlyEnd: false }, network: { ...networkNamed('wan'), loss: 0 } },
    { network: { ...networkNamed('wan'), loss: 0.05 } },
    { byzantine: { attack: 'always-accept' as const, share: 0.2 } },
  ]) {
    const { polls, byCore } = counted(specOf(over));
    assert.ok(byCore < polls, `${byCore} of ${polls}`);
  }
});

test('where peers are left out, or clocks are wrong, the core concludes all polls', () => {
  for (const over of [
    { byzantine: { attack: 'always-reject' as const, share: 0.1, exclusion: true } },
    { faults: [{ kind: 'clock-skew' as const, ppm: 50_000, share: 0.3, atUs: 1_000_000, forUs: 5_000_000 }] },
  ]) {
    const { polls, byCore } = counted(specOf(over));
    assert.ok(byCore > 0.8 * polls, `${byCore} of ${polls}`);
  }
});

test('the ticks in which polls turn, late timers run out and idle requests arrive pass in the module', () => {
  const parts = assemble({ ...specOf({ nodes: 300 }), tier: 'poll' });
  const { simulation } = parts;
  const step = simulation.step.bind(simulation);
  let steps = 0;
  simulation.step = () => {
    steps += 1;
    step();
  };
  execute(parts, () => undefined, new AbortController().signal);
  const { polls, relay, now } = simulation;
  // An event for each poll and each request would be a step for most of these.
  assert.ok(polls > 5_000 && relay.requests > 1_000, `${polls} polls, ${relay.requests} requests`);
  assert.ok(steps < polls / 2, `${steps} steps in ${now} ticks for ${polls} polls`);
});
