/**
 * The stack a phase runs on, as data: what is bought for how long, and the assumptions behind it.
 * Owns: the record and the defaults per phase. Does not own: prices, or the infrastructure program that builds a stack.
 */
import { BudgetError } from '#budgets/budget-error.ts';
import { defaultPacking, type PackingPolicy } from '#budgets/capacity.ts';
import type { Provider } from '#budgets/price-sheet.ts';
import type { PurchaseOption } from '#budgets/prices.ts';

export type CostComponent =
  | 'compute'
  | 'storage'
  | 'system'
  | 'control-plane'
  | 'network'
  | 'observability'
  | 'redeploys'
  | 're-runs'
  | 'risk';

export const costComponents: readonly CostComponent[] = [
  'compute',
  'storage',
  'system',
  'control-plane',
  'network',
  'observability',
  'redeploys',
  're-runs',
  'risk',
];

export const componentLabel: Readonly<Record<CostComponent, string>> = {
  compute: 'Compute (nodes)',
  storage: 'Storage',
  system: 'System pool',
  'control-plane': 'Control plane',
  network: 'Network',
  observability: 'Observability',
  redeploys: 'Redeploys',
  're-runs': 'Re-runs',
  risk: 'Chance (sampled)',
};

export interface VmGroup {
  readonly sku: string;
  readonly vcpu: number;
  readonly memGiB: number;
  readonly option: PurchaseOption;
  readonly diskGiB: number;
}

/** Something with an hourly price: `count` of unit price `unitId`. */
export interface HourlyItem {
  readonly component: CostComponent;
  readonly label: string;
  readonly unitId: string;
  readonly count: number;
}

export interface CloudStack {
  readonly kind: 'cloud';
  readonly name: string;
  readonly provider: Provider;
  readonly region: string;
  /** Availability zones the node pool spans; 1 = no cross-zone traffic, latency comes from emulation. */
  readonly zones: number;
  readonly pool: VmGroup;
  readonly packing: PackingPolicy;
  readonly fixedVms: readonly (VmGroup & {
    readonly component: CostComponent;
    readonly label: string;
    readonly count: number;
  })[];
  readonly hourly: readonly HourlyItem[];
  readonly diskUnitId: string;
  readonly crossZoneUnitId: string;
  readonly logUnitId: string;
  readonly logMegabytesPerHour: number;
  readonly egressUnitId: string;
  /** Results, metrics and reports that the operator fetches out of the region. */
  readonly egressMegabytesPerHour: number;
  /** From the first VM until all nodes are ready; the whole pool counts as billed. */
  readonly deployMinutes: number;
  readonly teardownMinutes: number;
  /** Between repetitions on warm VMs: new genesis, state reset proven by hash. */
  readonly resetMinutes: number;
  /** Replacement of an interrupted VM: launch, image, rejoin; both VMs count as billed. */
  readonly redeployMinutes: number;
  /** Measured time that an interruption voids (checkpoint interval); the whole stack repeats it. */
  readonly rerunMinutes: number;
  /** Sent per node when no run has measured it, bytes per second. */
  readonly assumedBytesPerNodeSecond: number;
}

export interface LocalStack {
  readonly kind: 'local';
  readonly name: string;
  readonly why: string;
}

export type Stack = CloudStack | LocalStack;

const systemVm = { sku: 'm6i.2xlarge', vcpu: 8, memGiB: 32, option: 'on-demand' } as const;

/** So that images, logs and credentials need no NAT; S3 goes through a gateway that costs nothing. The program builds these. */
export const interfaceEndpoints = ['ecr.api', 'ecr.dkr', 'sts', 'ec2', 'logs', 'eks', 'eks-auth'] as const;

/** What an AWS stack pays for by the hour beside its VMs. */
function awsHourly(tier: 'standard' | 'xl'): readonly HourlyItem[] {
  const hourly: HourlyItem[] = [
    { component: 'control-plane', label: 'EKS cluster', unitId: 'aws.eks.standard', count: 1 },
    {
      component: 'network',
      label: 'interface endpoints',
      unitId: 'aws.endpoint.hour',
      count: interfaceEndpoints.length,
    },
    { component: 'network', label: 'NAT gateways (none: endpoints)', unitId: 'aws.nat.hour', count: 0 },
    {
      component: 'network',
      label: 'public addresses (none: private nodes)',
      unitId: 'aws.ipv4.hour',
      count: 0,
    },
  ];
  if (tier === 'xl') {
    hourly.push({
      component: 'control-plane',
      label: 'EKS provisioned tier XL',
      unitId: 'aws.eks.tier-xl',
      count: 1,
    });
  }
  return hourly;
}

