/**
 * When everything is taken down, and the instants that follow from it.
 * Owns: the choice between a written deadline and one counted from the first `up`, and what is too early or too late.
 * Does not own: keeping it (the dead-man's schedule holds it in the state and never lets go).
 */
import { configError, type StackConfig } from '#infra/config.ts';

/** When everything is taken down: as written, or counted from the first `up` and kept in the state from then on. */
export type DeadlinePlan =
  | { readonly kind: 'written'; readonly at: string; readonly minutes: number }
  | { readonly kind: 'from-first-up'; readonly at: string; readonly minutes: number };

/** Creating a cluster takes a quarter of an hour; a deadline before it is up measures nothing. */
export const SHORTEST_MINUTES = 30;
/** VMs that outlive the deadline because both the schedule and the group failed stop themselves after so long. */
export const VM_GRACE_MINUTES = 30;
/** The unattended teardown starts so long after the deadline: the groups are empty by then. */
export const TEARDOWN_AFTER_MINUTES = 30;
/** Until a teardown is through, with one retry. */
export const TEARDOWN_TAKES_MINUTES = 60;

/** ISO in whole seconds. */
export function instantAfter(instant: string, minutes: number): string {
  return `${new Date(Date.parse(instant) + minutes * 60_000).toISOString().slice(0, 19)}Z`;
}

/** `now`: of this `up`. Throws ConfigError for a written deadline that is over, too soon or too far away. */
export function planDeadline(stack: string, config: StackConfig, now: string): DeadlinePlan {
  if (config.deadline === undefined) {
    return { kind: 'from-first-up', at: instantAfter(now, config.ttlMinutes), minutes: config.ttlMinutes };
  }
  const minutes = Math.ceil((Date.parse(config.deadline) - Date.parse(now)) / 60_000);
  const remedy = `pulumi config set --stack ${stack} deadline ${instantAfter(now, config.ttlMinutes)}`;
  if (minutes <= 0) throw configError(stack, 'deadline', `${config.deadline} is in the past`, remedy);
  if (minutes < SHORTEST_MINUTES) {
    throw configError(
      stack,
      'deadline',
      `is in ${minutes} minutes; creating a cluster takes half of that`,
      remedy,
    );
  }
  if (minutes > config.ttlMinutes) {
    const longer = `is ${minutes} minutes away, and a stack lives for ${config.ttlMinutes} at most`;
    throw configError(stack, 'deadline', longer, `raise ttlMinutes, or: ${remedy}`);
  }
  return { kind: 'written', at: config.deadline, minutes };
}
