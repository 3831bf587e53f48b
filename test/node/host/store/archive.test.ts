/** The archive on a disk in memory: restart, order, contradictions, pruning, own sequences across kills and power cuts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Archive, type ArchiveEntry, openArchive } from '#node/host/store/archive.ts';
import { ArchiveError, type ArchiveErrorCode } from '#node/host/store/archive-error.ts';
import { sequencesKey } from '#node/host/store/archive-records.ts';
import { MemoryDisk, MemoryStore } from '#node/host/store/memory-store.ts';
import type { Store, StoreOperation } from '#node/host/store/store.ts';
import { decisionOf, sampleVertex } from './vertex-samples.ts';

const options = { member: 1, durability: 'process' } as const;
const isError = (code: ArchiveErrorCode) => (error: unknown) =>
  error instanceof ArchiveError && error.code === code;

async function on(disk: MemoryDisk): Promise<Archive> {
  disk.crash();
  return openArchive(new MemoryStore(disk), options);
}

async function entriesOf(archive: Archive): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  for await (const entry of archive.load()) entries.push(entry);
  return entries;
}

describe('restart', () => {
  test('a new archive is empty and hands out sequences from 1', async () => {
    const archive = await on(new MemoryDisk());
    assert.deepEqual(await entriesOf(archive), []);
    assert.deepEqual([archive.nextOrder, archive.finalised, archive.rejected], [0, 0, 0]);
    assert.deepEqual([archive.nextSequence(), archive.nextSequence()], [1, 2]);
  });

  test('what was committed comes back: decided in order, then undecided ones with parents first', async () => {
    const disk = new MemoryDisk();
    const archive = await on(disk);
    const vertices = Array.from({ length: 6 }, (_, i) => sampleVertex(2, i + 1));
    await archive.commit(vertices, [decisionOf(vertices[3]!), decisionOf(vertices[1]!, 'rejected')]);
    let parent = vertices[3]!;
    const chain = Array.from({ length: 20 }, (_, i) => {
      parent = sampleVertex(1, i + 1, { parents: [parent.id] });
      return parent;
    });
    for (const vertex of chain.toReversed()) await archive.putVertex(vertex);
    await archive.decide([decisionOf(vertices[0]!)]);
    const again = await on(disk);
    const entries = await entriesOf(again);
    const decided = entries.flatMap((entry) => (entry.kind === 'decided' ? [entry] : []));
    assert.deepEqual(
      decided.map(({ decision }) => [decision.order, decision.sequence, decision.status, decision.rounds]),
      [
        [0, 4, 'finalised', 20],
        [1, 2, 'rejected', 20],
        [2, 1, 'finalised', 20],
      ],
    );
    assert.deepEqual(decided[0]!.vertex, vertices[3]);
    const undecided = entries.flatMap((entry) => (entry.kind === 'undecided' ? [entry.vertex.id] : []));
    assert.equal(undecided.length, 3 + 20);
    const places = chain.map(({ id }) => undecided.findIndex((other) => Buffer.compare(other, id) === 0));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    assert.deepEqual([again.nextOrder, again.finalised, again.rejected, again.undecidedCount], [3, 2, 1, 23]);
    assert.equal(again.status(chain[4]!.id), 'undecided');
    assert.deepEqual([again.lastOwnSequence, again.nextSequence()], [20, 21]);
  });

  test("another member's folder is refused", async () => {
    const disk = new MemoryDisk();
    await on(disk);
    disk.crash();
    await assert.rejects(openArchive(new MemoryStore(disk), { ...options, member: 2 }), isError('format'));
  });
});

describe('decisions', () => {
  test('the same again is left out; another word about a decided vertex is refused, with everything beside it', async () => {
    const archive = await on(new MemoryDisk());
    const [a, b] = [sampleVertex(2, 1), sampleVertex(2, 2)];
    await archive.commit([a, a], [decisionOf(a), decisionOf(a)]);
    await archive.commit([a], [decisionOf(a)]);
    assert.equal(archive.nextOrder, 1);
    await assert.rejects(
      archive.commit([b], [decisionOf(b), decisionOf(a, 'rejected')]),
      isError('contradiction'),
    );
    await assert.rejects(
      archive.commit([b], [decisionOf(b), decisionOf(b, 'rejected')]),
      isError('contradiction'),
    );
    assert.deepEqual([archive.status(b.id), await archive.vertex(b.id)], ['unknown', null]);
    await assert.rejects(archive.decide([decisionOf(b)]), isError('unknown-vertex'));
  });

  test('a decision is found by its vertex', async () => {
    const archive = await on(new MemoryDisk());
    const vertex = sampleVertex(3, 9);
    await archive.commit([vertex], [decisionOf(vertex)]);
    assert.equal((await archive.decision(vertex.id))?.sequence, 9);
    assert.equal(await archive.decision(sampleVertex(3, 10).id), null);
  });

  test("with durability 'power' a power cut takes nothing that was committed", async () => {
    for (const durability of ['power', 'process'] as const) {
      const disk = new MemoryDisk();
      const archive = await openArchive(new MemoryStore(disk), { member: 1, durability });
      const vertex = sampleVertex(2, 1);
      await archive.commit([vertex], [decisionOf(vertex)]);
      disk.powerCut();
      assert.equal((await on(disk)).status(vertex.id), durability === 'power' ? 'finalised' : 'unknown');
    }
  });
});

describe('pruning', () => {
  test('pruned vertices are gone; what they settled and spent stays, also after a restart', async () => {
    const disk = new MemoryDisk();
    const archive = await on(disk);
    const vertices = Array.from({ length: 700 }, (_, i) => sampleVertex(2, i + 1, { inputs: [i + 1] }));
    const status = (i: number) => (i % 10 === 3 ? 'rejected' : 'finalised');
    await archive.commit(
      vertices,
      vertices.map((vertex, i) => decisionOf(vertex, status(i))),
    );
    assert.equal(await archive.prune(600, 120), 600);
    for (const now of [archive, await on(disk)]) {
      assert.deepEqual([now.firstOrder, now.nextOrder, now.finalised, now.rejected], [600, 700, 630, 70]);
      for (const i of [0, 3, 13, 500, 599]) {
        assert.equal(now.settlements.isFinalised(2, i + 1), status(i) === 'finalised', `sequence ${i + 1}`);
        assert.equal(now.settlements.isRejected(2, i + 1), status(i) === 'rejected');
        const { id } = vertices[i]!;
        const isRemembered = i >= 480;
        assert.deepEqual(
          [now.status(id), await now.vertex(id)],
          [isRemembered ? status(i) : 'unknown', null],
        );
        assert.equal((await now.decision(id))?.order ?? null, isRemembered ? i : null);
        assert.equal((await now.spent(i + 1))?.sequence ?? null, status(i) === 'finalised' ? i + 1 : null);
      }
      assert.equal(now.settlements.isFinalised(2, 601), false);
      assert.equal(now.status(vertices[600]!.id), 'finalised');
    }
    const kinds = (await entriesOf(archive)).map(({ kind }) => kind);
    assert.deepEqual(
      ['settled', 'spent', 'decided', 'undecided'].map(
        (kind) => kinds.filter((other) => other === kind).length,
      ),
      [1, 540, 100, 0],
    );
    assert.equal(await archive.prune(600), 0);
    const twin = sampleVertex(2, 1, { payload: Buffer.from('a twin of a pruned vertex') });
    await assert.rejects(archive.commit([twin], [decisionOf(twin)]), isError('contradiction'));
    await archive.commit([twin], [decisionOf(twin, 'rejected')]);
  });

  test('decisions go on while it is pruned', async () => {
    const archive = await on(new MemoryDisk());
    const vertices = Array.from({ length: 900 }, (_, i) => sampleVertex(2, i + 1));
    const commit = (from: number, until: number) =>
      archive.commit(
        vertices.slice(from, until),
        vertices.slice(from, until).map((vertex) => decisionOf(vertex)),
      );
    await commit(0, 600);
    await Promise.all([archive.prune(500), commit(600, 700), commit(700, 900), archive.prune(550)]);
    assert.deepEqual([archive.firstOrder, archive.nextOrder, archive.finalised], [550, 900, 900]);
  });
});

/** Issues own vertices through crashes; says which sequences two different vertices got. */
async function reused(disk: MemoryDisk, open: (store: Store) => Store, crash: () => void): Promise<number[]> {
  const owners = new Map<number, string>();
  const twice: number[] = [];
  for (let life = 0; life < 6; life++) {
    disk.crash();
    const archive = await openArchive(open(new MemoryStore(disk)), options);
    for (let i = 0; i < 150; i++) {
      await archive.reserve();
      const vertex = sampleVertex(1, archive.nextSequence(), { payload: Buffer.from(`${life}/${i}`) });
      await archive.putVertex(vertex);
      const sequence = archive.lastOwnSequence;
      if (owners.has(sequence)) twice.push(sequence);
      owners.set(sequence, Buffer.from(vertex.id).toString('hex'));
    }
    crash();
  }
  return twice;
}

