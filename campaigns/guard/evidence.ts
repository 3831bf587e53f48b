/**
 * The guard's evidence: an append-only file, one line per thing seen, decided or ordered, each bound to the line before by its hash.
 * Owns: the file, its chain, reading it back and proving it. Does not own: what is written (guard.ts).
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { sha256Hex } from '#budgets/sha256.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { CampaignError } from '#campaigns/errors.ts';

export const evidenceFile = 'guard.jsonl';
const GENESIS = '0'.repeat(64);

export const evidenceKinds = ['begun', 'poll', 'alarm', 'decision', 'order', 'outcome', 'ended'] as const;

const evidenceLine = z.strictObject({
  n: z.int().positive(),
  at: z.string(),
  kind: z.enum(evidenceKinds),
  facts: z.record(z.string(), z.unknown()),
  prev: z.string().length(64),
  hash: z.string().length(64),
});
export type EvidenceLine = z.infer<typeof evidenceLine>;

function hashOf(line: Omit<EvidenceLine, 'hash'>): string {
  return sha256Hex(canonicalJson(line));
}

const textOf = (line: EvidenceLine): string => `${canonicalJson(line)}\n`;

function damaged(file: string, n: number, why: string): CampaignError {
  return new CampaignError(
    'results-damaged',
    `line ${n} of ${file} ${why}`,
    'keep the file: it was changed after it was written, or the disk is bad',
  );
}

/** All lines, each proven. A torn last line (the guard was killed while writing) is left out. Throws `results-damaged`. */
export function readEvidence(file: string): readonly EvidenceLine[] {
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines: EvidenceLine[] = [];
  let prev = GENESIS;
  for (const [i, line] of whole.split('\n').slice(0, -1).entries()) {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw damaged(file, i + 1, 'is not JSON');
    }
    const parsed = evidenceLine.safeParse(json);
    if (!parsed.success) throw damaged(file, i + 1, 'is not a line of evidence');
    const { hash, ...rest } = parsed.data;
    if (rest.n !== i + 1 || rest.prev !== prev || hash !== hashOf(rest))
      throw damaged(file, i + 1, 'does not follow from the line before');
    prev = hash;
    lines.push(parsed.data);
  }
  return lines;
}

export class Evidence {
  readonly #descriptor: number;
  readonly #now: () => string;
  readonly before: readonly EvidenceLine[];
  #n: number;
  #prev: string;

  private constructor(descriptor: number, before: readonly EvidenceLine[], now: () => string) {
    this.#descriptor = descriptor;
    this.#now = now;
    this.before = before;
    this.#n = before.length;
    this.#prev = before.at(-1)?.hash ?? GENESIS;
  }

  /** Opens or creates; goes on after the last whole line. */
  static open(file: string, now: () => string = () => new Date().toISOString()): Evidence {
    const descriptor = openSync(file, 'a+');
    try {
      const before = readEvidence(file);
      // A torn last line was being written when the guard died: nothing acted on it.
      const wholeBytes = before.reduce((sum, line) => sum + Buffer.byteLength(textOf(line)), 0);
      if (wholeBytes < fstatSync(descriptor).size) ftruncateSync(descriptor, wholeBytes);
      return new Evidence(descriptor, before, now);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** Durable when it returns. */
  append(kind: EvidenceLine['kind'], facts: EvidenceLine['facts']): void {
    const plain: EvidenceLine['facts'] = JSON.parse(JSON.stringify(facts));
    const line = { n: this.#n + 1, at: this.#now(), kind, facts: plain, prev: this.#prev };
    const hash = hashOf(line);
    writeSync(this.#descriptor, textOf({ ...line, hash }));
    fsyncSync(this.#descriptor);
    this.#n += 1;
    this.#prev = hash;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
