/** Transfers between archives: delta, snapshot, limits; hostile chunks never crash, never change anything, never take more memory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Archive, openArchive } from '#node/host/store/archive.ts';
import { ArchiveError } from '#node/host/store/archive-error.ts';
import { RecordError } from '#node/host/store/byte-cursor.ts';
import { MemoryDisk, MemoryStore } from '#node/host/store/memory-store.ts';
import { chunkBytes, decodeChunk, encodeChunk } from '#node/host/store/snapshot-chunk.ts';
import { SnapshotReader, type Transfer } from '#node/host/store/snapshot-reader.ts';
import { hostileInputs, mutant } from './hostile-chunks.ts';
import { decisionOf, hash, sampleVertex } from './vertex-samples.ts';

const mostBytes = 8 * 1_048_576;

async function archiveOf(member: number, disk = new MemoryDisk()): Promise<Archive> {
  return openArchive(new MemoryStore(disk), { member, durability: 'process' });
}

async function decided(archive: Archive, from: number, until: number, payloadBytes = 40): Promise<void> {
  const vertices = Array.from({ length: until - from }, (_, i) =>
    sampleVertex(5, from + i + 1, { inputs: [from + i + 1], payload: new Uint8Array(payloadBytes).fill(i) }),
  );
  await archive.commit(
    vertices,
    vertices.map((vertex, i) => decisionOf(vertex, i % 7 === 3 ? 'rejected' : 'finalised')),
  );
}

async function chunksOf(
  archive: Archive,
  from: number | 'beginning',
  most = mostBytes,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive.snapshot({ from, mostBytes: most, hash })) chunks.push(chunk);
  return chunks;
}

function received(chunks: readonly Uint8Array[]): Transfer {
  const reader = new SnapshotReader(hash, { mostBytes, mostEntryBytes: 1_048_576 });
  for (const chunk of chunks) reader.add(chunk);
  return reader.finish();
}

async function statuses(archive: Archive): Promise<string[]> {
  const found: string[] = [];
  for await (const { id, status } of archive.decisions())
    found.push(`${Buffer.from(id).toString('hex')} ${status}`);
  return found;
}

describe('transfer', () => {
  test('a delta brings what came since, in order, and is idempotent', async () => {
    const [a, b] = [await archiveOf(1), await archiveOf(2)];
    await decided(a, 0, 50);
    await b.apply(received(await chunksOf(a, 0)));
    await decided(a, 50, 300, 2_000);
    const chunks = await chunksOf(a, 50);
    assert.ok(chunks.length > 30 && chunks.every((chunk) => chunk.length <= chunkBytes));
    assert.deepEqual(await b.apply(received(chunks)), { firstOrder: 50, applied: 250, known: 0 });
    assert.deepEqual(await b.apply(received(chunks)), { firstOrder: 300, applied: 0, known: 250 });
    assert.deepEqual(await statuses(b), await statuses(a));
    assert.equal((await chunksOf(a, 300)).length, 1);
  });

  test('a snapshot brings what was pruned, too; a delta of pruned decisions is refused', async () => {
    const [a, b] = [await archiveOf(1), await archiveOf(5)];
    await decided(a, 0, 600);
    await a.prune(400);
    await assert.rejects(chunksOf(a, 10), RangeError);
    const result = await b.apply(received(await chunksOf(a, 'beginning')));
    assert.deepEqual([result.applied, b.finalised, b.rejected], [200, a.finalised, a.rejected]);
    assert.deepEqual(b.settlements.of(5), a.settlements.of(5));
    assert.equal((await b.spent(1))?.sequence, 1);
    assert.equal(b.nextSequence(), 601, 'own vertices that the others know');
  });

  test('a long history goes in several transfers', async () => {
    const [a, b] = [await archiveOf(1), await archiveOf(2)];
    await decided(a, 0, 300, 3_000);
    let transfers = 0;
    for (let from = 0; from < a.nextOrder; transfers++) {
      const transfer = received(await chunksOf(a, from, 200_000));
      assert.ok(transfer.untilOrder > from);
      await b.apply(transfer);
      from = transfer.untilOrder;
    }
    assert.ok(transfers > 3);
    assert.deepEqual(await statuses(b), await statuses(a));
  });

  test('what contradicts a decision or a spent input is refused as a whole', async () => {
    const [a, b, c] = [await archiveOf(1), await archiveOf(2), await archiveOf(3)];
    await decided(a, 0, 20);
    const other = sampleVertex(5, 4, { inputs: [4], payload: new Uint8Array(40).fill(3) });
    await b.commit([other], [decisionOf(other, 'finalised')]); // a rejected that one
    const before = await statuses(b);
    const isContradiction = (error: unknown) =>
      error instanceof ArchiveError && error.code === 'contradiction';
    await assert.rejects(b.apply(received(await chunksOf(a, 0))), isContradiction);
    assert.deepEqual(await statuses(b), before);
    const spender = sampleVertex(9, 1, { inputs: [2] });
    await c.commit([spender], [decisionOf(spender)]);
    await c.prune(1);
    await assert.rejects(c.apply(received(await chunksOf(a, 0))), isContradiction);
    assert.equal(c.nextOrder, 1);
  });

  test('a transfer that never reaches the disk leaves nothing', async () => {
    const [disk, a] = [new MemoryDisk(), await archiveOf(1)];
    await decided(a, 0, 50);
    const b = await archiveOf(2, disk);
    disk.fault = 'full';
    await assert.rejects(b.apply(received(await chunksOf(a, 0))));
    disk.fault = null;
    disk.crash();
    assert.equal((await archiveOf(2, disk)).nextOrder, 0);
  });
});

describe('hostile chunks', () => {
  test('a flipped byte, a cut, a lost, doubled or swapped chunk is refused', async () => {
    const a = await archiveOf(1);
    await decided(a, 0, 60, 1_000);
    const chunks = await chunksOf(a, 0);
    assert.ok(chunks.length > 3);
    for (let i = 0; i < chunks.length; i++) {
      const at = (index: number) => (i * 977 + index * 131) % chunks[i]!.length;
      for (let index = 0; index < 40; index++) {
        const flipped = chunks.with(i, chunks[i]!.slice());
        flipped[i]![at(index)]! ^= 1 << (index % 8);
        assert.throws(() => received(flipped), RecordError);
        assert.throws(() => received(chunks.with(i, chunks[i]!.subarray(0, at(index)))), RecordError);
      }
      assert.throws(() => received(chunks.toSpliced(i, 1)), RecordError);
      assert.throws(() => received(chunks.toSpliced(i, 0, chunks[i]!)), RecordError);
      if (i > 0)
        assert.throws(() => received(chunks.with(i, chunks[i - 1]!).with(i - 1, chunks[i]!)), RecordError);
    }
  });

  test('a reader that refused once refuses for good', () => {
    const reader = new SnapshotReader(hash);
    assert.throws(() => reader.add(new Uint8Array(3)), RecordError);
    assert.throws(() => reader.finish(), RecordError);
    assert.equal(reader.isComplete, false);
  });

  test('lengths promise nothing: an entry is bounded, and so is the sum', () => {
    const huge = Uint8Array.of(3, 0xff, 0xff, 0xff, 0x7f);
    const reader = new SnapshotReader(hash);
    assert.throws(() => reader.add(encodeChunk({ kind: 'data', index: 0, payload: huge })), /entry of/);
    const spam = new SnapshotReader(hash, { mostBytes: 100_000, mostEntryBytes: 50_000 });
    const empty = new Uint8Array(5 * 3_000);
    for (let at = 0; at < empty.length; at += 5) empty[at] = 2;
    assert.throws(
      () => spam.add(encodeChunk({ kind: 'data', index: 0, payload: empty })),
      /more than 100000/,
    );
  });

  test('mutants with right checksums and manifests are refused or consistent, and nothing else happens', async () => {
    const a = await archiveOf(1);
    await decided(a, 0, 30);
    await a.prune(10);
    const chunks = await chunksOf(a, 'beginning');
    const refused = await hostileInputs(chunks, 2_000);
    assert.ok(refused > 500 && refused < 1_900, `${refused} of 2000 refused`);
  });

  test('any bytes as a chunk', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        assert.throws(() => decodeChunk(bytes), RecordError);
        assert.throws(() => new SnapshotReader(hash).add(mutant(bytes)), RecordError);
      }),
    );
  });
});
