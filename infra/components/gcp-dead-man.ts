/**
 * The switch that empties every node pool on GCP at the deadline, and deletes the cluster half an hour later.
 * Owns: the account it acts with and one job per pool by fixed name; the first job holds the deadline, which the first `up` writes
 * into the state and no later one moves. Does not own: the pools, which depend on it, and the lifetime of a single VM (gcp-cluster.ts).
 */
import { Job } from '@pulumi/gcp/cloudscheduler/job.js';
import { IAMCustomRole } from '@pulumi/gcp/projects/iamcustomRole.js';
import { IAMMember } from '@pulumi/gcp/projects/iammember.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import * as pulumi from '@pulumi/pulumi';
import { whileAhead } from '#infra/components/kept-deadline.ts';
import { type DeadlinePlan, instantAfter, TEARDOWN_AFTER_MINUTES } from '#infra/plan/deadline.ts';

export interface GcpDeadManArgs {
  readonly prefix: string;
  readonly project: string;
  readonly region: string;
  readonly stack: string;
  readonly deadline: DeadlinePlan;
  /** ISO, of this `up`. */
  readonly now: string;
  /** Node pools of the cluster, which is called like the prefix. */
  readonly pools: readonly string[];
}

/** Minute, hour, day and month of an instant, rounded up to the minute: a job that runs once a year, which is once. */
export function cronAt(instant: string): string {
  const at = new Date(Math.ceil(Date.parse(instant) / 60_000) * 60_000);
  return `${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} *`;
}

const described = (instant: string): string => `deadline ${instant}`;

/** Throws when a job does not say what it was made for. */
export function deadlineIn(description: string): string {
  const match = /^deadline (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(description);
  if (match?.[1] === undefined)
    throw new Error(`no deadline in the description ${JSON.stringify(description)}`);
  return match[1];
}

export class GcpDeadMan extends pulumi.ComponentResource {
  /** As the state holds it. Resolves only while it lies ahead. */
  readonly deadline: pulumi.Output<string>;

  constructor(name: string, args: GcpDeadManArgs, opts: pulumi.ComponentResourceOptions) {
    super('bft:guard:GcpDeadMan', name, {}, opts);
    const { prefix, project, region, deadline } = args;
    const { identity, grant } = this.#actor(name, args);
    const cluster = `https://container.googleapis.com/v1/projects/${project}/locations/${region}/clusters/${prefix}`;
    const job = (own: string, at: pulumi.Input<string>, uri: string, body: object | null, keeps: boolean) =>
      new Job(
        `${name}-${own}`,
        {
          name: `${prefix}-${own}`,
          region,
          description: pulumi.output(at).apply(described),
          schedule: pulumi.output(at).apply(cronAt),
          timeZone: 'Etc/UTC',
          httpTarget: {
            uri,
            httpMethod: body === null ? 'DELETE' : 'POST',
            ...(body === null ? {} : { body: Buffer.from(JSON.stringify(body)).toString('base64') }),
            oauthToken: { serviceAccountEmail: identity.email },
          },
          retryConfig: { retryCount: 5, minBackoffDuration: '60s', maxRetryDuration: '3600s' },
        },
        {
          parent: this,
          dependsOn: [grant],
          ...(keeps ? { ignoreChanges: ['description', 'schedule'] } : {}),
        },
      );
    const [first, ...others] = args.pools;
    if (first === undefined) throw new Error('a dead-man needs a pool to empty');
    const empty = (pool: string, at: pulumi.Input<string>, keeps: boolean) =>
      job(pool, at, `${cluster}/nodePools/${pool}:setSize`, { nodeCount: 0 }, keeps);
    const anchor = empty(first, deadline.at, deadline.kind === 'from-first-up');
    const kept = anchor.description.apply((text) => deadlineIn(text ?? described(deadline.at)));
    for (const pool of others) empty(pool, kept, false);
    const later = kept.apply((at) => instantAfter(at, TEARDOWN_AFTER_MINUTES));
    job('delete', later, cluster, null, false);
    this.deadline = whileAhead(kept, args);
    this.registerOutputs({ deadline: this.deadline });
  }

  /** May set sizes and delete clusters, and nothing else. */
  #actor(name: string, args: GcpDeadManArgs) {
    const { prefix, project } = args;
    const parent = { parent: this };
    const identity = new Account(
      `${name}-account`,
      {
        accountId: `${prefix}-dead-man`.slice(0, 30),
        displayName: 'Empties and deletes the cluster at its deadline',
      },
      parent,
    );
    const role = new IAMCustomRole(
      `${name}-role`,
      {
        roleId: `${prefix}_dead_man`.replaceAll('-', '_'),
        title: `Dead-man of ${prefix}`,
        permissions: ['container.clusters.update', 'container.clusters.get', 'container.clusters.delete'],
      },
      parent,
    );
    const grant = new IAMMember(
      `${name}-grant`,
      { project, role: role.name, member: pulumi.interpolate`serviceAccount:${identity.email}` },
      parent,
    );
    return { identity, grant };
  }
}
