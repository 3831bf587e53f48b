/**
 * A real Kubernetes control plane on free ports of 127.0.0.1 for one test: etcd, API server, controllers, scheduler, and kwok for fake nodes.
 * Owns: starting, fake nodes, figures, stopping in every exit path (a reaper ends it when the test is killed). Does not own: how
 * the programs are built (tools.ts), containers, DNS, pod networks: there are none.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Child, Children } from '#campaigns/targets/processes/children.ts';
import { freePorts } from '#test/bed/free-ports.ts';
import { until } from '#test/bed/patience.ts';
import { kubernetesTool } from '#test/bed/tools.ts';
import { type Identities, makeIdentities } from './identities.ts';

export interface ControlPlaneOptions {
  /** Requests per second of controller-manager and scheduler; "stock": 20 and 50, what a cluster has that nobody tuned. */
  readonly clientRate?: number | 'stock';
}

export interface FakeNodes {
  readonly count: number;
  /** Prefix of the names; fake when absent. */
  readonly name?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly storage?: string;
  readonly pods?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: ReadonlyArray<{ key: string; value: string; effect: string }>;
}

/** Nodes with this label are played by kwok; others are left alone, for a kubelet of the test's own. */
export const fakeNodeLabel = { type: 'kwok' } as const;

const run = promisify(execFile);

interface Ports {
  readonly api: number;
  readonly etcd: number;
  readonly peer: number;
  readonly controllers: number;
  readonly scheduler: number;
}

export class ControlPlane {
  readonly server: string;
  /** File of the administrator. */
  readonly kubeconfig: string;
  readonly #children = new Children();
  readonly #started: Child[] = [];
  readonly #ports: Ports;
  readonly #identities: Identities;
  #crash: string | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.server = `https://127.0.0.1:${ports.api}`;
    this.#identities = makeIdentities(this.#children.folder, this.server);
    this.kubeconfig = this.#identities.kubeconfig;
    this.#children.onCrash = ({ name }, how) => {
      this.#crash ??= `${name} ended with ${how}: ${this.#children.logTail(this.#children.folder, name, 2_000)}`;
    };
  }

  /** Resolves with what kubectl printed; throws with what it complained about. */
  async kubectl(...words: string[]): Promise<string> {
    const program = path.join(kubernetesTool.folder, 'kubectl');
    const { stdout } = await run(program, [`--kubeconfig=${this.kubeconfig}`, ...words], {
      maxBuffer: 512 * 1_048_576,
      env: { ...process.env, HOME: this.#children.folder },
    });
    return stdout;
  }

  /** Server-side apply with strict field validation: an unknown field is an error. */
  async apply(objects: readonly object[], ...words: string[]): Promise<string> {
    const strict = ['apply', '--server-side', '--validate=strict', '-f', '-', ...words];
    return await this.#pipe(strict, { apiVersion: 'v1', kind: 'List', items: objects });
  }

  /** How many objects of a kind there are, in all namespaces. */
  async count(kind: string, ...words: string[]): Promise<number> {
    const names = await this.kubectl('get', kind, '--all-namespaces', '--output=name', ...words);
    return names.split('\n').filter((line) => line !== '').length;
  }

  async addNodes(nodes: FakeNodes): Promise<void> {
    await this.#pipe(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: nodeObjects(nodes) });
    const prefix = `${nodes.name ?? 'fake'}-`;
    await until(
      async () => {
        const lines = (await this.kubectl('get', 'nodes', '--no-headers')).split('\n');
        const ready = lines.filter((line) => line.startsWith(prefix) && /\sReady\s/.test(line));
        return ready.length >= nodes.count ? true : null;
      },
      { what: `${nodes.count} fake nodes`, withinMs: 300_000, everyMs: 500, isHopeless: () => this.#crash },
    );
  }

  /** Resident memory of all its processes. */
  memoryBytes(): number {
    const pages = this.#started.map(({ pid }) => {
      const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      return Number(resident?.[1] ?? 0) * 1_024;
    });
    return pages.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Ends every process and removes the folder; safe to call twice. */
  async stop(): Promise<void> {
    await this.#children.destroy();
  }

  async start(options: ControlPlaneOptions): Promise<void> {
    this.#launch('etcd', etcdFlags(this.#children.folder, this.#ports));
    this.#launch('kube-apiserver', apiFlags(this.#identities, this.#ports));
    await this.#ready('kube-apiserver', 90, ['get', '--raw', '/readyz']);
    this.#launch('kube-controller-manager', [
      ...controllerFlags(this.#identities, this.#children.folder, this.#ports),
      ...rateFlags(options),
    ]);
    this.#launch('kube-scheduler', [
      ...componentFlags(this.#identities.scheduler, this.#ports.scheduler),
      `--cert-dir=${path.join(this.#children.folder, 'scheduler')}`,
      ...rateFlags(options),
    ]);
    this.#launch('kwok', kwokFlags(this.kubeconfig));
    await this.#ready('kube-controller-manager', 90, ['-n', 'default', 'get', 'serviceaccount', 'default']);
  }

  #launch(name: string, flags: readonly string[]): void {
    const { folder } = this.#children;
    const command = [path.join(kubernetesTool.folder, name), ...flags] as const;
    // kwok keeps files in a home, and the caller's is not its own.
    this.#started.push(this.#children.start({ name, command, folder, env: { HOME: folder } }));
  }

  async #ready(name: string, seconds: number, words: string[]): Promise<void> {
    const ask = async (): Promise<true | null> => {
      try {
        await this.kubectl(...words);
        return true;
      } catch {
        return null;
      }
    };
    await until(ask, {
      what: name,
      withinMs: seconds * 1_000,
      everyMs: 250,
      isHopeless: () => this.#crash,
    });
  }

  #pipe(words: readonly string[], input: object): Promise<string> {
    const program = path.join(kubernetesTool.folder, 'kubectl');
    const options = { maxBuffer: 512 * 1_048_576, env: { ...process.env, HOME: this.#children.folder } };
    return new Promise((resolve, reject) => {
      const child = execFile(
        program,
        [`--kubeconfig=${this.kubeconfig}`, ...words],
        options,
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(new Error(stderr.trim() === '' ? error.message : stderr.trim()));
        },
      );
      child.stdin?.end(JSON.stringify(input));
    });
  }
}

