/** Goal: what people are told about time follows the machine, and nothing else does. Method: a dry run at two paces, and the probe. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dryRunAnswer } from '#campaigns/commands/dry-run.ts';
import { planPhase } from '#campaigns/commands/plan-request.ts';
import { machinePace } from '#campaigns/machine-pace.ts';

test('a machine twice as fast is told half the time, and its plan is the same', () => {
  const { name, planOf, limits } = planPhase('phase2', { seed: 1, target: 'simulator' });
  const money = { limits, budgetGiven: false, approve: null, now: () => '2026-01-01T00:00:00Z' };
  const [slow, fast] = [1, 0.5].map((pace) => {
    const { text, document } = dryRunAnswer(planOf(name), money, pace);
    const minutes = /simulated in about (\d+) min (\d+) s .*, (\d+) min (\d+) s of CPU/.exec(text)!;
    const [min, s, cpuMin, cpuS] = minutes.slice(1).map(Number);
    return { document: document as Record<string, unknown>, span: 60 * min! + s!, cpu: 60 * cpuMin! + cpuS! };
  });
  for (const key of ['span', 'cpu'] as const) assert.ok(Math.abs(slow![key] - 2 * fast![key]) <= 2, key);
  assert.equal(slow!.document['simulated_cpu_seconds'], 2 * Number(fast!.document['simulated_cpu_seconds']));
  assert.deepEqual(slow!.document['plan'], fast!.document['plan']);
});

test('the probe finds one pace for a process', async () => {
  const pace = await machinePace();
  assert.ok(pace > 0 && Number.isFinite(pace));
  assert.equal(await machinePace(), pace);
});
