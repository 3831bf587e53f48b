/**
 * Runs that once failed, kept as whole specifications: each must pass now. `history` in a file says what was wrong.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { runSeed } from '#test/swarm/seed-run.ts';

interface Regression {
  readonly history: string;
  readonly spec: RunSpec;
}

const folder = new URL('.', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

test('there are regressions to replay', () => assert.ok(files.length > 0));

for (const file of files) {
  const { history, spec }: Regression = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  test(`${file}: ${history}`, () => assert.deepEqual(runSeed(spec, null).findings, []));
}
