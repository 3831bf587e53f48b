/**
 * The small parts of the loop by themselves: the inbox, the journal, the ledger.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodedBytes, encodeVertex } from '#node/core/vertex.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import { BodyIntake, type IntakeParts, type VerifiedVertex } from '#node/host/loop/body-intake.ts';
import { Inbox } from '#node/host/loop/inbox.ts';
import { Journal } from '#node/host/loop/journal.ts';
import { genesisId } from '#node/host/loop/machinery.ts';
import { type LedgerEntry, VertexLedger } from '#node/host/loop/vertex-ledger.ts';
import { IdTable } from '#node/host/store/id-table.ts';
import { kindCode } from '#node/host/wire/frame.ts';
import { nameKey, writeName } from '#node/host/wire/vertex-name.ts';

const frame = (kind: keyof typeof kindCode): Uint8Array => Uint8Array.of(1, kindCode[kind]);

test('the inbox hands out votes first, then vertices, then what others ask for, each in order', () => {
  const inbox = new Inbox(10, true);
  const kinds = ['sync-chunk', 'request', 'vertices', 'query', 'status', 'answer', 'announcement'] as const;
  for (const [member, kind] of kinds.entries()) inbox.add(member, frame(kind), false, 100 + member);
  assert.equal(inbox.waitedUs(203), 101);
  const order: number[] = [];
  for (let next = inbox.next(); next !== null; next = inbox.next()) order.push(next.member);
  assert.deepEqual(order, [3, 5, 2, 6, 1, 0, 4]);
});

test('the inbox is bounded for each rank, and counts what it drops', () => {
  const inbox = new Inbox(2, true);
  for (let i = 0; i < 5; i++) inbox.add(0, frame('status'), false, 0);
  assert.ok(inbox.add(0, frame('query'), false, 0), 'a flood of statuses keeps votes out');
  assert.equal(inbox.dropped, 3);
  assert.equal(inbox.length, 3);
});

test('the inbox holds no frame that was taken', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const inbox = new Inbox(100, true);
  const held = Array.from({ length: 40 }, () => {
    const bytes = frame('vertices');
    inbox.add(0, bytes, false, 0);
    return new WeakRef(bytes);
  });
  for (let i = 0; i < 30; i++) assert.notEqual(inbox.next(), null);
  await nextTurn(); // a weak reference holds what was made in the same turn
  collect();
  assert.equal(inbox.length, 10);
  assert.equal(held.filter((one) => one.deref() !== undefined).length, 10);
});

const record = (byte: number): { id: Uint8Array; body: Uint8Array; signature: Uint8Array } => ({
  id: new Uint8Array(32).fill(byte),
  body: new Uint8Array(1),
  signature: new Uint8Array(1),
});

test('nothing leaves before what was noted before it is durable, and one write carries what came meanwhile', async () => {
  const writes: number[] = [];
  const waiting: (() => void)[] = [];
  const journal = new Journal(
    {
      commit: (vertices) => {
        writes.push(vertices.length);
        return new Promise((resolve) => waiting.push(resolve));
      },
    },
    () => {},
  );
  const left: string[] = [];
  journal.afterwards(() => left.push('free'));
  journal.vertex(record(1));
  journal.afterwards(() => left.push('after 1'));
  journal.commit();
  journal.flush();
  assert.deepEqual(left, ['free']);
  journal.vertex(record(2));
  journal.vertex(record(3));
  journal.afterwards(() => left.push('after 3'));
  journal.commit();
  assert.deepEqual(writes, [1]);
  waiting.shift()!();
  await Promise.resolve();
  journal.flush();
  assert.deepEqual(left, ['free', 'after 1']);
  journal.commit();
  assert.deepEqual(writes, [1, 2]);
  waiting.shift()!();
  await Promise.resolve();
  journal.flush();
  assert.deepEqual(left, ['free', 'after 1', 'after 3']);
});

test('after a failed write nothing leaves any more', async () => {
  const journal = new Journal({ commit: () => Promise.reject(new Error('full')) }, () => {});
  journal.vertex(record(1));
  journal.afterwards(() => assert.fail('a frame left'));
  journal.commit();
  await new Promise(setImmediate);
  journal.flush();
  journal.afterwards(() => assert.fail('a frame left'));
  journal.flush();
  assert.equal(journal.failure?.message, 'full');
});

function entryOf(id: Uint8Array): LedgerEntry {
  return {
    id,
    key: nameKey(id, 0),
    creator: 0,
    sequence: 1,
    parents: [],
    inputs: [],
    transactions: 1,
    body: new Uint8Array(1),
    signature: new Uint8Array(1),
    status: 'finalised',
    slot: -1,
    own: null,
    next: null,
  };
}

test('the ledger tells vertices apart that share the start of their ids, and forgets the oldest pruned ones', () => {
  const decided = new IdTable();
  const ledger = new VertexLedger(
    {
      status: (id) => (decided.has(id) ? 'finalised' : 'unknown'),
      named: (names, at, salt) => decided.named(names, at, salt),
    },
    3,
  );
  const twins = [0, 1].map((last) => {
    const id = blake3(Uint8Array.of(9));
    id[31] = last;
    return id;
  });
  const [first, second] = twins.map(entryOf) as [LedgerEntry, LedgerEntry];
  ledger.place(first, 0);
  assert.ok(!ledger.isAmbiguous(first));
  ledger.place(second, 1);
  assert.ok(ledger.isAmbiguous(first) && ledger.isAmbiguous(second));
  const name = new Uint8Array(8);
  writeName(second.id, 0, 77, name, 0);
  assert.equal(ledger.findName(name, 0, 77), second);
  assert.equal(ledger.find(first.id), first);
  decided.set(first.id, 0);
  ledger.release(0);
  ledger.release(1);
  assert.deepEqual([ledger.find(first.id)?.slot, ledger.find(first.id)?.status], [-1, 'finalised']);
  assert.equal(ledger.find(second.id), null, 'nobody knows how it was decided');
  writeName(first.id, 0, 78, name, 0);
  assert.equal(ledger.findName(name, 0, 78)?.status, 'finalised');
  for (let i = 0; i < 4; i++) ledger.rememberPruned(blake3(Uint8Array.of(i)));
  assert.equal(ledger.find(blake3(Uint8Array.of(0))), null);
  assert.equal(ledger.find(blake3(Uint8Array.of(1)))?.status, 'pruned');
  assert.equal(ledger.remembered, 3);
});

test('what is kept of a vertex does not keep the buffer of its frame', async () => {
  const vertex = { creator: 0, sequence: 1, parents: [genesisId()], transactions: [] };
  const pool = Buffer.alloc(65_536);
  const body = pool.subarray(100, 100 + encodedBytes(vertex));
  encodeVertex(vertex, body);
  const signature = pool.subarray(5_000, 5_000 + 2_420);
  const kept = new Promise<VerifiedVertex>((resolve) => {
    const fetch = { arrived: () => true, done: () => {} };
    const intake = new BodyIntake(
      Object.assign({} as IntakeParts, {
        ledger: { find: () => null },
        fetch,
        verifier: { verify: async () => true },
        keyOf: () => new Uint8Array(1_312),
        genesis: genesisId(),
        hasRoom: () => true,
        isSettled: () => false,
        take: resolve,
        touch: () => {},
      }),
    );
    intake.receive(0, [{ body, signature }]);
  });
  const { body: ownBody, signature: ownSignature } = await kept;
  assert.equal(ownBody.buffer.byteLength, body.length);
  assert.equal(ownSignature.buffer.byteLength, signature.length);
});
