/**
 * The program behind the stack "local": node campaigns/targets/processes/standing.ts '{"name": ..., "nodes": ...}'.
 * Owns: one standing network from begin to end, its record on disk, its deadline. Does not own: the network, or who starts this program.
 *
 * It prints one JSON line when the network stands and then waits for "keep" on stdin: a starter that died before it could write
 * down what it started leaves nothing behind. Afterwards it ends on SIGTERM, at the deadline, or when it cannot go on.
 */
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { startedTicks } from '#campaigns/process-identity.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { sweepLeftovers } from './children.ts';
import { StandingNetwork } from './standing-network.ts';

const request = z.strictObject({
  name: z.string().min(1).max(200),
  nodes: z.int().min(2).max(512),
  nodesPerProcess: z.int().min(1).max(100),
  seed: z.int().min(0).max(0xffff_ffff),
  deadline: z.iso.datetime(),
});

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Whole or absent: clients may read it at any time. */
function writeRecord(folder: string, record: object): void {
  const file = path.join(folder, 'network.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Resolves with why the network has to end. */
function endOf(deadline: string): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
    const lines = createInterface({ input: process.stdin });
    let isKept = false;
    lines.on('line', (line) => {
      if (line === 'keep') isKept = true;
    });
    lines.on('close', () => {
      if (!isKept) resolve('the starter has gone');
    });
    const wait = (): void => {
      const leftMs = Date.parse(deadline) - Date.now();
      // Timers hold at most 24 days.
      if (leftMs <= 0) resolve('the deadline has passed');
      else setTimeout(wait, Math.min(leftMs, 86_400_000)).unref();
    };
    wait();
  });
}

async function main(text: string): Promise<number> {
  const { name, deadline, ...size } = request.parse(JSON.parse(text));
  const profile = networkProfiles.find((known) => known.name === 'local');
  if (profile === undefined) throw new Error('no network profile "local"');
  sweepLeftovers();
  const network = new StandingNetwork({ ...size, network: profile });
  const ended = endOf(deadline);
  try {
    const early = await Promise.race([network.begin().then(() => null), ended]);
    if (early !== null) return 1;
    const own = {
      name,
      pid: process.pid,
      ticks: startedTicks(process.pid),
      folder: network.folder,
      deadline,
    };
    writeRecord(network.folder, { ...own, ...size, members: network.members });
    say({ kind: 'standing', ...own });
    await ended;
    return 0;
  } catch (error) {
    say({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
    return 30;
  } finally {
    await network.end();
  }
}

process.exit(await main(process.argv[2] ?? '{}'));
