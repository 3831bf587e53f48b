/**
 * The pool of sessions on virtual time: reuse, size, order of use, back-off, crossing links, refusals.
 * Owns: its properties. Does not own: real links (libp2p-transport.test.ts).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PeerPool, type PooledLink, type PoolOptions, poolDefaults } from '#node/host/transport/peer-pool.ts';
import { SlowClock } from '#test/support/slow-clock.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';

class TestLink implements PooledLink {
  readonly isOurs: boolean;
  readonly openedUs: number;
  isOpen = true;
  queuedBytes = 0;
  health: 'fine' | 'silent' | 'stalled' = 'fine';

  constructor(isOurs: boolean, openedUs: number) {
    this.isOurs = isOurs;
    this.openedUs = openedUs;
  }

  isRead = false;

  read(): void {
    this.isRead = true;
  }

  close(): void {
    this.isOpen = false;
  }

  awakeUs = 0;

  check(awakeUs: number): 'fine' | 'silent' | 'stalled' {
    this.awakeUs = awakeUs;
    return this.health;
  }
}

const dialUs = 10_000;

function bench(
  change: Partial<PoolOptions> = {},
  members = 20,
  kept: readonly number[] = [],
  self = 5,
  slowUs = 0,
) {
  const clock = new VirtualClock();
  const events: string[] = [];
  const down = new Set<number>();
  const dialling = new Map<number, number>();
  let mostAtOnce = 0;
  const pool = new PeerPool<TestLink>(
    { ...poolDefaults, random: () => 0.5, ...change },
    {
      self,
      clock: slowUs === 0 ? clock : new SlowClock(clock, slowUs),
      dial: (member) =>
        new Promise((resolve, reject) => {
          dialling.set(member, (dialling.get(member) ?? 0) + 1);
          assert.equal(dialling.get(member), 1, 'one dial per member at a time');
          mostAtOnce = Math.max(
            mostAtOnce,
            [...dialling.values()].reduce((a, b) => a + b, 0),
          );
          clock.at(clock.nowUs() + dialUs, () => {
            dialling.set(member, 0);
            if (down.has(member)) reject(new Error('down'));
            else resolve(new TestLink(true, clock.nowUs()));
          });
        }),
      connected: (member) => events.push(`+${member}`),
      replaced: (member) => events.push(`=${member}`),
      disconnected: (member) => events.push(`-${member}`),
      unreachable: (member) => events.push(`?${member}`),
      stalled: (member) => events.push(`!${member}`),
    },
  );
  pool.start(
    Array.from({ length: members }, (_, i) => i),
    new Set(kept),
  );
  return { clock, pool, events, down, mostAtOnce: () => mostAtOnce };
}

describe('pool of sessions', () => {
  test('a session is dialled once, then reused', async () => {
    const { clock, pool, events } = bench();
    assert.equal(pool.acquire(1), null);
    assert.equal(pool.acquire(1), null);
    assert.equal(pool.isReachable(1), true);
    await clock.advanceSettling(dialUs);
    for (let i = 0; i < 8; i++) assert.notEqual(pool.acquire(1), null);
    assert.deepEqual(events, ['+1']);
    const { hits, misses, dials } = pool.figures;
    assert.deepEqual({ hits, misses, dials }, { hits: 8, misses: 2, dials: 1 });
  });

  test('no more dials run at once than allowed', async () => {
    const { clock, pool, mostAtOnce } = bench({ mostDials: 3, least: 19 });
    for (let i = 0; i < 20; i++) pool.acquire(i);
    await clock.advanceSettling(10 * dialUs);
    assert.equal(pool.size, 19);
    assert.equal(mostAtOnce(), 3);
  });

  test('the longest unused session makes room; busy and kept ones do not', async () => {
    const { clock, pool } = bench({ least: 4, most: 4 }, 20, [0]);
    await clock.advanceSettling(dialUs);
    const open = async (member: number): Promise<void> => {
      pool.acquire(member);
      await clock.advanceSettling(dialUs);
    };
    for (const member of [1, 2, 3]) await open(member);
    pool.acquire(1);
    pool.link(2)!.queuedBytes = 10;
    await open(4);
    assert.equal(pool.size, 4);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((member) => pool.link(member) !== null),
      [true, true, true, false, true],
    );
    assert.equal(pool.figures.evictions, 1);
  });

  test('the pool grows while all its sessions are in use and shrinks when they are idle', async () => {
    const { clock, pool } = bench({ least: 2, most: 12, idleUs: 30_000_000 });
    for (let round = 0; round < 20; round++) {
      for (const member of [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]) pool.acquire(member);
      await clock.advanceSettling(100_000);
    }
    assert.equal(pool.size, 10);
    assert.ok(pool.target >= 10 && pool.target <= 12);
    const { hits, misses } = pool.figures;
    assert.ok(hits / (hits + misses) > 0.8);
    await clock.advanceSettling(40_000_000);
    assert.equal(pool.size, 2);
    assert.equal(pool.target, 2);
  });

  test('never more than most sessions, one state for each member, whatever happens', async () => {
    const action = fc.record({
      kind: fc.constantFrom('use', 'come', 'die', 'refuse', 'fail', 'wait' as const),
      member: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const { clock, pool, events, down } = bench({ least: 2, most: 5 }, 10, [6]);
        for (const { kind, member } of actions) {
          if (kind === 'use') pool.acquire(member);
          if (kind === 'come' && member !== 5) pool.opened(member, new TestLink(false, clock.nowUs()));
          const link = pool.link(member);
          if (kind === 'die' && link !== null) {
            link.close();
            pool.closed(member, link);
          }
          if (kind === 'refuse') pool.refuse(member, 1_000_000);
          if (kind === 'fail') down.add(member);
          await clock.advanceSettling(kind === 'wait' ? 3_000_000 : 1_000);
          const open = Array.from({ length: 10 }, (_, i) => pool.link(i)).filter((found) => found !== null);
          assert.equal(pool.size, open.length);
          assert.ok(open.every(({ isOpen }) => isOpen));
          assert.ok(pool.target <= 5);
        }
        for (let member = 0; member < 10; member++) {
          const own = events.filter((event) => /^[+-]/.test(event) && event.slice(1) === String(member));
          for (const [i, event] of own.entries()) assert.equal(event[0], i % 2 === 0 ? '+' : '-');
        }
        pool.close();
        assert.equal(pool.size, 0);
      }),
      { numRuns: 60 },
    );
  });

  test('a lost kept session comes back after a rest that doubles with each failure, up to the limit', async () => {
    const { clock, pool, events, down } = bench(
      { backoffLeastUs: 1_000_000, backoffMostUs: 8_000_000 },
      20,
      [1],
    );
    await clock.advanceSettling(dialUs);
    down.add(1);
    const link = pool.link(1)!;
    link.close();
    pool.closed(1, link);
    const failures: number[] = [];
    const startUs = clock.nowUs();
    while (failures.length < 6) {
      const before = pool.figures.dialsFailed;
      await clock.advanceSettling(250_000);
      if (pool.figures.dialsFailed > before) failures.push(Math.round((clock.nowUs() - startUs) / 1e6));
      assert.ok(clock.nowUs() - startUs < 100e6);
    }
    const rests = failures.map((at, i) => at - (failures[i - 1] ?? 0));
    for (const [i, rest] of rests.slice(1).entries()) assert.ok(rest >= Math.min(6, rests[i]!), `${rests}`);
    assert.ok(Math.max(...rests) <= 8);
    down.delete(1);
    await clock.advanceSettling(10_000_000);
    assert.notEqual(pool.link(1), null);
    assert.equal(events.at(-1), '+1');
    assert.ok(pool.figures.reconnects > 0);
  });

  test('jitter: two nodes do not come back together', async () => {
    const at = async (random: number): Promise<number> => {
      const { clock, pool, down } = bench({ random: () => random, backoffLeastUs: 4_000_000 }, 20, [1]);
      down.add(1);
      await clock.advanceSettling(dialUs);
      const startUs = clock.nowUs();
      while (pool.figures.dials < 2) await clock.advanceSettling(100_000);
      return clock.nowUs() - startUs;
    };
    assert.ok((await at(0.99)) - (await at(0)) >= 1_000_000);
  });

  test('of two links that crossed each other both ends keep the same one', () => {
    for (const [self, other] of [
      [5, 9],
      [9, 5],
    ] as const) {
      for (const isOursFirst of [true, false]) {
        const { clock, pool } = bench({}, 20, [], self);
        const links = [isOursFirst, !isOursFirst].map((isOurs) => new TestLink(isOurs, clock.nowUs()));
        for (const link of links) pool.opened(other, link);
        const kept = pool.link(other)!;
        assert.equal(kept.isOurs, self < other, 'the link of the lower number');
        assert.equal(links.filter(({ isOpen }) => isOpen).length, 1);
        assert.ok(kept.isRead, 'nothing is read before the choice');
      }
    }
  });

  test('a link much younger than another is that of a restarted member', async () => {
    const { clock, pool, events } = bench({}, 20, [], 5);
    const old = new TestLink(true, clock.nowUs());
    pool.opened(9, old);
    await clock.advanceSettling(60_000_000);
    const young = new TestLink(false, clock.nowUs());
    pool.opened(9, young);
    assert.equal(pool.link(9), young);
    assert.equal(old.isOpen, false);
    assert.deepEqual(events, ['+9', '=9']);
  });

  test('silent and stalled sessions end, the latter by name; refused members stay away for their time', async () => {
    const { clock, pool, events } = bench();
    for (const member of [1, 2, 3]) pool.opened(member, new TestLink(false, clock.nowUs()));
    pool.link(1)!.health = 'silent';
    pool.link(2)!.health = 'stalled';
    pool.refuse(3, 5_000_000);
    await clock.advanceSettling(2_000_000);
    assert.equal(pool.size, 0);
    assert.deepEqual(events.toSorted(), ['!2', '+1', '+2', '+3', '-1', '-2', '-3']);
    assert.equal(pool.acquire(3), null);
    assert.equal(pool.isReachable(3), false);
    pool.opened(3, new TestLink(false, clock.nowUs()));
    assert.equal(pool.link(3), null);
    await clock.advanceSettling(4_000_000);
    pool.opened(3, new TestLink(false, clock.nowUs()));
    assert.notEqual(pool.link(3), null);
  });

  test('a node that was busy or stopped does not take that for the silence of others', async () => {
    const { clock, pool } = bench({}, 20, [], 5, 10_000_000);
    const link = new TestLink(false, clock.nowUs());
    pool.opened(1, link);
    await clock.advanceSettling(60_000_000);
    assert.ok(link.awakeUs > 5_000_000 && link.awakeUs < 12_000_000, `${link.awakeUs}`);
  });
});
