/**
 * Addresses of a network: small subnets for the control plane, one large fresh subnet per zone for VMs and pods.
 * Owns: the ranges and the check that they hold the pods. Does not own: the resources that use them.
 */
import { configError } from '#infra/config.ts';

export interface AddressPlan {
  readonly vpc: string;
  /** Three zones, because a cluster's control plane wants several. */
  readonly control: readonly [string, string, string];
  /** Ranges added to the VPC, from the space that is shared between carriers and free inside one's own network. */
  readonly extra: readonly string[];
  /** One per zone of the measured pool; nodes and their pods live in it. */
  readonly measured: readonly string[];
  /** Addresses needed in the fullest measured subnet, and how many it has. */
  readonly needed: number;
  readonly available: number;
}

/** Addresses are handed to VMs in blocks of 16. */
const BLOCK = 16;
/** AWS keeps five addresses of every subnet. */
const KEPT_BY_AWS = 5;
/** Blocks must be contiguous; a subnet fuller than this fails to give any although addresses are free. */
const FULLEST_SHARE = 0.75;
/** A /16 when all VMs are in one zone, else a /17 per zone. */
const measuredAddresses = (zones: number): number => (zones === 1 ? 65_536 : 32_768);

/** Throws ConfigError when the pods of one zone do not fit into a subnet. */
export function planAddresses(
  stack: string,
  pool: { readonly vms: number; readonly podsPerVm: number; readonly zones: number },
): AddressPlan {
  const vmsPerZone = Math.ceil(pool.vms / pool.zones);
  // One block is kept warm, and pods of DaemonSets without the host's network need an address too.
  const blocks = Math.ceil((pool.podsPerVm + 2) / BLOCK) + 1;
  const needed = vmsPerZone * (blocks * BLOCK + 1) + KEPT_BY_AWS;
  const available = Math.floor(measuredAddresses(pool.zones) * FULLEST_SHARE);
  if (needed > available) {
    throw configError(
      stack,
      'pool',
      `${vmsPerZone} VMs with ${blocks} blocks of ${BLOCK} addresses need ${needed} addresses, a subnet gives ${available}`,
      'choose a larger pool.size: fewer VMs with more pods waste fewer addresses',
    );
  }
  const extra = pool.zones === 3 ? ['100.64.0.0/16', '100.65.0.0/16'] : ['100.64.0.0/16'];
  return {
    vpc: '10.0.0.0/16',
    control: ['10.0.0.0/20', '10.0.16.0/20', '10.0.32.0/20'],
    extra,
    measured:
      pool.zones === 1
        ? ['100.64.0.0/16']
        : ['100.64.0.0/17', '100.64.128.0/17', '100.65.0.0/17'].slice(0, pool.zones),
    needed,
    available,
  };
}
