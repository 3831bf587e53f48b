/**
 * The network of a stack on AWS: no way in or out of the internet, endpoints for the services that VMs need.
 * Owns: VPC, subnets, routes, endpoints, flow logs where they are affordable. Does not own: ranges (plan/cidr.ts), security groups
 * between VMs (the cluster brings one).
 */
import type * as aws from '@pulumi/aws';
import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { DefaultSecurityGroup } from '@pulumi/aws/ec2/defaultSecurityGroup.js';
import { FlowLog } from '@pulumi/aws/ec2/flowLog.js';
import { RouteTable } from '@pulumi/aws/ec2/routeTable.js';
import { RouteTableAssociation } from '@pulumi/aws/ec2/routeTableAssociation.js';
import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { Subnet } from '@pulumi/aws/ec2/subnet.js';
import { Vpc } from '@pulumi/aws/ec2/vpc.js';
import { VpcEndpoint } from '@pulumi/aws/ec2/vpcEndpoint.js';
import { VpcIpv4CidrBlockAssociation } from '@pulumi/aws/ec2/vpcIpv4CidrBlockAssociation.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import * as pulumi from '@pulumi/pulumi';
import { trustService } from '#infra/components/cluster.ts';
import type { CloudPlan } from '#infra/plan/cloud-plan.ts';

export interface NetworkArgs {
  readonly prefix: string;
  readonly account: string;
  readonly region: string;
  readonly plan: CloudPlan;
  /** Three zones for the control plane; the first ones also hold the measured pool. */
  readonly zones: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Endpoints serve principals of this account only; images also come from the buckets that registries keep their layers in. */
function endpointPolicy(account: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: '*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:PrincipalAccount': account } },
      },
    ],
  });
}

function layerPolicy(account: string, region: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: [
          `arn:aws:s3:::prod-${region}-starport-layer-bucket/*`,
          `arn:aws:s3:::al2023-repos-${region}-*/*`,
        ],
      },
      {
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:GetObject', 's3:PutObject', 's3:ListBucket'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:PrincipalAccount': account } },
      },
    ],
  });
}

