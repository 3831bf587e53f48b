/**
 * A real Prometheus on this machine: its configuration for a network, started and stopped.
 * Owns: finding it, the scrape configuration, the process, asking it. Does not own: what is scraped, rules, dashboards.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { freePort, type ScrapeTargets } from './local-network.ts';

/** Null: it can be started; otherwise why not and what to do. */
export function prometheusMissing(program = 'prometheus'): string | null {
  return spawnSync(program, ['--version']).status === 0
    ? null
    : `${program} is not installed (Debian: apt-get install prometheus)`;
}

function configuration({ conductor, nodes, tokenFile }: ScrapeTargets, everySeconds: number): string {
  const authorization = { credentials_file: tokenFile };
  const interval = `${everySeconds}s`;
  return stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ['alerts.yml'],
    scrape_configs: [
      { job_name: 'conductor', authorization, static_configs: [{ targets: [...conductor] }] },
      { job_name: 'nodes', authorization, static_configs: [{ targets: [...nodes] }] },
    ],
  });
}

export interface PromSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export class PrometheusProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #folder: string;

  private constructor(url: string, folder: string, child: ChildProcess) {
    this.url = url;
    this.#folder = folder;
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  static async start(
    targets: ScrapeTargets,
    rules: string,
    everySeconds: number,
  ): Promise<PrometheusProcess> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'bft-scale-prometheus-'));
    writeFileSync(path.join(folder, 'prometheus.yml'), configuration(targets, everySeconds));
    writeFileSync(path.join(folder, 'alerts.yml'), rules);
    const port = await freePort();
    const words = [
      `--config.file=${path.join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = spawn('prometheus', words, { stdio: 'ignore' });
    return new PrometheusProcess(`http://127.0.0.1:${port}`, folder, child);
  }

  /** Throws with Prometheus' own words when the query is wrong, or when nobody listens yet. */
  async query(expr: string): Promise<readonly PromSample[]> {
    const response = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expr)}`);
    const { error, data } = (await response.json()) as {
      error?: string;
      data?: { resultType: string; result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    if (error !== undefined || data === undefined) throw new Error(`${expr}: ${error ?? 'no answer'}`);
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
