/**
 * What a swarm has to show, for the short and the long test alike: nothing unsafe, nothing stuck, every mark, every defect caught.
 * Owns: the assertions and the printed lines. Does not own: how many seeds, or the swarm.
 */
import assert from 'node:assert/strict';
import { type Defect, defectMeaning, defectSeenBy } from './defects.ts';
import { missingMarks } from './marks.ts';
import { repeatEvery, runSwarm, swarmLines } from './swarm.ts';

const threads = 2;

export interface Printer {
  diagnostic(line: string): void;
}

export async function assertSound(context: Printer, seed: number, seeds: number): Promise<void> {
  const request = { seed, from: 0, seeds, defect: null, until: [], threads };
  const outcome = await runSwarm(request);
  const lines = swarmLines(outcome);
  for (const line of lines) context.diagnostic(line);
  assert.equal(outcome.ran, seeds);
  assert.equal(outcome.repeated, Math.ceil(seeds / repeatEvery));
  assert.equal(outcome.failures.length, 0, lines.join('\n'));
  assert.deepEqual(missingMarks(outcome.marks), []);
}

export async function assertCaught(
  context: Printer,
  defect: Defect,
  seed: number,
  seeds: number,
): Promise<void> {
  const checker = defectSeenBy[defect];
  const outcome = await runSwarm({ seed, from: 0, seeds, defect, until: [checker], threads });
  const by = [...outcome.firstBy].map(([name, index]) => `${name} at index ${index}`).join(', ');
  context.diagnostic(
    `${defect} (${defectMeaning[defect]}): caught by ${by || 'nobody'}, ${outcome.ran} seeds run`,
  );
  assert.ok(outcome.firstBy.has(checker), `${defect} was not seen by ${checker} in ${seeds} seeds`);
}
