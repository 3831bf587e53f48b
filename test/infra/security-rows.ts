/**
 * The security table as checks over the list of resources: one row, one function from resources to violations.
 * Owns: the rows. Does not own: who made the list (engine/engine.ts). Shares no code with the program.
 */
import { isRecord } from '#test/bed/providers/declared-types.ts';

export interface Made {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface SecurityRow {
  readonly says: string;
  /** Clouds on which the row must find something to look at. */
  readonly clouds: readonly ('aws' | 'gcp')[];
  readonly type: RegExp;
  readonly isKept: (inputs: Readonly<Record<string, unknown>>) => boolean;
}

/** Value at a path of names and indexes; undefined where there is none. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((found, key) => {
    if (typeof key === 'number') return Array.isArray(found) ? found[key] : undefined;
    return isRecord(found) ? found[key] : undefined;
  }, value);
}
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isOpen = (cidr: unknown): boolean => typeof cidr !== 'string' || /\/0$/.test(cidr);
const text = (value: unknown): string => JSON.stringify(value);

const workerPolicies = new Set([
  'AmazonEKSClusterPolicy',
  'AmazonEKSWorkerNodePolicy',
  'AmazonEC2ContainerRegistryPullOnly',
  'AmazonEKS_CNI_Policy',
]);

export const securityRows: readonly SecurityRow[] = [
  {
    says: 'the API of the cluster is reached from inside and from named addresses only',
    clouds: ['aws'],
    type: /^aws:eks\/cluster:/,
    isKept: ({ vpcConfig }) =>
      at(vpcConfig, 'endpointPrivateAccess') === true &&
      list(at(vpcConfig, 'publicAccessCidrs')).length > 0 &&
      !list(at(vpcConfig, 'publicAccessCidrs')).some(isOpen),
  },
  {
    says: 'the API of the cluster has no address, nodes have private ones',
    clouds: ['gcp'],
    type: /^gcp:container\/cluster:/,
    isKept: ({ controlPlaneEndpointsConfig, privateClusterConfig }) =>
      at(controlPlaneEndpointsConfig, 'ipEndpointsConfig', 'enabled') === false &&
      at(privateClusterConfig, 'enablePrivateNodes') === true,
  },
  {
    says: 'access is by entries, not by a map in the cluster',
    clouds: ['aws'],
    type: /^aws:eks\/cluster:/,
    isKept: ({ accessConfig }) => at(accessConfig, 'authenticationMode') === 'API',
  },
  {
    says: 'secrets of the cluster are sealed with a key of ours',
    clouds: ['aws'],
    type: /^aws:eks\/cluster:/,
    isKept: ({ encryptionConfig }) =>
      list(at(encryptionConfig, 'resources')).includes('secrets') &&
      String(at(encryptionConfig, 'provider', 'keyArn') ?? '') !== '',
  },
  {
    says: 'who asked what is logged',
    clouds: ['aws'],
    type: /^aws:eks\/cluster:/,
    isKept: ({ enabledClusterLogTypes }) =>
      ['audit', 'authenticator'].every((kind) => list(enabledClusterLogTypes).includes(kind)),
  },
  {
    says: 'logs go after a week',
    clouds: ['aws'],
    type: /^aws:cloudwatch\/logGroup:/,
    isKept: ({ retentionInDays }) => Number(retentionInDays) >= 1 && Number(retentionInDays) <= 7,
  },
  {
    says: 'keys are rotated',
    clouds: ['aws'],
    type: /^aws:kms\/key:/,
    isKept: ({ enableKeyRotation }) => enableKeyRotation === true,
  },
  {
    says: 'the metadata of a VM asks for a token and answers no pod',
    clouds: ['aws'],
    type: /^aws:ec2\/launchTemplate:/,
    isKept: ({ metadataOptions }) =>
      at(metadataOptions, 'httpTokens') === 'required' &&
      at(metadataOptions, 'httpPutResponseHopLimit') === 1,
  },
  {
    says: 'the metadata of a VM answers no pod, and the VM boots verified',
    clouds: ['gcp'],
    type: /^gcp:container\/nodePool:/,
    isKept: ({ nodeConfig }) =>
      at(nodeConfig, 'workloadMetadataConfig', 'mode') === 'GKE_METADATA' &&
      at(nodeConfig, 'shieldedInstanceConfig', 'enableSecureBoot') === true &&
      String(at(nodeConfig, 'serviceAccount') ?? '') !== '',
  },
  {
    says: 'disks are encrypted and go with their VM',
    clouds: ['aws'],
    type: /^aws:ec2\/launchTemplate:/,
    isKept: ({ blockDeviceMappings }) =>
      list(blockDeviceMappings).length > 0 &&
      list(blockDeviceMappings).every(
        (disk) =>
          String(at(disk, 'ebs', 'encrypted')) === 'true' &&
          String(at(disk, 'ebs', 'deleteOnTermination')) === 'true',
      ),
  },
  {
    says: 'no VM asks for a public address',
    clouds: ['aws'],
    type: /^aws:ec2\/(subnet|launchTemplate):/,
    isKept: (inputs) =>
      inputs['mapPublicIpOnLaunch'] !== true && !/"associatePublicIpAddress":"?true/.test(text(inputs)),
  },
  {
    says: 'there is no way to or from the internet',
    clouds: [],
    type: /^(aws:ec2\/(internetGateway|natGateway|eip|egressOnlyInternetGateway):|aws:lb\/|gcp:compute\/(address|globalAddress|router|routerNat):)/,
    isKept: () => false,
  },
  {
    says: 'no security group is open to the world',
    clouds: ['aws'],
    type: /^aws:ec2\/securityGroup:/,
    isKept: ({ ingress }) =>
      list(ingress).every((rule) => list(at(rule, 'cidrBlocks')).every((cidr) => !isOpen(cidr))),
  },
  {
    says: 'endpoints serve this account only',
    clouds: ['aws'],
    type: /^aws:ec2\/vpcEndpoint:/,
    isKept: ({ policy }) => /"aws:PrincipalAccount":"\d{12}"/.test(String(policy)),
  },
  {
    says: 'roles carry the four policies of a cluster and no other of the cloud',
    clouds: ['aws'],
    type: /^aws:iam\/rolePolicyAttachment:/,
    isKept: ({ policyArn }) => workerPolicies.has(String(policyArn).split('/').at(-1) ?? ''),
  },
  {
    says: 'no policy of ours allows everything',
    clouds: ['aws'],
    type: /^aws:iam\/rolePolicy:/,
    isKept: ({ policy }) => !/"Action":(\[[^\]]*)?"(\*|iam:\*|s3:\*)"/.test(String(policy)),
  },
  {
    says: 'the provider works in the account that was named and in no other',
    clouds: ['aws'],
    type: /^pulumi:providers:aws$/,
    isKept: ({ allowedAccountIds }) => /\d{12}/.test(text(allowedAccountIds ?? '')),
  },
  {
    says: 'namespaces take restricted pods only',
    clouds: ['aws', 'gcp'],
    type: /^kubernetes:core\/v1:Namespace$/,
    isKept: ({ metadata }) => at(metadata, 'labels', 'pod-security.kubernetes.io/enforce') === 'restricted',
  },
  {
    says: 'images of ours are named by digest',
    clouds: ['aws', 'gcp'],
    type: /^kubernetes:apps\/v1:StatefulSet$/,
    isKept: ({ spec }) =>
      list(at(spec, 'template', 'spec', 'containers')).every((one) =>
        /@sha256:[0-9a-f]{64}$/.test(String(at(one, 'image'))),
      ),
  },
  {
    says: 'no secret passes the state: they are drawn inside the cluster',
    clouds: [],
    type: /^(kubernetes:core\/v1:Secret|aws:secretsmanager\/|aws:ssm\/parameter:|random:|tls:)/,
    isKept: () => false,
  },
  {
    says: 'nothing in the state looks like a key or a token',
    clouds: ['aws', 'gcp'],
    type: /./,
    isKept: (inputs) => !/PRIVATE KEY|AKIA[0-9A-Z]{16}|"(token|password)":"[^"]/.test(text(inputs)),
  },
];

export function violations(row: SecurityRow, made: readonly Made[]): readonly string[] {
  return made
    .filter(({ type, inputs }) => row.type.test(type) && !row.isKept(inputs))
    .map(({ type, name }) => `${type} ${name}`);
}

/** Namespaces without a policy that denies what no other one opens. */
export function openNamespaces(made: readonly Made[]): readonly string[] {
  const denied = new Set(
    made
      .filter(
        ({ type, inputs }) =>
          type === 'kubernetes:networking.k8s.io/v1:NetworkPolicy' &&
          text(at(inputs, 'spec', 'podSelector')) === '{}' &&
          ['Ingress', 'Egress'].every((way) => list(at(inputs, 'spec', 'policyTypes')).includes(way)) &&
          list(at(inputs, 'spec', 'ingress')).length === 0 &&
          list(at(inputs, 'spec', 'egress')).length === 0,
      )
      .map(({ inputs }) => String(at(inputs, 'metadata', 'namespace'))),
  );
  return made
    .filter(({ type }) => type === 'kubernetes:core/v1:Namespace')
    .map(({ inputs }) => String(at(inputs, 'metadata', 'name')))
    .filter((name) => !denied.has(name));
}
