// Goal: the window is what the budget buys, never under twenty finality times, and says what was shortened.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { delayedBy, plannedFinalityTimes, planWindow } from '#campaigns/targets/simulator/window.ts';
import { networkNamed, runSpecExample } from '#test/support/run-spec-example.ts';

const spec = runSpecExample();

test('an hour is compressed to what the budget buys, and the compression is printed', () => {
  const plan = planWindow(spec);
  assert.ok(plan.measureUs < spec.duration.measureUs);
  assert.ok(plan.measureUs >= plannedFinalityTimes * plan.finalityUs);
  const { workPerMessage } = estimateFinality(spec);
  const work = plan.estimatedMessages * workPerMessage;
  assert.ok(Math.abs(work - spec.messageBudget) < 0.01 * spec.messageBudget);
  assert.ok(Math.abs(plan.compression * plan.measureUs - spec.duration.measureUs) < 2);
  assert.ok(Math.abs(plan.scale * plan.compression - 1) < 1e-9);
  assert.match(plan.notes[0]!, /of 3600\.0 s requested \(compression/);
  assert.equal(plan.decisions, null);
});

test('twice the budget buys about twice the window', () => {
  const one = planWindow(spec).measureUs;
  const two = planWindow({ ...spec, messageBudget: 2 * spec.messageBudget }).measureUs;
  assert.ok(two > 1.95 * one && two < 2.2 * one, `${two / one}`);
});

test('a request that the budget covers is kept as it is', () => {
  const duration = { warmupUs: 300_000, measureUs: 8_000_000, cooldownUs: 600_000 };
  const plan = planWindow({ ...spec, duration, messageBudget: 1_000_000_000 });
  assert.equal(plan.measureUs, 8_000_000);
  assert.equal(plan.warmupUs, 300_000);
  assert.equal(plan.cooldownUs, Math.max(600_000, 3 * plan.finalityUs));
  assert.equal(plan.compression, 1);
  assert.deepEqual(plan.notes, []);
});

test('twenty-four finality times are planned even beyond the budget, which is said', () => {
  const plan = planWindow({ ...spec, network: networkNamed('poor'), messageBudget: 1_000 });
  assert.equal(plan.measureUs, Math.ceil(plannedFinalityTimes * plan.finalityUs));
  assert.ok(plan.estimatedMessages > 1_000);
  assert.ok(plan.notes.some((note) => /exceed the budget of 1000: 24 finality times/.test(note)));
});

test('a request shorter than that is stretched, faults and periods are not', () => {
  const duration = { ...spec.duration, measureUs: 50_000 };
  const plan = planWindow({ ...spec, duration });
  assert.ok(plan.compression < 1);
  assert.equal(plan.scale, 1);
  assert.ok(plan.notes.some((note) => /stretched/.test(note)));
});

test('warm-up is two finality times or the request, cool-down three to five', () => {
  const plan = planWindow(spec);
  assert.equal(plan.warmupUs, 2 * plan.finalityUs);
  assert.equal(plan.cooldownUs, 5 * plan.finalityUs);
  const short = planWindow({ ...spec, duration: { ...spec.duration, warmupUs: 0, cooldownUs: 0 } });
  assert.equal(short.warmupUs, 0);
  assert.equal(short.cooldownUs, 3 * short.finalityUs);
});

test('a run with conflicts is watched until each vertex reached its round limit, after a partition for as long as it may take to heal', () => {
  const duration = { ...spec.duration, cooldownUs: 60_000_000 };
  const workload = { ...spec.workload, kind: 'constant', tps: 100, conflictShare: 0.01 } as const;
  const contested = { ...spec, duration, workload };
  const { roundUs } = estimateFinality(contested);
  const limitUs = spec.consensus.maxRounds * roundUs;
  const plan = planWindow(contested);
  assert.ok(plan.cooldownUs >= limitUs && plan.cooldownUs < 1.2 * limitUs, `${plan.cooldownUs / limitUs}`);
  const cut = { kind: 'partition', groups: [0.5, 0.5], atUs: 1_000_000_000, forUs: 600_000_000 } as const;
  const first = planWindow({ ...contested, faults: [cut] });
  assert.equal(first.cooldownUs, Math.ceil(260 * first.finalityUs));
  const second = planWindow({ ...contested, faults: [cut], repetition: 1 });
  const shorterUs = Math.max(plan.cooldownUs, Math.ceil(50 * second.finalityUs));
  assert.equal(second.cooldownUs, shorterUs, 'that it never heals shows once');
  const { warmupUs, measureUs, cooldownUs } = duration;
  const late = { ...cut, atUs: warmupUs + measureUs + cooldownUs - cut.forUs - 45_000_000 };
  assert.equal(planWindow({ ...contested, faults: [late] }).cooldownUs, 45_000_000, 'all that is left');
  const calm = { ...contested, faults: [cut], workload: { ...workload, conflictShare: 0 } };
  assert.equal(planWindow(calm).cooldownUs, 5 * planWindow(calm).finalityUs);
});

test('a window with a partition holds twenty-four finality times as the partition delays them', () => {
  for (const share of [0.1, 1 / 6, 0.2]) {
    const forUs = share * spec.duration.measureUs;
    const cut = { kind: 'partition', groups: [0.5, 0.5], atUs: 1_000_000_000, forUs } as const;
    const plan = planWindow({ ...spec, faults: [cut], messageBudget: 1 });
    const inFinalityTimes = plan.measureUs / plan.finalityUs;
    const mean = 1 + (share * share * inFinalityTimes) / 2;
    assert.ok(Math.abs(inFinalityTimes / mean / plannedFinalityTimes - 1) < 0.01, `${inFinalityTimes}`);
  }
});

test('of partitions that overlap nodes wait for the last, of others for each', () => {
  const cutAt = (atUs: number) =>
    ({ kind: 'partition', groups: [0.5, 0.5], atUs, forUs: 600_000_000 }) as const;
  const duration = { ...spec.duration, measureUs: 3_600_000_000 };
  const one = delayedBy([cutAt(600_000_000)], duration) - 1;
  const apart = delayedBy([cutAt(600_000_000), cutAt(1_800_000_000)], duration) - 1;
  const overlapping = delayedBy([cutAt(900_000_000), cutAt(600_000_000)], duration) - 1;
  assert.ok(Math.abs(apart - 2 * one) < 1e-9);
  assert.ok(Math.abs(overlapping - 1.5 ** 2 * one) < 1e-9, 'half as long again, as half as many again wait');
});

test('a single workload is planned in decisions: at least twenty-four, at most what is paid for', () => {
  const single = runSpecExample({
    workload: { kind: 'single', batch: 1, payloadBytes: 100, parents: { kind: 'chain' }, conflictShare: 0 },
  });
  const plan = planWindow(single);
  const { messagesPerDecision } = estimateFinality(single);
  assert.equal(plan.decisions, Math.floor(single.messageBudget / messagesPerDecision));
  assert.ok(plan.measureUs >= plan.decisions! * plan.finalityUs);
  assert.equal(plan.warmupUs, 0);
  assert.equal(planWindow({ ...single, messageBudget: 1 }).decisions, plannedFinalityTimes);
});

test('every length is a whole number of microseconds', () => {
  for (const name of ['ideal', 'local', 'lan', 'wan', 'degraded']) {
    const plan = planWindow(runSpecExample({ network: networkNamed(name) }));
    for (const us of [plan.warmupUs, plan.measureUs, plan.cooldownUs]) assert.ok(Number.isInteger(us), name);
  }
});

test('a bin of the window holds at least 25 vertices where four bins do, and there are never more than forty', () => {
  const withWindow = (tps: number, measureUs: number) =>
    planWindow({
      ...spec,
      workload: { ...spec.workload, kind: 'constant', tps, batch: 10 },
      duration: { ...spec.duration, measureUs },
      messageBudget: 1_000_000_000_000,
    }).bins;
  assert.equal(withWindow(100, 100_000_000), 40); // 1,000 vertices
  assert.equal(withWindow(100, 25_000_000), 10); // 250 vertices
  assert.equal(withWindow(1, 25_000_000), 4);
});

test('every step of a ramp has the same number of bins and lasts 2.4 finality times', () => {
  const workload = { ...spec.workload, kind: 'ramp', fromTps: 100, toTps: 1_000, steps: 12 } as const;
  const plan = planWindow({ ...spec, workload, messageBudget: 1 });
  assert.equal(plan.bins % 12, 0);
  assert.equal(plan.measureUs, Math.ceil(2.4 * 12 * plan.finalityUs));
});

test('a network that is not live is measured for a quarter of its round limit and watched for all of it, whatever the budget', () => {
  const byzantine = { ...spec.byzantine, share: 0.3, attack: 'always-reject' } as const;
  const workload = { ...spec.workload, kind: 'constant', tps: 1_000, batch: 10 } as const;
  for (const messageBudget of [1_000, 1_000_000_000_000]) {
    const plan = planWindow({ ...spec, byzantine, workload, messageBudget });
    const limitUs = spec.consensus.maxRounds * estimateFinality({ ...spec, byzantine, workload }).roundUs;
    assert.equal(plan.measureUs, Math.ceil(limitUs / 4));
    assert.equal(plan.cooldownUs, Math.ceil(limitUs));
    assert.match(
      plan.notes[0]!,
      /^by the run-length law more than one vertex in twenty .* at the round limit of 100 polls: measured for 25 polls, then watched for 100/,
    );
  }
});

test('a network that is not live is under load until a sparse load has brought four vertices, or for all of the requested time', () => {
  const byzantine = { ...spec.byzantine, share: 0.3, attack: 'always-reject' } as const;
  const measured = (tps: number): number =>
    planWindow({ ...spec, byzantine, workload: { ...spec.workload, kind: 'constant', tps, batch: 10 } })
      .measureUs;
  assert.equal(measured(1), 40_000_000);
  assert.equal(measured(0.001), spec.duration.measureUs);
});

test('a network that is not live is watched until its attackers are met often enough, four round limits at most', () => {
  const watched = (k: number, attack: 'random' | 'always-reject' | 'silent'): number => {
    const consensus = { ...spec.consensus, k, alphaConfidence: k, alphaPreference: k };
    const given = { ...spec, nodes: 1_000, consensus, byzantine: { ...spec.byzantine, share: 0.3, attack } };
    const { roundUs, isLive } = estimateFinality(given);
    assert.equal(isLive, false);
    return Math.round(planWindow(given).cooldownUs / roundUs);
  };
  // 2.4 x 2.674 strikes, half of the answers of a random attacker, 20 polls until a pair meets; 110 polls under load.
  assert.equal(watched(50, 'random'), 257 - 110);
  assert.equal(watched(50, 'always-reject'), 100);
  assert.equal(watched(50, 'silent'), 100);
  assert.equal(watched(10, 'random'), 400);
});

test('a spliced run needs five finality times, twelve with bursts or where strikes are forgotten, seventeen with faults', () => {
  const lengthOf = (changes: Partial<typeof spec>): number =>
    planWindow({ ...spec, byzantine: { ...spec.byzantine, share: 0, attack: 'none' }, ...changes }).measureUs;
  const byzantine = { ...spec.byzantine, share: 0.1, attack: 'random' } as const;
  const forgetful = { ...byzantine, halfLifeUs: 60_000_000 };
  const faults = [{ kind: 'loss', loss: 0.1, atUs: 1, forUs: 1 }] as const;
  const burst = { kind: 'burst', tps: 100, burstTps: 200, everyUs: 60_000_000, forUs: 6_000_000 } as const;
  const bursts = { ...spec.workload, ...burst };
  const shares: readonly (readonly [changes: Partial<typeof spec>, share: number])[] = [
    [{}, 5 / 24],
    [{ byzantine }, 5 / 24],
    [{ workload: bursts }, 1 / 2],
    [{ byzantine: forgetful }, 1 / 2],
    [{ faults }, 17 / 24],
  ];
  for (const [changes, share] of shares) {
    const seen = lengthOf({ ...changes, tier: 'spliced' }) / lengthOf(changes);
    assert.ok(Math.abs(seen / share - 1) < 0.15, `${seen} for ${share}`);
  }
});

test('a ramp with an end gets room to recover, in bins that no step shares, and pays for what it is expected to use', () => {
  const common = { batch: 1, payloadBytes: 1_024, parents: { kind: 'chain' }, conflictShare: 0 } as const;
  const ramp = { ...common, kind: 'ramp', fromTps: 100, toTps: 10_000, steps: 10 } as const;
  const resources = { name: 'minimal', cpuCores: 1, memoryBytes: 536_870_912 };
  const climbing = planWindow({ ...spec, workload: ramp, resources });
  const plan = planWindow({ ...spec, workload: { ...ramp, until: { cpuShare: 0.95 } }, resources });
  assert.equal(climbing.climbUs, undefined);
  assert.ok(plan.climbUs !== undefined);
  assert.equal(plan.measureUs, 3 * plan.climbUs);
  assert.equal(plan.bins % 30, 0);
  assert.equal((plan.climbUs / plan.bins) % 1, 0);
  assert.ok(plan.climbUs >= 24 * plan.finalityUs);
  // It stops where a node has no time left, long before 10,000 TPS.
  assert.ok(plan.estimatedMessages < 0.9 * climbing.estimatedMessages * (plan.climbUs / climbing.measureUs));
  assert.ok(plan.notes.some((note) => /recovery is watched for/.test(note)));
});
