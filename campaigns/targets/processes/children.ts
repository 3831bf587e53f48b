/**
 * The processes a run has started: every one provably ours, none left behind, even when this process is killed.
 * Owns: starting, signalling, ending and listing them; the folder of a run. Does not own: what they do (node/main.ts).
 * A child leads a process group, is written down with its start time before it may matter, and is known to a reaper that ends
 * it when this process is gone. A folder whose owner is dead is swept by whoever comes next.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compileCache } from '#campaigns/engine.ts';
import { isSameProcess, startedTicks } from '#campaigns/process-identity.ts';

const prefix = 'bft-scale-run-';
const reaperProgram = fileURLToPath(new URL('./reaper.ts', import.meta.url));

/** A process as it is written down: the number alone may be reused. */
const identity = z.strictObject({ pid: z.number(), ticks: z.string().nullable(), what: z.string() });
type Identity = z.infer<typeof identity>;

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** Resolves with what ended it, in words. */
  readonly ended: Promise<string>;
  isEnded: boolean;
  /** It was ended on purpose; another end is a crash. */
  isExpected: boolean;
}

export interface ChildCommand {
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
}

export class Children {
  /** Everything of this run lies below it; removed by `destroy`. */
  readonly folder: string;
  readonly #children = new Set<Child>();
  readonly #reaper: ChildProcess;
  readonly #reaperEnded: Promise<void>;
  onCrash: (child: Child, how: string) => void = () => {};

  constructor() {
    this.folder = mkdtempSync(path.join(os.tmpdir(), prefix));
    mkdirSync(path.join(this.folder, 'pids'));
    writeIdentity(path.join(this.folder, 'owner.json'), process.pid, 'operator');
    this.#reaper = spawn(process.execPath, [reaperProgram], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Not even its first module needs the stripper of types then, which costs more than the rest of the module.
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
      detached: true,
    });
    this.#reaperEnded = new Promise((resolve) => this.#reaper.once('exit', () => resolve()));
    this.#reaper.stdin?.on('error', () => undefined); // it was killed: the children still watch their conductor
  }

  start({ name, command: [program, ...words], env, folder }: ChildCommand): Child {
    mkdirSync(folder, { recursive: true });
    const log = openSync(path.join(folder, `${name}.log`), 'a');
    const started = spawn(program, words, {
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    const { pid } = started;
    if (pid === undefined) throw new Error(`${program} could not be started`);
    writeIdentity(this.#pidFile(pid), pid, name);
    sharePriority(pid);
    this.#reaper.stdin?.write(`add ${pid} ${startedTicks(pid) ?? '-'}\n`);
    let settle: (how: string) => void = () => {};
    const ended = new Promise<string>((resolve) => {
      settle = resolve;
    });
    const child: Child = { name, pid, process: started, ended, isEnded: false, isExpected: false };
    this.#children.add(child);
    started.once('exit', (code, signal) => {
      child.isEnded = true;
      this.#children.delete(child);
      rmSync(this.#pidFile(pid), { force: true });
      this.#reaper.stdin?.write(`drop ${pid}\n`);
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      if (!child.isExpected) this.onCrash(child, how);
      settle(how);
    });
    return child;
  }

  /** To the whole group of the child. */
  signal(child: Child, signal: NodeJS.Signals): void {
    if (child.isEnded) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It ended by itself in this moment; `ended` tells.
    }
  }

  /** kill -9; resolves when it is gone. */
  async kill(child: Child): Promise<void> {
    child.isExpected = true;
    this.signal(child, 'SIGKILL');
    this.signal(child, 'SIGCONT');
    await child.ended;
  }

  /** The end of the log of a child, for messages about it. */
  logTail(folder: string, name: string, characters = 600): string {
    try {
      return readFileSync(path.join(folder, `${name}.log`), 'utf8')
        .slice(-characters)
        .trim();
    } catch {
      return '';
    }
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.kill(child)));
    this.#reaper.stdin?.end();
    await this.#reaperEnded;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #pidFile(pid: number): string {
    return path.join(this.folder, 'pids', `${pid}.json`);
  }
}

/**
 * Linux weighs sessions before it weighs processes (sched_autogroup): a child that leads a session of its own would take part
 * with the usual weight, whatever priority this program was started with.
 */
function sharePriority(pid: number): void {
  const niceness = os.getPriority();
  if (niceness === 0 || process.platform !== 'linux') return;
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // A kernel without sessions that are weighed, or a right that is missing: the priority of the process holds.
  }
}

function writeIdentity(file: string, pid: number, what: string): void {
  const own: Identity = { pid, ticks: startedTicks(pid), what };
  writeFileSync(file, JSON.stringify(own));
}

function readIdentity(file: string): Identity | null {
  try {
    return identity.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

interface RunFolder {
  readonly folder: string;
  readonly owner: Identity | null;
  readonly living: readonly Identity[];
}

function runFolders(): RunFolder[] {
  const names = readdirSync(os.tmpdir()).filter((name) => name.startsWith(prefix));
  return names.map((name) => {
    const folder = path.join(os.tmpdir(), name);
    let files: string[] = [];
    try {
      files = readdirSync(path.join(folder, 'pids'));
    } catch {
      // Removed between the listing and now, or not filled yet.
    }
    const written = files.flatMap((file) => readIdentity(path.join(folder, 'pids', file)) ?? []);
    const living = written.filter(({ pid, ticks }) => isSameProcess(pid, ticks));
    return { folder, owner: readIdentity(path.join(folder, 'owner.json')), living };
  });
}

/** Living processes of runs whose operator is this process or is dead. Those of another living operator are its own affair. */
export function livingProcesses(): string[] {
  return runFolders()
    .filter(
      ({ owner }) => owner === null || owner.pid === process.pid || !isSameProcess(owner.pid, owner.ticks),
    )
    .flatMap(({ folder, living }) => living.map(({ pid, what }) => `process ${pid} (${what}) of ${folder}`));
}

/** Ends what dead operators left behind and removes their folders. */
export function sweepLeftovers(): void {
  for (const { folder, owner, living } of runFolders()) {
    if (owner === null || isSameProcess(owner.pid, owner.ticks)) continue;
    for (const { pid } of living) {
      for (const signal of ['SIGKILL', 'SIGCONT'] as const) {
        try {
          process.kill(-pid, signal);
        } catch {
          // Already gone.
        }
      }
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
