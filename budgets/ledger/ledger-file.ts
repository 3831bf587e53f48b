/**
 * The ledger of a campaign on disk: append-only, one writer at a time, durable before `append` returns.
 * Owns: the file, its lock, and what happens to a line that a crash cut off. Does not own: shapes (entry.ts) or hashes (chain.ts).
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { BudgetError } from '#budgets/budget-error.ts';
import { type Chain, type ChainedEntry, nextLine, readChain } from '#budgets/ledger/chain.ts';
import type { LedgerRecord } from '#budgets/ledger/entry.ts';

export const LEDGER_FILE = 'ledger.jsonl';

/** Everything in it, proven. An absent file is an empty ledger. Throws `ledger-damaged`. */
export function readLedger(file: string): Chain {
  return readChain(existsSync(file) ? readFileSync(file, 'utf8') : '');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Renamed before it is removed, so that of two processes that see a dead owner only one takes the lock away. */
function takeFromTheDead(lock: string): void {
  try {
    if (isAlive(Number(readFileSync(lock, 'utf8')))) return;
    const grave = `${lock}.dead-${process.pid}-${drafts}`;
    renameSync(lock, grave);
    if (isAlive(Number(readFileSync(grave, 'utf8')))) linkSync(grave, lock);
    rmSync(grave, { force: true });
  } catch {
    // Released, or taken away by another, in between.
  }
}

const attemptsMost = 400;
let drafts = 0;

/** A lock file appears whole by link(2) with its owner inside; one of a dead process is taken away. */
function locked<T>(file: string, work: () => T): T {
  const lock = `${file}.lock`;
  drafts += 1;
  const draft = `${lock}.${process.pid}-${drafts}`;
  writeFileSync(draft, String(process.pid));
  try {
    for (let attempt = 0; attempt < attemptsMost; attempt += 1) {
      try {
        linkSync(draft, lock);
      } catch {
        takeFromTheDead(lock);
        pause(1 + ((process.pid + attempt * 7) % 13));
        continue;
      }
      try {
        return work();
      } finally {
        rmSync(lock, { force: true });
      }
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new BudgetError('ledger-busy', `${file}: another process has been writing for too long`);
}

function writeDurably(file: string, keep: number | null, text: string): void {
  const descriptor = openSync(file, 'a');
  try {
    if (keep !== null) ftruncateSync(descriptor, keep);
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Appends records in order, all durable when it returns; nothing is written when one of them is refused. `now`: ISO 8601, UTC.
 * A line cut off by a crash is taken away first and leaves an event in its place.
 * Throws `bad-ledger-entry`, `ledger-damaged`, `ledger-busy`.
 */
export function appendToLedger(
  file: string,
  records: readonly LedgerRecord[] | ((chain: Chain) => readonly LedgerRecord[]),
  now: string,
): readonly ChainedEntry[] {
  mkdirSync(path.dirname(file), { recursive: true });
  return locked(file, () => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const chain = readChain(text);
    const wanted = typeof records === 'function' ? records(chain) : records;
    const torn: LedgerRecord[] =
      chain.torn === ''
        ? []
        : [
            {
              type: 'event',
              campaign: chain.entries[0]?.record.campaign ?? 'unknown',
              action: 'torn-line',
              actor: 'ledger',
              object: path.basename(file),
              before: chain.torn.slice(0, 200),
              after: null,
              reason: 'a write was cut off before its end; it was never acknowledged',
            },
          ];
    let { head } = chain;
    const added: ChainedEntry[] = [];
    const lines: string[] = [];
    for (const record of [...torn, ...wanted]) {
      const next = nextLine(head, record, now);
      head = next.head;
      added.push(next.entry);
      lines.push(next.line);
    }
    if (lines.length > 0) {
      const keep = chain.torn === '' ? null : Buffer.byteLength(text) - Buffer.byteLength(chain.torn);
      writeDurably(file, keep, lines.join(''));
    }
    return added;
  });
}
