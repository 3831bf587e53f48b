/**
 * The stand-in pulumi-resource-kubernetes: objects go to a real API server when there is one, and to the fake cloud in any case.
 * Owns: names, what is applied. Does not own: the provider's protocol (cloud-provider.ts), the API (kubernetes-api.ts).
 * It waits for deletions and for nothing else: what a workload has to wait for is looked at by the test.
 */
import { randomBytes } from 'node:crypto';
import { type Properties, serve } from './cloud-provider.ts';
import { isRecord } from './declared-types.ts';
import { KubernetesApi, type ManifestName } from './kubernetes-api.ts';

const file = process.env['BED_KUBECONFIG'];
const api = file === undefined ? null : new KubernetesApi(file);

function manifestName(inputs: Properties, fallback: string): ManifestName {
  const metadata = isRecord(inputs['metadata']) ? inputs['metadata'] : {};
  return {
    apiVersion: String(inputs['apiVersion']),
    kind: String(inputs['kind']),
    namespace: typeof metadata['namespace'] === 'string' ? metadata['namespace'] : undefined,
    name: typeof metadata['name'] === 'string' ? metadata['name'] : fallback,
  };
}

function idOf({ namespace, kind, apiVersion, name }: ManifestName): string {
  return [apiVersion, kind, namespace ?? '', name].join('|');
}

function nameOf(id: string): ManifestName {
  const [apiVersion = '', kind = '', namespace = '', name = ''] = id.split('|');
  return { apiVersion, kind, namespace: namespace === '' ? undefined : namespace, name };
}

function manifestOf(inputs: Properties, { name }: ManifestName): object {
  const metadata = isRecord(inputs['metadata']) ? inputs['metadata'] : {};
  const known = Object.entries(inputs).filter(([key]) => !key.startsWith('__'));
  return { ...Object.fromEntries(known), metadata: { ...metadata, name } };
}

await serve({
  name: 'kubernetes',
  version: '4.34.2',
  fixed: new Set(['apiVersion', 'kind']),
  create: async (_type, fallback, inputs) => {
    const name = manifestName(inputs, `${fallback.toLowerCase()}-${randomBytes(4).toString('hex')}`);
    const manifest = manifestOf(inputs, name);
    await api?.apply(name, manifest);
    return { ...manifest, id: idOf(name) };
  },
  update: async (_type, id, inputs) => {
    await api?.apply(nameOf(id), manifestOf(inputs, nameOf(id)));
  },
  remove: async (_type, id) => {
    await api?.remove(nameOf(id));
  },
  exists: async (_type, id) => (await api?.exists(nameOf(id))) ?? true,
  invoke: async () => null,
});
