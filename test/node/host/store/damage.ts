/**
 * A store folder as a killed process leaves it, copies of it, and damage to its files.
 * Owns: the folder, what it must hold, the judgement of a damaged copy. Does not own: which damage (the tests choose).
 */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import { type Store, StoreError } from '#node/host/store/store.ts';

export interface LeftFolder {
  readonly folder: string;
  /** What was acknowledged. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Of the log, before the last batch. */
  readonly logBefore: number;
  readonly logFile: string;
}

export const logOf = (folder: string): string =>
  path.join(
    folder,
    readdirSync(folder)
      .filter((name) => /^\d+\.log$/.test(name))
      .sort()
      .at(-1)!,
  );

/** Two tables, a log, deleted and overwritten keys; the store is never closed before the copy. */
export async function leftFolder(root: string): Promise<LeftFolder> {
  const live = path.join(root, 'live');
  const folder = path.join(root, 'left');
  const model = new Map<string, string>();
  let store = await openRocksStore(live);
  const write = async (from: number, count: number, round: number) => {
    for (let i = from; i < from + count; i++) {
      const [key, value] = [`key-${i}`, `value-${i}-${round}-${'x'.repeat(i % 90)}`];
      await store.write([
        { kind: 'put', key: Buffer.from(key), value: Buffer.from(value) },
        { kind: 'delete', key: Buffer.from(`key-${i - 7}`) },
      ]);
      model.set(key, value);
      model.delete(`key-${i - 7}`);
    }
  };
  await write(0, 60, 1);
  await store.close(); // opening it again makes a table of the log
  store = await openRocksStore(live);
  await write(40, 40, 2);
  await store.compact();
  await write(60, 39, 3);
  const logBefore = statSync(logOf(live)).size;
  await write(99, 1, 3);
  cpSync(live, folder, { recursive: true });
  await store.close();
  rmSync(live, { recursive: true });
  return { folder, acknowledged: model, logBefore, logFile: path.basename(logOf(folder)) };
}

/** A damaged copy; `change` gets the bytes of a file and returns what is left of it. */
export function damagedCopy(
  left: LeftFolder,
  to: string,
  file: string,
  change: (bytes: Buffer) => Buffer,
): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(left.folder, to, { recursive: true });
  const name = path.join(to, file);
  writeFileSync(name, change(readFileSync(name)));
}

export type Finding = 'detected' | 'harmless';

/** Throws AssertionError when a damaged folder yields a wrong value or hides a loss. */
export async function judge(folder: string, acknowledged: ReadonlyMap<string, string>): Promise<Finding> {
  let store: Store;
  try {
    store = await openRocksStore(folder);
  } catch (error) {
    return judgeError(error);
  }
  let finding: Finding = 'harmless';
  try {
    for (const [key, value] of acknowledged) {
      try {
        const found = await store.get(Buffer.from(key));
        assert.equal(found === null ? null : Buffer.from(found).toString(), value, `value of ${key}`);
      } catch (error) {
        finding = judgeError(error);
      }
    }
    try {
      const seen = new Map<string, string>();
      for await (const [key, value] of store.range(Buffer.from('a'), Buffer.from('z')))
        seen.set(Buffer.from(key).toString(), Buffer.from(value).toString());
      assert.deepEqual([...seen].sort(), [...acknowledged].sort());
    } catch (error) {
      finding = judgeError(error);
    }
    return finding;
  } finally {
    await store.close();
  }
}

function judgeError(error: unknown): Finding {
  if (!(error instanceof StoreError)) throw error;
  assert.equal(error.code, 'corrupt', error.message);
  return 'detected';
}
