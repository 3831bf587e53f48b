/**
 * The deadline as the state holds it, on any cloud: it is only handed on while it lies ahead.
 * Owns: that refusal and its remedy. Does not own: which resource keeps the deadline (dead-man.ts, gcp-dead-man.ts).
 */
import * as pulumi from '@pulumi/pulumi';
import { type DeadlinePlan, instantAfter } from '#infra/plan/deadline.ts';

export function whileAhead(
  kept: pulumi.Output<string>,
  args: { readonly stack: string; readonly now: string; readonly deadline: DeadlinePlan },
): pulumi.Output<string> {
  const { stack, now, deadline } = args;
  return kept.apply((at) => {
    if (Date.parse(at) > Date.parse(now)) return at;
    throw new pulumi.RunError(
      `${stack}: its deadline ${at} has passed; destroy it, or move it on purpose: ` +
        `pulumi config set --stack ${stack} deadline ${instantAfter(now, deadline.minutes)}`,
    );
  });
}
