// Goal: every fault of a schedule reaches those it is for, as an order to agents or an act on processes, with its end.
// Method: schedules as the fault engine makes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stretchesOf } from '#campaigns/conductor/stretch.ts';
import { scheduleFaults } from '#campaigns/faults/schedule.ts';
import type { Fault } from '#campaigns/run-spec.ts';

const second = 1_000_000;

function stretches(fault: Fault, isSeparate: boolean): ReturnType<typeof stretchesOf> {
  const window = { requestedUs: 20 * second, scale: 1, windowFromUs: 0, windowUntilUs: 20 * second };
  const gaps = { leastEffectUs: second, leastGapUs: second };
  const nodes = { seed: 1, nodes: 8, honest: Int32Array.from([0, 1, 2, 3, 4, 5, 6, 7]) };
  return stretchesOf(scheduleFaults([fault], { ...window, ...gaps, ...nodes }).actions, 8, isSeparate);
}

const at = { atUs: 2 * second, forUs: 3 * second };
const kill: Fault = {
  kind: 'kill',
  nodes: 2,
  ...{ atUs: second, everyUs: 8 * second, downUs: 2 * second },
  disk: 'lost',
  repeat: 2,
};

test('nodes that go down together share a stretch; separate processes are killed, packed nodes ordered down', () => {
  const separate = stretches(kill, true);
  assert.deepEqual(
    separate.map(({ fromUs, untilUs, nodes, effect }) => [fromUs, untilUs, nodes.length, effect]),
    [
      [second, 3 * second, 2, { by: 'process', act: { kind: 'kill', disk: 'lost' } }],
      [9 * second, 11 * second, 2, { by: 'process', act: { kind: 'kill', disk: 'lost' } }],
    ],
  );
  assert.deepEqual(stretches(kill, false)[0]?.effect, { by: 'agent', order: { kind: 'down', disk: 'lost' } });
});

test('network faults are orders for all whom they concern', () => {
  const [partition] = stretches({ kind: 'partition', groups: [0.5, 0.5], ...at }, true);
  assert.equal(partition?.nodes.length, 8);
  assert.ok(partition?.effect.by === 'agent' && partition.effect.order.kind === 'partition');
  const [latency] = stretches({ kind: 'latency', addUs: 7, share: 0.25, ...at }, true);
  assert.equal(latency?.nodes.length, 2);
  assert.deepEqual(latency?.effect, { by: 'agent', order: { kind: 'latency', addUs: 7 } });
});

test('a disk fails or is full, a process stands still', () => {
  const orderOf = (fault: Fault): unknown => stretches(fault, true)[0]?.effect;
  assert.deepEqual(orderOf({ kind: 'disk', nodes: 1, ...at }), { by: 'agent', order: { kind: 'disk-fail' } });
  assert.deepEqual(orderOf({ kind: 'disk', nodes: 1, mode: 'full', ...at }), {
    by: 'agent',
    order: { kind: 'disk-full' },
  });
  assert.deepEqual(orderOf({ kind: 'stall', nodes: 1, ...at }), { by: 'process', act: { kind: 'stall' } });
});
