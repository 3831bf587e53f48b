/**
 * The few calls of a Kubernetes API server that the stand-in provider makes: apply on the server with strict validation, get, delete.
 * Owns: paths, plural names by discovery, errors in the server's words. Does not own: which objects (kubernetes.ts).
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

const kubeconfig = z.object({
  clusters: z
    .array(z.object({ cluster: z.object({ server: z.string(), 'certificate-authority': z.string() }) }))
    .min(1),
  users: z.array(z.object({ user: z.object({ token: z.string() }) })).min(1),
});
const resourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

export interface ManifestName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const manager = 'bft-scale-bed';

export class KubernetesApi {
  readonly #server: URL;
  readonly #ca: string;
  readonly #token: string;
  readonly #plurals = new Map<string, z.infer<typeof resourceList>['resources']>();

  /** `file`: a kubeconfig of the test bed, which is JSON. */
  constructor(file: string) {
    const { clusters, users } = kubeconfig.parse(JSON.parse(readFileSync(file, 'utf8')));
    this.#server = new URL(clusters[0]!.cluster.server);
    this.#ca = readFileSync(clusters[0]!.cluster['certificate-authority'], 'utf8');
    this.#token = users[0]!.user.token;
  }

  /** Throws with the server's message; an unknown field is an error. */
  async apply(name: ManifestName, manifest: object): Promise<void> {
    const query = `?fieldManager=${manager}&force=true&fieldValidation=Strict`;
    const body = JSON.stringify(manifest);
    const { status, text } = await this.#call('PATCH', `${await this.#path(name)}${query}`, body);
    if (status >= 300) throw new Error(`${name.kind} ${name.name}: ${messageIn(text)}`);
  }

  async exists(name: ManifestName): Promise<boolean> {
    const { status } = await this.#call('GET', await this.#path(name));
    return status < 300;
  }

  /** Resolves when the object is gone, finalizers and all. */
  async remove(name: ManifestName, withinMs = 120_000): Promise<void> {
    const path = await this.#path(name);
    const { status, text } = await this.#call('DELETE', `${path}?propagationPolicy=Background`);
    if (status === 404) return;
    if (status >= 300) throw new Error(`${name.kind} ${name.name}: ${messageIn(text)}`);
    const end = performance.now() + withinMs;
    while ((await this.#call('GET', path)).status < 300) {
      if (performance.now() > end) throw new Error(`${name.kind} ${name.name} is not gone in time`);
      await pause(100);
    }
  }

  async #path({ apiVersion, kind, namespace, name }: ManifestName): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = this.#plurals.get(apiVersion) ?? (await this.#discover(root));
    this.#plurals.set(apiVersion, known);
    const resource = known.find((one) => one.kind === kind && !one.name.includes('/'));
    if (resource === undefined) throw new Error(`the API server knows no ${kind} of ${apiVersion}`);
    const space = resource.namespaced ? `/namespaces/${namespace ?? 'default'}` : '';
    return `${root}${space}/${resource.name}/${encodeURIComponent(name)}`;
  }

  async #discover(root: string): Promise<z.infer<typeof resourceList>['resources']> {
    const { status, text } = await this.#call('GET', root);
    if (status >= 300) throw new Error(`the API server does not serve ${root}: ${messageIn(text)}`);
    return resourceList.parse(JSON.parse(text)).resources;
  }

  #call(method: string, path: string, body?: string): Promise<Answer> {
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.#token}`,
      accept: 'application/json',
    };
    if (body !== undefined) headers['content-type'] = 'application/apply-patch+yaml';
    const { hostname, port } = this.#server;
    return new Promise((resolve, reject) => {
      const call = request({ hostname, port, method, path, ca: this.#ca, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 500, text }));
      });
      call.once('error', reject);
      call.end(body);
    });
  }
}

function messageIn(text: string): string {
  try {
    return z.object({ message: z.string() }).parse(JSON.parse(text)).message;
  } catch {
    return text.slice(0, 300);
  }
}
