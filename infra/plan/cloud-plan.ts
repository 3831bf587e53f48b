/**
 * The part of a stack that is rented: region, machines, addresses, fixed VMs, control plane, quotas and the bound on their cost.
 * Owns: what AWS and GCP stacks of a scale consist of. Does not own: the arithmetic (the planners beside it), any resource.
 */
import { fileURLToPath } from 'node:url';
import { sum, times, type UsdMicros, usdMicros, ZERO_USD } from '#budgets/money.ts';
import { sheetInForce } from '#budgets/sheet-store.ts';
import { type CloudStack, cloudStackFor, interfaceEndpoints } from '#budgets/stacks.ts';
import type { StackConfig } from '#infra/config.ts';
import { type AddressPlan, planAddresses } from '#infra/plan/cidr.ts';
import { type MachinePlan, planMachines } from '#infra/plan/machines.ts';
import { awsQuotas, type QuotaNeed } from '#infra/plan/quotas.ts';
import {
  assertAffordable,
  type FixedItem,
  vmPrice,
  type WorstCase,
  worstCase,
} from '#infra/plan/worst-case.ts';

/** On-demand VMs that are not measured: spot would take the conductor with it. */
export interface FixedGroup {
  readonly name: 'system' | 'metrics';
  readonly sku: string;
  readonly vcpu: number;
  readonly count: number;
  readonly diskGiB: number;
}

export interface CloudPlan {
  readonly machines: MachinePlan;
  readonly addresses: AddressPlan;
  readonly fixedGroups: readonly FixedGroup[];
  /** Provisioned tier of the EKS control plane: 5,000 pods are too many for one that scales when it is late. */
  readonly controlPlaneTier: 'standard' | 'tier-xl';
  /** Every flow between pods as a log line is affordable at 1,000 nodes and nowhere above. */
  readonly flowLogs: boolean;
  readonly interfaceEndpoints: readonly string[];
  readonly quotas: readonly QuotaNeed[];
  /** No VM of the stack costs more per hour, measured or not. */
  readonly dearestPerHour: UsdMicros;
  /** What its VMs cost per hour at most; disks, control plane and endpoints are not in it. */
  readonly vmsPerHour: UsdMicros;
  readonly worstCase: WorstCase;
}

/** Where `prices --refresh` writes in this repository; Pulumi runs the program in another folder. */
const REFRESHED_SHEETS = fileURLToPath(new URL('../../prices', import.meta.url));

const FIXED_SKU = { aws: { sku: 'm6i.2xlarge', vcpu: 8 }, gcp: { sku: 'n2d-standard-8', vcpu: 8 } } as const;
const SYSTEM_VMS = 3;
const METRICS_DISK_GIB = { '1k': 100, '5k': 250, '10k': 500 } as const;
/** Cautious: 350 bytes per flow and minute for fifty peers of each pod. */
const FLOW_LOG_GB_PER_POD_HOUR = 0.001;

function scaleOf(nodes: number): keyof typeof METRICS_DISK_GIB {
  return nodes <= 1_000 ? '1k' : nodes <= 5_000 ? '5k' : '10k';
}

function traffic(config: StackConfig, like: CloudStack, minutes: number): FixedItem[] {
  if (config.pool.zones === 1) return [];
  const bytes = config.nodes * like.assumedBytesPerNodeSecond * minutes * 60;
  const share = (config.pool.zones - 1) / config.pool.zones;
  // Both sides of a crossing are billed.
  const unitId = config.platform === 'aws' ? 'aws.transfer.cross-zone' : 'gcp.transfer.cross-zone';
  return [{ kind: 'once', label: 'traffic between zones', unitId, quantity: (2 * bytes * share) / 1e9 }];
}

