/** When a member is asked for a sign of life, and when it is given up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Liveness } from '#node/host/transport/liveness.ts';

const second = 1_000_000;
const limits = {
  askAfterUs: 5 * second,
  silentAfterUs: 20 * second,
  stallUs: 15 * second,
  idleAskPerSessionUs: second / 4,
};

/** Seconds at which it asks, and when it gives up. */
function findings(link: Liveness, seconds: number, sessions: number, each: (at: number) => void = () => {}) {
  const asked: number[] = [];
  for (let at = 1; at <= seconds; at++) {
    each(at);
    const finding = link.check(at * second, sessions);
    if (finding === 'ask') asked.push(at);
    else if (finding !== 'fine') return { asked, end: finding, at };
  }
  return { asked, end: 'fine', at: seconds };
}

test('a silent member is asked about and given up', () => {
  const { asked, end, at } = findings(new Liveness(limits, true), 60, 8);
  assert.deepEqual([asked, end, at], [[7, 13, 19], 'silent', 23]);
});

test('the end that was dialled leaves asking to the other', () => {
  const ours = new Liveness(limits, true);
  const theirs = new Liveness(limits, false);
  const first = (link: Liveness) => findings(link, 60, 8).asked[0]!;
  assert.ok(first(ours) < first(theirs));
});

test('what is asked about idle sessions does not grow with their number', () => {
  const asks = (sessions: number): number => {
    const links = Array.from({ length: sessions }, () => new Liveness(limits, true));
    let count = 0;
    for (let at = 1; at <= 300; at++) {
      for (const link of links) {
        if (link.check(at * second, sessions) !== 'ask') continue;
        count += 1;
        link.heard();
      }
    }
    return count / 300;
  };
  assert.ok(asks(40) > 2 && asks(40) <= 4, `${asks(40)}`);
  assert.ok(asks(300) <= 4, `${asks(300)} asks a second`);
});

test('a session over which something was sent in vain is asked about soon, whatever their number', () => {
  const link = new Liveness(limits, true);
  const { asked, end, at } = findings(link, 100, 300, (now) => {
    if (now === 30) link.sent();
  });
  assert.equal(asked[0], 30);
  assert.deepEqual([end, at], ['silent', 46]);
});

test('an answer ends the suspicion', () => {
  const link = new Liveness(limits, true);
  const { end } = findings(link, 200, 8, (now) => {
    if (now % 10 === 0) link.heard();
  });
  assert.equal(end, 'fine');
});

test('a member that takes nothing stalls', () => {
  const link = new Liveness(limits, true);
  link.blocked(true);
  const { end, at } = findings(link, 60, 8, () => link.heard());
  assert.deepEqual([end, at], ['stalled', 17]);
});