function etcdFlags(folder: string, { etcd, peer }: Ports): string[] {
  const client = `http://127.0.0.1:${etcd}`;
  const between = `http://127.0.0.1:${peer}`;
  return [
    '--name=bed',
    `--data-dir=${path.join(folder, 'etcd')}`,
    // A lost machine may lose this store.
    '--unsafe-no-fsync',
    '--quota-backend-bytes=8589934592',
    '--log-level=warn',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${between}`,
    `--initial-advertise-peer-urls=${between}`,
    `--initial-cluster=bed=${between}`,
  ];
}

function apiFlags({ certificate, key, tokens }: Identities, { api, etcd }: Ports): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${api}`,
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/12',
    `--tls-cert-file=${certificate}`,
    `--tls-private-key-file=${key}`,
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--allow-privileged=true',
    // A namespace's pods go in one request, which is given up after a minute: one worker is too slow for thousands.
    '--delete-collection-workers=8',
    '--profiling=false',
  ];
}

function componentFlags(kubeconfig: string, port: number): string[] {
  return [
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--profiling=false',
  ];
}

function controllerFlags(own: Identities, folder: string, ports: Ports): string[] {
  return [
    ...componentFlags(own.controllerManager, ports.controllers),
    '--use-service-account-credentials=true',
    `--root-ca-file=${own.certificate}`,
    `--service-account-private-key-file=${own.key}`,
    `--cert-dir=${path.join(folder, 'controllers')}`,
    `--flex-volume-plugin-dir=${path.join(folder, 'flex')}`,
    // Fake nodes send no heartbeats; a day's grace keeps them Ready.
    '--node-monitor-grace-period=24h',
  ];
}

function rateFlags({ clientRate = 1_000 }: ControlPlaneOptions): string[] {
  return clientRate === 'stock' ? [] : [`--kube-api-qps=${clientRate}`, `--kube-api-burst=${clientRate}`];
}

function kwokFlags(kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--config=${path.join(kubernetesTool.folder, 'stages.yaml')}`,
    '--manage-all-nodes=false',
    `--manage-nodes-with-label-selector=${Object.entries(fakeNodeLabel).flat().join('=')}`,
    // As wide as it goes: addresses beyond the default /24 are handed out too, but never taken back.
    '--cidr=10.0.0.0/8',
    '--node-name=127.0.0.1',
    '-v=WARN',
  ];
}

function nodeObjects({
  count,
  name = 'fake',
  cpu = '8',
  memory = '32Gi',
  storage = '100Gi',
  pods = 110,
  ...rest
}: FakeNodes): object[] {
  const size = { cpu, memory, pods: String(pods), 'ephemeral-storage': storage };
  return Array.from({ length: count }, (_, index) => {
    const full = `${name}-${String(index).padStart(4, '0')}`;
    const standard = {
      'kubernetes.io/hostname': full,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
    };
    const address = `172.16.${Math.floor(index / 250)}.${(index % 250) + 1}`;
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: full, labels: { ...standard, ...fakeNodeLabel, ...rest.labels } },
      spec: { taints: rest.taints ?? [] },
      status: {
        addresses: [
          { type: 'InternalIP', address },
          { type: 'Hostname', address: full },
        ],
        capacity: size,
        allocatable: size,
      },
    };
  });
}

/** Ready to use; the caller stops it, also when the test fails. Check `missing(kubernetesTool)` first. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const [api = 0, etcd = 0, peer = 0, controllers = 0, scheduler = 0] = await freePorts(5);
  const plane = new ControlPlane({ api, etcd, peer, controllers, scheduler });
  try {
    await plane.start(options);
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}
