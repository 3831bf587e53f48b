/**
 * The cloud of the stand-in providers: objects in files, one folder, and a journal of everything that was done to them.
 * Owns: storing, the journal, failures and delays that a test orders. Does not own: what a provider asks of it (cloud-provider.ts).
 * Every operation may come from another process: an object is a file of its own, and a line of the journal is one append.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

export const cloudObject = z.object({
  id: z.string(),
  urn: z.string(),
  type: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(z.string(), z.unknown()),
});
export type CloudObject = z.infer<typeof cloudObject>;

export const journalLine = z.object({
  /** Order of the journal; times of different processes would not say. */
  did: z.enum(['asked', 'created', 'updated', 'deleted', 'refused']),
  type: z.string(),
  urn: z.string(),
  id: z.string(),
  inputs: z.record(z.string(), z.unknown()).optional(),
});
export type JournalLine = z.infer<typeof journalLine>;

/** What a test orders, by environment: providers are started by the engine. */
export const cloudEnvironment = {
  folder: 'BED_CLOUD',
  /** The create of that number (from 1, in the order in which they are asked for) is refused. */
  failCreate: 'BED_FAIL_CREATE',
  /** Milliseconds that a create takes. */
  createMs: 'BED_CREATE_MS',
} as const;

export class FakeCloud {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(path.join(folder, 'objects'), { recursive: true });
    mkdirSync(path.join(folder, 'asked'), { recursive: true });
  }

  /** Number of this create among all, from 1. */
  nextCreate(): number {
    for (let number = this.creates + 1; ; number += 1) {
      try {
        closeSync(openSync(path.join(this.folder, 'asked', String(number)), 'wx'));
        return number;
      } catch {
        // Another provider has just taken this one.
      }
    }
  }

  /** How many creates were asked for so far. */
  get creates(): number {
    return readdirSync(path.join(this.folder, 'asked')).length;
  }

  put(object: CloudObject): void {
    const file = this.#file(object.id);
    writeFileSync(`${file}.new`, JSON.stringify(object));
    renameSync(`${file}.new`, file);
  }

  get(id: string): CloudObject | null {
    const file = this.#file(id);
    return existsSync(file) ? cloudObject.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
  }

  remove(id: string): void {
    rmSync(this.#file(id), { force: true });
  }

  /** Removes every object of a provider, as the end of a cluster does with what is in it. */
  removeWithin(prefix: string): void {
    for (const { id, urn, type } of this.objects()) {
      if (!type.startsWith(prefix)) continue;
      this.remove(id);
      this.note({ did: 'deleted', id, urn, type });
    }
  }

  /** Everything there is, and so everything that costs. */
  objects(): CloudObject[] {
    const folder = path.join(this.folder, 'objects');
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => cloudObject.parse(JSON.parse(readFileSync(path.join(folder, name), 'utf8'))));
  }

  note(line: JournalLine): void {
    appendFileSync(path.join(this.folder, 'journal.jsonl'), `${JSON.stringify(line)}\n`);
  }

  journal(): JournalLine[] {
    const file = path.join(this.folder, 'journal.jsonl');
    if (!existsSync(file)) return [];
    const text = readFileSync(file, 'utf8');
    // A provider may be in the middle of a line.
    const lines = text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '');
    return lines.map((line) => journalLine.parse(JSON.parse(line)));
  }

  #file(id: string): string {
    return path.join(this.folder, 'objects', `${encodeURIComponent(id)}.json`);
  }
}
