/**
 * How many VMs hold a network of nodes: from allocatable CPU and memory, never from the vCPU count on the label.
 * Owns: allocatable figures per AWS and GCP machine, what DaemonSets take, packing and its arithmetic in words.
 * Does not own: prices or which type a phase uses.
 */
import { BudgetError } from '#budgets/budget-error.ts';

export interface Allocatable {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly mostPods: number;
}

/** What one protocol node asks for and what every VM gives to DaemonSets before the first one fits. */
export interface PackingPolicy {
  readonly nodeCpuMilli: number;
  readonly nodeMemoryMiB: number;
  /** Protocol nodes that share one pod's request: 1 = a pod per node. */
  readonly nodesPerPod: number;
  readonly daemonSetCpuMilli: number;
  readonly daemonSetMemoryMiB: number;
  readonly daemonSetPods: number;
  /** Pods per VM inside the envelope that Kubernetes is tested with, whatever the network plug-in allows. */
  readonly mostPodsPerVm: number;
}

/** Kubernetes is tested with 110 pods per VM. */
const MOST_PODS_PER_VM = 110;

interface DaemonSetShare {
  readonly name: string;
  readonly cpuMilli: number;
  readonly memoryMiB: number;
}

/**
 * What runs on every VM before the first pod of ours, by requests. AWS: the add-ons' published defaults and our agents. GCP: GKE's
 * own agents, sums assumed a little above what its published manifests ask for, the same on both architectures.
 */
export const daemonSets: Readonly<Record<'aws' | 'gcp', readonly DaemonSetShare[]>> = {
  aws: [
    { name: 'aws-node', cpuMilli: 75, memoryMiB: 128 },
    { name: 'kube-proxy', cpuMilli: 100, memoryMiB: 64 },
    { name: 'pod-identity-agent', cpuMilli: 25, memoryMiB: 64 },
    { name: 'DNS cache', cpuMilli: 25, memoryMiB: 64 },
    { name: 'metrics agent', cpuMilli: 25, memoryMiB: 96 },
    { name: 'fault daemon', cpuMilli: 100, memoryMiB: 96 },
  ],
  gcp: [
    { name: 'anetd', cpuMilli: 150, memoryMiB: 200 },
    { name: 'fluentbit', cpuMilli: 105, memoryMiB: 300 },
    { name: 'metadata server', cpuMilli: 100, memoryMiB: 100 },
    { name: 'metrics agents', cpuMilli: 60, memoryMiB: 128 },
    { name: 'DNS cache', cpuMilli: 25, memoryMiB: 32 },
    { name: 'disk driver and network daemon', cpuMilli: 20, memoryMiB: 64 },
    { name: 'fault daemon', cpuMilli: 100, memoryMiB: 96 },
  ],
};

/** The packing of pods of one size on a provider's VMs. */
export function packingPolicy(
  provider: 'aws' | 'gcp',
  pod: { readonly cpuMilli: number; readonly memoryMiB: number; readonly nodesPerPod: number },
): PackingPolicy {
  const shares = daemonSets[provider];
  return {
    nodeCpuMilli: pod.cpuMilli,
    nodeMemoryMiB: pod.memoryMiB,
    nodesPerPod: pod.nodesPerPod,
    daemonSetCpuMilli: shares.reduce((sum, share) => sum + share.cpuMilli, 0),
    daemonSetMemoryMiB: shares.reduce((sum, share) => sum + share.memoryMiB, 0),
    daemonSetPods: shares.length,
    mostPodsPerVm: MOST_PODS_PER_VM,
  };
}

/** 0.5 CPU / 512 MiB per node on AWS, where DaemonSets together take 350 m. */
export const defaultPacking: PackingPolicy = packingPolicy('aws', {
  cpuMilli: 500,
  memoryMiB: 512,
  nodesPerPod: 1,
});

/** AWS limit of pods per VM without prefix delegation, by size (amazon-vpc-cni eni-max-pods). */
const MOST_PODS_BY_SIZE: Readonly<Record<string, number>> = {
  large: 29,
  xlarge: 58,
  '2xlarge': 58,
  '4xlarge': 234,
  '8xlarge': 234,
  '9xlarge': 234,
  '12xlarge': 234,
  '16xlarge': 737,
  '24xlarge': 737,
  '32xlarge': 737,
};

/** Kubelet's reservation: 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest. */
function reservedCpuMilli(vcpu: number): number {
  const rest = Math.max(0, vcpu - 4);
  return 60 + (vcpu > 1 ? 10 : 0) + 5 * Math.min(2, Math.max(0, vcpu - 2)) + Math.ceil(2.5 * rest);
}

/**
 * Allocatable CPU and memory of an AWS instance type. Source: the published instance-type reference of
 * karpenter-provider-aws, whose figures this reproduces (7.5 % of memory for the hypervisor, 11 MiB per possible pod + 255 MiB
 * for the kubelet, 100 MiB eviction threshold). Null when the size has no known pod limit.
 */
export function awsAllocatable(sku: string, vcpu: number, memoryGiB: number): Allocatable | null {
  const mostPods = MOST_PODS_BY_SIZE[sku.split('.')[1] ?? ''];
  if (mostPods === undefined) return null;
  const visibleMiB = memoryGiB * 1_024 * 0.925;
  return {
    cpuMilli: vcpu * 1_000 - reservedCpuMilli(vcpu),
    memoryMiB: Math.floor(visibleMiB - (11 * mostPods + 255) - 100),
    mostPods,
  };
}

