/**
 * What every store promises (node/host/store/store.ts), as tests over any implementation.
 * Owns: the expectations. Does not own: how a store is opened, damaged or made to fail (the harness of each implementation).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  afterEveryKey,
  type Store,
  StoreError,
  type StoreErrorCode,
  type StoreOperation,
} from '#node/host/store/store.ts';

export interface Harness {
  open(): Promise<Store>;
  /** From now on a byte of every record that is read is wrong. */
  damage(): void;
  /** From now on writes fail, until `repair`. */
  fail(code: 'full' | 'io'): void;
  repair(): void;
  remove(): Promise<void>;
}

type Make = () => Promise<Harness>;

const first: Uint8Array = Uint8Array.of(0);
export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
export const put = (key: string, value: string): StoreOperation => ({
  kind: 'put',
  key: bytes(key),
  value: bytes(value),
});
const text = (value: Uint8Array | null): string | null =>
  value === null ? null : Buffer.from(value).toString();
const isError = (code: StoreErrorCode) => (error: unknown) =>
  error instanceof StoreError && error.code === code;

export async function contentsOf(
  store: Store,
  from = first,
  until = afterEveryKey,
): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const [key, value] of store.range(from, until))
    found.push([Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex')]);
  return found;
}

async function withStore(make: Make, body: (store: Store, harness: Harness) => Promise<void>) {
  const harness = await make();
  const store = await harness.open();
  try {
    await body(store, harness);
  } finally {
    await store.close();
    await harness.remove();
  }
}

const key = fc.uint8Array({ minLength: 1, maxLength: 3 }).map((array) => array.map((byte) => byte % 5));
const operation: fc.Arbitrary<StoreOperation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 40 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-range' as const), from: key, until: key }) },
);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom('reopen' as const, 'compact' as const, 'flush' as const) },
);

/** The same rules over a plain map. */
function applyTo(model: Map<string, string>, batch: readonly StoreOperation[]): void {
  for (const change of batch) {
    if (change.kind === 'put')
      model.set(Buffer.from(change.key).toString('hex'), Buffer.from(change.value).toString('hex'));
    else if (change.kind === 'delete') model.delete(Buffer.from(change.key).toString('hex'));
    else
      for (const name of [...model.keys()]) {
        const known = Buffer.from(name, 'hex');
        if (Buffer.compare(known, change.from) >= 0 && Buffer.compare(known, change.until) < 0)
          model.delete(name);
      }
  }
}

/** Rejects when a read hands out a wrong byte, or a failed store pretends to write. Planted defects must make it reject. */
export async function checkHonesty(make: Make): Promise<void> {
  const harness = await make();
  let store = await harness.open();
  try {
    await store.write([put('a', 'one'), put('b', 'two')]);
    await store.close();
    harness.damage();
    store = await harness.open().catch((error: unknown) => {
      assert.ok(isError('corrupt')(error), String(error));
      return Promise.reject(new Detected());
    });
    await assert.rejects(store.get(bytes('a')), isError('corrupt'));
    await assert.rejects(contentsOf(store), isError('corrupt'));
  } catch (error) {
    if (!(error instanceof Detected)) throw error;
  } finally {
    await store.close();
    await harness.remove();
  }
}

class Detected extends Error {}

function agreement(make: Make, runs: number): void {
  test('agrees with a plain map over any batches, ranges, reopening and compaction', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const harness = await make();
        let store = await harness.open();
        const model = new Map<string, string>();
        try {
          for (const current of steps) {
            if (current === 'reopen') {
              await store.close();
              store = await harness.open();
            } else if (current === 'compact') await store.compact();
            else if (current === 'flush') await store.flush();
            else {
              // Not awaited one by one: batches take effect in the order of the calls.
              await Promise.all(current.map((batch) => store.write(batch)));
              for (const batch of current) applyTo(model, batch);
            }
            assert.deepEqual(await contentsOf(store), [...model].sort());
            for (const [known, value] of model)
              assert.equal(Buffer.from((await store.get(Buffer.from(known, 'hex')))!).toString('hex'), value);
          }
        } finally {
          await store.close();
          await harness.remove();
        }
      }),
      { numRuns: runs },
    );
  });
}

