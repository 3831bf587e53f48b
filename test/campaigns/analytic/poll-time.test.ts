// Goal: expected poll times against the closed form of uniform order statistics, published figures and acted-out polls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  adaptiveTimeout,
  expectedAnswer,
  expectedPollTime,
  longestRoundTrip,
  roundTripWithin,
} from '#campaigns/analytic/poll-time.ts';

const wan = { kind: 'uniform', least: 50, most: 200 } as const;
const twice = { kind: 'two-uniform', least: 50, most: 200 } as const;
const honest = {
  nodes: 1_000,
  byzantine: 0,
  voter: 'reject',
  k: 50,
  alpha: 40,
  loss: 0,
  offlineShare: 0,
  retry: true,
  earlyEnd: true,
} as const;

test('beta polls until the alpha-th answer: the published 3.33, 2.52 and 1.69 s for round trips of 50-200 ms', () => {
  const seconds = (alpha: number, k: number, beta: number): number =>
    (beta * expectedAnswer(wan, alpha, k)) / 1_000;
  assert.ok(Math.abs(seconds(24, 30, 20) - 3.33) < 0.015);
  assert.ok(Math.abs(seconds(40, 50, 15) - 2.52) < 0.015);
  assert.ok(Math.abs(seconds(80, 100, 10) - 1.69) < 0.015);
});

test('without attackers and loss the poll ends at the alpha-th answer', () => {
  const setting = { ...honest, trip: wan, timeoutUs: 400 };
  assert.ok(Math.abs(expectedPollTime(setting) - expectedAnswer(wan, 40, 50)) < 0.05);
  const all = expectedPollTime({ ...setting, earlyEnd: false });
  assert.ok(Math.abs(all - expectedAnswer(wan, 50, 50)) < 0.05);
});

test('the distribution of a round trip of two uniform ways is triangular', () => {
  assert.equal(roundTripWithin(twice, 100), 0);
  assert.equal(roundTripWithin(twice, 250), 0.5);
  assert.equal(roundTripWithin(twice, 400), 1);
  assert.equal(roundTripWithin(twice, 175), 0.125);
  assert.equal(longestRoundTrip(twice), 400);
  assert.ok(adaptiveTimeout(twice) > longestRoundTrip(twice));
});

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

test('rejecting attackers delay a poll as acted-out polls say', () => {
  const random = generator(7);
  const setting = { ...honest, byzantine: 150, trip: twice, timeoutUs: 500 };
  let sum = 0;
  const polls = 6_000;
  for (let i = 0; i < polls; i += 1) {
    let left = 849;
    const answers = Array.from({ length: 50 }, (_, asked) => {
      const yes = random() < left / (999 - asked);
      if (yes) left -= 1;
      return { yes, at: 100 + 150 * (random() + random()) };
    }).sort((a, b) => a.at - b.at);
    let yes = 0;
    let no = 0;
    const end = answers.find((answer) => {
      if (answer.yes) yes += 1;
      else no += 1;
      return yes >= 40 || no > 10;
    });
    sum += end!.at;
  }
  const expected = expectedPollTime(setting);
  assert.ok(Math.abs(sum / polls - expected) < 1.5, `${sum / polls} against ${expected}`);
});

test('an interval longer than any poll is the time between polls', () => {
  assert.ok(Math.abs(expectedPollTime({ ...honest, trip: twice, timeoutUs: 500 }, 450) - 450) < 1e-6);
});

test('silent attackers make polls that need the retry longer than a timeout', () => {
  const quiet = expectedPollTime({ ...honest, byzantine: 400, voter: 'silent', trip: twice, timeoutUs: 500 });
  assert.ok(quiet > 500);
});

test('with fewer peers up than a poll asks, who is down delays it as silent peers do', () => {
  const few = { ...honest, nodes: 30, k: 10, alpha: 8, trip: wan, timeoutUs: adaptiveTimeout(wan) } as const;
  const down = expectedPollTime({ ...few, voter: 'reject', offlineShare: 24 / 30 });
  const silent = expectedPollTime({ ...few, voter: 'silent', byzantine: 24 });
  assert.ok(Number.isFinite(down) && Math.abs(down / silent - 1) < 1e-12, `${down} ${silent}`);
});

test('an answer beyond the number asked is refused', () => {
  assert.throws(() => expectedAnswer(wan, 51, 50), RangeError);
});
