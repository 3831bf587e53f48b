/**
 * The cloud stacks on the real engine over a fake cloud: up, up, scale, refresh, destroy, and what must hold all the way.
 * Owns: what stands in the cloud, in which order, with which tags, at which price at most. NOT RUN where the engine is not built.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { dearestHourUsd, groupsIn, unguarded, untagged } from '#test/bed/cloud-audit.ts';
import { type CloudName, StackBed } from '#test/bed/stack-bed.ts';
import { missing, pulumiTool } from '#test/bed/tools.ts';

const outputs = z.object({
  network: z.object({ deadline: z.iso.datetime(), worstCaseUsd: z.string(), nodes: z.number() }),
});
/** Of every stack, a size it can be scaled to within its own limits. */
const stacks = [
  { stack: '1k-nodes', nodes: 1_000, scaled: 600 },
  { stack: '5k-nodes', nodes: 5_000, scaled: 4_000 },
  { stack: '10k-nodes', nodes: 10_000, scaled: 9_000 },
] as const;

async function whole(bed: StackBed, scaled: number, diagnostic: (text: string) => void): Promise<void> {
  await bed.init();
  const started = Date.now();
  const seconds = (): string => `${((Date.now() - started) / 1_000).toFixed(0)} s`;
  await bed.run('up');
  const first = outputs.parse(await bed.engine.outputs(bed.stack)).network;
  const resources = await bed.engine.resources(bed.stack);
  diagnostic(`${resources.length} resources, up in ${seconds()}`);
  assert.ok(resources.length < 500, `${resources.length} resources`);
  assert.deepEqual(untagged(bed.cloud.objects()), []);
  await bed.run('up', '--expect-no-changes');
  bed.set({ 'bft-scale:nodes': scaled });
  await bed.run('up');
  const second = outputs.parse(await bed.engine.outputs(bed.stack)).network;
  assert.equal(second.nodes, scaled);
  assert.equal(second.deadline, first.deadline, 'a later up does not move the deadline');
  await bed.run('refresh', '--expect-no-changes');
  assert.deepEqual(untagged(bed.cloud.objects()), []);
  const hours = (Date.parse(first.deadline) - started) / 3_600_000;
  const dearest = dearestHourUsd(bed.cloud) * hours;
  assert.ok(dearest > 0 && dearest <= Number(first.worstCaseUsd), `${dearest} of ${first.worstCaseUsd}`);
  await bed.run('destroy');
  assert.deepEqual(bed.cloud.objects(), [], 'the cloud is empty');
  assert.deepEqual(unguarded(bed.cloud.journal()), []);
  assert.ok(groupsIn(bed.cloud.journal()).length > 0);
  diagnostic(
    `worst case ${first.worstCaseUsd} USD, dearest by the journal ${dearest.toFixed(2)} USD; all in ${seconds()}`,
  );
}

for (const cloud of ['aws', 'gcp'] satisfies CloudName[]) {
  describe(`on ${cloud}`, { skip: missing(pulumiTool) }, () => {
    for (const { stack, scaled } of stacks) {
      test(`${stack}: up, nothing to change, scale, refresh, destroy; then the cloud is empty`, async (context) => {
        const bed = new StackBed({ stack, cloud });
        try {
          await whole(bed, scaled, (text) => context.diagnostic(text));
        } finally {
          bed.close();
        }
      });
    }
  });
}
