// Goal: repeats and waves expand to the stretches the scenario wrote, clipped to its window. Method: exact cases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  describeFault,
  effectsOf,
  effectsWritten,
  isRepeatable,
  nodesTaken,
  writtenLengthUs,
} from '#campaigns/faults/effect.ts';
import type { Fault } from '#campaigns/run-spec.ts';

const kill = {
  kind: 'kill',
  nodes: 10,
  everyUs: 300,
  atUs: 100,
  downUs: 50,
  disk: 'lost',
  repeat: 4,
} as const satisfies Fault;
const cascade = {
  kind: 'cascade',
  firstNodes: 3,
  factor: 1.5,
  waves: 3,
  everyUs: 10,
  atUs: 0,
  downUs: 100,
} as const satisfies Fault;

test('a repeated kill is one effect per occurrence', () => {
  assert.deepEqual(
    effectsOf(kill, 7, 10_000).map(({ fault, index, fromUs, untilUs }) => [fault, index, fromUs, untilUs]),
    [
      [7, 0, 100, 150],
      [7, 1, 400, 450],
      [7, 2, 700, 750],
      [7, 3, 1_000, 1_050],
    ],
  );
  assert.equal(effectsWritten(kill), 4);
  assert.equal(writtenLengthUs(kill), 950);
});

test('occurrences that start after the window are left out, one that crosses its end is clipped', () => {
  assert.deepEqual(
    effectsOf(kill, 0, 720).map(({ fromUs, untilUs }) => [fromUs, untilUs]),
    [
      [100, 150],
      [400, 450],
      [700, 720],
    ],
  );
  assert.deepEqual(effectsOf(kill, 0, 100), []);
});

test('an effect of no length still takes a microsecond', () => {
  const blink: Fault = { kind: 'loss', loss: 1, atUs: 5, forUs: 0 };
  assert.deepEqual(effectsOf(blink, 0, 100), [{ fault: 0, index: 0, fromUs: 5, untilUs: 6 }]);
});

test('waves of a cascade grow by its factor, kills stay as they are', () => {
  assert.deepEqual(
    [0, 1, 2].map((wave) => nodesTaken(cascade, wave)),
    [3, 5, 7],
  );
  assert.deepEqual(
    [0, 3].map((occurrence) => nodesTaken(kill, occurrence)),
    [10, 10],
  );
});

test('kills and churn may be thinned, a cascade may not', () => {
  const churn: Fault = { kind: 'churn', nodes: 1, everyUs: 1, downUs: 1, atUs: 0, repeat: 9 };
  assert.deepEqual([kill, churn, cascade].map(isRepeatable), [true, true, false]);
});

test('every fault is described with its figures', () => {
  const spike: Fault = { kind: 'latency', addUs: 1_500, share: 0.125, atUs: 0, forUs: 2_000_000 };
  assert.equal(describeFault(spike), 'latency + 1.5 ms at 12.5 % of nodes for 2 s');
  assert.equal(describeFault(kill), 'kill 10 nodes, 4 x every 0.3 ms, down 0.05 ms, disk lost');
  const split: Fault = { kind: 'partition', groups: [0.5, 0.5], atUs: 0, forUs: 600_000_000 };
  assert.equal(describeFault(split), 'partition 0.5 / 0.5 for 600 s');
});
