/**
 * The i-th create is refused, for every i, on both clouds: the error names the resource, no group stands without its dead-man, and
 * the next `up` completes the stack without creating anything twice.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { repository } from '#test/infra/engine/engine.ts';

interface Line {
  readonly refused: number;
  readonly errors: readonly string[];
  readonly unguarded: readonly string[];
  readonly againErrors: readonly string[];
  readonly createdTwice: readonly string[];
  readonly complete: boolean;
}

for (const [cloud, least] of [
  ['aws', 60],
  ['gcp', 20],
] as const) {
  test(`${cloud}: every create may fail`, (context) => {
    const printed = execFileSync(process.execPath, ['test/infra/engine/fail-each.ts', cloud, '10k-nodes'], {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const lines: Line[] = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.ok(lines.length >= least);
    for (const line of lines) {
      assert.match(line.errors[0] ?? '', /the cloud refuses to create/, `create ${line.refused}`);
      assert.deepEqual(line.unguarded, [], `create ${line.refused}`);
      assert.deepEqual(line.againErrors, [], `create ${line.refused}`);
      assert.deepEqual(line.createdTwice, [], `create ${line.refused}`);
      assert.ok(line.complete, `create ${line.refused}`);
    }
    context.diagnostic(`${cloud}: ${lines.length} refused creates, none left a group without its dead-man`);
  });
}
