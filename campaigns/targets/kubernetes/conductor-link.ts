/**
 * The way to the conductor's pod: a Kubernetes port-forward of its port, its token from the cluster, one HTTP request after the other.
 * Owns: that way, and asking again when it breaks. Does not own: what is asked (target.ts), routes (campaigns/conductor).
 */
import http from 'node:http';
import net from 'node:net';
import { CoreV1Api, type KubeConfig, PortForward, type V1Pod } from '@kubernetes/client-node';
import { appLabel, apps, ports } from '#infra/manifests/manifest.ts';
import { runSecret } from '#infra/manifests/secret-manifests.ts';

export interface ConductorReply {
  readonly code: number;
  readonly text: string;
}

const answerWithinMs = 30_000;

function isReady({ status, metadata }: V1Pod): boolean {
  const ready =
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
  return ready && metadata?.deletionTimestamp === undefined;
}

export class ConductorLink {
  readonly #core: CoreV1Api;
  readonly #forward: PortForward;
  readonly #namespace: string;
  #token: string | null = null;

  constructor(config: KubeConfig, namespace: string) {
    this.#core = config.makeApiClient(CoreV1Api);
    this.#forward = new PortForward(config);
    this.#namespace = namespace;
  }

  /** Rejects while the pod, its secret or the way there is missing. */
  async ask(method: string, route: string, body?: string): Promise<ConductorReply> {
    const token = await this.#readToken();
    const pod = await this.#pod();
    const server = net.createServer((socket) => void this.#join(socket, pod));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port of this machine is free');
      return await request(address.port, token, method, route, body);
    } finally {
      server.close();
    }
  }

  async #join(socket: net.Socket, pod: string): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      const joined = await this.#forward.portForward(
        this.#namespace,
        pod,
        [ports.conductor],
        socket,
        null,
        socket,
      );
      if (typeof joined === 'function') return;
      socket.once('close', () => joined.close());
      joined.onclose = () => socket.end();
    } catch {
      socket.destroy();
    }
  }

  async #pod(): Promise<string> {
    const { items } = await this.#core.listNamespacedPod({
      namespace: this.#namespace,
      labelSelector: `${appLabel}=${apps.conductor}`,
    });
    const name = items.find(isReady)?.metadata?.name;
    if (name === undefined) throw new Error(`no pod of the conductor is Ready in ${this.#namespace}`);
    return name;
  }

  async #readToken(): Promise<string> {
    if (this.#token !== null) return this.#token;
    const { data } = await this.#core.readNamespacedSecret({
      name: runSecret.name,
      namespace: this.#namespace,
    });
    const token = Buffer.from(data?.[runSecret.keys.conductor] ?? '', 'base64').toString('utf8');
    if (token === '') throw new Error('the secrets of the run are not drawn yet');
    this.#token = token;
    return token;
  }
}

function request(
  port: number,
  token: string,
  method: string,
  path: string,
  body: string | undefined,
): Promise<ConductorReply> {
  return new Promise((resolve, reject) => {
    const asked = http.request(
      { host: '127.0.0.1', port, method, path, agent: false, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('end', () =>
          resolve({ code: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
        );
        response.once('error', reject);
      },
    );
    asked.setTimeout(answerWithinMs, () =>
      asked.destroy(new Error(`no answer within ${answerWithinMs / 1_000} s`)),
    );
    asked.once('error', reject);
    asked.end(body);
  });
}
