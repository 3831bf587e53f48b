/** The guard itself: a pure file that reached for time or chance would fail, and the rest of the process is left as it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forbidChanceAndTime, NotDeterministic } from './determinism-guard.ts';

const sources: ReadonlyArray<readonly [name: string, call: () => unknown]> = [
  ['random', () => Math.random()],
  ['now', () => Date.now()],
  ['now', () => performance.now()],
  ['setTimeout', () => setTimeout(() => {}, 0)],
  ['setImmediate', () => setImmediate(() => {})],
  ['getRandomValues', () => crypto.getRandomValues(new Uint8Array(1))],
];

test('while the guard is up every source of chance and time throws', () => {
  const restore = forbidChanceAndTime();
  try {
    for (const [name, call] of sources)
      assert.throws(call, (error) => error instanceof NotDeterministic && error.source === name);
  } finally {
    restore();
  }
});

test('after the guard is lifted they work as before', () => {
  const before = [Math.random, Date.now, globalThis.setTimeout];
  forbidChanceAndTime()();
  assert.deepEqual([Math.random, Date.now, globalThis.setTimeout], before);
  assert.ok(Date.now() > 0 && Math.random() < 1 && performance.now() > 0);
});
