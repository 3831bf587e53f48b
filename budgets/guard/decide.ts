/**
 * The guard's decision at one poll: go on, stop new work, or tear down; once stopped it never goes back.
 * Owns: thresholds, their order, alarms. Does not own: metering (meter.ts), carrying anything out (campaigns/guard).
 *
 * The cap holds because each threshold leaves room for what still has to happen at the present burn rate: noticing (two polls),
 * finishing, tearing down. What no threshold can leave room for is a rate that multiplies between two polls: that costs at most the
 * new rate times the interval and the teardown.
 */
import { type Meter, newMeter, readMeter } from '#budgets/guard/meter.ts';
import type { Observation } from '#budgets/guard/observation.ts';
import { alertPercents, capOf, type GuardPolicy } from '#budgets/guard/policy.ts';
import { multiply, type UsdMicros, usdMicros } from '#budgets/money.ts';

export type StopReason =
  | 'cap-near'
  | 'cap-reached'
  | 'deadline'
  | 'too-many-machines'
  | 'blind'
  | 'silent'
  | 'asked';

export type GuardPhase = 'watching' | 'draining' | 'tearing-down' | 'gone';

export interface GuardState {
  readonly phase: GuardPhase;
  readonly meter: Meter;
  readonly blindPolls: number;
  readonly heartbeat: { readonly value: number; readonly sinceMs: number };
  /** Work that was drained has to be finished by then, on the clock that never jumps. */
  readonly drainUntilMs: number | null;
  readonly stopped: StopReason | null;
  /** Alarms that rang: each rings once. */
  readonly rung: readonly string[];
}

export interface Decision {
  readonly phase: GuardPhase;
  /** What has to be done now. `stop-new-work` is repeated at every poll of a drain: orders get lost. */
  readonly action: 'none' | 'stop-new-work' | 'tear-down';
  readonly reason: StopReason | null;
  /** In words, with the figures. */
  readonly because: string;
  readonly blind: string | null;
  /** Alarms that begin to ring at this poll. */
  readonly alarms: readonly string[];
  /** Cost at the deadline if the rate stays, and at the end of a teardown begun now. */
  readonly projected: { readonly atDeadline: UsdMicros; readonly ifStoppedNow: UsdMicros };
}

export function newGuard(monotonicMs: number, meter: Meter = newMeter(monotonicMs)): GuardState {
  return {
    phase: 'watching',
    meter: { ...meter, monotonicMs },
    blindPolls: 0,
    heartbeat: { value: Number.NEGATIVE_INFINITY, sinceMs: monotonicMs },
    drainUntilMs: null,
    stopped: null,
    rung: [],
  };
}

const HOUR_MS = 3_600_000n;

/** What the present rate costs in `ms`. */
export function costOf(burn: UsdMicros, ms: number): UsdMicros {
  return multiply(burn, { times: BigInt(Math.max(0, Math.round(ms))), over: HOUR_MS }, 'up');
}

const dollars = (micros: UsdMicros): string => `$${(micros / 1e6).toFixed(2)}`;

interface Verdict {
  readonly to: 'draining' | 'tearing-down';
  readonly reason: StopReason;
  readonly because: string;
}

/** Facts that stop at once, whatever the money says. */
function emergency(policy: GuardPolicy, state: GuardState, observation: Observation): Verdict | null {
  const { meter } = state;
  const tearDown = (reason: StopReason, because: string): Verdict => ({
    to: 'tearing-down',
    reason,
    because,
  });
  if (state.blindPolls >= policy.blindPolls)
    return tearDown('blind', `${state.blindPolls} polls in a row saw no inventory or no prices`);
  if (meter.nowMs !== null && meter.nowMs >= policy.deadlineMs)
    return tearDown(
      'deadline',
      `the deadline passed ${Math.round((meter.nowMs - policy.deadlineMs) / 1000)} s ago`,
    );
  const machines = observation.inventory.seen
    ? observation.inventory.resources.reduce(
        (count, one) => count + (one.kind === 'instance' ? one.units : 0),
        0,
      )
    : 0;
  if (machines > policy.maxInstances)
    return tearDown(
      'too-many-machines',
      `${machines} machines run, the plan needs at most ${policy.maxInstances}`,
    );
  const silentMs = observation.monotonicMs - state.heartbeat.sinceMs;
  if (policy.silenceMs !== null && observation.work.running && silentMs >= policy.silenceMs)
    return tearDown('silent', `the run has given no sign of life for ${Math.round(silentMs / 1000)} s`);
  return null;
}

