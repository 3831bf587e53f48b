/**
 * Conditions of the network on virtual time: delays, losses, copies, cuts, bandwidth, and that all of it ends by itself.
 * Owns: the properties, the comparison with the simulator's arithmetic. Does not own: real links (libp2p-transport.test.ts).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Network } from '#campaigns/targets/simulator/network.ts';
import { Conditions } from '#node/host/transport/conditions.ts';
import { LinkDraw } from '#node/host/transport/link-draw.ts';
import { type NetworkProfile, networkProfiles } from '#node/model/network-profile.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';

const seed = 7;
const manyUs = 10_000_000;

function profileOf(change: Partial<NetworkProfile>): NetworkProfile {
  return { ...networkProfiles.find(({ name }) => name === 'lan')!, loss: 0, ...change };
}

function pair(profile: NetworkProfile, isShaped = true) {
  const clock = new VirtualClock();
  const make = (self: number): Conditions =>
    new Conditions({ self, seed, profile, clock, isShaped, isTimerCoarse: false });
  return { clock, a: make(0), b: make(1) };
}

/** Sends from a to b; calls `arrived` with the time on the way. */
function sendAll(count: number, everyUs: number, parts: ReturnType<typeof pair>, bytes = 200): number[] {
  const { clock, a, b } = parts;
  const waits: number[] = [];
  for (let i = 0; i < count; i++) {
    const sentUs = clock.nowUs();
    a.outgoing(1, bytes, () => b.incoming(0, bytes, () => waits.push(clock.nowUs() - sentUs)));
    clock.advance(everyUs);
  }
  clock.advance(manyUs);
  return waits;
}

const profiles = fc.record({
  least: fc.integer({ min: 0, max: 200_000 }),
  spread: fc.integer({ min: 0, max: 300_000 }),
  kind: fc.constantFrom('message' as const, 'pair' as const),
});

