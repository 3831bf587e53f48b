// Goal: the same specification gives the same events and the same bytes, whatever ran before and wherever it runs.
// Method: whole outcomes without wall-clock fields, compared in one process, after other runs, and in a fresh thread.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Pool } from '#campaigns/pool.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { goldenFile, goldenHashes, goldenSpecs } from './golden-trace.ts';
import { runSpec, smallSpec } from './small-run.ts';

const second = 1_000_000;

/** Everything that has chance in it at once. */
const busy: RunSpec = smallSpec({
  seed: 99,
  network: {
    ...networkNamed('lan'),
    loss: 0.01,
    duplication: 0.01,
    reorder: 0.01,
    bandwidthBitsPerSecond: 50_000_000,
  },
  topology: { kind: 'random', degree: 6 },
  byzantine: { attack: 'random', share: 0.1, exclusion: true },
  consensus: { alphaPreference: 11, concurrentPolls: 2 },
  workload: { conflictShare: 0.2 },
  faults: [
    { kind: 'kill', nodes: 4, everyUs: second, atUs: second, downUs: second / 2, disk: 'lost', repeat: 2 },
    { kind: 'partition', groups: [50, 50], atUs: 4 * second, forUs: second },
  ],
});

/** The bytes of an outcome without what the wall clock and the CPU's speed say. */
function bytesOf({ result, series, events }: RunOutcome): string {
  const { cpu_seconds: _cpu, messages_per_cpu_second: _speed, ...simulation } = result.results.simulation;
  const results = { ...result.results, simulation };
  return JSON.stringify({ result: { ...result, timestamp: '', results }, series, events });
}

test('twice in one process, with other runs in between, the bytes are the same', () => {
  const first = bytesOf(runSpec(busy));
  for (const seed of [1, 2]) runSpec(smallSpec({ seed, byzantine: { attack: 'always-reject', share: 0.1 } }));
  assert.equal(bytesOf(runSpec(busy)), first);
  assert.ok(first.length > 5_000);
});

test('a fresh thread gives the same bytes', async () => {
  const moduleUrl = import.meta.resolve('#campaigns/targets/simulator/target.ts');
  const pool = new Pool({ moduleUrl, factory: 'createSimulator' });
  try {
    const answer = await pool.run('cell', busy, () => undefined);
    assert.equal(answer.kind, 'outcome');
    assert.ok(answer.kind === 'outcome');
    assert.equal(bytesOf(answer.outcome), bytesOf(runSpec(busy)));
  } finally {
    await pool.close();
  }
});

test('another seed gives another trace', () => {
  const hashes = [1, 2, 3].map((seed) => runSpec(smallSpec({ seed })).result.determinism.trace_hash);
  assert.equal(new Set(hashes).size, 3);
  for (const hash of hashes) assert.match(hash, /^[0-9a-f]{16}$/);
});

test('the key names what a run depends on', () => {
  const { key, seed } = runSpec(smallSpec({ seed: 12 })).result.determinism;
  assert.equal(seed, 12);
  assert.ok(key.includes(process.version) && key.endsWith('/TEST/test/12'), key);
});

/** A change of these hashes is a change of what every published figure was computed with; see golden-trace.ts. */
test('pinned seeds give the committed traces', () => {
  const committed: unknown = JSON.parse(readFileSync(goldenFile, 'utf8'));
  assert.deepEqual(goldenHashes(), committed);
  assert.ok(Object.keys(goldenSpecs).length >= 3);
});
