/**
 * What of a deployment is still there, wherever it is: objects of a cluster by label, resources of a cloud by tag.
 * Owns: both inventories, removing what the engine left. Does not own: the engine (stack-session.ts), the account (campaigns/cloud).
 *
 * The state of the engine proves nothing: what it began and lost when it was killed is not in it.
 */
import { CoreV1Api, type KubeConfig, SchedulingV1Api } from '@kubernetes/client-node';
import type { CloudAccount } from '#campaigns/cloud/cloud-account.ts';
import { belongsTo, isBilled, type OwnershipKey } from '#campaigns/cloud/cloud-resource.ts';
import { tearDown } from '#campaigns/cloud/reap.ts';

/** Of an entry of the inventory: it is named, and known by which key. */
export type Left = string;

const goneWithinMs = 300_000;
const lookMs = 1_000;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, lookMs));

/** Both labels with exact values; names prove nothing. */
function selectorOf(campaign: string, run: string): string {
  return `app.kubernetes.io/part-of=bft-scale,bft/campaign=${campaign},bft/run=${run}`;
}

export async function clusterInventory(config: KubeConfig, campaign: string, run: string): Promise<Left[]> {
  const labelSelector = selectorOf(campaign, run);
  const namespaces = await config.makeApiClient(CoreV1Api).listNamespace({ labelSelector });
  const priorities = await config.makeApiClient(SchedulingV1Api).listPriorityClass({ labelSelector });
  return [
    ...namespaces.items.map(({ metadata }) => `namespace ${metadata?.name ?? ''}`),
    ...priorities.items.map(({ metadata }) => `priority class ${metadata?.name ?? ''}`),
  ];
}

/** Removes what carries the labels of this run, and waits until it is gone or five minutes are over. */
export async function sweepCluster(config: KubeConfig, campaign: string, run: string): Promise<void> {
  const core = config.makeApiClient(CoreV1Api);
  const scheduling = config.makeApiClient(SchedulingV1Api);
  const labelSelector = selectorOf(campaign, run);
  const since = performance.now();
  for (;;) {
    const namespaces = await core.listNamespace({ labelSelector });
    const priorities = await scheduling.listPriorityClass({ labelSelector });
    if (namespaces.items.length + priorities.items.length === 0) return;
    for (const { metadata } of namespaces.items)
      if (metadata?.deletionTimestamp === undefined)
        await core.deleteNamespace({ name: metadata?.name ?? '' });
    for (const { metadata } of priorities.items)
      await scheduling.deletePriorityClass({ name: metadata?.name ?? '' });
    if (performance.now() - since > goneWithinMs) return;
    await pause();
  }
}

export async function cloudInventory(account: CloudAccount, key: OwnershipKey): Promise<Left[]> {
  const { resources } = await account.inventory();
  return resources
    .filter((one) => belongsTo(one, key) && isBilled(one))
    .map((one) => `${one.class} ${one.id} (${one.state})`);
}

/** Asks what carries both tags to go, and waits until it is gone or five minutes are over. */
export async function sweepCloud(account: CloudAccount, key: OwnershipKey): Promise<void> {
  const since = performance.now();
  while ((await cloudInventory(account, key)).length > 0) {
    await tearDown(account, key);
    if (performance.now() - since > goneWithinMs) return;
    for (let wait = 0; wait < 10; wait += 1) await pause();
  }
}
