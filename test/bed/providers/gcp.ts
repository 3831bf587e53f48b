/**
 * The stand-in pulumi-resource-gcp. Owns: what is particular to GCP. Does not own: the provider's protocol (cloud-provider.ts).
 */
import { serve } from './cloud-provider.ts';

await serve({
  name: 'gcp',
  version: '9.37.0',
  fixed: new Set(['name', 'location', 'region', 'ipCidrRange', 'network', 'accountId']),
  create: async (type, name, inputs) => ({
    project: inputs['project'] ?? 'fake-project',
    name: inputs['name'] ?? name,
    selfLink: `https://fake.invalid/${type}/${inputs['name'] ?? name}`,
    ...(type.endsWith(':Account') ? { email: `${inputs['accountId']}@fake-project.fake.invalid` } : {}),
  }),
  update: async () => undefined,
  remove: async () => undefined,
  exists: async () => true,
  invoke: async (token, inputs) => {
    if (token === 'gcp:organizations/getProject:getProject')
      return { ...inputs, projectId: 'fake-project', number: '1' };
    if (token === 'gcp:compute/getZones:getZones') {
      const zones = ['a', 'b', 'c'].map((letter) => `${String(inputs['region'])}-${letter}`);
      return { ...inputs, id: 'zones', names: zones };
    }
    return null;
  },
});