/**
 * Allocatable CPU and memory of a GKE node. Source: GKE's published reservations: 255 MiB below 1 GiB, else 25 % of the first 4 GiB,
 * 20 % of the next 4, 10 % of the next 8, 6 % of the next 112 and 2 % above, 100 MiB eviction threshold; CPU as on every kubelet.
 */
export function gcpAllocatable(vcpu: number, memoryGiB: number): Allocatable {
  const bands = [
    { upToGiB: 4, share: 0.25 },
    { upToGiB: 8, share: 0.2 },
    { upToGiB: 16, share: 0.1 },
    { upToGiB: 128, share: 0.06 },
    { upToGiB: Number.POSITIVE_INFINITY, share: 0.02 },
  ];
  let reservedGiB = 0;
  let from = 0;
  for (const { upToGiB, share } of bands) {
    reservedGiB += share * Math.max(0, Math.min(memoryGiB, upToGiB) - from);
    from = upToGiB;
  }
  const reservedMiB = memoryGiB < 1 ? 255 : reservedGiB * 1_024;
  return {
    cpuMilli: vcpu * 1_000 - reservedCpuMilli(vcpu),
    memoryMiB: Math.floor(memoryGiB * 1_024 - reservedMiB - 100),
    mostPods: MOST_PODS_PER_VM,
  };
}

/** Allocatable of a machine of any provider whose figures are published; null for all others. */
export function allocatableOf(machine: {
  readonly provider: string;
  readonly sku: string;
  readonly vcpu: number;
  readonly memGiB: number;
}): Allocatable | null {
  if (machine.provider === 'aws') return awsAllocatable(machine.sku, machine.vcpu, machine.memGiB);
  return machine.provider === 'gcp' ? gcpAllocatable(machine.vcpu, machine.memGiB) : null;
}

export interface Packing {
  readonly podsPerVm: number;
  readonly nodesPerVm: number;
  /** What ran out first. */
  readonly boundBy: 'cpu' | 'memory' | 'pods';
  readonly arithmetic: string;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Pods that fit on one VM. Throws `node-does-not-fit` when not even one does. */
export function packOneVm(
  sku: string,
  allocatable: Allocatable,
  policy: PackingPolicy = defaultPacking,
): Packing {
  const cpuMilli = allocatable.cpuMilli - policy.daemonSetCpuMilli;
  const memoryMiB = allocatable.memoryMiB - policy.daemonSetMemoryMiB;
  const byCpu = Math.floor(cpuMilli / policy.nodeCpuMilli);
  const byMemory = Math.floor(memoryMiB / policy.nodeMemoryMiB);
  const byPods = Math.min(allocatable.mostPods, policy.mostPodsPerVm) - policy.daemonSetPods;
  const podsPerVm = Math.min(byCpu, byMemory, byPods);
  if (podsPerVm < 1) {
    throw new BudgetError(
      'node-does-not-fit',
      `${sku}: a pod of ${policy.nodeCpuMilli} m CPU and ${policy.nodeMemoryMiB} MiB does not fit ` +
        `(${cpuMilli} m and ${memoryMiB} MiB are left after DaemonSets)`,
    );
  }
  const boundBy = podsPerVm === byCpu ? 'cpu' : podsPerVm === byMemory ? 'memory' : 'pods';
  const arithmetic =
    `${sku}: ${grouped(allocatable.cpuMilli)} m allocatable - ${policy.daemonSetCpuMilli} m DaemonSets = ` +
    `${grouped(cpuMilli)} m; / ${policy.nodeCpuMilli} m = ${byCpu} pods by CPU, ` +
    `${byMemory} by memory (${grouped(memoryMiB)} MiB / ${policy.nodeMemoryMiB}), ${byPods} by pod limit: ${podsPerVm} pods` +
    (policy.nodesPerPod === 1
      ? ''
      : ` x ${policy.nodesPerPod} nodes = ${podsPerVm * policy.nodesPerPod} nodes`);
  return { podsPerVm, nodesPerVm: podsPerVm * policy.nodesPerPod, boundBy, arithmetic };
}

export function vmsFor(
  nodes: number,
  packing: Packing,
): { readonly vms: number; readonly arithmetic: string } {
  const vms = Math.ceil(nodes / packing.nodesPerVm);
  return { vms, arithmetic: `${grouped(nodes)} nodes / ${packing.nodesPerVm} per VM = ${grouped(vms)} VMs` };
}

export type PackingCheck =
  | { readonly fits: true; readonly spareCpuMilli: number }
  | { readonly fits: false; readonly why: string; readonly mostPods: number };

/** Would a hand-written packing schedule? "20 pods x 0.5 CPU" on eight vCPUs does not. */
export function checkPacking(
  sku: string,
  allocatable: Allocatable,
  podsPerVm: number,
  policy: PackingPolicy = defaultPacking,
): PackingCheck {
  const most = packOneVm(sku, allocatable, policy);
  const asked = podsPerVm * policy.nodeCpuMilli;
  if (podsPerVm <= most.podsPerVm) {
    return { fits: true, spareCpuMilli: allocatable.cpuMilli - policy.daemonSetCpuMilli - asked };
  }
  const why =
    `${podsPerVm} pods x ${policy.nodeCpuMilli / 1_000} CPU = ${asked / 1_000} CPU, but ${sku} has ` +
    `${allocatable.cpuMilli / 1_000} CPU allocatable and DaemonSets take ${policy.daemonSetCpuMilli / 1_000}: ` +
    `at most ${most.podsPerVm} pods schedule (bound by ${most.boundBy})`;
  return { fits: false, why, mostPods: most.podsPerVm };
}