describe('conditions of the network', () => {
  test('every delay is within its profile, to the microsecond on virtual time', () => {
    fc.assert(
      fc.property(profiles, ({ least, spread, kind }) => {
        const profile = profileOf({ oneWayUs: [least, least + spread], spread: kind });
        const waits = sendAll(50, 100, pair(profile));
        assert.equal(waits.length, 50);
        for (const wait of waits) assert.ok(wait >= least && wait <= least + spread, `${wait}`);
      }),
      { numRuns: 50 },
    );
  });

  test('a draw means the same as in the simulator', () => {
    const modes: Partial<NetworkProfile>[] = [{}, { spread: 'pair' }, { reorder: 0.3 }, { duplication: 0.2 }];
    for (const mode of modes) {
      const profile = profileOf({ ...mode, loss: 0.05 });
      const network = new Network(profile, 4, 1, seed);
      const link = new LinkDraw(profile, seed);
      for (let i = 0; i < 2_000; i++) {
        const draw = Math.imul(i + 1, 0x9e3779b1);
        const expected = network.delay(draw, 2, 3, 100, 0);
        assert.equal(link.isLost(draw, 0) ? -1 : link.delayUs(draw, 2, 3), expected);
        assert.equal(link.isDuplicated(draw), network.isDuplicated(draw));
      }
    }
  });

  test('losses are within six deviations of what the profile and the fault say together', () => {
    for (const [own, added] of [
      [0.01, 0],
      [0.01, 0.1],
      [0, 0.02],
    ] as const) {
      const parts = pair(profileOf({ loss: own }));
      parts.a.setLoss(added, Number.POSITIVE_INFINITY);
      const sent = 40_000;
      const lost = sent - sendAll(sent, 1, parts).length;
      const share = 1 - (1 - own) * (1 - added);
      const deviation = Math.sqrt(sent * share * (1 - share));
      assert.ok(
        Math.abs(lost - sent * share) < 6 * deviation,
        `${lost} of ${sent}, expected ${sent * share}`,
      );
      assert.equal(parts.a.figures.lost, lost);
      assert.ok(added === 0 ? parts.a.figures.lostByFault === 0 : parts.a.figures.lostByFault > 0);
    }
  });

  test('copies and held back messages come as often as the profile says', () => {
    const parts = pair(profileOf({ duplication: 0.1, reorder: 0.1 }));
    const sent = 20_000;
    const copies = sendAll(sent, 1, parts).length - sent;
    assert.equal(copies, parts.a.figures.duplicated);
    for (const count of [copies, parts.a.figures.heldBack])
      assert.ok(count > 1_600 && count < 2_400, `${count}`);
  });

  test('a partition cuts both directions at once and lifts itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000_000 }), (forUs) => {
        const { clock, a, b } = pair(profileOf({ oneWayUs: [1_000, 1_000] }));
        let heard = 0;
        const both = (): void => {
          a.outgoing(1, 100, () => b.incoming(0, 100, () => heard++));
          b.outgoing(0, 100, () => a.incoming(1, 100, () => heard++));
        };
        // One that is under way when the cut comes does not arrive either.
        both();
        const untilUs = clock.nowUs() + forUs;
        for (const side of [a, b]) side.partition([0, 1], untilUs);
        clock.advance(forUs - 1);
        const inTime = forUs - 1 >= 1_000 ? 0 : heard;
        both();
        clock.advance(1);
        assert.equal(heard, inTime);
        both();
        clock.advance(2_000);
        // What was sent before the cut arrives when it ended before.
        assert.equal(heard, forUs > 1_000 ? 2 : 4);
        assert.ok(a.figures.cut > 0);
      }),
    );
  });

  test('one side alone cuts both directions', () => {
    const { clock, a, b } = pair(profileOf({}));
    a.partition([0, 1], Number.POSITIVE_INFINITY);
    let heard = 0;
    b.outgoing(0, 100, () => a.incoming(1, 100, () => heard++));
    a.outgoing(1, 100, () => b.incoming(0, 100, () => heard++));
    clock.advance(manyUs);
    assert.equal(heard, 0);
    assert.equal(a.isCut(1), true);
    assert.equal(b.isCut(0), false);
  });

  test('added latency holds at the node in both directions, for its time', () => {
    const parts = pair(profileOf({ oneWayUs: [1_000, 1_000] }));
    const { clock, a, b } = parts;
    b.addLatency(5_000, clock.nowUs() + 1_000_000);
    assert.deepEqual(sendAll(1, 0, parts), [6_000]);
    a.addLatency(7_000, clock.nowUs() + 1_000);
    assert.deepEqual(sendAll(1, 0, parts), [8_000]);
    assert.deepEqual(sendAll(1, 0, parts), [1_000]);
    assert.equal(b.figures.delayedByFault, 1);
  });

  test('a link carries what its bandwidth says, in both directions of a node, and drops what waits too long', () => {
    const bitsPerSecond = 8_000_000;
    const parts = pair(profileOf({ oneWayUs: [0, 0], bandwidthBitsPerSecond: bitsPerSecond }));
    const bytes = 10_000;
    const sizeUs = 10_000;
    const waits = sendAll(1_000, 0, parts, bytes);
    // At most five seconds of a queue are kept.
    assert.equal(waits.length, 500);
    for (const [i, wait] of waits.entries()) assert.equal(wait, (i + 2) * sizeUs);
    assert.equal(parts.a.figures.queueDrops, 500);
  });

  test('the profile may change while messages are under way', () => {
    const parts = pair(profileOf({ oneWayUs: [1_000, 1_000] }));
    assert.deepEqual(sendAll(1, 0, parts), [1_000]);
    parts.a.setProfile(profileOf({ oneWayUs: [9_000, 9_000] }));
    assert.deepEqual(sendAll(1, 0, parts), [9_000]);
  });

  test('control is never lost or doubled, but it is cut', () => {
    const { clock, a } = pair(profileOf({ loss: 0.5, duplication: 1 }));
    let arrived = 0;
    for (let i = 0; i < 200; i++) a.outgoing(1, 100, () => arrived++, 'control');
    clock.advance(manyUs);
    assert.equal(arrived, 200);
    a.partition([0, 1], Number.POSITIVE_INFINITY);
    a.outgoing(1, 100, () => arrived++, 'control');
    clock.advance(manyUs);
    assert.equal(arrived, 200);
  });

  test('what was ordered and what was observed are both told; switched off, everything passes and says so', () => {
    const shaped = pair(profileOf({ oneWayUs: [2_000, 4_000] }));
    sendAll(100, 10, shaped);
    const { figures } = shaped.a;
    assert.equal(figures.released, 100);
    assert.equal(figures.observedDelayUs, figures.orderedDelayUs);
    const open = pair(profileOf({ oneWayUs: [2_000, 4_000], loss: 1 }), false);
    open.a.partition([0, 1], Number.POSITIVE_INFINITY);
    assert.deepEqual(sendAll(3, 0, open), [0, 0, 0]);
    assert.equal(open.a.figures.isShaped, false);
    assert.equal(open.a.figures.ordered, 0);
  });
});
