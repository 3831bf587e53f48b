/**
 * An `up` that breaks on the real engine: a refused create, a killed engine. Afterwards nothing may be left that costs.
 * Owns: recovery as a user would do it. The sweep by tag finds what the state has lost. NOT RUN where the engine is not built.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { unguarded, untagged } from '#test/bed/cloud-audit.ts';
import { until } from '#test/bed/patience.ts';
import { cloudEnvironment } from '#test/bed/providers/fake-cloud.ts';
import { StackBed } from '#test/bed/stack-bed.ts';
import { missing, pulumiTool } from '#test/bed/tools.ts';

const points = 12;

/** Spread over all creates, first and last included. */
function spread(creates: number): number[] {
  return Array.from({ length: points }, (_, point) => 1 + Math.round((point * (creates - 1)) / (points - 1)));
}

/** Removes everything that carries the tags of the run; what has none would stay, and cost. */
function sweepByTag(bed: StackBed): number {
  const found = bed.cloud.objects();
  assert.deepEqual(untagged(found), [], 'the sweep finds by tag');
  for (const { id } of found) bed.cloud.remove(id);
  return found.length;
}

describe('an up that breaks', { skip: missing(pulumiTool) }, () => {
  let bed: StackBed;
  let creates: number;
  before(async () => {
    bed = new StackBed({ stack: '1k-nodes', cloud: 'aws' });
    await bed.init();
    await bed.run('up');
    creates = bed.cloud.creates;
    await bed.run('destroy');
    assert.deepEqual(bed.cloud.objects(), []);
  });
  after(() => bed?.close());

  test('whichever create is refused: the exit code says so, destroy leaves nothing', async (context) => {
    for (const index of spread(creates)) {
      const number = bed.cloud.creates + index;
      const { code, output } = await bed.end('up', [], { [cloudEnvironment.failCreate]: String(number) });
      assert.notEqual(code, 0, `create ${index} of ${creates}`);
      assert.match(output, /the fake cloud refuses create number/);
      await bed.run('destroy');
      assert.deepEqual(bed.cloud.objects(), [], `after create ${index} of ${creates}`);
    }
    assert.deepEqual(unguarded(bed.cloud.journal()), []);
    context.diagnostic(`${points} of ${creates} creates refused`);
  });

  test('kill -9 of the engine: cancel, refresh, destroy and a sweep by tag leave nothing', async (context) => {
    let [lost, mended] = [0, 0];
    for (const index of spread(creates)) {
      const reached = bed.cloud.creates + index;
      const running = bed.start('up', [], { [cloudEnvironment.createMs]: '200' });
      await until(async () => (bed.cloud.creates >= reached ? true : null), {
        what: `create ${index} of ${creates}`,
        withinMs: 300_000,
        everyMs: 10,
      });
      running.kill();
      await running.ended;
      await landed(bed);
      mended += (await bed.recover()).length;
      await bed.run('destroy');
      lost += sweepByTag(bed);
      assert.deepEqual(await bed.engine.resources(bed.stack), []);
      assert.equal(await bed.engine.pending(bed.stack), 0);
    }
    context.diagnostic(
      `${points} kills; ${lost} objects were in no state and found by tag; ${mended} torn files mended`,
    );
  });

  test('a checkpoint that was cut off while it was written: the one before, and a sweep by tag leave nothing', async (context) => {
    await bed.run('up');
    // What a kill can leave, and what a power cut can.
    const file = path.join(bed.engine.state, '.pulumi/stacks/bft-scale', `${bed.stack}.json`);
    for (const [name, kept] of [
      [file, 0.6],
      [`${file}.attrs`, 0.5],
    ] as const) {
      const whole = readFileSync(name);
      writeFileSync(name, whole.subarray(0, Math.floor(whole.length * kept)));
    }
    const refused = await bed.end('refresh');
    assert.notEqual(refused.code, 0, 'the engine reads a torn state');
    const mended = await bed.recover();
    assert.equal(mended.length, 2, mended.join('\n'));
    await bed.run('destroy');
    const lost = sweepByTag(bed);
    assert.deepEqual(await bed.engine.resources(bed.stack), []);
    assert.deepEqual(bed.cloud.objects(), []);
    context.diagnostic(`${mended.join('; ')}; ${lost} objects were in no state and found by tag`);
  });
});

/** Providers of a killed engine let their calls land: every create that was asked for is answered one way or the other. */
async function landed(bed: StackBed): Promise<void> {
  const open = (): number => {
    const journal = bed.cloud.journal();
    const count = (did: string): number => journal.filter((line) => line.did === did).length;
    return count('asked') - count('created') - count('refused');
  };
  await until(async () => (open() === 0 ? true : null), { what: 'the calls in flight', withinMs: 120_000 });
}
