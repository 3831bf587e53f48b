/**
 * What one guard holds a campaign to: its limits, its reserves of time, its ceiling of machines.
 * Owns: the record and the rules that make it usable. Does not own: the decision (decide.ts).
 */
import { BudgetError } from '#budgets/budget-error.ts';
import { parseUsd, type UsdMicros } from '#budgets/money.ts';

export interface GuardPolicy {
  /** The run may cost this much from the first resource to the last. */
  readonly runCap: UsdMicros;
  /** What is left of the campaign's limit; the lower of the two stops. */
  readonly campaignLeft: UsdMicros;
  /** Absolute alarms; percentages of the cap ring beside them. */
  readonly alerts: readonly UsdMicros[];
  /** Between two polls. */
  readonly pollMs: number;
  /** For the running work to finish once new work was stopped. */
  readonly drainMs: number;
  /** From the order to tear down until the last resource was asked to go. */
  readonly teardownMs: number;
  /** When the campaign has to be gone, by the clock of the cloud. */
  readonly deadlineMs: number;
  /** More machines than the plan can need: something launches by itself. */
  readonly maxInstances: number;
  /** Polls in a row without inventory or prices after which the guard stops what it cannot see. */
  readonly blindPolls: number;
  /** Silence of the run after which nothing is measured any more; null = the run has no heartbeat. */
  readonly silenceMs: number | null;
}

export const alertPercents: readonly number[] = [50, 80, 100];

/** 15 s polls, 2 of them blind, a minute to finish, half a minute to tear down, ten minutes of silence. */
export const guardDefaults = {
  runCap: parseUsd('1,000'),
  campaignLeft: parseUsd('10,000'),
  alerts: [parseUsd('500'), parseUsd('1,000'), parseUsd('5,000')],
  pollMs: 15_000,
  drainMs: 60_000,
  teardownMs: 30_000,
  blindPolls: 2,
  silenceMs: 600_000,
} as const;

/** The lower of the two limits: reaching it is what must not happen. */
export function capOf(policy: GuardPolicy): UsdMicros {
  return policy.runCap < policy.campaignLeft ? policy.runCap : policy.campaignLeft;
}

/** Throws `bad-guard-policy`: a guard with a nonsensical limit would be no guard. */
export function checkPolicy(policy: GuardPolicy): GuardPolicy {
  const wrong = (what: string): never => {
    throw new BudgetError('bad-guard-policy', what);
  };
  for (const name of ['pollMs', 'drainMs', 'teardownMs', 'deadlineMs', 'maxInstances', 'blindPolls'] as const)
    if (!Number.isSafeInteger(policy[name]) || policy[name] < 0)
      wrong(`${name} must be a whole number, not ${policy[name]}`);
  if (policy.pollMs < 2_000 || policy.pollMs > 60_000)
    wrong(`the guard polls every 2 to 60 s, not every ${policy.pollMs} ms`);
  if (policy.blindPolls < 1 || policy.blindPolls > 2)
    wrong('the guard stops after one or two blind polls, not later');
  if (policy.maxInstances < 1) wrong('at least one machine must be allowed');
  if (policy.runCap <= 0) wrong('the cap of the run must be above zero');
  return policy;
}
