/** 10,000 simulated days under guard: the cap plus one minute at the burn rate holds on each of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveDay } from '#test/budgets/guard/guarded-day.ts';

test('10,000 random days: overshoot is bounded by the burn rate x 60 s, troubles stop within two polls, the meter never understates', (context) => {
  let worst = 0;
  let over = 0;
  const reasons = new Map<string, number>();
  for (let seed = 1; seed <= 10_000; seed += 1) {
    const day = liveDay(seed);
    assert.ok(
      day.overshoot <= day.minuteAtBurn,
      `seed ${seed}: $${day.overshoot} over, a minute costs $${day.minuteAtBurn}`,
    );
    assert.ok(
      day.pollsToStop === null || day.pollsToStop <= 2 || day.reason === 'too-many-machines',
      `seed ${seed}`,
    );
    assert.ok(day.meterOverBill > 0.999, `seed ${seed}: meter/bill ${day.meterOverBill}`);
    if (day.overshoot > 0) over += 1;
    worst = Math.max(worst, day.overshoot / day.minuteAtBurn);
    const reason = day.reason ?? 'the day ended';
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  // Every cause must have occurred, or the days would prove less than they claim.
  for (const reason of ['cap-near', 'cap-reached', 'blind', 'too-many-machines'])
    assert.ok(reasons.has(reason), reason);
  context.diagnostic(
    `${over} days ended above the cap; the worst by ${worst.toFixed(3)} minutes of burn; ${JSON.stringify([...reasons])}`,
  );
});
