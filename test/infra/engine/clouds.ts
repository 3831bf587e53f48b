/**
 * What the stand-in clouds answer: identifiers, computed outputs that the program reads, questions about the account.
 * Owns: those answers. Does not own: checking inputs (test/bed/providers/declared-types.ts).
 */

export type Properties = Record<string, unknown>;

/** Of the stand-in account. */
export const fakeAccount = '000000000000';

const certificate = Buffer.from('certificate').toString('base64');

/** Outputs beyond the inputs that the program reads; generic ones for every type, particular ones by type. */
export function outputsOf(type: string, name: string, inputs: Properties): Properties {
  const own = String(inputs['name'] ?? name);
  const generic = { name: own, arn: `arn:aws:fake:us-west-2:${fakeAccount}:${own}` };
  switch (type) {
    case 'aws:eks/cluster:Cluster':
      return {
        ...generic,
        endpoint: 'https://control-plane.invalid',
        certificateAuthority: { data: certificate },
        kubernetesNetworkConfig: { serviceIpv4Cidr: '172.20.0.0/16' },
        vpcConfig: { ...(inputs['vpcConfig'] as Properties), clusterSecurityGroupId: 'sg-cluster' },
      };
    case 'aws:ec2/launchTemplate:LaunchTemplate':
      return { ...generic, latestVersion: 1 };
    case 'aws:sqs/queue:Queue':
      return { ...generic, url: `https://sqs.invalid/${own}` };
    case 'gcp:serviceaccount/account:Account':
      return { ...generic, email: `${String(inputs['accountId'])}@fake.iam.invalid` };
    case 'gcp:projects/iAMCustomRole:IAMCustomRole':
      return { ...generic, name: `projects/fake/roles/${String(inputs['roleId'])}` };
    case 'gcp:container/cluster:Cluster':
      return {
        ...generic,
        controlPlaneEndpointsConfig: {
          ...(inputs['controlPlaneEndpointsConfig'] as Properties),
          dnsEndpointConfig: { endpoint: 'gke.invalid' },
        },
      };
    default:
      return type.startsWith('kubernetes:') ? {} : generic;
  }
}

/** Null: nobody knows. `quota`: of every kind. */
export function answerOf(token: string, inputs: Properties, quota: number): Properties | null {
  switch (token) {
    case 'aws:servicequotas/getServiceQuota:getServiceQuota':
      return { ...inputs, id: 'quota', value: quota };
    case 'aws:index/getAvailabilityZones:getAvailabilityZones':
      return { ...inputs, id: 'zones', names: ['us-west-2c', 'us-west-2a', 'us-west-2d', 'us-west-2b'] };
    case 'gcp:compute/getZones:getZones':
      return { ...inputs, id: 'zones', names: ['us-central1-a', 'us-central1-b', 'us-central1-c'] };
    default:
      return null;
  }
}
