/**
 * Faults of a row: open ends and shares become numbers that fit the window.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultEndUs, nodesDownMost, resolveFault } from '#campaigns/fault-schedule.ts';
import { faultSchema } from '#campaigns/schema/fault.ts';

const minute = 60_000_000;

function resolved(written: Record<string, unknown>, nodes = 1_000, measureUs = 60 * minute) {
  return resolveFault(faultSchema.parse(written), nodes, measureUs);
}

test('an open-ended kill repeats until the last restart still fits the window', () => {
  const kill = { kind: 'kill', nodes: 10, at: '5m', every: '5m', down: '5m' };
  const exact = resolved(kill, 1_000, 60 * minute);
  assert.ok(exact.kind === 'kill' && exact.repeat === 11);
  assert.equal(faultEndUs(exact), 60 * minute);
  const short = resolved(kill, 1_000, 60 * minute - 1);
  assert.ok(short.kind === 'kill' && short.repeat === 10);
});

test('a kill without an interval happens once, and a given number is kept', () => {
  const once = resolved({ kind: 'kill', nodes: '1%', at: '0s', down: '1m', disk: 'lost' }, 250);
  assert.ok(once.kind === 'kill' && once.repeat === 1 && once.nodes === 2 && once.disk === 'lost');
  const twice = resolved({ kind: 'kill', nodes: 1, at: '0s', every: '1m', down: '1m', repeat: 2 });
  assert.ok(twice.kind === 'kill' && twice.repeat === 2);
});

test('a share of nodes is at least one node', () => {
  const churn = resolved({ kind: 'churn', nodes: '0.1%', at: '0s', every: '1m', down: '10s' }, 20);
  assert.ok(churn.kind === 'churn' && churn.nodes === 1 && churn.repeat === 60);
});

test('nodes that are down together are added up', () => {
  assert.equal(nodesDownMost(resolved({ kind: 'kill', nodes: 10, at: '0s', every: '1m', down: '150s' })), 30);
  const cascade = resolved({
    kind: 'cascade',
    first: 2,
    factor: 3,
    waves: 3,
    every: '1m',
    at: '1m',
    down: '5m',
  });
  assert.equal(nodesDownMost(cascade), 18);
  assert.equal(faultEndUs(cascade), 8 * minute);
  assert.equal(nodesDownMost(resolved({ kind: 'loss', loss: '1%', at: '0s', for: '1m' })), 0);
  assert.equal(nodesDownMost(resolved({ kind: 'disk', nodes: 7, at: '0s', for: '1m' })), 7);
});

test('faults with a length keep their figures', () => {
  for (const [written, fault] of [
    [
      { kind: 'latency', add: '50ms', at: '1m', for: '2m' },
      { kind: 'latency', addUs: 50_000, share: 1, atUs: minute, forUs: 2 * minute },
    ],
    [
      { kind: 'throttle', factor: 4, share: '10%', at: '0s', for: '1m' },
      { kind: 'throttle', factor: 4, share: 0.1, atUs: 0, forUs: minute },
    ],
    [
      { kind: 'clock-skew', ppm: -200, at: '0s', for: '1m' },
      { kind: 'clock-skew', ppm: -200, share: 1, atUs: 0, forUs: minute },
    ],
    [
      { kind: 'memory', factor: 0.5, at: '0s', for: '1m' },
      { kind: 'memory', factor: 0.5, share: 1, atUs: 0, forUs: minute },
    ],
    [
      { kind: 'partition', groups: ['80%', '20%'], at: '0s', for: '1m' },
      { kind: 'partition', groups: [0.8, 0.2], atUs: 0, forUs: minute },
    ],
  ] as const) {
    assert.deepEqual(resolved(written), fault);
  }
});
