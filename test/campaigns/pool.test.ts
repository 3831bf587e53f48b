/**
 * Threads: reuse, failure, replacement, stopping. Method: the fake target in real worker threads.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultWorkers, Pool } from '#campaigns/pool.ts';
import { fakeServices, fakeSpec } from '#test/support/fake-campaign.ts';

const quiet = (): void => {};

test('a thread runs one repetition after the other, and progress ends at 1', async () => {
  const pool = new Pool(fakeServices.target);
  const shares: number[] = [];
  const first = await pool.run('a', fakeSpec({ seed: 1 }), (share) => shares.push(share));
  const second = await pool.run('b', fakeSpec({ seed: 2 }), quiet);
  assert.deepEqual([first.kind, second.kind], ['outcome', 'outcome']);
  assert.equal(second.kind === 'outcome' ? second.outcome.result.determinism.seed : 0, 2);
  assert.equal(shares.at(-1), 1);
  await pool.close();
});

test('a thread that dies fails its repetition alone and is replaced', async () => {
  const pool = new Pool(fakeServices.target);
  const dead = await pool.run('a', fakeSpec({ scenarioId: 'FAKE-CRASH' }), quiet);
  assert.match(dead.kind === 'failed' ? dead.reason : '', /ended with code 7/);
  assert.equal((await pool.run('b', fakeSpec(), quiet)).kind, 'outcome');
  await pool.close();
});

test('a target that is not there fails the repetition with its name', async () => {
  const pool = new Pool({ ...fakeServices.target, factory: 'createNothing' });
  const ended = await pool.run('a', fakeSpec(), quiet);
  assert.match(ended.kind === 'failed' ? ended.reason : '', /createNothing/);
  await pool.close();
});

test('stopping ends a run that would go on for ever, and a closed pool runs nothing', async () => {
  const pool = new Pool(fakeServices.target);
  let begun = (): void => {};
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const slow = pool.run('a', fakeSpec({ scenarioId: 'FAKE-SLOW' }), () => begun());
  await running;
  await pool.stopAll();
  assert.equal((await slow).kind, 'stopped');
  await pool.close();
  assert.equal((await pool.run('b', fakeSpec(), quiet)).kind, 'stopped');
});

test('there is at least one worker', () => assert.ok(defaultWorkers() >= 1));
