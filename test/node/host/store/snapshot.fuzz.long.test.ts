/** 100,000 lying transfers: none crashes the reader or leaves anything in an archive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openArchive } from '#node/host/store/archive.ts';
import { MemoryStore } from '#node/host/store/memory-store.ts';
import { hostileInputs } from './hostile-chunks.ts';
import { decisionOf, hash, sampleVertex } from './vertex-samples.ts';

test('100,000 lying transfers', async (context) => {
  const archive = await openArchive(new MemoryStore(), { member: 1, durability: 'process' });
  const vertices = Array.from({ length: 12 }, (_, i) => sampleVertex(5, i + 1, { inputs: [i + 1] }));
  await archive.commit(
    vertices,
    vertices.map((vertex) => decisionOf(vertex)),
  );
  await archive.prune(4);
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive.snapshot({ from: 'beginning', mostBytes: 1_048_576, hash }))
    chunks.push(chunk);
  const refused = await hostileInputs(chunks, 100_000);
  context.diagnostic(`${refused} refused, the others were consistent in themselves`);
  assert.ok(refused > 30_000 && refused < 95_000);
});
