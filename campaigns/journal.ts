/**
 * The campaign's memory: what was begun and what is done, one checksummed line each, on disk before anything acts on it.
 * Owns: the file format, opening (a torn last line is cut off), appending with fsync. The events and the state they
 * add up to are journal-event.ts. Does not own: what to do next (next-action.ts).
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { sha256Hex } from '#budgets/sha256.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { failpoint } from '#campaigns/failpoint.ts';
import { type JournalEvent, type JournalRecord, journalRecord } from '#campaigns/journal-event.ts';

export const journalFile = 'journal.jsonl';

/** {"length":N,"sha256":"16 digits","record":{...}}: N bytes of record, checked before it is believed. */
const lineShape = /^\{"length":(\d+),"sha256":"([0-9a-f]{16})","record":(.*)\}$/s;

function formatLine(record: JournalRecord): string {
  const text = canonicalJson(record);
  return `{"length":${Buffer.byteLength(text)},"sha256":"${sha256Hex(text).slice(0, 16)}","record":${text}}\n`;
}

/** The record of a line, or what is wrong with it. */
function parseLine(line: string): JournalRecord | string {
  const found = lineShape.exec(line);
  if (found === null) return 'is not a journal line';
  const text = found[3]!;
  if (Buffer.byteLength(text) !== Number(found[1]))
    return `holds ${Buffer.byteLength(text)} bytes instead of ${found[1]}`;
  if (sha256Hex(text).slice(0, 16) !== found[2]) return 'does not match its checksum';
  const parsed = journalRecord.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : `is not a known event: ${parsed.error.issues[0]?.message ?? ''}`;
}

export interface JournalContent {
  readonly records: readonly JournalRecord[];
  /** Bytes of whole lines; anything after them is a torn last line. */
  readonly wholeBytes: number;
  readonly tornBytes: number;
}

/** Reads without changing anything. Throws CampaignError 'journal-damaged' naming the first bad line but the last. */
export function readJournal(file: string): JournalContent {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new CampaignError(
      'no-such-campaign',
      `${file} cannot be read`,
      'list campaigns: npm run campaign status',
      {
        cause: error,
      },
    );
  }
  const records: JournalRecord[] = [];
  let offset = 0;
  for (let number = 1; offset < content.length; number += 1) {
    const end = content.indexOf(0x0a, offset);
    const whole = end !== -1;
    const line = content.toString('utf8', offset, whole ? end : content.length);
    const parsed = whole ? parseLine(line) : 'has no end';
    if (typeof parsed === 'string') {
      const isLast = !whole || end === content.length - 1;
      if (isLast) break; // it was being written when the process died: nothing acted on it
      throw new CampaignError(
        'journal-damaged',
        `line ${number} of ${file} ${parsed}`,
        'the file was changed or the disk is bad: keep it and start a new campaign',
      );
    }
    if (parsed.n !== number) {
      throw new CampaignError(
        'journal-damaged',
        `line ${number} of ${file} says it is line ${parsed.n}`,
        'lines are missing or doubled',
      );
    }
    records.push(parsed);
    offset = end + 1;
  }
  return { records, wholeBytes: offset, tornBytes: content.length - offset };
}

/** An open journal. One process writes at a time (lock.ts). */
export class Journal {
  readonly #descriptor: number;
  readonly #records: JournalRecord[];
  readonly #now: () => string;

  private constructor(descriptor: number, records: readonly JournalRecord[], now: () => string) {
    this.#descriptor = descriptor;
    this.#records = [...records];
    this.#now = now;
  }

  /** Opens or creates; a torn last line is cut off. */
  static open(file: string, now: () => string = () => new Date().toISOString()): Journal {
    const descriptor = openSync(file, 'a+');
    const { records, wholeBytes, tornBytes } = readJournal(file);
    if (tornBytes > 0) {
      ftruncateSync(descriptor, wholeBytes);
      fsyncSync(descriptor);
    }
    return new Journal(descriptor, records, now);
  }

  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  /** Durable when it returns. */
  append(event: JournalEvent): JournalRecord {
    const record: JournalRecord = { n: this.#records.length + 1, at: this.#now(), event };
    const bytes = Buffer.from(formatLine(record));
    const half = bytes.length >> 1;
    failpoint('journal.before');
    writeSync(this.#descriptor, bytes, 0, half);
    failpoint('journal.half');
    writeSync(this.#descriptor, bytes, half);
    failpoint('journal.written');
    fsyncSync(this.#descriptor);
    failpoint('journal.after');
    this.#records.push(record);
    return record;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