export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly controlSubnetIds: readonly pulumi.Output<string>[];
  /** One per zone of the measured pool. */
  readonly measuredSubnetIds: readonly pulumi.Output<string>[];
  /** VMs come after these: without them no image is pulled. */
  readonly endpoints: readonly pulumi.Resource[];

  constructor(name: string, args: NetworkArgs, opts: pulumi.ComponentResourceOptions) {
    super('bft:network:Network', name, {}, opts);
    const { addresses } = args.plan;
    const parent = { parent: this };
    const named = (own: string) => ({ ...args.tags, Name: `${args.prefix}-${own}` });
    const vpc = new Vpc(
      `${name}-vpc`,
      { cidrBlock: addresses.vpc, enableDnsHostnames: true, enableDnsSupport: true, tags: named('vpc') },
      parent,
    );
    const extra = addresses.extra.map(
      (cidrBlock, index) =>
        new VpcIpv4CidrBlockAssociation(`${name}-range-${index}`, { vpcId: vpc.id, cidrBlock }, parent),
    );
    // Without rules nothing that forgets to name a group can talk to anything.
    new DefaultSecurityGroup(`${name}-default-group`, { vpcId: vpc.id, tags: named('default') }, parent);
    const routes = new RouteTable(`${name}-routes`, { vpcId: vpc.id, tags: named('private') }, parent);
    const subnet = (
      own: string,
      cidrBlock: string,
      zone: string | undefined,
      dependsOn: pulumi.Resource[],
    ) => {
      const created = new Subnet(
        `${name}-${own}`,
        { vpcId: vpc.id, cidrBlock, availabilityZone: zone!, mapPublicIpOnLaunch: false, tags: named(own) },
        { parent: this, dependsOn },
      );
      new RouteTableAssociation(
        `${name}-${own}-routes`,
        { subnetId: created.id, routeTableId: routes.id },
        parent,
      );
      return created;
    };
    this.vpcId = vpc.id;
    this.controlSubnetIds = addresses.control.map(
      (cidr, index) => subnet(`control-${index}`, cidr, args.zones[index], []).id,
    );
    this.measuredSubnetIds = addresses.measured.map(
      (cidr, index) => subnet(`measured-${index}`, cidr, args.zones[index], extra).id,
    );
    this.endpoints = this.#endpoints(name, args, vpc, routes, extra);
    if (args.plan.flowLogs) this.#flowLogs(name, args, vpc);
    this.registerOutputs({ vpcId: this.vpcId });
  }

  #endpoints(
    name: string,
    args: NetworkArgs,
    vpc: aws.ec2.Vpc,
    routes: aws.ec2.RouteTable,
    extra: readonly pulumi.Resource[],
  ): readonly pulumi.Resource[] {
    const parent = { parent: this };
    const { addresses, interfaceEndpoints } = args.plan;
    const door = new SecurityGroup(
      `${name}-endpoints`,
      {
        vpcId: vpc.id,
        description: 'HTTPS from inside the network to the endpoints of AWS services',
        ingress: [
          { protocol: 'tcp', fromPort: 443, toPort: 443, cidrBlocks: [addresses.vpc, ...addresses.extra] },
        ],
        egress: [],
        tags: { ...args.tags, Name: `${args.prefix}-endpoints` },
      },
      { parent: this, dependsOn: [...extra] },
    );
    const s3 = new VpcEndpoint(
      `${name}-s3`,
      {
        vpcId: vpc.id,
        serviceName: `com.amazonaws.${args.region}.s3`,
        vpcEndpointType: 'Gateway',
        routeTableIds: [routes.id],
        policy: layerPolicy(args.account, args.region),
        tags: { ...args.tags, Name: `${args.prefix}-s3` },
      },
      parent,
    );
    // In the zone of the measured pool only: an endpoint is paid for per zone, and traffic to another zone too.
    const subnetIds = this.controlSubnetIds.slice(0, 1);
    const others = interfaceEndpoints.map(
      (service) =>
        new VpcEndpoint(
          `${name}-${service.replace('.', '-')}`,
          {
            vpcId: vpc.id,
            serviceName: `com.amazonaws.${args.region}.${service}`,
            vpcEndpointType: 'Interface',
            privateDnsEnabled: true,
            subnetIds: [...subnetIds],
            securityGroupIds: [door.id],
            policy: endpointPolicy(args.account),
            tags: { ...args.tags, Name: `${args.prefix}-${service}` },
          },
          parent,
        ),
    );
    return [s3, ...others];
  }

  #flowLogs(name: string, args: NetworkArgs, vpc: aws.ec2.Vpc): void {
    const parent = { parent: this };
    const logs = new LogGroup(
      `${name}-flows`,
      { name: `/bft/${args.prefix}/flows`, retentionInDays: 7, tags: args.tags },
      parent,
    );
    const role = new Role(
      `${name}-flows-role`,
      {
        name: `${args.prefix}-flows`,
        assumeRolePolicy: trustService('vpc-flow-logs.amazonaws.com'),
        tags: args.tags,
      },
      parent,
    );
    const policy = new RolePolicy(
      `${name}-flows-policy`,
      {
        role: role.id,
        policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: [
                'logs:CreateLogStream',
                'logs:PutLogEvents',
                'logs:DescribeLogGroups',
                'logs:DescribeLogStreams',
              ],
              Resource: `arn:aws:logs:${args.region}:${args.account}:log-group:/bft/${args.prefix}/flows:*`,
            },
          ],
        }),
      },
      parent,
    );
    new FlowLog(
      `${name}-flow-log`,
      { vpcId: vpc.id, trafficType: 'ALL', logDestination: logs.arn, iamRoleArn: role.arn, tags: args.tags },
      { parent: this, dependsOn: [policy] },
    );
  }
}
