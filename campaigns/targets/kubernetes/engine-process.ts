/**
 * The Pulumi command line as the Automation API drives it, in a process group of its own.
 * Owns: starting it, one signal to stop it, finding one that outlived its operator. Does not own: stacks (stack-session.ts).
 *
 * Ctrl-C in a terminal reaches the whole foreground group: an engine in it would be told twice, and give up what is pending; a teardown
 * would end with it. Apart from us it hears from us alone, and once.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { isSameProcess, startedTicks } from '#campaigns/process-identity.ts';

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

type Listener = ((text: string) => void) | undefined;

const lookMs = 500;

/** `pidFile`: names the engine that runs, for a session that comes after this one. */
async function run(
  command: string,
  pidFile: string,
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
  onOutput: Listener,
  onError: Listener,
  signal: AbortSignal | undefined,
): Promise<Ended> {
  signal?.throwIfAborted();
  const child = spawn(
    command,
    [...words, ...(words.includes('--non-interactive') ? [] : ['--non-interactive'])],
    {
      cwd,
      env: { ...process.env, ...environment, PULUMI_AUTOMATION_API: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  const stop = (): void => void child.kill('SIGINT');
  signal?.addEventListener('abort', stop, { once: true });
  try {
    mkdirSync(path.dirname(pidFile), { recursive: true });
    writeFileSync(pidFile, JSON.stringify({ pid: child.pid, ticks: startedTicks(child.pid ?? 0) }));
    const ended = await outputOf(child, onOutput, onError);
    if (ended.code !== 0) throw new Error(complaintOf(words[0] ?? '', ended));
    return ended;
  } finally {
    signal?.removeEventListener('abort', stop);
    rmSync(pidFile, { force: true });
  }
}

function outputOf(child: ChildProcess, onOutput: Listener, onError: Listener): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    onOutput?.(chunk.toString());
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onError?.(chunk.toString());
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // Its own children may hold the pipes open longer than it lives.
    child.once('exit', (code) => setImmediate(() => resolve({ stdout, stderr, code: code ?? -1 })));
  });
}

/** The lines that say why, else the end of what it said. */
function complaintOf(word: string, { stdout, stderr, code }: Ended): string {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /^(error|bft-scale:|stacks\/)|error:/i.test(line));
  const said = (errors.length > 0 ? errors.slice(0, 4) : lines.filter((line) => line !== '').slice(-4)).join(
    '; ',
  );
  return `pulumi ${word} ended with ${code}: ${said.slice(0, 900)}`;
}

/** Throws when there is no `pulumi` on PATH. */
export async function engineCommand(pidFile: string): Promise<PulumiCommand> {
  const found = await PulumiCommand.get({ skipVersionCheck: true });
  const detached: PulumiCommand = Object.create(found, {
    run: {
      value: (
        words: string[],
        cwd: string,
        environment: Record<string, string>,
        onOutput: Listener,
        onError: Listener,
        signal: AbortSignal | undefined,
      ) => run(found.command, pidFile, words, cwd, environment, onOutput, onError, signal),
    },
  });
  return detached;
}

/** An engine of an operator that died goes on creating: it is told to stop, and waited for, before anything else is done. */
export async function endOrphan(pidFile: string, say: (text: string) => void): Promise<void> {
  if (!existsSync(pidFile)) return;
  const note: unknown = JSON.parse(readFileSync(pidFile, 'utf8'));
  if (typeof note !== 'object' || note === null || !('pid' in note) || typeof note.pid !== 'number') return;
  const ticks = 'ticks' in note && typeof note.ticks === 'string' ? note.ticks : null;
  if (isSameProcess(note.pid, ticks)) {
    say(`an engine of an earlier session still runs (process ${note.pid}): it is stopped first`);
    process.kill(note.pid, 'SIGINT');
    while (isSameProcess(note.pid, ticks)) await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  rmSync(pidFile, { force: true });
}