function values(make: Make): void {
  test('an absent key is null, an empty value is not', () =>
    withStore(make, async (store) => {
      await store.write([put('empty', '')]);
      assert.equal((await store.get(bytes('empty')))?.length, 0);
      assert.equal(await store.get(bytes('absent')), null);
      await store.write([]);
    }));

  test('the caller may change its bytes after the call', () =>
    withStore(make, async (store) => {
      const [changing, value] = [Buffer.from('key'), Buffer.from('value')]; // whose slices are views
      const written = store.write([{ kind: 'put', key: changing, value }]);
      changing.fill(0);
      value.fill(0);
      await written;
      assert.equal(text(await store.get(bytes('key'))), 'value');
    }));

  test('whoever asks after an acknowledgement sees what was acknowledged, whatever is being read', () =>
    withStore(make, async (store) => {
      for (let round = 0; round < 40; round++) {
        const early = store.get(bytes('k'));
        await store.write([put('k', `${round}`)]);
        assert.equal(text(await store.get(bytes('k'))), `${round}`);
        await early;
        assert.equal(text(await store.get(bytes('k'))), `${round}`);
      }
    }));
}

function ranges(make: Make): void {
  test('a range shows one moment, ascends, keeps its bounds and may be left early', () =>
    withStore(make, async (store) => {
      await store.write(['b', 'a', 'c', 'd'].map((letter) => put(letter, letter)));
      const seen: string[] = [];
      for await (const [found] of store.range(bytes('a'), bytes('d'))) {
        if (seen.length === 0) await store.write([put('bb', 'late')]);
        seen.push(Buffer.from(found).toString());
      }
      assert.deepEqual(seen, ['a', 'b', 'c']);
      for await (const _ of store.range(bytes('a'), bytes('d'))) break;
      assert.equal((await contentsOf(store, bytes('d'), bytes('a'))).length, 0);
    }));

  test('keys outside the limits are refused and nothing is written', () =>
    withStore(make, async (store) => {
      for (const wrong of [new Uint8Array(0), new Uint8Array(256), Uint8Array.of(0xff)]) {
        await assert.rejects(
          store.write([put('a', 'a'), { kind: 'put', key: wrong, value: wrong }]),
          RangeError,
        );
        await assert.rejects(store.get(wrong), RangeError);
      }
      assert.equal(await store.get(bytes('a')), null);
    }));
}

function lifetime(make: Make): void {
  test('only one store at a time is open, and a closed one says so', async () => {
    const harness = await make();
    const store = await harness.open();
    try {
      await store.write([put('a', 'a')]);
      await assert.rejects(harness.open(), isError('locked'));
      const range = store.range(first, afterEveryKey)[Symbol.asyncIterator]();
      await range.next();
      await store.close();
      await store.close();
      await assert.rejects(range.next(), isError('closed'));
      for (const late of [
        () => store.get(bytes('a')),
        () => store.write([put('b', 'b')]),
        () => store.flush(),
      ])
        await assert.rejects(late(), isError('closed'));
    } finally {
      await store.close();
      await harness.remove();
    }
  });
}

function failures(make: Make): void {
  for (const code of ['full', 'io'] as const)
    test(`after '${code}' nothing is half written, writes are refused until it is reopened, reads go on`, async () => {
      const harness = await make();
      let store = await harness.open();
      try {
        await store.write([put('a', 'kept')]);
        harness.fail(code);
        await assert.rejects(store.write([put('a', 'lost'), put('b', 'lost')]), isError(code));
        harness.repair();
        await assert.rejects(store.write([put('c', 'refused')]), isError(code));
        await assert.rejects(store.flush(), isError(code));
        assert.equal(text(await store.get(bytes('a'))), 'kept');
        assert.equal((await contentsOf(store)).length, 1);
        await store.close();
        store = await harness.open();
        assert.equal(store.mayHaveLostTail, false);
        assert.equal((await contentsOf(store)).length, 1);
        await store.write([put('c', 'again')]);
        assert.equal(text(await store.get(bytes('c'))), 'again');
      } finally {
        await store.close();
        await harness.remove();
      }
    });

  test("a wrong byte is 'corrupt' and never a value", () => checkHonesty(make));
}

export function storeContract(name: string, make: Make, runs: number): void {
  describe(name, () => {
    agreement(make, runs);
    values(make);
    ranges(make);
    lifetime(make);
    failures(make);
  });
}
