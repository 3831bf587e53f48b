/**
 * Scenario files: defaults, and a golden list of mistakes with their places. One file with many mistakes reports all.
 * Covers campaigns/schema/problems.ts, campaigns/schema/record.ts, campaigns/schema/names.ts and
 * campaigns/scenario-checks.ts through the reader.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '#campaigns/config-error.ts';
import { readScenario } from '#campaigns/scenario-file.ts';

const least = `id: A-1
title: least
nodes: 100
duration: { measure: 10m }
workload: { kind: constant, tps: 10 }
criteria: [{ metric: safety.violations, equals: 0 }]
`;

function problemsOf(text: string): string[] {
  try {
    readScenario(text, 's.yaml');
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split('\n');
  }
  return [];
}

test('the least scenario gets every default', () => {
  const scenario = readScenario(least, 's.yaml');
  assert.ok(scenario.kind === 'run');
  assert.equal(scenario.network[0]?.name, 'lan');
  assert.equal(scenario.resources[0]?.name, 'standard');
  assert.deepEqual(scenario.topology, [{ kind: 'mesh', degree: 8 }]);
  assert.equal(scenario.service_times, 'calibration');
  assert.deepEqual(scenario.byzantine, {
    share: [0],
    attack: ['random'],
    clusters: 1,
    identities: 10,
    exclusion: false,
  });
  assert.deepEqual(scenario.duration, { warmup: 60_000_000, measure: 600_000_000, cooldown: 30_000_000 });
  assert.deepEqual(scenario.workload, {
    batch: 1,
    payloadBytes: 1_024,
    parents: { kind: 'count', least: 2, most: 4 },
    conflictShare: 0,
    kind: 'constant',
    tps: 10,
  });
  assert.equal(scenario.repetitions.at_least, 3);
});

test('every mistake of a file is reported, in order, with its place and remedy', () => {
  const text = `id: CT-999
titel: Split
source: x
nodes: [1000, 20]
netwrk: lan
byzantine: { share: 10%, atack: random }
duration: { warmup: 60, measure: -1h, coldown: 30s }
workload: { knd: constant, tps: .inf }
faults:
  - { kind: partition, groups: [50%, 40%], at: 20m, for: 10m }
  - { kind: kil, nodes: 1 }
criteria:
  - { metric: latency.p59, at_most: 60s }
  - { metric: latency.p95, at_most: 60% }
  - { metric: latency.p95, at_most: 60ms, at_least: 1ms }
  - { metric: latency.p95 }
repetitions: { at_least: 1 }
repetitions: { at_least: 4 }
`;
  assert.deepEqual(problemsOf(text), [
    's.yaml:2:1: titel: unknown key "titel" (did you mean "title"?)',
    's.yaml:5:1: netwrk: unknown key "netwrk" (did you mean "network"?)',
    's.yaml:6:26: byzantine.atack: unknown key "atack" (did you mean "attack"?)',
    's.yaml:7:21: duration.warmup: 60 has no unit; write it like "250ms"',
    's.yaml:7:34: duration.measure: "-1h" is negative',
    's.yaml:7:39: duration.coldown: unknown key "coldown" (did you mean "cooldown"?)',
    's.yaml:8:13: workload.knd: unknown key "knd" (did you mean "kind"?)',
    's.yaml:8:33: workload.tps: .inf is not a finite number',
    's.yaml:10:32: faults[0].groups: the sides add up to 90%, not to 100%',
    's.yaml:11:13: faults[1].kind: the text "kil" is not known here (did you mean "kill"?)',
    's.yaml:13:15: criteria[0].metric: the text "latency.p59" is not known here (did you mean "latency.p50"?)',
    's.yaml:14:37: criteria[1].at_most: "60%" has the unit "%", but the metric is in ms; write it like 100ms (latency.p95 is in ms)',
    's.yaml:15:5: criteria[2]: has at_least and at_most (write one criterion for each)',
    's.yaml:16:5: criteria[3]: compares with nothing (one of at_least, at_most, equals, below, above)',
    's.yaml:17:26: repetitions.at_least: must be at least 3, found 1',
    's.yaml:18:1: repetitions: is written twice (keep one of the two)',
  ]);
});

const single: readonly (readonly [string, (text: string) => string, string])[] = [
  [
    'an unknown network',
    (t) => `${t}network: wam\n`,
    '7:10: network: the text "wam" is not known here (did you mean "wan"?)',
  ],
  [
    'a network without a delay',
    (t) => `${t}network: { loss: 1% }\n`,
    '7:10: network: needs a profile or one_way (one_way: 1ms..10ms)',
  ],
  [
    'a rate in bytes',
    (t) => `${t}network: { profile: lan, bandwidth: 1MB }\n`,
    '7:37: network.bandwidth: "1MB" has the unit "MB"; a rate is written in bps, Kbps, Mbps, Gbps',
  ],
  [
    'a bare number as share',
    (t) => `${t}byzantine: { share: 20 }\n`,
    '7:21: byzantine.share: "20" is more than the whole: write 20% if that is meant',
  ],
  [
    'nobody honest',
    (t) => `${t}byzantine: { share: 100% }\n`,
    '7:21: byzantine.share: 100% attackers leave no honest node (less than 100%, like 20%)',
  ],
  ['no load', (t) => t.replace('tps: 10', 'tps: 0'), '5:34: workload.tps: must be more than 0, found 0'],
  [
    'a huge load',
    (t) => t.replace('tps: 10', 'tps: 1e300'),
    '5:34: workload.tps: must be at most 1000000, found 1e+300',
  ],
  [
    'too many parents',
    (t) => t.replace('tps: 10', 'tps: 10, parents: 2..40'),
    '5:47: workload.parents: a vertex has 1..8 parents, not 2..40',
  ],
  [
    'half a node',
    (t) => t.replace('100', '99.5'),
    '3:8: nodes: expected a whole number or a list, found 99.5',
  ],
  ['a size listed twice', (t) => t.replace('100', '[100, 100]'), '3:8: nodes: lists a value twice'],
  ['nothing measured', (t) => t.replace('10m', '0s'), '4:22: duration.measure: must be longer than nothing'],
  [
    'a missing part',
    (t) => t.replace(/duration.*\n/, ''),
    '1:1: duration: is missing (expected a record of keys)',
  ],
  [
    'no criterion',
    (t) => t.replace(/criteria.*\n/, 'criteria: []\n'),
    '6:11: criteria: must be at least 1 items long, found 0',
  ],
  [
    'a sample as large as the network',
    (t) => `${t}consensus: { k: 100 }\n`,
    '7:17: consensus.k: k = 100 must be < 100 nodes: a node samples k distinct peers other than itself (in a network of 100 nodes)',
  ],
  [
    'a threshold below half of the sample',
    (t) => `${t}consensus: { k: 30, alpha: 15 }\n`,
    '7:28: consensus.alpha: alphaPreference = 15 must be > k/2 = 15 (in a network of 100 nodes)',
  ],
  [
    'a fault after the end',
    (t) => `${t}faults: [{ kind: loss, loss: 5%, at: 9m, for: 2m }]\n`,
    '7:38: faults[0].at: the loss ends 11m after the start of a window of 10m (begin it earlier, shorten it, or measure longer)',
  ],
  [
    'everybody killed',
    (t) => `${t}faults: [{ kind: kill, nodes: 100%, at: 1m, down: 1m }]\n`,
    '7:10: faults[0]: takes down 100 of 100 nodes at once (leave at least one running)',
  ],
  [
    'a criterion longer than the window',
    (t) => t.replace('equals: 0', 'equals: 0, over: 1h'),
    '6:58: criteria[0].over: speaks about 1h, but the window is 10m (measure longer or ask for less)',
  ],
  ['an empty file', () => '', '1:1: is empty'],
  ['a list', () => '[1, 2]', '1:1: expected a record of keys, found a list'],
];

for (const [what, change, expected] of single) {
  test(`${what} is one clear problem`, () =>
    assert.deepEqual(problemsOf(change(least)), [`s.yaml:${expected}`]));
}

test('boundaries are inside: k = N - 1, a fault that ends with the window, 1 TPS of a million', () => {
  const text = `${least}consensus: { k: 99, alpha: 80 }\nfaults: [{ kind: loss, loss: 5%, at: 8m, for: 2m }]\n`;
  assert.deepEqual(problemsOf(text.replace('tps: 10', 'tps: 1000000')), []);
});
