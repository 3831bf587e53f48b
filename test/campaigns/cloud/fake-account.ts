/**
 * A cloud account in memory: what is asked to go is gone at once, and every call is on record.
 * Owns: its resources and its refusals. Does not own: whose they are.
 */
import type { AccountInventory, CloudAccount } from '#campaigns/cloud/cloud-account.ts';
import type { CloudResource } from '#campaigns/cloud/cloud-resource.ts';

export const CLOUD_NOW_MS = Date.UTC(2026, 10, 28, 12);

export function resource(own: Partial<CloudResource> & Pick<CloudResource, 'id'>): CloudResource {
  return {
    class: 'instance',
    name: own.id,
    region: 'us-west-2',
    tags: {},
    state: 'running',
    launchedMs: CLOUD_NOW_MS - 600_000,
    sku: 'c6i.2xlarge',
    spot: true,
    units: 1,
    ...own,
  };
}

export class FakeAccount implements CloudAccount {
  readonly provider = 'aws';
  readonly region = 'us-west-2';
  nowMs = CLOUD_NOW_MS;
  resources: CloudResource[];
  readonly calls: string[] = [];
  /** Error of the next inventories; null = they answer. */
  broken: string | null = null;
  refuses: (resource: CloudResource) => string | null = () => null;

  constructor(resources: readonly CloudResource[]) {
    this.resources = [...resources];
  }
  async inventory(): Promise<AccountInventory> {
    if (this.broken !== null) throw new Error(this.broken);
    return { stampMs: this.nowMs, resources: [...this.resources] };
  }
  async stopGroups(groups: readonly CloudResource[]): Promise<void> {
    if (groups.length > 0) this.calls.push(`stop ${groups.map(({ id }) => id).join(' ')}`);
  }
  async remove(resources: readonly CloudResource[]): Promise<ReadonlyMap<string, string>> {
    const refused = new Map<string, string>();
    for (const one of resources) {
      const why = this.refuses(one);
      if (why !== null) refused.set(one.id, why);
    }
    const gone = new Set(resources.filter(({ id }) => !refused.has(id)).map(({ id }) => id));
    this.calls.push(`remove ${resources[0]?.class ?? ''} ${resources.length}`);
    this.resources = this.resources.filter(({ id }) => !gone.has(id));
    return refused;
  }
  async spotPrices(): Promise<ReadonlyMap<string, string>> {
    return new Map();
  }
}
