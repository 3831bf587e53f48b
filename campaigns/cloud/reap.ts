/**
 * The sweep: what of an account may be deleted, and deleting it in order. Looks again right before it acts.
 * Owns: the plan, the order, what was refused. Does not own: the proof (cloud-resource.ts), the calls (aws-account.ts).
 */
import type { CloudAccount } from '#campaigns/cloud/cloud-account.ts';
import {
  belongsTo,
  type CloudResource,
  isOfThisProduct,
  type OwnershipKey,
  type ReapVerdict,
  reapVerdict,
  resourceClasses,
} from '#campaigns/cloud/cloud-resource.ts';

export interface Swept {
  readonly resource: CloudResource;
  readonly verdict: ReapVerdict;
}

/** Everything of the account that carries this product's tag, with the verdict; the rest is only counted. */
export interface SweepPlan {
  readonly atMs: number;
  readonly ours: readonly Swept[];
  readonly others: number;
}

const rank = ({ class: of }: CloudResource): number => resourceClasses.indexOf(of);

export function sweepPlan(resources: readonly CloudResource[], key: OwnershipKey, nowMs: number): SweepPlan {
  const ours = resources
    .filter(isOfThisProduct)
    .map((resource) => ({ resource, verdict: reapVerdict(resource, key, nowMs) }))
    .sort((a, b) => rank(a.resource) - rank(b.resource) || (a.resource.id < b.resource.id ? -1 : 1));
  return { atMs: nowMs, ours, others: resources.length - ours.length };
}

export interface SweepResult {
  readonly asked: readonly CloudResource[];
  /** By id: the provider's words. */
  readonly refused: ReadonlyMap<string, string>;
}

/** Asks all of `resources` to go, groups first to zero so that nothing comes back. */
export async function removeInOrder(
  account: CloudAccount,
  resources: readonly CloudResource[],
): Promise<SweepResult> {
  const ordered = [...resources].sort((a, b) => rank(a) - rank(b));
  const refused = new Map<string, string>();
  const groups = ordered.filter((one) => one.class === 'autoscaling-group');
  try {
    await account.stopGroups(groups);
  } catch (error) {
    for (const one of groups) refused.set(one.id, String(error));
  }
  for (const of of resourceClasses) {
    const mine = ordered.filter((one) => one.class === of);
    if (mine.length === 0) continue;
    for (const [id, why] of await account.remove(mine)) refused.set(id, why);
  }
  return { asked: ordered, refused };
}

/** Sweeps what has expired. The inventory is read here, not handed in: what was seen earlier may be somebody else's by now. */
export async function reap(account: CloudAccount, key: OwnershipKey): Promise<SweepPlan & SweepResult> {
  const { stampMs, resources } = await account.inventory();
  const plan = sweepPlan(resources, key, stampMs);
  const expired = plan.ours.filter(({ verdict }) => verdict.reap).map(({ resource }) => resource);
  return { ...plan, ...(await removeInOrder(account, expired)) };
}

/** Tears a campaign's own resources down, expired or not: the guard's and the operator's way, never a sweep's. */
export async function tearDown(
  account: CloudAccount,
  key: OwnershipKey,
): Promise<SweepResult & { readonly left: number }> {
  const { resources } = await account.inventory();
  const mine = resources.filter((one) => belongsTo(one, key));
  return { ...(await removeInOrder(account, mine)), left: mine.length };
}