describe('own sequences', () => {
  test('kills skip no number, power cuts use none twice', async () => {
    const killed = new MemoryDisk();
    assert.deepEqual(
      await reused(
        killed,
        (store) => store,
        () => killed.crash(),
      ),
      [],
    );
    assert.equal((await on(killed)).nextSequence(), 6 * 150 + 1);
    const cut = new MemoryDisk();
    assert.deepEqual(
      await reused(
        cut,
        (store) => store,
        () => cut.powerCut(),
      ),
      [],
    );
  });

  test('planted: a reservation that is not durable is seen', async () => {
    const disk = new MemoryDisk();
    const twice = await reused(
      disk,
      (store) => new ForgetfulStore(store),
      () => disk.powerCut(),
    );
    assert.ok(twice.length > 0);
  });

  test('a taken number whose vertex was never stored comes again; a number is refused while none is reserved', async () => {
    const disk = new MemoryDisk();
    const archive = await on(disk);
    while (archive.sequencesLeft > 0) archive.nextSequence();
    assert.throws(() => archive.nextSequence(), isError('no-sequence'));
    await archive.reserve();
    assert.ok(archive.nextSequence() > 128);
    assert.equal((await on(disk)).nextSequence(), 1);
  });

  test('a node that lost its disk goes on where its peers saw it', async () => {
    const archive = await on(new MemoryDisk());
    await archive.skipSequences(5_000);
    assert.equal(archive.nextSequence(), 5_001);
  });
});

/** Loses what was reserved: the planted defect. */
class ForgetfulStore implements Store {
  readonly #store: Store;
  readonly mayHaveLostTail: boolean;

  constructor(store: Store) {
    this.#store = store;
    this.mayHaveLostTail = store.mayHaveLostTail;
  }

  get figures() {
    return this.#store.figures;
  }

  get(key: Uint8Array) {
    return this.#store.get(key);
  }

  range(from: Uint8Array, until: Uint8Array) {
    return this.#store.range(from, until);
  }

  write(batch: readonly StoreOperation[]) {
    const isKept = (operation: StoreOperation) =>
      operation.kind !== 'put' || Buffer.compare(operation.key, sequencesKey) !== 0;
    return this.#store.write(batch.filter(isKept));
  }

  async flush() {}

  async compact() {}

  close() {
    return this.#store.close();
  }
}