function fixedOf(
  config: StackConfig,
  cloud: Omit<CloudPlan, 'worstCase' | 'quotas' | 'dearestPerHour' | 'vmsPerHour'>,
  minutes: number,
): FixedItem[] {
  const provider = cloud.machines.provider;
  const like = cloudStackFor(config.nodes);
  const vms = cloud.fixedGroups.map(
    (group): FixedItem => ({
      kind: 'vm',
      label: `${group.name} VMs`,
      sku: group.sku,
      vcpu: group.vcpu,
      count: group.count,
    }),
  );
  const gib = diskGiB(cloud);
  const zoneTraffic = traffic(config, like, minutes);
  if (provider === 'gcp') {
    return [
      ...vms,
      { kind: 'hourly', label: 'GKE cluster', unitId: 'gcp.gke.cluster', count: 1 },
      // The dearest kind: newer families know only newer disks, whose price the sheet does not have.
      { kind: 'disk', label: 'disks', unitId: 'gcp.pd-ssd', gib },
      ...zoneTraffic,
    ];
  }
  const logGb = (like.logMegabytesPerHour * minutes) / 60_000;
  const flowGb = cloud.flowLogs ? (config.nodes * FLOW_LOG_GB_PER_POD_HOUR * minutes) / 60 : 0;
  const items: FixedItem[] = [
    ...vms,
    { kind: 'hourly', label: 'EKS cluster', unitId: 'aws.eks.standard', count: 1 },
    {
      kind: 'hourly',
      label: 'interface endpoints',
      unitId: 'aws.endpoint.hour',
      count: interfaceEndpoints.length,
    },
    { kind: 'disk', label: 'disks', unitId: 'aws.ebs.gp3', gib },
    { kind: 'once', label: 'logs', unitId: 'aws.logs.ingest', quantity: logGb + flowGb },
    // The image and some megabytes of metrics and credentials per VM.
    { kind: 'once', label: 'endpoint data', unitId: 'aws.endpoint.gb', quantity: cloud.machines.vms * 2 },
    { kind: 'once', label: 'alarms and keys', unitId: 'aws.alarm', quantity: 20 },
    ...zoneTraffic,
  ];
  if (cloud.controlPlaneTier === 'tier-xl') {
    items.push({ kind: 'hourly', label: 'control plane XL', unitId: 'aws.eks.tier-xl', count: 1 });
  }
  return items;
}

function diskGiB(cloud: Pick<CloudPlan, 'machines' | 'fixedGroups'>): number {
  const fixed = cloud.fixedGroups.reduce((sum, group) => sum + group.count * group.diskGiB, 0);
  return cloud.machines.vms * cloud.machines.diskGiB + fixed;
}

/** `minutes`: from now until the deadline. Throws ConfigError and BudgetError before anything exists. */
export function planCloud(
  stack: string,
  config: StackConfig,
  provider: 'aws' | 'gcp',
  minutes: number,
  now: string,
): CloudPlan {
  const { sheet } = sheetInForce(REFRESHED_SHEETS);
  const asOf = now.slice(0, 10);
  const machines = planMachines(stack, config, provider, sheet, asOf);
  const addresses = planAddresses(stack, { ...machines, zones: config.pool.zones });
  const fixedGroups: readonly FixedGroup[] = [
    { ...FIXED_SKU[provider], name: 'system', count: SYSTEM_VMS, diskGiB: 30 },
    { ...FIXED_SKU[provider], name: 'metrics', count: 1, diskGiB: METRICS_DISK_GIB[scaleOf(config.nodes)] },
  ];
  const cloud = {
    machines,
    addresses,
    fixedGroups,
    controlPlaneTier: config.nodes > 1_000 ? ('tier-xl' as const) : ('standard' as const),
    flowLogs: config.nodes <= 1_000,
    interfaceEndpoints,
  };
  const onDemandVcpu = fixedGroups.reduce((sum, group) => sum + group.count * group.vcpu, 0);
  const quotas =
    provider === 'aws'
      ? awsQuotas({ spotVcpu: machines.vcpu, onDemandVcpu, diskGiB: diskGiB(cloud), vms: machines.vms })
      : [];
  const worst = worstCase(machines, fixedOf(config, cloud, minutes), minutes, sheet, asOf);
  assertAffordable(stack, config, worst);
  const fixedPrices = fixedGroups.map((group) => vmPrice(sheet, machines, group.sku, group.vcpu, asOf));
  const dearestPerHour = usdMicros(Math.max(machines.capPerHour, ...fixedPrices));
  const fixedPerHour = fixedGroups.map((group, index) => times(fixedPrices[index] ?? ZERO_USD, group.count));
  const vmsPerHour = sum([times(machines.capPerHour, machines.vms), ...fixedPerHour]);
  return { ...cloud, quotas, dearestPerHour, vmsPerHour, worstCase: worst };
}
