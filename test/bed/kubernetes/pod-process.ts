/**
 * One pod as one process: volumes as folders, environment with every reference resolved, probes over its loopback address.
 * Owns: the life of that process: start, probe, restart, end, and the status it deserves. Does not own: which pods there are.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CoreV1Api, V1Container, V1Pod, V1PodStatus, V1Volume } from '@kubernetes/client-node';
import type { Child, Children } from '#campaigns/targets/processes/children.ts';

export type ServiceLookup = (service: string, namespace: string) => Promise<string | null>;

export interface PodProcessOptions {
  readonly pod: V1Pod;
  readonly address: string;
  readonly folder: string;
  readonly children: Children;
  readonly core: CoreV1Api;
  /** Address of the API server. */
  readonly server: string;
  readonly lookup: ServiceLookup;
}

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const entrypoint = path.join(repository, 'node/entrypoint.sh');
const serviceHost = /([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local/;
/** What an image says about itself, and the container does not repeat. */
const imageEnvironment = { NODE_NO_WARNINGS: '1' };

/** Something that the pod needs is not there yet: a secret, a service behind which nobody stands. */
class NotYet extends Error {
  override readonly name = 'NotYet';
}

/** It has a probe: a finished job has none, and is never Ready. */
export function isProbed(pod: V1Pod): boolean {
  return pod.spec?.containers[0]?.readinessProbe !== undefined;
}

export class PodProcess {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  /** Status as it was last written, as text. */
  reported = '';
  readonly #options: PodProcessOptions;
  readonly #container: V1Container;
  #child: Child | null = null;
  #restarts = 0;
  #isReady = false;
  #exitCode: number | null = null;
  #waitsFor = '';
  #isEnding = false;
  readonly #startedAt = new Date();

  constructor(options: PodProcessOptions) {
    this.#options = options;
    this.name = options.pod.metadata?.name ?? '';
    this.namespace = options.pod.metadata?.namespace ?? '';
    this.address = options.address;
    const [container] = options.pod.spec?.containers ?? [];
    if (container === undefined) throw new Error(`pod ${this.name} has no container`);
    this.#container = container;
  }

  get isRunning(): boolean {
    return this.#child !== null && !this.#child.isEnded;
  }

  readonly log = (): string =>
    this.#waitsFor === ''
      ? this.#options.children.logTail(this.#options.folder, this.name, 1_000)
      : `waits for ${this.#waitsFor}`;

  /** One look: starts what is not running, probes what is. */
  async step(): Promise<void> {
    if (this.#isEnding || this.#exitCode === 0) return;
    if (this.isRunning) {
      if (!this.#isReady) this.#isReady = await this.#probe();
      return;
    }
    try {
      await this.#start();
      this.#waitsFor = '';
    } catch (error) {
      if (!(error instanceof NotYet)) throw error;
      this.#waitsFor = error.message;
    }
  }

  /** Asks it to end, as a deleted pod is asked; true when it is gone. */
  async end(): Promise<boolean> {
    const child = this.#child;
    if (child === null || child.isEnded) return true;
    const { children, pod } = this.#options;
    if (!this.#isEnding) {
      this.#isEnding = true;
      child.isExpected = true;
      children.signal(child, 'SIGTERM');
      const graceMs = 1_000 * (pod.metadata?.deletionGracePeriodSeconds ?? 30);
      const kill = setTimeout(() => children.signal(child, 'SIGKILL'), graceMs);
      void child.ended.then(() => clearTimeout(kill));
    }
    return child.isEnded;
  }

  async crash(): Promise<void> {
    if (this.#child !== null) await this.#options.children.kill(this.#child);
  }

  forget(): void {
    if (this.#child !== null) this.#child.isExpected = true;
  }

  status(): V1PodStatus {
    const { address } = this.#options;
    const hasSucceeded = this.#exitCode === 0;
    const startedAt = this.#startedAt;
    const ready = this.#isReady && this.isRunning ? 'True' : 'False';
    const state = hasSucceeded
      ? { terminated: { exitCode: 0, reason: 'Completed' } }
      : this.isRunning
        ? { running: { startedAt } }
        : { waiting: { reason: 'ContainerCreating', message: this.#waitsFor } };
    const { name, image = '' } = this.#container;
    return {
      phase: hasSucceeded ? 'Succeeded' : this.isRunning ? 'Running' : 'Pending',
      startTime: startedAt,
      hostIP: '127.0.0.1',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Initialized', status: 'True' },
        { type: 'ContainersReady', status: ready },
        { type: 'Ready', status: ready },
      ],
      containerStatuses: [
        {
          name,
          image,
          imageID: image,
          ready: ready === 'True',
          restartCount: this.#restarts,
          started: this.isRunning,
          state,
        },
      ],
    };
  }

  async #start(): Promise<void> {
    const { children, folder, pod } = this.#options;
    const mounts = await this.#mount();
    const env = await this.#environment(mounts);
    const child = children.start({
      name: this.name,
      command: ['/bin/sh', entrypoint, ...(this.#container.args ?? [])],
      folder,
      env,
    });
    // What becomes of it is this object's affair: kill -9 is no crash of the test bed.
    child.isExpected = true;
    this.#child = child;
    this.#isReady = false;
    void child.ended.then(() => {
      const code = child.process.exitCode;
      this.#isReady = false;
      if (this.#isEnding) return;
      if (code === 0 && pod.spec?.restartPolicy !== 'Always') this.#exitCode = 0;
      else this.#restarts += 1;
    });
  }

  /** Mount path -> folder of this machine. What an emptyDir holds outlives the process, not the pod. */
  async #mount(): Promise<ReadonlyMap<string, string>> {
    const { pod, folder } = this.#options;
    const mounts = new Map<string, string>();
    for (const { name, mountPath } of this.#container.volumeMounts ?? []) {
      const volume = pod.spec?.volumes?.find((candidate) => candidate.name === name);
      if (volume === undefined) throw new Error(`pod ${this.name} mounts ${name}, which it does not have`);
      const place = path.join(folder, 'volumes', name);
      mkdirSync(place, { recursive: true });
      await this.#fill(volume, place);
      mounts.set(mountPath, place);
    }
    return mounts;
  }

  async #fill(volume: V1Volume, place: string): Promise<void> {
    const { core, pod } = this.#options;
    const namespace = pod.metadata?.namespace ?? '';
    if (volume.secret !== undefined) {
      const { secretName = '', items, defaultMode = 0o644 } = volume.secret;
      const secret = await core.readNamespacedSecret({ name: secretName, namespace }).catch(() => null);
      if (secret === null) throw new NotYet(`secret ${secretName}`);
      for (const { key, path: file } of items ??
        Object.keys(secret.data ?? {}).map((key) => ({ key, path: key }))) {
        const value = secret.data?.[key];
        if (value === undefined) throw new NotYet(`key ${key} of secret ${secretName}`);
        write(path.join(place, file), Buffer.from(value, 'base64'), defaultMode);
      }
    }
    for (const source of volume.projected?.sources ?? []) {
      if (source.serviceAccountToken !== undefined)
        await this.#writeToken(place, source.serviceAccountToken.path);
      for (const { key, path: file } of source.configMap?.items ?? []) {
        const name = source.configMap?.name ?? '';
        const map = await core.readNamespacedConfigMap({ name, namespace }).catch(() => null);
        const value = map?.data?.[key];
        if (value === undefined) throw new NotYet(`key ${key} of ${name}`);
        write(path.join(place, file), Buffer.from(value), 0o440);
      }
    }
  }

  /** A real token of the pod's service account: its rights are what the API server says. */
  async #writeToken(place: string, file: string): Promise<void> {
    const { core, pod } = this.#options;
    const request = await core.createNamespacedServiceAccountToken({
      name: pod.spec?.serviceAccountName ?? 'default',
      namespace: pod.metadata?.namespace ?? '',
      body: { spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: 3_600 } },
    });
    write(path.join(place, file), Buffer.from(request.status?.token ?? ''), 0o440);
  }

  async #environment(mounts: ReadonlyMap<string, string>): Promise<Record<string, string>> {
    const { pod, core, address } = this.#options;
    const namespace = pod.metadata?.namespace ?? '';
    const env: Record<string, string> = { ...imageEnvironment };
    for (const { configMapRef } of this.#container.envFrom ?? []) {
      const map = await core
        .readNamespacedConfigMap({ name: configMapRef?.name ?? '', namespace })
        .catch(() => null);
      if (map === null) throw new NotYet(`configuration ${configMapRef?.name}`);
      Object.assign(env, map.data);
    }
    for (const { name, value, valueFrom } of this.#container.env ?? []) {
      const field = valueFrom?.fieldRef?.fieldPath;
      if (field === 'metadata.name') env[name] = this.name;
      else if (field === 'status.podIP') env[name] = address;
      else if (value !== undefined) env[name] = value;
      else throw new Error(`pod ${this.name}: ${name} refers to ${field}, which nobody resolves here`);
    }
    for (const [name, value] of Object.entries(env)) env[name] = await this.#resolve(value, mounts);
    env['PATH'] = `${path.dirname(process.execPath)}:/usr/bin:/bin`;
    return env;
  }

  /** Files, addresses and names as they are for a process of this machine. */
  async #resolve(text: string, mounts: ReadonlyMap<string, string>): Promise<string> {
    const { address, server, lookup } = this.#options;
    if (text === '0.0.0.0') return address;
    if (text === 'https://kubernetes.default.svc') return server;
    for (const [mountPath, place] of mounts)
      if (text === mountPath || text.startsWith(`${mountPath}/`)) return place + text.slice(mountPath.length);
    const [host, service = '', namespace = ''] = serviceHost.exec(text) ?? [];
    if (host === undefined) return text;
    const found = await lookup(service, namespace);
    if (found === null) throw new NotYet(`a pod behind ${host}`);
    return text.replace(host, found);
  }

  async #probe(): Promise<boolean> {
    const get = this.#container.readinessProbe?.httpGet;
    if (get === undefined) return true;
    const named = this.#container.ports?.find(({ name }) => name === get.port);
    try {
      const url = `http://${this.#options.address}:${named?.containerPort ?? get.port}${get.path ?? '/'}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      return response.ok;
    } catch {
      return false;
    }
  }
}

function write(file: string, content: Buffer, mode: number): void {
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    if (readFileSync(file).equals(content)) return;
    chmodSync(file, 0o600);
  } catch {
    // It is new.
  }
  writeFileSync(file, content);
  chmodSync(file, mode);
}
