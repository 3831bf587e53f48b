/**
 * A small network of real node processes under a test conductor: started, assigned and connected as a run does it.
 * Owns: processes, folders, the assignment. Does not own: expectations.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const mainProgram = fileURLToPath(new URL('../../../../node/main.ts', import.meta.url));

export interface NodeProcess {
  readonly name: string;
  readonly child: ChildProcess;
  readonly folder: string;
  /** Standard output and error so far. */
  readonly output: () => string;
  /** Resolves with code or signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

export class ProcessNest {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'node-main-'));
  readonly #started: NodeProcess[] = [];

  start(name: string, words: readonly string[], env: Record<string, string>): NodeProcess {
    const folder = path.join(this.folder, name);
    let output = '';
    const child = spawn(process.execPath, [mainProgram, ...words], {
      env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        output += data.toString();
      });
    }
    const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
      child.once('close', (code, signal) => resolve(code ?? signal));
    });
    const started: NodeProcess = { name, child, folder, output: () => output, ended };
    this.#started.push(started);
    return started;
  }

  /** A node process that dials the conductor. */
  node(
    name: string,
    conductorUrl: string,
    token: string,
    nodes: number,
    more: Record<string, string> = {},
  ): NodeProcess {
    return this.start(name, [], {
      BFT_NODE_NAME: name,
      BFT_NODE_DATA: path.join(this.folder, name),
      BFT_NODE_NODES_PER_PROCESS: String(nodes),
      BFT_NODE_CONDUCTOR_URL: conductorUrl,
      BFT_NODE_CONDUCTOR_TOKEN: token,
      BFT_NODE_CAMPAIGN: 'true',
      ...more,
    });
  }

  adminToken(node: NodeProcess): string {
    return readFileSync(path.join(node.folder, 'admin-token'), 'utf8').trim();
  }

  /** Where the admin API listens; empty before the process has said it. */
  adminUrl(node: NodeProcess): string {
    return /"admin":"(http:[^"]+)"/.exec(node.output())?.[1] ?? '';
  }

  async destroy(): Promise<void> {
    for (const { child } of this.#started)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await Promise.all(this.#started.map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
