/**
 * What an account must be allowed to have before a stack is created.
 * Owns: the needs of a stack in the units of the provider's quotas, and the comparison. Does not own: asking the provider.
 */

export interface QuotaNeed {
  /** Service and code of AWS Service Quotas; the metric on GCP. */
  readonly service: string;
  readonly code: string;
  readonly what: string;
  readonly needed: number;
}

export interface QuotaValue {
  readonly code: string;
  /** Null: the provider did not say. */
  readonly value: number | null;
}

export function awsQuotas(plan: {
  readonly spotVcpu: number;
  readonly onDemandVcpu: number;
  readonly diskGiB: number;
  readonly vms: number;
}): readonly QuotaNeed[] {
  return [
    { service: 'ec2', code: 'L-34B43A08', what: 'vCPUs of standard spot VMs', needed: plan.spotVcpu },
    {
      service: 'ec2',
      code: 'L-1216C47A',
      what: 'vCPUs of standard on-demand VMs',
      needed: plan.onDemandVcpu,
    },
    {
      service: 'ebs',
      code: 'L-7A658B76',
      what: 'TiB of gp3 volumes',
      needed: Math.ceil(plan.diskGiB / 1_024),
    },
    { service: 'vpc', code: 'L-DF5E4CA3', what: 'network interfaces', needed: plan.vms + 50 },
  ];
}

/** One sentence per quota that is too small or unknown; empty = enough. An unknown quota is not taken for enough. */
export function shortfalls(needs: readonly QuotaNeed[], values: readonly QuotaValue[]): readonly string[] {
  return needs.flatMap((need) => {
    const value = values.find((one) => one.code === need.code)?.value ?? null;
    if (value === null)
      return [`${need.what} (${need.code}): needs ${need.needed}, and the quota could not be read`];
    return value >= need.needed ? [] : [`${need.what} (${need.code}): needs ${need.needed}, has ${value}`];
  });
}
