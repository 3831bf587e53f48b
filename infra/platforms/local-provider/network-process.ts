/**
 * The process that keeps a local network standing, seen from the provider: starting, finding and ending it.
 * Owns: the hand-over, telling whether it is still the same process. Does not own: the network (the program it starts).
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

export const networkInputs = z.strictObject({
  /** Of the stack and the resource: two networks never have the same. */
  name: z.string().min(1).max(200),
  nodes: z.int().min(2).max(512),
  nodesPerProcess: z.int().min(1).max(100),
  seed: z.int().min(0).max(0xffff_ffff),
  ttlMinutes: z.int().min(1),
  deadline: z.iso.datetime().optional(),
});
export type NetworkInputs = z.infer<typeof networkInputs>;

const standing = z.object({
  name: z.string(),
  pid: z.int(),
  /** Start time in ticks; with the number it names the process for good. Null where the system does not say. */
  ticks: z.string().nullable(),
  folder: z.string(),
  deadline: z.string(),
});
export type Standing = z.infer<typeof standing>;

const told = z.discriminatedUnion('kind', [
  standing.extend({ kind: z.literal('standing') }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
]);

const program = path.resolve(import.meta.dirname, '../../../campaigns/targets/processes/standing.ts');
const folderPrefix = 'bft-scale-run-';
const endWithinMs = 30_000;

/** Resolves when every node of the network is connected. */
export async function startNetwork(inputs: NetworkInputs): Promise<Standing> {
  const { ttlMinutes, ...size } = inputs;
  const { deadline = `${new Date(Date.now() + ttlMinutes * 60_000).toISOString().slice(0, 19)}Z` } = inputs;
  if (Date.parse(deadline) <= Date.now()) throw new Error(`the deadline ${deadline} has passed`);
  const child = spawn(process.execPath, [program, JSON.stringify({ ...size, deadline })], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const lines = createInterface({ input: child.stdout });
  const answer = await new Promise<z.infer<typeof told>>((resolve, reject) => {
    lines.once('line', (line) => resolve(told.parse(JSON.parse(line))));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the local network ended with ${code} before it stood`)));
  });
  if (answer.kind === 'failed') throw new Error(`the local network could not start: ${answer.reason}`);
  child.stdin.end('keep\n');
  lines.close();
  child.stdout.destroy();
  child.unref();
  const { kind: _, ...found } = answer;
  return found;
}

function ticksOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export function isStanding({ pid, ticks }: Pick<Standing, 'pid' | 'ticks'>): boolean {
  if (ticks !== null) return ticksOf(pid) === ticks;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The record of a standing network, as its own process wrote it; null when there is none. */
export function readRecord(folder: string): Standing | null {
  try {
    const text = readFileSync(path.join(folder, 'network.json'), 'utf8');
    const found = standing.parse(JSON.parse(text));
    return isStanding(found) ? found : null;
  } catch {
    return null;
  }
}

/** Networks of that name: one that an interrupted `up` left behind is in no state, but it is still ours. */
export function networksNamed(name: string): Standing[] {
  const folders = readdirSync(os.tmpdir()).filter((entry) => entry.startsWith(folderPrefix));
  return folders
    .map((entry) => readRecord(path.join(os.tmpdir(), entry)))
    .filter((found): found is Standing => found !== null && found.name === name);
}

/** Its reaper ends the nodes even when the process itself has to be killed. */
export async function endNetwork(network: Pick<Standing, 'pid' | 'ticks'>): Promise<void> {
  for (const [signal, withinMs] of [
    ['SIGTERM', endWithinMs],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!isStanding(network)) return;
    process.kill(network.pid, signal);
    const end = performance.now() + withinMs;
    while (isStanding(network) && performance.now() < end) await pause(50);
  }
  if (isStanding(network)) throw new Error(`the process ${network.pid} of the local network does not end`);
}
