/**
 * `npm run dashboards`: the dashboards and alerts of a cluster, on this machine, over a small network that runs as long as they do.
 * Owns: options, what is started in which order, saying what is missing. Does not own: the network, Prometheus, the dashboards.
 *
 * Grafana is started when it is installed; otherwise the files that provision one are written and named.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { alertRuleFile } from '#reports/dashboards/alert-rules.ts';
import { datasourceUid } from '#reports/dashboards/grafana-board.ts';
import { dashboardFolder } from '#reports/dashboards/write-dashboards.ts';
import { freePort, LocalNetwork } from './local-network.ts';
import { PrometheusProcess, prometheusMissing } from './prometheus-process.ts';

const exitInvalid = 20;
const exitDeployFailed = 30;
const help = `Usage: npm run dashboards [-- options]

Starts a small network of real nodes, a Prometheus that scrapes it with the alert rules of a cluster, and Grafana with the
dashboards where it is installed. Ctrl-C ends all of it.

Options:
  --nodes N       nodes in all (8)
  --processes N   processes that carry them (2)
  --tps N         transactions per second (20)
  --write DIR     only write what provisions a Grafana and the alert rules into DIR, start nothing
  -h, --help      this text

Examples:
  npm run dashboards
  npm run dashboards -- --nodes 16 --processes 4 --tps 50
  npm run dashboards -- --write ./grafana-provisioning

Exit codes: 0 ended by Ctrl-C, 20 invalid use, 30 something that is needed is not installed.`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Options {
  readonly nodes: number;
  readonly processes: number;
  readonly tps: number;
  readonly write: string | null;
  readonly wantsHelp: boolean;
}

/** Throws RangeError with the option and what it takes. */
function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      nodes: { type: 'string', default: '8' },
      processes: { type: 'string', default: '2' },
      tps: { type: 'string', default: '20' },
      write: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const number = (name: 'nodes' | 'processes' | 'tps', least: number, most: number): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new RangeError(`--${name} "${values[name]}" is not a whole number from ${least} to ${most}`);
    return value;
  };
  const nodes = number('nodes', 4, 256);
  const processes = number('processes', 1, 64);
  if (nodes % processes !== 0)
    throw new RangeError(`--nodes ${nodes} cannot be shared evenly by --processes ${processes}`);
  return {
    nodes,
    processes,
    tps: number('tps', 1, 1_000),
    write: values.write ?? null,
    wantsHelp: values.help,
  };
}

/** What stands in Grafana's provisioning folder: the data source, and where the dashboards lie. */
function writeProvisioning(folder: string, prometheusUrl: string): void {
  const file = (name: string, value: object): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), stringify(value));
  };
  file('datasources/bft-scale.yaml', {
    apiVersion: 1,
    datasources: [
      {
        name: 'bft-scale',
        uid: datasourceUid,
        type: 'prometheus',
        access: 'proxy',
        url: prometheusUrl,
        isDefault: true,
      },
    ],
  });
  file('dashboards/bft-scale.yaml', {
    apiVersion: 1,
    providers: [{ name: 'bft-scale', type: 'file', options: { path: dashboardFolder } }],
  });
}

const localLimits = { p95LatencySeconds: 2, memoryBytesPerNode: 536_870_912, silentShare: 0.02 };

function grafanaProgram(): string | null {
  return (
    ['grafana', 'grafana-server'].find((name) => spawnSync(name, ['--help']).error === undefined) ?? null
  );
}

async function startGrafana(provisioning: string): Promise<{ child: ChildProcess; url: string } | null> {
  const program = grafanaProgram();
  if (program === null) {
    say('NOT RUN: Grafana is not on the PATH. Everything it needs is there:');
    say(`  dashboards   ${dashboardFolder}`);
    say(`  provisioning ${provisioning} (set GF_PATHS_PROVISIONING to it)`);
    return null;
  }
  const port = await freePort();
  const env = {
    ...process.env,
    GF_PATHS_PROVISIONING: provisioning,
    GF_PATHS_DATA: path.join(provisioning, 'data'),
    GF_SERVER_HTTP_ADDR: '127.0.0.1',
    GF_SERVER_HTTP_PORT: String(port),
    GF_AUTH_ANONYMOUS_ENABLED: 'true',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
  };
  const words = program === 'grafana' ? ['server'] : [];
  const homepath = ['--homepath', '/usr/share/grafana'];
  return {
    child: spawn(program, [...words, ...homepath], { env, stdio: 'ignore' }),
    url: `http://127.0.0.1:${port}`,
  };
}

async function run(options: Options): Promise<number> {
  const missing = prometheusMissing();
  if (missing !== null) {
    say(`NOT RUN: ${missing}`);
    say(
      'without it: npm run dashboards -- --write DIR writes what a Prometheus and a Grafana elsewhere need',
    );
    return exitDeployFailed;
  }
  const network = new LocalNetwork({ ...options, money: null, log: say });
  const stop = new AbortController();
  process.on('SIGINT', () => stop.abort());
  process.on('SIGTERM', () => stop.abort());
  let prometheus: PrometheusProcess | null = null;
  let grafana: Awaited<ReturnType<typeof startGrafana>> = null;
  try {
    await network.start();
    prometheus = await PrometheusProcess.start(network.targets, alertRuleFile(localLimits), 5);
    const provisioning = path.join(network.children.folder, 'grafana');
    writeProvisioning(provisioning, prometheus.url);
    grafana = await startGrafana(provisioning);
    process.stdout.write(`Prometheus  ${prometheus.url}/graph\nAlerts      ${prometheus.url}/alerts\n`);
    if (grafana !== null) process.stdout.write(`Grafana     ${grafana.url}/dashboards\n`);
    say('Ctrl-C ends all of it.');
    await network.load(stop.signal);
    return 0;
  } finally {
    grafana?.child.kill('SIGKILL');
    await prometheus?.stop();
    await network.stop();
  }
}

function write(folder: string): number {
  writeProvisioning(folder, 'http://127.0.0.1:9090');
  writeFileSync(path.join(folder, 'alerts.yml'), alertRuleFile(localLimits));
  process.stdout.write(`${path.resolve(folder)}\n`);
  return 0;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.wantsHelp) process.stdout.write(`${help}\n`);
  else process.exitCode = options.write === null ? await run(options) : write(options.write);
} catch (error) {
  const isUse = error instanceof RangeError || (error instanceof TypeError && 'code' in error);
  say(error instanceof Error ? error.message : String(error));
  if (isUse) say('see: npm run dashboards -- --help');
  process.exitCode = isUse ? exitInvalid : exitDeployFailed;
}
