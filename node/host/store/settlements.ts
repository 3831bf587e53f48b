/**
 * What pruned vertices leave behind: which sequences of a creator are settled, and which of those were rejected.
 * Owns: runs of settled sequences per creator with the rejected ones as exceptions, their record, merging.
 * Does not own: when vertices are pruned, spent inputs (archive.ts). Unlike node/core/settled.ts it bears gaps in a
 * creator's sequences without growing with every vertex after the gap.
 */
import { ByteReader, ByteWriter, RecordError } from '#node/host/store/byte-cursor.ts';

const version = 1;
const mostSequence = 0x7fff_ffff;

export interface SettledCreator {
  readonly creator: number;
  /** First and last sequence of every run; runs ascend and do not touch. */
  readonly runs: readonly (readonly [first: number, last: number])[];
  /** Settled sequences of which no vertex was finalised, ascending. */
  readonly rejected: readonly number[];
}

class Creator {
  /** Flat pairs of first and last. */
  runs: number[] = [];
  readonly rejected = new Set<number>();

  /** Index of the pair whose first is the greatest not above `sequence`; -1 when there is none. */
  pairOf(sequence: number): number {
    let low = 0;
    let high = this.runs.length >> 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.runs[2 * middle]! <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  has(sequence: number): boolean {
    const pair = this.pairOf(sequence);
    return pair >= 0 && sequence <= this.runs[2 * pair + 1]!;
  }

  add(sequence: number): void {
    const pair = this.pairOf(sequence);
    const joinsBefore = pair >= 0 && this.runs[2 * pair + 1] === sequence - 1;
    const joinsAfter = this.runs[2 * pair + 2] === sequence + 1;
    if (joinsBefore && joinsAfter) this.runs.splice(2 * pair + 1, 2);
    else if (joinsBefore) this.runs[2 * pair + 1] = sequence;
    else if (joinsAfter) this.runs[2 * pair + 2] = sequence;
    else this.runs.splice(2 * pair + 2, 0, sequence, sequence);
  }
}

export class Settlements {
  readonly #creators = new Map<number, Creator>();

  /** Notes a pruned vertex. Of two twins the finalised one wins. */
  note(creator: number, sequence: number, isFinalised: boolean): void {
    const known = this.#creators.get(creator) ?? new Creator();
    this.#creators.set(creator, known);
    if (!known.has(sequence)) {
      known.add(sequence);
      if (!isFinalised) known.rejected.add(sequence);
    } else if (isFinalised) known.rejected.delete(sequence);
  }

  /** A vertex with this creator and sequence was finalised and pruned. */
  isFinalised(creator: number, sequence: number): boolean {
    const known = this.#creators.get(creator);
    return known?.has(sequence) === true && !known.rejected.has(sequence);
  }

  /** A vertex with this creator and sequence was rejected and pruned, and no twin of it was finalised and pruned. */
  isRejected(creator: number, sequence: number): boolean {
    return this.#creators.get(creator)?.rejected.has(sequence) ?? false;
  }

  /** Highest settled sequence of the creator; 0 when there is none. */
  last(creator: number): number {
    return this.#creators.get(creator)?.runs.at(-1) ?? 0;
  }

  /** Settled sequences of all creators, and how many of them were rejected. */
  get totals(): { readonly settled: number; readonly rejected: number } {
    let [settled, rejected] = [0, 0];
    for (const { runs, rejected: exceptions } of this.#creators.values()) {
      for (let i = 0; i < runs.length; i += 2) settled += runs[i + 1]! - runs[i]! + 1;
      rejected += exceptions.size;
    }
    return { settled, rejected };
  }

  *creators(): Iterable<SettledCreator> {
    for (const creator of [...this.#creators.keys()].sort((a, b) => a - b)) yield this.of(creator);
  }

  of(creator: number): SettledCreator {
    const known = this.#creators.get(creator) ?? new Creator();
    const runs: [number, number][] = [];
    for (let i = 0; i < known.runs.length; i += 2) runs.push([known.runs[i]!, known.runs[i + 1]!]);
    return { creator, runs, rejected: [...known.rejected].sort((a, b) => a - b) };
  }

  /** Adds what another node settled: a sequence stays rejected when nobody saw a vertex of it finalised. */
  merge(other: SettledCreator): void {
    const known = this.#creators.get(other.creator) ?? new Creator();
    this.#creators.set(other.creator, known);
    const theirs = new Set(other.rejected);
    for (const sequence of known.rejected)
      if (!theirs.has(sequence) && isInRuns(other.runs, sequence)) known.rejected.delete(sequence);
    for (const sequence of theirs) if (!known.has(sequence)) known.rejected.add(sequence);
    known.runs = united(known.runs, other.runs);
  }
}

function isInRuns(runs: SettledCreator['runs'], sequence: number): boolean {
  return runs.some(([first, last]) => sequence >= first && sequence <= last);
}

function united(mine: readonly number[], theirs: SettledCreator['runs']): number[] {
  const all = [...theirs.map(([first, last]) => [first, last] as const)];
  for (let i = 0; i < mine.length; i += 2) all.push([mine[i]!, mine[i + 1]!]);
  all.sort((a, b) => a[0] - b[0]);
  const runs: number[] = [];
  for (const [first, last] of all) {
    const end = runs.at(-1);
    if (end !== undefined && first <= end + 1) runs[runs.length - 1] = Math.max(end, last);
    else runs.push(first, last);
  }
  return runs;
}

/** Version u8, runs u32, rejected u32, then first and last of every run, then the rejected ones; u32 each. */
export function encodeSettled({ runs, rejected }: SettledCreator): Uint8Array {
  const out = new ByteWriter(9 + 8 * runs.length + 4 * rejected.length);
  out.byte(version).word(runs.length).word(rejected.length);
  for (const [first, last] of runs) out.word(first).word(last);
  for (const sequence of rejected) out.word(sequence);
  return out.bytes;
}

/** Throws RecordError on everything that `encodeSettled` would not have written. */
export function decodeSettled(creator: number, bytes: Uint8Array): SettledCreator {
  const from = new ByteReader(bytes);
  if (from.byte() !== version) throw new RecordError('an unknown version of a settled record');
  const runCount = from.word();
  const rejectedCount = from.word();
  if (runCount * 8 + rejectedCount * 4 !== from.left) throw new RecordError('counts that do not fit');
  const runs: [number, number][] = [];
  for (let i = 0, before = -1; i < runCount; i++) {
    const [first, last] = [from.word(), from.word()];
    if (first <= before + (i > 0 ? 1 : 0) || last < first || last > mostSequence)
      throw new RecordError('runs that do not ascend');
    runs.push([first, last]);
    before = last;
  }
  const rejected: number[] = [];
  for (let i = 0, before = -1, run = 0; i < rejectedCount; i++) {
    const sequence = from.word();
    if (sequence <= before) throw new RecordError('rejected sequences that do not ascend');
    while (run < runs.length && runs[run]![1] < sequence) run += 1;
    if (run === runs.length || runs[run]![0] > sequence)
      throw new RecordError('a rejected sequence that is not settled');
    rejected.push(sequence);
    before = sequence;
  }
  from.end();
  return { creator, runs, rejected };
}
