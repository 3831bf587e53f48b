/**
 * The node processes of one run: started with their own folders, killed, stopped, started again.
 * Owns: their command lines, what makes their starts cheap, and which process carries how many nodes. Does not own: process bookkeeping (children.ts), when
 * anything happens to them (conductor).
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Crew } from '#campaigns/conductor/crew.ts';
import { compileCache } from '#campaigns/engine.ts';
import type { TransportName } from '#node/agent-fields.ts';
import type { Child, Children } from './children.ts';
import type { LimitPlan } from './limits.ts';

/** What starts a node process; tests put another agent in its place. */
export interface NodeProgram {
  readonly command: readonly [string, ...string[]];
  /** What makes its starts cheap, done once before many begin at the same time. */
  readonly prepare?: (signal: AbortSignal) => Promise<void>;
}

const mainFile = fileURLToPath(new URL('../../../node/main.ts', import.meta.url));

export const nodeProgram: NodeProgram = {
  command: [process.execPath, mainFile],
  prepare: fillNodeCaches,
};

export interface CrewOptions {
  readonly children: Children;
  readonly program: NodeProgram;
  readonly nodes: number;
  readonly nodesPerProcess: number;
  readonly limits: Extract<LimitPlan, { kind: 'applied' }>;
  readonly conductorUrl: string;
  readonly token: string;
  readonly logLevel: string;
  readonly transport: TransportName;
}

export class ProcessCrew implements Crew {
  readonly nodesPerProcess: number;
  readonly canEndProcesses = true;
  readonly names: readonly string[];
  /** Processes that ended without being told to, with the end of what they said. */
  readonly crashes: string[] = [];
  readonly #options: CrewOptions;
  readonly #living = new Map<string, Child>();
  /** Port of the first node of a process: it comes back where the others look for it. */
  readonly #ports = new Map<string, number>();

  constructor(options: CrewOptions) {
    this.#options = options;
    const { nodes, nodesPerProcess, children } = options;
    this.nodesPerProcess = nodesPerProcess;
    const count = Math.ceil(nodes / nodesPerProcess);
    const digits = String(count - 1).length;
    this.names = Array.from({ length: count }, (_, index) => `p${String(index).padStart(digits, '0')}`);
    children.onCrash = (child, how) => {
      const tail = children.logTail(this.#folderOf(child.name), child.name, 400).replaceAll(/\s+/g, ' ');
      this.crashes.push(`process ${child.name} ended by itself (${how})${tail === '' ? '' : `: ${tail}`}`);
    };
  }

  startAll(): void {
    for (const name of this.names) this.#start(name);
  }

  /** Tells where a process listens, so that it listens there again. */
  rememberPort(name: string, port: number): void {
    if (!this.#ports.has(name)) this.#ports.set(name, port);
  }

  async kill(agent: string): Promise<void> {
    const child = this.#living.get(agent);
    if (child === undefined || child.isEnded) return;
    await this.#options.children.kill(child);
  }

  restart(agent: string, disk: 'kept' | 'lost'): void {
    const child = this.#living.get(agent);
    if (child !== undefined && !child.isEnded) return;
    if (disk === 'lost') this.#wipe(agent);
    this.#start(agent);
  }

  stall(agent: string): boolean {
    const child = this.#living.get(agent);
    if (child === undefined || child.isEnded) return false;
    this.#options.children.signal(child, 'SIGSTOP');
    return isStopped(child.pid);
  }

  resume(agent: string): void {
    const child = this.#living.get(agent);
    if (child !== undefined) this.#options.children.signal(child, 'SIGCONT');
  }

  /** Nobody is told to stay: an end from now on is no crash. */
  expectEnds(): void {
    for (const child of this.#living.values()) child.isExpected = true;
  }

  #folderOf(name: string): string {
    return path.join(this.#options.children.folder, name);
  }

  /** What was stored is gone; the identity stays, or it would be another member. */
  #wipe(name: string): void {
    for (let index = 0; index < this.nodesPerProcess; index += 1) {
      rmSync(path.join(this.#folderOf(name), `node-${index}`, 'store'), { recursive: true, force: true });
    }
  }

  #start(name: string): void {
    const { children, program, nodes, nodesPerProcess, limits, conductorUrl, token, logLevel, transport } =
      this.#options;
    const index = this.names.indexOf(name);
    const carried = Math.min(nodesPerProcess, nodes - index * nodesPerProcess);
    const [node, ...words] = program.command;
    const whole = [...limits.prefix(index), node, ...limits.nodeFlags, ...words];
    const folder = this.#folderOf(name);
    const child = children.start({
      name,
      command: [whole[0] ?? node, ...whole.slice(1)],
      folder,
      env: {
        NODE_ENV: 'production',
        NODE_NO_WARNINGS: '1',
        BFT_NODE_NAME: name,
        BFT_NODE_DATA: folder,
        BFT_NODE_NODES_PER_PROCESS: String(carried),
        BFT_NODE_LISTEN_PORT: String(this.#ports.get(name) ?? 0),
        BFT_NODE_LISTEN_TRANSPORT: transport,
        BFT_NODE_CONDUCTOR_URL: conductorUrl,
        BFT_NODE_CONDUCTOR_TOKEN: token,
        BFT_NODE_CAMPAIGN: 'true',
        BFT_NODE_LOG_LEVEL: logLevel,
      },
    });
    this.#living.set(name, child);
  }
}

/** Whether the kernel shows the process as stopped; true where it does not say. */
function isStopped(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // A process that has just got its signal may still be on its way off the core.
    return /^[TtRSD]$/.test(text.slice(text.lastIndexOf(')') + 2).split(' ')[0] ?? '');
  } catch {
    return process.platform !== 'linux';
  }
}

/** Filled by this process; whoever comes later finds them so. */
let filling: Promise<void> | null = null;

/**
 * One process finds, strips and compiles the modules of a node; after a new installation all of a run would do it at the same time,
 * each for itself. Does nothing else, and its failure is no failure: a node that cannot start says why by itself.
 */
async function fillNodeCaches(signal: AbortSignal): Promise<void> {
  filling ??= new Promise((resolve) => {
    const started = spawn(process.execPath, [mainFile, 'load-only'], {
      env: {
        ...process.env,
        NODE_ENV: 'production',
        NODE_NO_WARNINGS: '1',
        NODE_COMPILE_CACHE: compileCache,
      },
      stdio: 'ignore',
      signal,
      killSignal: 'SIGKILL',
    });
    started.once('error', () => resolve());
    started.once('close', () => resolve());
  });
  await filling;
}
