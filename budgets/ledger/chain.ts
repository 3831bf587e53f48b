/**
 * The hash chain of a ledger: every line carries the hash of the line in front of it, so no line can change, move or go unseen.
 * Owns: the text of a line, its hash, and reading a whole ledger back. Does not own: the file, locks or clocks.
 * What a chain cannot show is a cut at its end; the number of entries and the last hash belong into a signed report.
 */
import { BudgetError } from '#budgets/budget-error.ts';
import { checkedRecord, type LedgerEntry, type LedgerRecord, ledgerEntry } from '#budgets/ledger/entry.ts';
import { sha256Hex } from '#budgets/sha256.ts';

/** What the first line follows. */
export const GENESIS_HASH = '0'.repeat(64);

export interface ChainHead {
  readonly entries: number;
  readonly lastHash: string;
  /** `at` of the last entry; null in an empty ledger. */
  readonly lastAt: string | null;
}

export const EMPTY_HEAD: ChainHead = { entries: 0, lastHash: GENESIS_HASH, lastAt: null };

/** An entry with the hashes that place it; what reports print as the audit trail. */
export interface ChainedEntry extends LedgerEntry {
  readonly prev: string;
  readonly hash: string;
}

function hashOf(prev: string, body: string): string {
  return sha256Hex(`${prev}\n${body}`);
}

/** The next line after `head`, with its newline. `now`: ISO 8601, UTC. Throws `bad-ledger-entry`. */
export function nextLine(
  head: ChainHead,
  record: LedgerRecord,
  now: string,
): { readonly line: string; readonly head: ChainHead; readonly entry: ChainedEntry } {
  const checked = checkedRecord(record);
  const back = head.lastAt === null ? 0 : Math.max(0, Date.parse(head.lastAt) - Date.parse(now));
  if (!Number.isFinite(back)) throw new BudgetError('bad-ledger-entry', `not a moment: ${now}`);
  const at = back > 0 && head.lastAt !== null ? head.lastAt : now;
  const entry: LedgerEntry = { seq: head.entries, at, clockBackMs: back, record: checked };
  const body = JSON.stringify(entry);
  const hash = hashOf(head.lastHash, body);
  const line = `${JSON.stringify({ prev: head.lastHash, hash, entry })}\n`;
  return {
    line,
    head: { entries: head.entries + 1, lastHash: hash, lastAt: at },
    entry: { ...entry, prev: head.lastHash, hash },
  };
}

function damaged(number: number, why: string): never {
  throw new BudgetError('ledger-damaged', `ledger line ${number}: ${why}`);
}

function readLine(text: string, number: number, head: ChainHead): ChainedEntry {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    damaged(number, 'not JSON');
  }
  if (
    typeof json !== 'object' ||
    json === null ||
    !('prev' in json) ||
    !('hash' in json) ||
    !('entry' in json)
  )
    damaged(number, 'not a ledger line');
  const { prev, hash, entry } = json;
  if (prev !== head.lastHash) damaged(number, 'does not follow the line in front of it');
  if (hash !== hashOf(head.lastHash, JSON.stringify(entry)) || typeof hash !== 'string')
    damaged(number, 'was changed: its hash does not fit');
  const parsed = ledgerEntry.safeParse(entry);
  if (!parsed.success) damaged(number, parsed.error.issues[0]?.message ?? 'unreadable');
  if (parsed.data.seq !== head.entries) damaged(number, `has number ${parsed.data.seq}`);
  if (head.lastAt !== null && parsed.data.at < head.lastAt)
    damaged(number, 'is older than the line in front of it');
  return { ...parsed.data, prev: head.lastHash, hash };
}

export interface Chain {
  readonly entries: readonly ChainedEntry[];
  readonly head: ChainHead;
  /** Bytes of a last line without its end: a write that a crash cut off. Not part of the ledger. */
  readonly torn: string;
}

/** Reads and proves a whole ledger. Throws `ledger-damaged` naming the first line that does not fit. */
export function readChain(text: string): Chain {
  const end = text.lastIndexOf('\n') + 1;
  const lines = end === 0 ? [] : text.slice(0, end - 1).split('\n');
  const entries: ChainedEntry[] = [];
  let head = EMPTY_HEAD;
  for (const [index, line] of lines.entries()) {
    const entry = readLine(line, index + 1, head);
    entries.push(entry);
    head = { entries: entries.length, lastHash: entry.hash, lastAt: entry.at };
  }
  return { entries, head, torn: text.slice(end) };
}
