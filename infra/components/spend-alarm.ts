/**
 * Alarms that need no code of ours: more vCPUs in the account than planned.
 * Owns: them. Does not own: who is told (the topic of the guard project), budgets (guard project, once per account).
 */
import { MetricAlarm } from '@pulumi/aws/cloudwatch/metricAlarm.js';
import * as pulumi from '@pulumi/pulumi';

export interface SpendAlarmArgs {
  readonly prefix: string;
  readonly account: string;
  readonly region: string;
  readonly spotVcpu: number;
  readonly onDemandVcpu: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Topic of the guard project; its name is fixed so that nothing has to be looked up. */
export const GUARD_TOPIC = 'bft-scale-guard';

/** Five per cent, for VMs that are replaced while their predecessor still counts. */
const TOLERANCE = 1.05;

export class SpendAlarm extends pulumi.ComponentResource {
  constructor(name: string, args: SpendAlarmArgs, opts: pulumi.ComponentResourceOptions) {
    super('bft:guard:SpendAlarm', name, {}, opts);
    const topic = `arn:aws:sns:${args.region}:${args.account}:${GUARD_TOPIC}`;
    const alarm = (own: 'Spot' | 'OnDemand', planned: number) =>
      new MetricAlarm(
        `${name}-${own.toLowerCase()}`,
        {
          name: `${args.prefix}-vcpu-${own.toLowerCase()}`,
          alarmDescription: `More ${own} vCPUs than the ${planned} that were planned`,
          namespace: 'AWS/Usage',
          metricName: 'ResourceCount',
          dimensions: { Service: 'EC2', Type: 'Resource', Resource: 'vCPU', Class: `Standard/${own}` },
          statistic: 'Maximum',
          period: 60,
          evaluationPeriods: 3,
          comparisonOperator: 'GreaterThanThreshold',
          threshold: Math.ceil(planned * TOLERANCE),
          treatMissingData: 'notBreaching',
          alarmActions: [topic],
          tags: args.tags,
        },
        { parent: this },
      );
    alarm('Spot', args.spotVcpu);
    alarm('OnDemand', args.onDemandVcpu);
    this.registerOutputs({});
  }
}
