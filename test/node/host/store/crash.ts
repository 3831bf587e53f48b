/**
 * Kills the crash child at a numbered point, tears the end of its log, and says what a restart contradicts.
 * Owns: that procedure and the judgement. Does not own: the life of the child (crash-child.ts).
 */
import { spawnSync } from 'node:child_process';
import { statSync, truncateSync } from 'node:fs';
import { openArchive } from '#node/host/store/archive.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import { logOf } from './damage.ts';

const child = new URL('./crash-child.ts', import.meta.url).pathname;

export interface Life {
  readonly killed: boolean;
  /** Points of an uninterrupted life. */
  readonly points: number;
  /** Of the log, before the batch it died at. */
  readonly logBefore: number;
  readonly sent: readonly (readonly [sequence: number, id: string])[];
  readonly decided: readonly (readonly [id: string, status: string])[];
}

export function live(folder: string, crashAt: number, defect = ''): Life {
  const { signal, status, stdout, stderr } = spawnSync(process.execPath, [child, folder], {
    env: { ...process.env, CRASH_AT: String(crashAt), DEFECT: defect },
    encoding: 'utf8',
  });
  const killed = signal === 'SIGKILL';
  if (!killed && status !== 0) throw new Error(`the child failed: ${stderr}`);
  const lines = stdout.split('\n').map((line) => line.split(' '));
  const of = (word: string) => lines.filter((words) => words[0] === word);
  return {
    killed,
    points: Number(of('end')[0]?.[1] ?? 0),
    logBefore: Number(of('log').at(-1)?.[1] ?? 0),
    sent: of('sent').map((words) => [Number(words[1]), words[2]!] as const),
    decided: of('decided').map((words) => [words[1]!, words[2]!] as const),
  };
}

/** Cuts the log inside of the batch that the child died at; false when that batch was never begun, or is in a new log. */
export function tear(folder: string, { logBefore }: Life, share: number): boolean {
  const log = logOf(folder);
  const { size } = statSync(log);
  if (size <= logBefore || logBefore === 0) return false;
  truncateSync(log, logBefore + Math.floor(share * (size - logBefore)));
  return true;
}

/** What the restarted node would say against what earlier lives sent. Empty: nothing. */
export async function contradictions(folder: string, lives: readonly Life[]): Promise<string[]> {
  const found: string[] = [];
  const store = await openRocksStore(folder);
  try {
    const archive = await openArchive(store, { member: 1, durability: 'process' });
    const next = archive.nextSequence();
    const owners = new Map<number, string>();
    for (const { sent, decided } of lives) {
      for (const [sequence, id] of sent) {
        if (next <= sequence) found.push(`sequence ${sequence} was sent and would be used again`);
        if (owners.has(sequence)) found.push(`sequence ${sequence} was sent twice`);
        owners.set(sequence, id);
        const isPruned = archive.settlements.isFinalised(1, sequence);
        if (archive.status(Buffer.from(id, 'hex')) === 'unknown' && !isPruned)
          found.push(`vertex ${sequence} was sent and is not there`);
      }
      for (const [id, status] of decided) {
        const now = archive.status(Buffer.from(id, 'hex'));
        if (now !== status && now !== 'unknown') found.push(`${id} was ${status} and is ${now}`);
      }
    }
    const kept = archive.finalised + archive.rejected;
    const told = lives.flatMap(({ decided }) => decided).length;
    if (kept < told) found.push(`${told} decisions were sent, ${kept} are there`);
  } finally {
    await store.close();
  }
  return found;
}