function awsStack(
  own: Pick<
    CloudStack,
    | 'name'
    | 'deployMinutes'
    | 'teardownMinutes'
    | 'logMegabytesPerHour'
    | 'egressMegabytesPerHour'
    | 'assumedBytesPerNodeSecond'
  > & { readonly tier: 'standard' | 'xl'; readonly observabilityDiskGiB: number },
): CloudStack {
  const { tier, observabilityDiskGiB, ...rest } = own;
  return {
    kind: 'cloud',
    provider: 'aws',
    region: 'us-west-2',
    zones: 1,
    pool: { sku: 'c6i.2xlarge', vcpu: 8, memGiB: 16, option: 'spot', diskGiB: 30 },
    packing: defaultPacking,
    fixedVms: [
      { ...systemVm, component: 'system', label: 'system pool', count: 3, diskGiB: 30 },
      {
        ...systemVm,
        component: 'observability',
        label: 'metrics VM',
        count: 1,
        diskGiB: observabilityDiskGiB,
      },
    ],
    hourly: awsHourly(tier),
    diskUnitId: 'aws.ebs.gp3',
    crossZoneUnitId: 'aws.transfer.cross-zone',
    logUnitId: 'aws.logs.ingest',
    egressUnitId: 'aws.transfer.egress',
    resetMinutes: 3,
    redeployMinutes: 12,
    rerunMinutes: 15,
    ...rest,
  };
}

/** 10, 20 and 30 Mbit/s per node are the bandwidth limits of requirements 2.5: the most a passing node may send. */
export const stacks: readonly Stack[] = [
  { kind: 'local', name: 'local', why: 'runs on the machine that runs the campaign' },
  awsStack({
    name: '1k-nodes',
    tier: 'standard',
    deployMinutes: 20,
    teardownMinutes: 10,
    logMegabytesPerHour: 500,
    egressMegabytesPerHour: 200,
    observabilityDiskGiB: 100,
    assumedBytesPerNodeSecond: 1_250_000,
  }),
  awsStack({
    name: '5k-nodes',
    tier: 'xl',
    deployMinutes: 25,
    teardownMinutes: 12,
    logMegabytesPerHour: 2_000,
    egressMegabytesPerHour: 1_000,
    observabilityDiskGiB: 250,
    assumedBytesPerNodeSecond: 2_500_000,
  }),
  awsStack({
    name: '10k-nodes',
    tier: 'xl',
    deployMinutes: 30,
    teardownMinutes: 15,
    logMegabytesPerHour: 4_000,
    egressMegabytesPerHour: 2_000,
    observabilityDiskGiB: 500,
    assumedBytesPerNodeSecond: 3_750_000,
  }),
];

const STACK_OF_PHASE: Readonly<Record<string, string>> = {
  phase1: 'local',
  phase2: '1k-nodes',
  phase3: '5k-nodes',
  phase4: '10k-nodes',
};

/** By its own name or by the phase that uses it. Throws `unknown-stack`. */
export function stackNamed(name: string): Stack {
  const wanted = STACK_OF_PHASE[name] ?? name;
  const stack = stacks.find((one) => one.name === wanted);
  if (stack === undefined) {
    const known = stacks.map((one) => one.name).join(', ');
    throw new BudgetError('unknown-stack', `no stack is called "${name}" (known: ${known})`);
  }
  return stack;
}

/** The smallest cloud stack whose scale covers so many nodes: what a local phase would be compared with. */
export function cloudStackFor(nodes: number): CloudStack {
  const name = nodes <= 1_000 ? '1k-nodes' : nodes <= 5_000 ? '5k-nodes' : '10k-nodes';
  const stack = stackNamed(name);
  if (stack.kind !== 'cloud') throw new BudgetError('unknown-stack', `${name} is not a cloud stack`);
  return stack;
}
