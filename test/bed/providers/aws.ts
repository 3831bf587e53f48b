/**
 * The stand-in pulumi-resource-aws. Owns: what is particular to AWS: default tags, names of its objects, questions about the account.
 * Does not own: the provider's protocol (cloud-provider.ts), moto (aws-mirror.ts).
 */
import { type Properties, serve } from './cloud-provider.ts';
import { DeclaredTypes, isRecord } from './declared-types.ts';

const account = '123456789012';
const region = process.env['BED_REGION'] ?? 'us-west-2';
const moto = process.env['BED_MOTO_URL'];
/** The SDK's clients take a second to load: only with a moto. */
const mirror =
  moto === undefined ? null : new (await import('./aws-mirror.ts')).AwsMirror({ url: moto, region });
const types = new DeclaredTypes('aws');

function arnOf(type: string, name: string): string {
  const [, service = ''] = /^aws:(\w+)\//.exec(type) ?? [];
  const [kind = ''] = type.split(':').slice(-1);
  return `arn:aws:${service}:${region}:${account}:${kind.toLowerCase()}/${name}`;
}

/** Groups of instances take tags as a list and get no default tags, as with the real provider. */
function withDefaultTags(type: string, inputs: Properties, configuration: Properties): Properties {
  const takesTags = types.inputs(type)?.get('tags')?.shape.kind === 'map';
  if (!takesTags) return {};
  const defaults = isRecord(configuration['defaultTags']) ? configuration['defaultTags']['tags'] : {};
  const own = isRecord(inputs['tags']) ? inputs['tags'] : {};
  return { tagsAll: { ...(isRecord(defaults) ? defaults : {}), ...own } };
}

const answers: Readonly<Record<string, (inputs: Properties) => Properties>> = {
  'aws:index/getCallerIdentity:getCallerIdentity': () => ({
    accountId: account,
    arn: `arn:aws:iam::${account}:user/of-a-test`,
    id: account,
    userId: 'of-a-test',
  }),
  'aws:index/getRegion:getRegion': () => ({
    id: region,
    name: region,
    region,
    description: region,
    endpoint: '',
  }),
  'aws:index/getPartition:getPartition': () => ({ partition: 'aws', dnsSuffix: 'amazonaws.com', id: 'aws' }),
  'aws:index/getAvailabilityZones:getAvailabilityZones': () => ({
    id: region,
    names: ['a', 'b', 'c'].map((letter) => `${region}${letter}`),
    zoneIds: ['az1', 'az2', 'az3'],
  }),
  'aws:ssm/getParameter:getParameter': (inputs) => ({
    ...inputs,
    id: 'parameter',
    value: 'ami-12c6146b',
    type: 'String',
  }),
  'aws:servicequotas/getServiceQuota:getServiceQuota': (inputs) => ({
    ...inputs,
    id: 'quota',
    value: Number(process.env['BED_QUOTA'] ?? 1_000_000),
  }),
  'aws:iam/getPolicyDocument:getPolicyDocument': (inputs) => ({
    ...inputs,
    id: 'document',
    json: JSON.stringify(inputs),
  }),
};

await serve({
  name: 'aws',
  version: '7.48.0',
  fixed: new Set([
    'name',
    'namePrefix',
    'cidrBlock',
    'vpcId',
    'availabilityZone',
    'subnetId',
    'groupName',
    'clusterName',
  ]),
  configured: withDefaultTags,
  create: async (type, name, inputs) => {
    const made = await mirror?.of(type)?.create(inputs, name);
    const own = String(made?.['name'] ?? inputs['name'] ?? name);
    return { arn: inputs['arn'] ?? arnOf(type, own), region: inputs['region'] ?? region, ...made };
  },
  update: async (type, id, inputs) => {
    await mirror?.of(type)?.update?.(id, inputs);
  },
  remove: async (type, id, outputs) => {
    await mirror?.of(type)?.remove(id, outputs);
  },
  exists: async (type, id) => (await mirror?.of(type)?.exists?.(id)) ?? true,
  invoke: async (token, inputs) => answers[token]?.(inputs) ?? null,
});
