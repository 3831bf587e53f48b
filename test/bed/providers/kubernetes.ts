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

function metadataOf(inputs: Properties): Properties {
  return isRecord(inputs['metadata']) ? inputs['metadata'] : {};
}

function manifestName(inputs: Properties): ManifestName {
  const { namespace, name } = metadataOf(inputs);
  return {
    apiVersion: String(inputs['apiVersion']),
    kind: String(inputs['kind']),
    namespace: typeof namespace === 'string' ? namespace : undefined,
    name: String(name),
  };
}

function idOf({ namespace, kind, apiVersion, name }: ManifestName): string {
  return [apiVersion, kind, namespace ?? '', name].join('|');
}

function nameOf(id: string): ManifestName {
  const [apiVersion = '', kind = '', namespace = '', name = ''] = id.split('|');
  return { apiVersion, kind, namespace: namespace === '' ? undefined : namespace, name };
}

function manifestOf(inputs: Properties): object {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !key.startsWith('__')));
}

await serve({
  name: 'kubernetes',
  version: '4.34.2',
  fixed: new Set(['apiVersion', 'kind']),
  named: (name, olds, news) => {
    const metadata = metadataOf(news);
    if (metadata['name'] !== undefined || metadata['generateName'] !== undefined) return news;
    const drawn = `${name.toLowerCase()}-${randomBytes(4).toString('hex')}`;
    return { ...news, metadata: { ...metadata, name: metadataOf(olds)['name'] ?? drawn } };
  },
  create: async (_type, _name, inputs) => {
    const name = manifestName(inputs);
    await api?.apply(name, manifestOf(inputs));
    return { id: idOf(name) };
  },
  update: async (_type, id, inputs) => {
    await api?.apply(nameOf(id), manifestOf(inputs));
  },
  remove: async (_type, id) => {
    await api?.remove(nameOf(id));
  },
  exists: async (_type, id) => (await api?.exists(nameOf(id))) ?? true,
  invoke: async () => null,
});
