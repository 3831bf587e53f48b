/**
 * One simulated day under guard: random pools, price jumps, runaway launches, outages, drawn from a seed; ends with the day or with
 * the last resource asked to go.
 * Owns: the course of the day and what is measured about it. Does not own: the expectation (the tests).
 */
import { type Decision, decide, type GuardState, newGuard } from '#budgets/guard/decide.ts';
import { type GuardPolicy, guardDefaults } from '#budgets/guard/policy.ts';
import { usdMicros } from '#budgets/money.ts';
import { CloudDay, DAY_START_MS } from '#test/budgets/guard/cloud-day.ts';

/** mulberry32: small, seeded, good enough for choosing days. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface DayResult {
  readonly reason: GuardState['stopped'];
  /** Dollars spent when the last resource was asked to go, less the cap; negative: below it. */
  readonly overshoot: number;
  /** Dollars that one minute cost at the dearest rate of the last minute. */
  readonly minuteAtBurn: number;
  /** Meter over bill: below one would be an understatement. */
  readonly meterOverBill: number;
  /** Polls from the first cause (outage, runaway) to the order to stop; null when neither happened. */
  readonly pollsToStop: number | null;
  readonly polls: number;
}

type Trouble = 'none' | 'price-jump' | 'runaway' | 'outage' | 'frozen' | 'no-prices';
const troubles: readonly Trouble[] = ['none', 'price-jump', 'runaway', 'outage', 'frozen', 'no-prices'];

const POLL_S = 15;

interface Day {
  readonly cloud: CloudDay;
  readonly policy: GuardPolicy;
  readonly trouble: Trouble;
  /** Poll at which the trouble begins. */
  readonly at: number;
  readonly chance: () => number;
}

export function drawDay(seed: number): Day {
  const chance = random(seed);
  const pools = Array.from({ length: 1 + Math.floor(chance() * 4) }, (_, i) => ({
    name: `pool-${i}`,
    count: 1 + Math.floor(chance() * 200),
    dollarsPerHour: 0.02 + chance() * 0.4,
  }));
  const cloud = new CloudDay(pools);
  const machines = pools.reduce((sum, pool) => sum + pool.count, 0);
  const hours = 0.05 + chance() * 10;
  const cap = Math.max(1, cloud.burn * hours);
  const policy: GuardPolicy = {
    ...guardDefaults,
    runCap: usdMicros(Math.round(cap * 1e6)),
    campaignLeft: usdMicros(Math.round(cap * (0.8 + chance()) * 1e6)),
    deadlineMs: DAY_START_MS + 86_400_000,
    maxInstances: Math.ceil(machines * 1.05) + 1,
    silenceMs: null,
  };
  const trouble = troubles[Math.floor(chance() * troubles.length)] ?? 'none';
  return { cloud, policy, trouble, at: 1 + Math.floor(chance() * ((hours * 3600) / POLL_S)), chance };
}

/** What happens in the cloud between two polls. */
function disturb({ cloud, trouble, at, chance }: Day, poll: number): void {
  const pool = cloud.pools[Math.floor(chance() * cloud.pools.length)];
  if (pool === undefined) return;
  // Spot quotes drift, machines are interrupted and replaced.
  if (chance() < 0.01) pool.dollarsPerHour *= 0.9 + chance() * 0.2;
  if (chance() < 0.005 && pool.count > 1) pool.count -= 1;
  if (trouble === 'price-jump' && poll === at) pool.dollarsPerHour *= 2 + chance() * 8;
  if (trouble === 'runaway' && poll >= at) pool.count += 1 + Math.floor(chance() * 50);
}

const faultsOf = ({ trouble, at }: Day, poll: number): Parameters<CloudDay['observe']>[0] => {
  if (poll < at) return {};
  if (trouble === 'outage') return { inventory: 'missing' };
  if (trouble === 'frozen') return { inventory: 'frozen' };
  if (trouble === 'no-prices') return { prices: 'missing' };
  return {};
};

/** Asks everything to go: up to 20 s of calls, in which the machines still bill. */
function tearDown({ cloud, chance }: Day): void {
  const seconds = 1 + Math.floor(chance() * 20);
  cloud.pass(seconds);
}

export function liveDay(seed: number): DayResult {
  const day = drawDay(seed);
  const { cloud, policy } = day;
  const cap = Math.min(policy.runCap, policy.campaignLeft) / 1e6;
  let state = newGuard(5_000);
  let decision: Decision | null = null;
  let polls = 0;
  const last = 86_400 / POLL_S;
  for (; polls < last; polls += 1) {
    if (polls > 0) {
      // The disturbance falls somewhere into the interval.
      const first = Math.floor(day.chance() * POLL_S);
      cloud.pass(first);
      disturb(day, polls);
      cloud.pass(POLL_S - first);
    }
    ({ state, decision } = decide(policy, state, cloud.observe(faultsOf(day, polls))));
    if (decision.action === 'tear-down') break;
  }
  if (decision?.action === 'tear-down') tearDown(day);
  const troubled = ['runaway', 'outage', 'frozen', 'no-prices'].includes(day.trouble) && polls >= day.at;
  return {
    reason: state.stopped,
    overshoot: cloud.bill - cap,
    minuteAtBurn: cloud.recentBurn / 60,
    meterOverBill:
      state.meter.accrued /
      1e6 /
      Math.max(1e-9, cloud.bill - (decision?.action === 'tear-down' ? tearDownCost(day) : 0)),
    pollsToStop:
      troubled && state.stopped !== 'cap-near' && state.stopped !== 'cap-reached' ? polls - day.at + 1 : null,
    polls,
  };
}

/** The meter was last read before the teardown's calls; at most 20 s at the present rate lie between. */
function tearDownCost({ cloud }: Day): number {
  return (cloud.burn * 20) / 3600;
}
