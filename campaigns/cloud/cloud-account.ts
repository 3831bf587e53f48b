/**
 * What the guard, the inventory and the reaper need of a cloud account, whichever provider it is.
 * Owns: the contract. Does not own: any provider (aws-account.ts), whose resources they are (cloud-resource.ts).
 */
import type { CloudResource } from '#campaigns/cloud/cloud-resource.ts';

export interface AccountInventory {
  /** The time the provider put on its answer. */
  readonly stampMs: number;
  /** Of the region, everybody's. */
  readonly resources: readonly CloudResource[];
}

export interface CloudAccount {
  readonly provider: 'aws';
  readonly region: string;
  /** Rejects when any class cannot be listed: half an inventory is none. */
  inventory(signal?: AbortSignal): Promise<AccountInventory>;
  /** So that nothing is launched again: groups to zero. Idempotent. */
  stopGroups(groups: readonly CloudResource[]): Promise<void>;
  /** Asks all of one class to go. Returns what the provider refused, by id. Idempotent. */
  remove(resources: readonly CloudResource[]): Promise<ReadonlyMap<string, string>>;
  /** Spot price now per machine type, dollars as decimal text, dearest zone. */
  spotPrices(skus: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
}
