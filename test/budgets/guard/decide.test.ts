/** The guard's decision on recorded inventories and a fake clock: each cause stops within two polls, nothing else stops. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askToStop, type Decision, decide, type GuardState, newGuard } from '#budgets/guard/decide.ts';
import type { Observation } from '#budgets/guard/observation.ts';
import { checkPolicy, type GuardPolicy, guardDefaults } from '#budgets/guard/policy.ts';
import { parseUsd, usdMicros } from '#budgets/money.ts';
import { CloudDay, DAY_START_MS } from '#test/budgets/guard/cloud-day.ts';
import { liveDay } from '#test/budgets/guard/guarded-day.ts';

const policy: GuardPolicy = {
  ...guardDefaults,
  runCap: parseUsd('100'),
  deadlineMs: DAY_START_MS + 4 * 3_600_000,
  maxInstances: 80,
};

/** 70 machines at $0.12: $8.40 an hour. */
const cloudOf = (): CloudDay => new CloudDay([{ name: 'c6i', count: 70, dollarsPerHour: 0.12 }]);

class Watched {
  state: GuardState = newGuard(5_000);
  decision: Decision | null = null;
  readonly cloud: CloudDay;
  readonly policy: GuardPolicy;
  constructor(cloud: CloudDay, own: GuardPolicy = policy) {
    this.cloud = cloud;
    this.policy = own;
  }
  poll(observation: Observation = this.cloud.observe()): Decision {
    const { state, decision } = decide(this.policy, this.state, observation);
    this.state = state;
    this.decision = decision;
    return decision;
  }
  /** Polls every 15 s until it acts or `most` polls are over; how many it took. */
  until(most: number, observe: () => Observation = () => this.cloud.observe()): number {
    for (let poll = 1; poll <= most; poll += 1) {
      this.cloud.pass(15);
      if (this.poll(observe()).action !== 'none') return poll;
    }
    return most;
  }
}

test('nothing happens while nothing is wrong, and the meter is the bill', () => {
  const watched = new Watched(cloudOf());
  watched.poll();
  assert.equal(watched.until(240), 240);
  assert.equal(watched.decision?.action, 'none');
  const metered = watched.state.meter.accrued / 1e6;
  assert.ok(
    metered >= watched.cloud.bill - 1e-6 && metered < watched.cloud.bill * 1.001 + 0.15,
    `${metered} ${watched.cloud.bill}`,
  );
});

test('price jump: at forty times the price a run of $100 stops before $100 are spent', () => {
  const watched = new Watched(cloudOf());
  watched.poll();
  watched.until(60);
  watched.cloud.pools[0]!.dollarsPerHour *= 40;
  watched.until(100);
  assert.deepEqual([watched.state.phase, watched.state.stopped], ['draining', 'cap-near']);
  for (let i = 0; i < 7 && watched.state.phase === 'draining'; i += 1) watched.until(1);
  assert.equal(watched.state.phase, 'tearing-down');
  assert.ok(watched.cloud.bill < 100, `${watched.cloud.bill}`);
});

test('runaway pool: one machine more than the plan can need is torn down at the first poll that sees it', () => {
  const watched = new Watched(cloudOf());
  watched.poll();
  watched.cloud.pools[0]!.count = 81;
  assert.equal(watched.until(5), 1);
  assert.equal(watched.state.stopped, 'too-many-machines');
});

for (const [name, faults] of [
  ['missing inventory', { inventory: 'missing' }],
  ['frozen inventory', { inventory: 'frozen' }],
  ['missing prices', { prices: 'missing' }],
] as const) {
  test(`${name}: one poll is forgiven, the second stops; the meter runs on meanwhile`, () => {
    const watched = new Watched(cloudOf());
    watched.poll();
    watched.until(4);
    const before = watched.state.meter.accrued;
    assert.equal(
      watched.until(5, () => watched.cloud.observe(faults)),
      2,
    );
    assert.equal(watched.decision?.reason, 'blind');
    assert.ok(watched.state.meter.accrued >= before + (8.4e6 * 30) / 3600 - 2);
    const forgiven = new Watched(cloudOf());
    forgiven.poll();
    forgiven.until(1, () => forgiven.cloud.observe(faults));
    assert.equal(forgiven.until(50), 50);
  });
}

test('never having seen anything is blindness too', () => {
  const watched = new Watched(cloudOf());
  watched.poll(watched.cloud.observe({ inventory: 'missing' }));
  assert.equal(
    watched.until(3, () => watched.cloud.observe({ inventory: 'missing' })),
    1,
  );
  assert.equal(watched.state.stopped, 'blind');
});

test('frozen metrics: a run without a sign of life for ten minutes is torn down, an idle stack is not', () => {
  const watched = new Watched(cloudOf());
  watched.poll();
  const polls = watched.until(60, () => watched.cloud.observe({}, 7));
  assert.equal(watched.state.stopped, 'silent');
  assert.ok(polls >= 40 && polls <= 42, `${polls}`);
  const idle = new Watched(cloudOf());
  const quiet = (): Observation => ({ ...idle.cloud.observe({}, 7), work: { running: false, heartbeat: 7 } });
  idle.poll();
  assert.equal(idle.until(60, quiet), 60);
});

