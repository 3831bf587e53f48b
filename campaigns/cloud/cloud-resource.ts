/**
 * A resource of a cloud account as the product sees it, and whether it is provably one of a campaign's.
 * Owns: the record, the proof. Does not own: the keys of tags (budgets/tag-keys.ts), listing or deleting (aws-account.ts), order of
 * deletion (reap.ts).
 *
 * The proof is two tags with exact values, campaign and stack. Names, networks and times prove nothing: other people's resources
 * have them too.
 */
import { tagKeys } from '#budgets/tag-keys.ts';

export const resourceClasses = [
  'autoscaling-group',
  'instance',
  'node-group',
  'cluster',
  'nat-gateway',
  'endpoint',
  'address',
  'volume',
  'snapshot',
  'launch-template',
] as const;
/** In the order in which they are asked to go: what launches, what runs, what was attached to it. */
export type ResourceClass = (typeof resourceClasses)[number];

export interface CloudResource {
  readonly class: ResourceClass;
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The provider's word, e.g. "running". */
  readonly state: string;
  /** Milliseconds since 1970; null where the provider does not say. */
  readonly launchedMs: number | null;
  /** Machine type, disk type; empty where there is none. */
  readonly sku: string;
  readonly spot: boolean;
  /** GiB of a disk; 1 otherwise. */
  readonly units: number;
}

/** Both are needed: a campaign's name alone could be anybody's. */
export interface OwnershipKey {
  readonly campaign: string;
  readonly stack: string;
}

function tagOf(resource: CloudResource, key: string): string | undefined {
  return Object.hasOwn(resource.tags, key) ? resource.tags[key] : undefined;
}

export function belongsTo(resource: CloudResource, key: OwnershipKey): boolean {
  return (
    key.campaign !== '' &&
    key.stack !== '' &&
    tagOf(resource, tagKeys.campaign) === key.campaign &&
    tagOf(resource, tagKeys.stack) === key.stack
  );
}

/** Somebody's resource that this product made, whatever campaign it belongs to. */
export function isOfThisProduct(resource: CloudResource): boolean {
  return tagOf(resource, tagKeys.campaign) !== undefined;
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/;

/** Milliseconds since 1970 of the deadline tag; null when there is none that can be read. */
export function deadlineOf(resource: CloudResource): number | null {
  const text = tagOf(resource, tagKeys.deadline);
  if (text === undefined || !ISO.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

export type ReapVerdict = { readonly reap: true } | { readonly reap: false; readonly why: string };

/** Whether a sweep at `nowMs` may delete it: only what is provably this campaign's and provably expired. */
export function reapVerdict(resource: CloudResource, key: OwnershipKey, nowMs: number): ReapVerdict {
  const keep = (why: string): ReapVerdict => ({ reap: false, why });
  const campaign = tagOf(resource, tagKeys.campaign);
  if (campaign === undefined) return keep('not tagged by this product');
  if (campaign !== key.campaign) return keep(`of campaign ${campaign}`);
  if (!belongsTo(resource, key))
    return keep(`of stack ${tagOf(resource, tagKeys.stack) ?? '(none)'}, not ${key.stack}`);
  const deadline = deadlineOf(resource);
  if (deadline === null) return keep('no readable deadline: it is not proven to be expired');
  if (deadline > nowMs) return keep(`not expired before ${new Date(deadline).toISOString()}`);
  return { reap: true };
}

/** What billing still runs for. A terminated machine is history. */
export function isBilled(resource: CloudResource): boolean {
  if (resource.class === 'instance')
    return ['pending', 'running', 'stopping', 'shutting-down'].includes(resource.state);
  return !['deleted', 'deleting', 'DELETING'].includes(resource.state);
}
