/**
 * The i-th create is refused, for every i of 1k-nodes on both clouds and for every twelfth of 10k-nodes: the error names the resource, no group stands without its dead-man, and
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

// The hundred shards of 10k-nodes are alike: all of them would cost a quarter of an hour and show nothing more.
for (const [cloud, stack, step, least] of [
  ['aws', '1k-nodes', '1', 60],
  ['gcp', '1k-nodes', '1', 20],
  ['aws', '10k-nodes', '12', 10],
] as const) {
  test(`${cloud}, ${stack}: ${step === '1' ? 'every' : `every ${step}th`} create may fail`, (context) => {
    const words = ['test/infra/engine/fail-each.ts', cloud, stack, step];
    const printed = execFileSync(process.execPath, words, {
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
    context.diagnostic(
      `${cloud}, ${stack}: ${lines.length} refused creates, none left a group without its dead-man`,
    );
  });
}