test('clock jumps of this machine change nothing: only the cloud’s clock and the one that never jumps count', () => {
  const far: GuardPolicy = { ...policy, deadlineMs: DAY_START_MS + 30 * 60_000 };
  const watched = new Watched(cloudOf(), far);
  watched.poll();
  assert.equal(watched.until(200), 120);
  assert.equal(watched.state.stopped, 'deadline');
  // The cloud's clock going back neither refunds nor extends: the answer counts as an old one.
  const back = new Watched(cloudOf());
  back.poll();
  back.until(10);
  const before = back.state.meter;
  back.cloud.pass(15);
  const now = back.cloud.observe();
  back.poll({
    ...now,
    inventory: {
      ...(now.inventory as Extract<Observation['inventory'], { seen: true }>),
      stampMs: DAY_START_MS - 1e9,
    },
  });
  assert.ok(back.state.meter.accrued > before.accrued && (back.state.meter.nowMs ?? 0) > (before.nowMs ?? 0));
  // A suspended machine: its own clock stood still while the cloud billed for an hour.
  const slept = new Watched(cloudOf());
  slept.poll();
  slept.cloud.pass(3600);
  const late = slept.cloud.observe();
  slept.poll({ ...late, monotonicMs: 6_000 });
  assert.ok(slept.state.meter.accrued >= 8.4e6);
});

test('an item without a price is counted at the dearest of its kind and said; without any of its kind the poll is blind', () => {
  const watched = new Watched(cloudOf());
  const bare = watched.cloud.observe();
  const noted = watched.poll({
    ...bare,
    prices: { known: true, perHour: {}, worst: { instance: parseUsd('3') } },
  });
  assert.match(noted.alarms.join(), /no price for c6i/);
  assert.equal(watched.state.meter.burn, 210e6);
  const blind = new Watched(cloudOf()).poll({ ...bare, prices: { known: true, perHour: {}, worst: {} } });
  assert.match(blind.blind ?? '', /nothing of the kind instance/);
});

test('alarms ring once each, a stop is never taken back, and what comes back is torn down again', () => {
  const watched = new Watched(cloudOf(), { ...policy, runCap: parseUsd('10') });
  const rung: string[] = [];
  watched.poll();
  for (let i = 0; i < 400 && watched.decision?.action !== 'tear-down'; i += 1) {
    watched.until(1);
    rung.push(...(watched.decision?.alarms ?? []));
  }
  assert.deepEqual(rung, ['50 % of the cap', '80 % of the cap']);
  watched.cloud.pools[0]!.dollarsPerHour = 0.0001;
  watched.until(1);
  assert.equal(watched.decision?.action, 'tear-down');
  watched.cloud.pools[0]!.count = 0;
  watched.until(1);
  assert.equal(watched.decision?.phase, 'gone');
  watched.cloud.pools[0]!.count = 3;
  watched.until(1);
  assert.equal(watched.decision?.action, 'tear-down');
});

test('concurrent campaigns: each guard stops its own at its own cap and never sees the other’s', () => {
  const small = new Watched(cloudOf(), { ...policy, runCap: parseUsd('5') });
  const large = new Watched(cloudOf(), { ...policy, runCap: parseUsd('50') });
  small.poll();
  large.poll();
  for (let i = 0; i < 200; i += 1) for (const one of [small, large]) one.until(1);
  assert.equal(small.state.phase, 'tearing-down');
  assert.equal(large.state.phase, 'watching');
  // Both draw on one campaign limit: what the other spent is gone from what is left.
  const left = usdMicros(parseUsd('10') - small.state.meter.accrued);
  const shared = new Watched(cloudOf(), { ...policy, campaignLeft: left });
  shared.poll();
  shared.until(2000);
  assert.ok(shared.cloud.bill <= left / 1e6);
});

test('a drain ends when the work has finished or its time is over; asking to stop needs no reason', () => {
  const asked = new Watched(cloudOf());
  asked.poll();
  asked.state = askToStop(policy, asked.state, 5_000);
  assert.equal(asked.poll().action, 'stop-new-work');
  assert.equal(
    asked.poll({ ...asked.cloud.observe(), work: { running: false, heartbeat: 0 } }).action,
    'tear-down',
  );
});

test('a nonsensical policy is refused', () => {
  for (const bad of [
    { pollMs: 0 },
    { pollMs: 1e6 },
    { blindPolls: 9 },
    { maxInstances: 0 },
    { runCap: usdMicros(0) },
    { drainMs: Number.NaN },
  ])
    assert.throws(() => checkPolicy({ ...policy, ...bad }), /guard|must|cap|machine/);
});

test('200 random days: spending stays below the cap plus one minute at the burn rate; troubles stop within two polls', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const day = liveDay(seed);
    assert.ok(
      day.overshoot <= day.minuteAtBurn,
      `seed ${seed}: $${day.overshoot} over, a minute costs $${day.minuteAtBurn}`,
    );
    assert.ok(
      day.pollsToStop === null || day.pollsToStop <= 2 || day.reason === 'too-many-machines',
      `seed ${seed}: ${day.pollsToStop} polls`,
    );
    assert.ok(day.meterOverBill > 0.999, `seed ${seed}: meter/bill ${day.meterOverBill}`);
  }
});
