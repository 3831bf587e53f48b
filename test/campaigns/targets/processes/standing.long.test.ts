/**
 * A network that stands until it is told to end: campaigns/targets/processes/standing.ts as its starter sees it.
 * Owns: that nothing is left of it when its starter dies, and when its deadline passes. Finality: test/infra/local-stack.bed.test.ts.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { z } from 'zod';
import { isSameProcess } from '#campaigns/process-identity.ts';

const program = path.resolve(import.meta.dirname, '../../../../campaigns/targets/processes/standing.ts');
const line = z.object({ kind: z.string(), folder: z.string().default(''), reason: z.string().default('') });
const identity = z.object({ pid: z.number(), ticks: z.string().nullable() });

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | null>;
  readonly said: z.infer<typeof line>;
}

async function start(lifeSeconds: number): Promise<Started> {
  const deadline = new Date(Date.now() + lifeSeconds * 1_000).toISOString();
  const request = { name: 'test/standing', nodes: 4, nodesPerProcess: 2, seed: 1, deadline };
  const child = spawn(process.execPath, [program, JSON.stringify(request)]);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const said = new Promise<string>((resolve) =>
    createInterface({ input: child.stdout }).once('line', resolve),
  );
  return { child, ended, said: line.parse(JSON.parse(await said)) };
}

function livingOf(folder: string): Set<z.infer<typeof identity>> {
  const files = readdirSync(path.join(folder, 'pids'));
  return new Set(
    files.map((file) => identity.parse(JSON.parse(readFileSync(path.join(folder, 'pids', file), 'utf8')))),
  );
}

function assertNothingLeft(folder: string, nodes: Iterable<z.infer<typeof identity>>): void {
  for (const { pid, ticks } of nodes) assert.equal(isSameProcess(pid, ticks), false);
  assert.equal(existsSync(folder), false);
}

test('it ends when its starter goes before it has taken the network over', async () => {
  const { child, ended, said } = await start(3_600);
  assert.equal(said.kind, 'standing', said.reason);
  const nodes = livingOf(said.folder);
  assert.equal(nodes.size, 2);
  child.stdin.end();
  assert.equal(await ended, 0);
  assertNothingLeft(said.folder, nodes);
});

test('once taken over it outlives its starter, and ends on SIGTERM', async () => {
  const { child, ended, said } = await start(3_600);
  const nodes = livingOf(said.folder);
  child.stdin.end('keep\n');
  for (const { pid, ticks } of nodes) assert.equal(isSameProcess(pid, ticks), true);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assertNothingLeft(said.folder, nodes);
});

/** What it said and how it ended, kept by its starter from the beginning. */
async function runUntil(deadlineMs: number): Promise<{ said: string; code: number | null }> {
  const deadline = new Date(deadlineMs).toISOString();
  const request = { name: 'test/standing', nodes: 4, nodesPerProcess: 2, seed: 1, deadline };
  const child = spawn(process.execPath, [program, JSON.stringify(request)]);
  let said = '';
  child.stdout.on('data', (part) => (said += part));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.write('keep\n');
  return { code: await ended, said };
}

test('it ends at its deadline, ready or not', async () => {
  // Whether it stands within a second is the machine's affair; that it ends, and says which of the two it was, is not.
  const { said, code } = await runUntil(Date.now() + 1_000);
  const standing = said === '' ? null : line.parse(JSON.parse(said));
  assert.equal(code, standing === null ? 1 : 0);
  if (standing !== null) assert.equal(existsSync(standing.folder), false);
});

test('a deadline that has passed lets nothing stand', async () => {
  assert.deepEqual(await runUntil(Date.now() - 1_000), { said: '', code: 1 });
});