function money(policy: GuardPolicy, state: GuardState): Verdict | null {
  const { accrued, burn } = state.meter;
  const cap = capOf(policy);
  const hard = usdMicros(accrued + costOf(burn, policy.pollMs + policy.teardownMs));
  const at = `${dollars(accrued)} spent, ${dollars(burn)}/h, cap ${dollars(cap)}`;
  if (hard >= cap)
    return { to: 'tearing-down', reason: 'cap-reached', because: `${at}: no time is left to finish` };
  const soft = usdMicros(accrued + costOf(burn, 2 * policy.pollMs + policy.drainMs + policy.teardownMs));
  if (soft >= cap)
    return { to: 'draining', reason: 'cap-near', because: `${at}: what runs can still finish` };
  return null;
}

function nextPhase(policy: GuardPolicy, state: GuardState, observation: Observation): Verdict | null {
  const sudden = emergency(policy, state, observation) ?? money(policy, state);
  if (state.phase !== 'draining') return sudden;
  if (sudden?.to === 'tearing-down') return sudden;
  const reason = state.stopped ?? 'asked';
  if (!observation.work.running) return { to: 'tearing-down', reason, because: 'what ran has finished' };
  if (state.drainUntilMs !== null && observation.monotonicMs >= state.drainUntilMs)
    return { to: 'tearing-down', reason, because: 'the time to finish is over' };
  return null;
}

function alarms(policy: GuardPolicy, { meter, rung }: GuardState): readonly string[] {
  const cap = capOf(policy);
  const names = [
    ...policy.alerts.filter((at) => meter.accrued >= at).map((at) => dollars(at)),
    ...alertPercents
      .filter((percent) => BigInt(meter.accrued) * 100n >= BigInt(cap) * BigInt(percent))
      .map((percent) => `${percent} % of the cap`),
    ...meter.unpriced.map((item) => `no price for ${item}: counted at the dearest of its kind`),
  ];
  return names.filter((name) => !rung.includes(name));
}

function isGone(observation: Observation, blind: string | null): boolean {
  return blind === null && observation.inventory.seen && observation.inventory.resources.length === 0;
}

/** One poll. Pure: the same state and observation give the same decision. */
export function decide(
  policy: GuardPolicy,
  before: GuardState,
  observation: Observation,
): { readonly state: GuardState; readonly decision: Decision } {
  const { meter, blind } = readMeter(before.meter, observation);
  const { monotonicMs, work } = observation;
  const heartbeat =
    work.heartbeat > before.heartbeat.value
      ? { value: work.heartbeat, sinceMs: monotonicMs }
      : before.heartbeat;
  const seen: GuardState = {
    ...before,
    meter,
    heartbeat,
    blindPolls: blind === null ? 0 : before.blindPolls + 1,
  };
  const ringing = alarms(policy, seen);
  const state = { ...seen, rung: [...seen.rung, ...ringing] };
  const verdict =
    state.phase === 'watching' || state.phase === 'draining' ? nextPhase(policy, state, observation) : null;
  const next: GuardState =
    verdict === null ? settled(state, observation, blind) : moved(policy, state, verdict, monotonicMs);
  return {
    state: next,
    decision: {
      phase: next.phase,
      action:
        next.phase === 'draining' ? 'stop-new-work' : next.phase === 'tearing-down' ? 'tear-down' : 'none',
      reason: next.stopped,
      because: verdict?.because ?? '',
      blind,
      alarms: ringing,
      projected: projections(policy, meter),
    },
  };
}

function moved(policy: GuardPolicy, state: GuardState, verdict: Verdict, monotonicMs: number): GuardState {
  return {
    ...state,
    phase: verdict.to,
    stopped: state.stopped ?? verdict.reason,
    drainUntilMs:
      verdict.to === 'draining' ? (state.drainUntilMs ?? monotonicMs + policy.drainMs) : state.drainUntilMs,
  };
}

/** A teardown ends when the cloud itself says that nothing is left; until then it is ordered again at every poll. */
function settled(state: GuardState, observation: Observation, blind: string | null): GuardState {
  if (state.phase === 'tearing-down' && isGone(observation, blind)) return { ...state, phase: 'gone' };
  // Something came back (a group relaunched it, a late launch): tear down again.
  if (state.phase === 'gone' && blind === null && !isGone(observation, blind))
    return { ...state, phase: 'tearing-down' };
  return state;
}

function projections(policy: GuardPolicy, meter: Meter): Decision['projected'] {
  const leftMs = meter.nowMs === null ? 0 : Math.max(0, policy.deadlineMs - meter.nowMs);
  return {
    atDeadline: usdMicros(meter.accrued + costOf(meter.burn, leftMs + policy.teardownMs)),
    ifStoppedNow: usdMicros(meter.accrued + costOf(meter.burn, policy.teardownMs)),
  };
}

/** Somebody asked for the end: nobody's approval is needed for that. */
export function askToStop(policy: GuardPolicy, state: GuardState, monotonicMs: number): GuardState {
  if (state.phase !== 'watching') return state;
  return moved(policy, state, { to: 'draining', reason: 'asked', because: 'asked' }, monotonicMs);
}
