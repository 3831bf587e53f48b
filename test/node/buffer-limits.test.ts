/** Buffers that come and go do not make V8 mark a large heap again and again: counted in processes of their own, with and without the setting. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const setting = new URL('../../node/buffer-limits.ts', import.meta.url).href;

/** A heap of some size beside buffers of 4 KB, of which the last 20,000 are held; prints how often the whole heap was marked. */
const program = `
const { PerformanceObserver, constants } = await import('node:perf_hooks');
if (process.argv[1] === 'set') (await import('${setting}')).countBuffersWithHeap();
let marked = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) marked += 1;
}).observe({ entryTypes: ['gc'] });
const heap = Array.from({ length: 300_000 }, (_, i) => ({ i, list: [i] }));
const held = new Array(20_000);
for (let i = 0; i < 300_000; i++) {
  held[i % held.length] = new Uint8Array(4_000);
  if (i % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
}
await new Promise((resolve) => setTimeout(resolve, 0));
process.stdout.write(String(heap.length > 0 ? marked : -1));
`;

function markings(...args: readonly string[]): number {
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program, ...args], {
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  return Number(run.stdout);
}

test('a heap beside buffers that come and go is marked less than half as often', () => {
  const before = markings();
  const after = markings('set');
  assert.ok(before >= 6, `${before} times without the setting: the test shows nothing`);
  assert.ok(after <= before / 2, `${after} times, ${before} without the setting`);
});
