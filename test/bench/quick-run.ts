/**
 * A quick run of the bench in a process of its own, and what must hold of its record.
 * Owns: starting it and the assertions. Does not own: jobs and figures.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Figure, figures, groups } from './figures.ts';
import { jobOf } from './job.ts';
import { lackOf } from './table.ts';

const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));

export function bench(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

const recordSchema = z.object({
  figures: z.array(
    z.object({ id: z.string(), median: z.number(), min: z.number(), max: z.number(), samples: z.number() }),
  ),
  facts: z.record(z.string(), z.record(z.string(), z.number())),
  notRun: z.array(z.string()),
});

/** Every figure of the groups whose job is not heavy is measured, above zero. Returns the facts, by job. */
export function assertQuickRun(chosen: readonly Figure['group'][]): z.infer<typeof recordSchema>['facts'] {
  const words = chosen.length === groups.length ? [] : chosen;
  const { code, out, err } = bench(...words, '--quick', '--json');
  assert.equal(code, 0, err);
  const record = recordSchema.parse(JSON.parse(out));
  const expected = figures.filter(({ id, group }) => chosen.includes(group) && jobOf(id)?.isHeavy === false);
  assert.deepEqual(
    record.figures.map(({ id }) => id),
    expected.map(({ id }) => id),
  );
  for (const { id, median: middle, min, max, samples } of record.figures) {
    assert.ok(middle > 0 && Number.isFinite(middle), id);
    assert.ok(min <= middle && middle <= max && samples > 0, id);
  }
  assert.deepEqual(
    record.notRun,
    chosen.flatMap((group) => (lackOf(group) === null ? [] : [`${group}: ${lackOf(group)}`])),
  );
  return record.facts;
}
