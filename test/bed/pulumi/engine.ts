/**
 * The real Pulumi engine over a program of this repository, shut off from everything: its own home, its own state, stand-ins on PATH.
 * Owns: the environment, running one command, killing one in the middle, reading the state. Does not own: programs, stand-ins.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { mendState } from '#infra/guard/torn-state.ts';
import { pulumiTool } from '#test/bed/tools.ts';

export interface EngineOptions {
  /** Folder of Pulumi.yaml. */
  readonly project: string;
  readonly env?: Readonly<Record<string, string>>;
  /** All of the repository's files are copied: what writes into the project's folders touches nothing of the repository. */
  readonly isCopied?: boolean;
}

export interface Ended {
  readonly code: number | null;
  /** Standard output and error, as they came. */
  readonly output: string;
  readonly stdout: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** kill -9 of the engine alone: its children are left to themselves, as when the kernel kills it. */
  readonly kill: () => void;
}

const exported = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          urn: z.string(),
          type: z.string(),
          id: z.string().optional(),
          inputs: z.record(z.string(), z.unknown()).optional(),
          outputs: z.record(z.string(), z.unknown()).optional(),
        }),
      )
      .default([]),
    pending_operations: z.array(z.unknown()).optional(),
  }),
});
export type StateResource = z.infer<typeof exported>['deployment']['resources'][number];

/**
 * The project as it is, with settings of its own: the engine writes into the files of stacks. Everything else is a link, so that what
 * runs is what lies in the repository.
 */
function projectBeside(project: string, folder: string, isCopied: boolean): string {
  mkdirSync(folder);
  for (const name of readdirSync(project)) {
    const [from, to] = [path.join(project, name), path.join(folder, name)];
    const isOwn = name === 'stacks' || /^Pulumi.*[.]yaml$/.test(name);
    if (isOwn || (isCopied && !/^(node_modules|runs|[.].*)$/.test(name)))
      cpSync(from, to, { recursive: true });
    else symlinkSync(from, to);
  }
  return folder;
}

/** Local in the sense of Pulumi: state in files below `home`. */
export class Engine {
  readonly home = mkdtempSync(path.join(os.tmpdir(), 'bft-bed-'));
  /** Folder of Pulumi.yaml, beside the repository's. */
  readonly project: string;
  /** Folder of the file back end, as `pulumi login file://...` sets it up. */
  readonly state = path.join(this.home, 'state');
  /** What every command of it needs. */
  readonly env: Readonly<Record<string, string>>;
  readonly #running = new Set<ChildProcess>();

  constructor({ project, env = {}, isCopied = false }: EngineOptions) {
    this.project = projectBeside(project, path.join(this.home, 'project'), isCopied);
    mkdirSync(this.state);
    const repository = path.resolve(import.meta.dirname, '../../..');
    this.env = {
      HOME: this.home,
      TMPDIR: os.tmpdir(),
      LANG: 'C.UTF-8',
      PATH: [
        path.join(repository, 'test/bed/path'),
        path.join(repository, 'node_modules/.bin'),
        pulumiTool.folder,
        process.env['PATH'] ?? '',
      ].join(path.delimiter),
      PULUMI_HOME: path.join(this.home, 'pulumi'),
      PULUMI_BACKEND_URL: `file://${this.state}`,
      PULUMI_CONFIG_PASSPHRASE: 'of a test',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DISABLE_REGISTRY_RESOLVE: '1',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      NODE_NO_WARNINGS: '1',
      // The engine starts the same few programs for every command.
      NODE_COMPILE_CACHE: path.join(repository, 'node_modules/.cache/bft-scale'),
      NO_COLOR: '1',
      ...env,
    };
  }

  start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(path.join(pulumiTool.folder, 'pulumi'), [...words, '--non-interactive'], {
      cwd: this.project,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    let [output, stdout] = ['', ''];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (stream === child.stdout) stdout += chunk.toString();
      });
    }
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      // Children of a killed engine may hold the pipes open: its own end counts.
      child.once('exit', (code) => {
        this.#running.delete(child);
        setImmediate(() => resolve({ code, output, stdout }));
      });
    });
    return { ended, kill: () => void child.kill('SIGKILL') };
  }

  /** Runs to the end; throws with everything that was printed unless the exit code is 0. */
  async run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, output } = await this.start(words, env).ended;
    if (code !== 0) throw new Error(`pulumi ${words.join(' ')} ended with ${code}:\n${output}`);
    return output;
  }

  /** What a command answers as JSON; warnings of the engine's libraries go elsewhere. */
  async json(words: readonly string[]): Promise<unknown> {
    const { code, output, stdout } = await this.start(words).ended;
    if (code !== 0) throw new Error(`pulumi ${words.join(' ')} ended with ${code}:\n${output}`);
    return JSON.parse(stdout);
  }

  async resources(stack: string): Promise<StateResource[]> {
    const { deployment } = await this.#export(stack);
    return deployment.resources;
  }

  async pending(stack: string): Promise<number> {
    const { deployment } = await this.#export(stack);
    return deployment.pending_operations?.length ?? 0;
  }

  async outputs(stack: string): Promise<Record<string, unknown>> {
    const found = await this.json(['stack', 'output', '--json', '--stack', stack]);
    return z.record(z.string(), z.unknown()).parse(found);
  }

  /** What a person does after an engine was killed: torn files mended, the lock away. Returns what was mended. */
  async unlock(stack: string): Promise<readonly string[]> {
    const mended = mendState(this.state, stack);
    await this.run(['cancel', '--yes', '--stack', stack]);
    return mended;
  }

  /** Ends what still runs and removes home and state. */
  close(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  async #export(stack: string): Promise<z.infer<typeof exported>> {
    return exported.parse(await this.json(['stack', 'export', '--stack', stack]));
  }
}
