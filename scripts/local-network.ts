/**
 * A small network on this machine for dashboards: a standing conductor and packed node processes, all of them scraped.
 * Owns: starting and stopping them, their tokens and ports, load without end. Does not own: what scrapes them.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { codeVersion } from '#campaigns/code-version.ts';
import type { PlannedMoney } from '#campaigns/conductor/fleet-metrics.ts';
import { StandingConductor } from '#campaigns/conductor/standing-conductor.ts';
import { cellId } from '#campaigns/plan.ts';
import { resolveScenario } from '#campaigns/resolve.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { findScenario } from '#campaigns/scenario-file.ts';
import { Children } from '#campaigns/targets/processes/children.ts';
import { nodeProgram } from '#campaigns/targets/processes/crew.ts';
import { planRealTime } from '#campaigns/targets/processes/real-window.ts';

export interface LocalNetworkOptions {
  readonly nodes: number;
  readonly processes: number;
  readonly tps: number;
  /** Null: this machine costs nothing, and the page about cost stays empty. */
  readonly money: PlannedMoney | null;
  readonly log: (line: string) => void;
}

/** A port that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** What scrapes needs to know: addresses, and the file with the token that opens /metrics only. */
export interface ScrapeTargets {
  readonly conductor: readonly string[];
  readonly nodes: readonly string[];
  readonly tokenFile: string;
}

export class LocalNetwork {
  readonly children = new Children();
  readonly #options: LocalNetworkOptions;
  readonly #token = randomBytes(24).toString('hex');
  readonly #metricsToken = randomBytes(24).toString('hex');
  readonly #metricsTokenFile: string;
  #conductor: StandingConductor | null = null;
  #adminPorts: number[] = [];
  #runs = 0;

  constructor(options: LocalNetworkOptions) {
    this.#options = options;
    this.#metricsTokenFile = path.join(this.children.folder, 'metrics-token');
    writeFileSync(this.#metricsTokenFile, this.#metricsToken, { mode: 0o600 });
    writeFileSync(this.#file('token'), this.#token, { mode: 0o600 });
  }

  get targets(): ScrapeTargets {
    return {
      conductor: [new URL(this.#conductor?.url ?? '').host],
      nodes: this.#adminPorts.map((port) => `127.0.0.1:${port}`),
      tokenFile: this.#metricsTokenFile,
    };
  }

  async start(): Promise<void> {
    const { nodes, processes, money, log } = this.#options;
    this.#conductor = new StandingConductor(
      {
        host: '127.0.0.1',
        port: 0,
        token: this.#token,
        metricsToken: this.#metricsToken,
        agents: processes,
        nodesPerProcess: nodes / processes,
        limits: 'none',
        folder: this.#file('conducted'),
        money,
      },
      { codeVersion: codeVersion(), planOf: planRealTime, log },
    );
    await this.#conductor.start();
    for (let index = 0; index < processes; index += 1) await this.#startProcess(index);
  }

  /** One run after the other until the signal: each is about a minute of load. */
  async load(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const spec = this.#spec();
      const cell = cellId(spec, codeVersion(), 'kubernetes');
      await this.#ask('PUT', cell, JSON.stringify(spec));
      while (!signal.aborted && !(await this.#isOver(cell))) {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  async stop(): Promise<void> {
    await this.#conductor?.stop();
    await this.children.destroy();
  }

  #file(name: string): string {
    return path.join(this.children.folder, name);
  }

  async #startProcess(index: number): Promise<void> {
    const { nodes, processes } = this.#options;
    const port = await freePort();
    this.#adminPorts.push(port);
    const name = `p${index}`;
    this.children.start({
      name,
      command: nodeProgram.command,
      folder: this.#file(name),
      env: {
        NODE_ENV: 'production',
        NODE_NO_WARNINGS: '1',
        BFT_NODE_NAME: name,
        BFT_NODE_DATA: this.#file(name),
        BFT_NODE_NODES_PER_PROCESS: String(nodes / processes),
        BFT_NODE_ADMIN_PORT: String(port),
        BFT_NODE_ADMIN_METRICS_TOKEN_FILE: this.#metricsTokenFile,
        BFT_NODE_CONDUCTOR_URL: this.#conductor?.url ?? '',
        BFT_NODE_CONDUCTOR_TOKEN_FILE: this.#file('token'),
        BFT_NODE_CAMPAIGN: 'true',
        BFT_NODE_LOG_LEVEL: 'warn',
      },
    });
  }

  #spec(): RunSpec {
    const { nodes, tps } = this.#options;
    const k = Math.max(2, Math.min(10, nodes - 1));
    const [row] = resolveScenario(findScenario('OV-002'), {
      seed: this.#runs,
      replications: 1,
      nodes: [nodes],
      tps,
      durationUs: 60_000_000,
      consensus: { k, alpha: Math.ceil(0.8 * k) },
    });
    const spec = row?.specs[0];
    if (spec === undefined) throw new Error('the scenario of the local load has no row');
    this.#runs += 1;
    return spec;
  }

  async #isOver(cell: string): Promise<boolean> {
    const { state, reason } = (await this.#ask('GET', cell)) as { state: string; reason?: string };
    if (state === 'failed') throw new Error(`the local load failed: ${reason}`);
    return state === 'done';
  }

  async #ask(method: string, cell: string, body?: string): Promise<unknown> {
    const response = await fetch(`http://${this.targets.conductor[0]}/v1/runs/${cell}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}` },
      ...(body === undefined ? {} : { body }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`the conductor refuses the load: ${JSON.stringify(answer)}`);
    return answer;
  }
}
