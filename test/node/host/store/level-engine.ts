/**
 * LevelDB as an engine, for tests: what the store promises must not hang on one library.
 * Owns: the adapter. Its `delete-range` reads the range first: a test has one writer.
 */
import { ClassicLevel } from 'classic-level';
import type { Engine } from '#node/host/store/engine.ts';
import type { StoreOperation } from '#node/host/store/store.ts';

type Database = ClassicLevel<Uint8Array, Uint8Array>;
type Change = { type: 'put'; key: Uint8Array; value: Uint8Array } | { type: 'del'; key: Uint8Array };

export class LevelEngine implements Engine {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async open(folder: string): Promise<LevelEngine> {
    const database: Database = new ClassicLevel(folder, { keyEncoding: 'view', valueEncoding: 'view' });
    await database.open();
    return new LevelEngine(database);
  }

  async get(key: Uint8Array): Promise<Uint8Array | null> {
    return (await this.#database.get(key)) ?? null;
  }

  async *range(from: Uint8Array, until: Uint8Array): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    for await (const [key, value] of this.#database.iterator({ gte: from, lt: until })) yield [key, value];
  }

  async write(batch: readonly StoreOperation[]): Promise<void> {
    const changes: Change[] = [];
    for (const operation of batch) {
      switch (operation.kind) {
        case 'put':
          changes.push({ type: 'put', key: operation.key, value: operation.value });
          break;
        case 'delete':
          changes.push({ type: 'del', key: operation.key });
          break;
        case 'delete-range': {
          const { from, until } = operation;
          const isIn = (key: Uint8Array) => Buffer.compare(key, from) >= 0 && Buffer.compare(key, until) < 0;
          const before = changes.filter(({ key }) => isIn(key)).map(({ key }) => key);
          for await (const [key] of this.range(from, until)) before.push(key);
          for (const key of before) changes.push({ type: 'del', key });
        }
      }
    }
    await this.#database.batch(changes);
  }

  async flush(): Promise<void> {
    await this.#database.put(Uint8Array.of(0xff, 0xff), new Uint8Array(0), { sync: true });
  }

  async settle(): Promise<void> {}

  async compact(): Promise<void> {
    await this.#database.compactRange(Uint8Array.of(0), Uint8Array.of(0xff));
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
