/** Goal: what makes starts cheap is done before any process of a run begins. Method: a program that looks around, and nodes that end at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { livingProcesses } from '#campaigns/targets/processes/children.ts';
import { createProcesses } from '#campaigns/targets/processes/target.ts';
import { processSpec } from '#test/support/process-spec.ts';

test('a program is prepared once for all processes of a run, while none of them lives', async () => {
  const seen: (readonly string[])[] = [];
  const command = [process.execPath, '--eval', 'process.exit(3)'] as const;
  const prepare = async (): Promise<void> => void seen.push(livingProcesses());
  const target = createProcesses({ program: { command, prepare } });
  const { result } = await target.run(processSpec(), () => {}, new AbortController().signal);
  assert.deepEqual(seen, [[]]);
  assert.equal(result.test_status, 'INCONCLUSIVE');
  assert.match(result.reason, /ended by itself \(exit code 3\)/);
});
