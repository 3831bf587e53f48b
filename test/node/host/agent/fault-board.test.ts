/** Faults on virtual time: they begin and end when ordered with nobody to tell them, overlap, and report what was seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FaultEffect, FaultOrder } from '#node/agent-protocol.ts';
import { type FaultReport, pushBody } from '#node/agent-push.ts';
import { ClockOffset } from '#node/host/agent/clock-offset.ts';
import {
  FaultBoard,
  type FaultHands,
  type NodeCondition,
  type ProcessCondition,
} from '#node/host/agent/fault-board.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';

class RecordedHands implements FaultHands {
  readonly nodes = [0, 1, 2];
  readonly conditions = new Map<number, NodeCondition>();
  process: ProcessCondition = { throttle: 1, ballastBytes: 0 };
  refused: string | null = null;
  seen = 0;

  refusal(): string | null {
    return this.refused;
  }

  applyNode(node: number, condition: NodeCondition): void {
    this.conditions.set(node, condition);
  }

  applyProcess(condition: ProcessCondition): void {
    this.process = condition;
  }

  effects(): { readonly count: number; readonly what: string } {
    return { count: this.seen, what: 'frames cut' };
  }
}

function setUp(offsetUs = 0) {
  const clock = new VirtualClock();
  const offset = new ClockOffset();
  offset.add(0, offsetUs, offsetUs, 0);
  const hands = new RecordedHands();
  const reports: FaultReport[] = [];
  const report = (made: FaultReport): void => {
    pushBody.parse(made);
    reports.push(made);
  };
  return {
    clock,
    hands,
    reports,
    board: new FaultBoard({ clock, offset, hands, report }),
    startUs: clock.nowUs(),
  };
}

function order(fault: number, fromUs: number, untilUs: number, effect: FaultEffect, nodes = [0]): FaultOrder {
  return { kind: 'fault', fault, nodes, fromUs, untilUs, effect };
}

const states = (reports: readonly FaultReport[]): string[] =>
  reports.map(({ node, state }) => `${node} ${state}`);

test('a fault begins and lifts itself at the ordered times of the conductor', () => {
  const offsetUs = 5_000_000;
  const { clock, hands, reports, board, startUs } = setUp(offsetUs);
  board.add(
    order(3, startUs + offsetUs + 100, startUs + offsetUs + 900, { kind: 'latency', addUs: 70 }, [0, 2, 9]),
  );
  clock.advance(99);
  assert.equal(hands.conditions.size, 0);
  clock.advance(1);
  assert.equal(hands.conditions.get(0)?.addLatencyUs, 70);
  assert.equal(hands.conditions.get(0)?.untilUs, startUs + 900);
  assert.ok(!hands.conditions.has(1) && !hands.conditions.has(9), 'only own nodes that were named');
  clock.advance(799);
  assert.equal(hands.conditions.get(2)?.addLatencyUs, 70);
  clock.advance(1);
  assert.equal(hands.conditions.get(0)?.addLatencyUs, 0);
  assert.deepEqual(states(reports), ['0 applied', '2 applied', '0 lifted', '2 lifted']);
  assert.equal(reports.at(-1)?.atUs, startUs + 900);
});

test('what was seen is told once at its first sight, and counted at the end', () => {
  const { clock, hands, reports, board, startUs } = setUp();
  hands.seen = 40;
  board.add(order(1, startUs, startUs + 2_000_000, { kind: 'partition', groupOf: [0, 1, 1] }));
  clock.advance(600_000);
  assert.deepEqual(states(reports), ['0 applied'], 'what was there before is no effect');
  hands.seen = 43;
  clock.advance(1_000_000);
  assert.deepEqual(states(reports), ['0 applied', '0 observed']);
  hands.seen = 50;
  clock.advance(1_000_000);
  assert.deepEqual(states(reports), ['0 applied', '0 observed', '0 lifted']);
  assert.equal(reports[2]?.effects, 10);
  assert.match(reports[2]?.evidence ?? '', /partition: 10 frames cut/);
});

test('a short fault that was seen only at its end is observed all the same', () => {
  const { clock, hands, reports, board, startUs } = setUp();
  board.add(order(1, startUs, startUs + 1_000, { kind: 'loss', loss: 0.5 }));
  clock.advance(500);
  hands.seen = 2;
  clock.advance(500);
  assert.deepEqual(states(reports), ['0 applied', '0 observed', '0 lifted']);
});

test('overlapping faults add up, and each takes back its own part', () => {
  const { clock, hands, board, startUs } = setUp();
  board.add(order(1, startUs, startUs + 1_000, { kind: 'latency', addUs: 10 }));
  board.add(order(2, startUs + 100, startUs + 500, { kind: 'latency', addUs: 5 }));
  board.add(order(3, startUs, startUs + 300, { kind: 'loss', loss: 0.5 }));
  board.add(order(4, startUs, startUs + 600, { kind: 'loss', loss: 0.5 }));
  board.add(order(5, startUs, startUs + 300, { kind: 'throttle', factor: 2 }));
  board.add(order(6, startUs, startUs + 600, { kind: 'throttle', factor: 3 }));
  board.add(order(7, startUs, startUs + 600, { kind: 'disk-full' }));
  board.add(order(8, startUs, startUs + 300, { kind: 'disk-fail' }));
  clock.advance(200);
  const during = hands.conditions.get(0)!;
  assert.deepEqual(
    [during.addLatencyUs, during.loss, during.disk, hands.process.throttle],
    [15, 0.75, 'failing', 6],
  );
  clock.advance(200);
  const later = hands.conditions.get(0)!;
  assert.deepEqual(
    [later.addLatencyUs, later.loss, later.disk, hands.process.throttle],
    [15, 0.5, 'full', 3],
  );
  clock.advance(1_000);
  const after = hands.conditions.get(0)!;
  assert.deepEqual(
    [after.addLatencyUs, after.loss, after.disk, after.down, hands.process.throttle],
    [0, 0, 'sound', 'up', 1],
  );
});

test('under two partitions only those hear each other whom neither separates', () => {
  const { clock, hands, board, startUs } = setUp();
  board.add(order(1, startUs, startUs + 1_000, { kind: 'partition', groupOf: [0, 0, 1, 1] }));
  board.add(order(2, startUs, startUs + 500, { kind: 'partition', groupOf: [0, 1, 0, 1] }));
  clock.advance(100);
  assert.equal(new Set(hands.conditions.get(0)!.groupOf).size, 4);
  clock.advance(500);
  assert.deepEqual(hands.conditions.get(0)!.groupOf, [0, 0, 1, 1]);
  clock.advance(500);
  assert.equal(hands.conditions.get(0)!.groupOf, null);
});

test('an order that was sent twice acts once; a lift ends it early; what is over does not begin', () => {
  const { clock, hands, reports, board, startUs } = setUp();
  const twice = order(1, startUs, startUs + 1_000, { kind: 'latency', addUs: 10 });
  board.add(twice);
  board.add(twice);
  clock.advance(10);
  board.add(twice);
  assert.equal(hands.conditions.get(0)?.addLatencyUs, 10);
  board.add(order(2, startUs + 500, startUs + 900, { kind: 'latency', addUs: 3 }));
  board.lift(1);
  board.lift(2);
  clock.advance(2_000);
  board.add(order(3, startUs, startUs + 50, { kind: 'latency', addUs: 9 }));
  clock.advance(100);
  assert.deepEqual(states(reports), ['0 applied', '0 lifted']);
  assert.equal(hands.conditions.get(0)?.addLatencyUs, 0);
});

test('what the process cannot do is refused with words', () => {
  const { clock, hands, reports, board, startUs } = setUp();
  hands.refused = 'not started for a campaign';
  board.add(order(1, startUs, startUs + 10, { kind: 'attack', attack: 'random' }, [0, 1]));
  clock.advance(100);
  assert.deepEqual(states(reports), ['0 refused', '1 refused']);
  assert.match(reports[0]!.evidence, /attack: not started for a campaign/);
  assert.equal(hands.conditions.size, 0);
});

test('whatever is ordered, everything is lifted in the end', () => {
  const effect = fc.oneof(
    fc.constantFrom<FaultEffect>(
      { kind: 'disk-fail' },
      { kind: 'disk-full' },
      { kind: 'down', disk: 'kept' },
      { kind: 'down', disk: 'lost' },
      { kind: 'attack', attack: 'late' },
    ),
    fc.nat(1_000).map((addUs): FaultEffect => ({ kind: 'latency', addUs })),
    fc.integer({ min: -9, max: 9 }).map((ppm): FaultEffect => ({ kind: 'clock-skew', ppm })),
    fc.nat(1_000).map((bytes): FaultEffect => ({ kind: 'memory', bytes })),
    fc
      .array(fc.nat(3), { minLength: 3, maxLength: 3 })
      .map((groupOf): FaultEffect => ({ kind: 'partition', groupOf })),
  );
  const orders = fc.array(
    fc.tuple(
      effect,
      fc.nat(5_000),
      fc.integer({ min: 1, max: 5_000 }),
      fc.subarray([0, 1, 2], { minLength: 1 }),
    ),
    { maxLength: 15 },
  );
  fc.assert(
    fc.property(orders, fc.option(fc.nat(9_000)), (drawn, liftAllAfterUs) => {
      const { clock, hands, reports, board, startUs } = setUp();
      for (const [at, [what, fromUs, forUs, nodes]] of drawn.entries()) {
        board.add(order(at, startUs + fromUs, startUs + fromUs + forUs, what, nodes));
      }
      if (liftAllAfterUs !== null) {
        clock.advance(liftAllAfterUs);
        board.liftAll();
      }
      clock.advance(20_000);
      for (const condition of hands.conditions.values()) {
        assert.deepEqual(condition, {
          groupOf: null,
          addLatencyUs: 0,
          loss: 0,
          skewPpm: 0,
          disk: 'sound',
          attack: null,
          down: 'up',
          untilUs: 0,
        });
      }
      assert.deepEqual(hands.process, { throttle: 1, ballastBytes: 0 });
      const count = (state: string): number => reports.filter((made) => made.state === state).length;
      assert.equal(count('applied'), count('lifted'));
      assert.deepEqual(board.activeFaults, []);
    }),
    { numRuns: 200 },
  );
});
