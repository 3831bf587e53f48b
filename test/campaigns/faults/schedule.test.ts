// Goal: faults become timed actions on drawn victims; what does not fit is cut or reported, never dropped in silence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultAction } from '#campaigns/faults/action.ts';
import { type ScheduleOptions, scheduleFaults } from '#campaigns/faults/schedule.ts';
import type { Fault } from '#campaigns/run-spec.ts';

const second = 1_000_000;
const minute = 60 * second;
const options: ScheduleOptions = {
  seed: 3,
  nodes: 100,
  honest: Int32Array.from({ length: 90 }, (_, i) => i + 10),
  requestedUs: 120 * minute,
  scale: 1,
  windowFromUs: 10 * second,
  windowUntilUs: 10 * second + 120 * minute,
  leastEffectUs: 5 * second,
  leastGapUs: 5 * second,
};
const compressed = { ...options, scale: 1 / 60, windowUntilUs: 10 * second + 2 * minute };
const kill: Fault = {
  kind: 'kill',
  nodes: 10,
  everyUs: 5 * minute,
  atUs: 5 * minute,
  downUs: minute,
  disk: 'kept',
  repeat: 23,
};

function ofKind<K extends FaultAction['kind']>(
  actions: readonly FaultAction[],
  kind: K,
): (FaultAction & { kind: K })[] {
  return actions.filter((action): action is FaultAction & { kind: K } => action.kind === kind);
}

test('kills take honest nodes down every interval and bring the same ones back', () => {
  const { actions, placements, unplaced, notes } = scheduleFaults([kill], options);
  const down = ofKind(actions, 'node-down');
  const up = ofKind(actions, 'node-up');
  assert.equal(down.length, 230);
  assert.deepEqual([unplaced, notes], [[], []]);
  assert.equal(down[0]!.atUs, 10 * second + 5 * minute);
  assert.equal(down[229]!.atUs, 10 * second + 115 * minute);
  assert.ok(down.every(({ node }) => node >= 10 && node < 100));
  for (let effect = 0; effect < 23; effect += 1) {
    const nodes = down.filter((action) => action.effect === effect).map(({ node }) => node);
    assert.equal(new Set(nodes).size, 10);
    assert.deepEqual(
      up.filter((action) => action.effect === effect).map(({ node }) => node),
      nodes,
    );
  }
  assert.ok(up.every(({ disk }) => disk === 'kept'));
  assert.deepEqual(placements[0], {
    fault: 0,
    kind: 'kill',
    description: 'kill 10 nodes, 23 x every 300 s, down 60 s, disk kept',
    requestedAtUs: 5 * minute,
    requestedForUs: 111 * minute,
    atUs: 10 * second + 5 * minute,
    untilUs: 10 * second + 116 * minute,
    effectsRequested: 23,
    effectsPlaced: 23,
  });
});

test('repeats that a compressed window cannot carry are cut, counted and spread over the window', () => {
  const { actions, placements, notes, unplaced } = scheduleFaults([kill], compressed);
  const { effectsPlaced } = placements[0]!;
  // Two minutes hold at most twelve pairs of a five-second effect and a five-second gap.
  assert.ok(effectsPlaced >= 10 && effectsPlaced <= 12, `${effectsPlaced}`);
  assert.deepEqual(unplaced, []);
  assert.match(notes[0]!, new RegExp(`: ${effectsPlaced} of 23 occurrences fit`));
  const starts = [...new Set(ofKind(actions, 'node-down').map(({ atUs }) => atUs))];
  assert.equal(starts.length, effectsPlaced);
  assert.ok(starts.at(-1)! > 90 * second);
});

test('the order of different faults survives compression and cutting', () => {
  const faults: Fault[] = [
    kill,
    { kind: 'partition', groups: [0.5, 0.5], atUs: 62 * minute, forUs: 2 * minute },
    { kind: 'loss', loss: 0.1, atUs: 32 * minute, forUs: 2 * minute },
  ];
  const { placements } = scheduleFaults(faults, compressed);
  assert.ok(placements[2]!.atUs! < placements[1]!.atUs!);
  assert.ok(placements[2]!.untilUs! + compressed.leastGapUs <= placements[1]!.atUs!);
  assert.ok(placements.every(({ untilUs }) => untilUs! <= compressed.windowUntilUs));
});

test('a fault near the end of a compressed window begins earlier so that all of it fits', () => {
  const last: Fault = { kind: 'loss', loss: 0.1, atUs: 118 * minute, forUs: 2 * minute };
  const { placements, unplaced } = scheduleFaults([last], compressed);
  assert.deepEqual(unplaced, []);
  assert.equal(placements[0]!.untilUs, compressed.windowUntilUs);
  assert.equal(placements[0]!.atUs, compressed.windowUntilUs - compressed.leastEffectUs);
});

test('a fault after the requested window, or without room in the run, is unplaced and named', () => {
  const outside: Fault = { kind: 'loss', loss: 0.1, atUs: 130 * minute, forUs: minute };
  const late = scheduleFaults([kill, outside], options);
  assert.deepEqual(late.unplaced, [1]);
  assert.equal(late.placements[1]!.atUs, null);
  assert.match(late.notes[0]!, /loss 10 % for 60 s.*no place/);
  const tiny = { ...options, scale: 1e-4, windowUntilUs: 10 * second + 12 * second };
  const partition = (atUs: number): Fault => ({
    kind: 'partition',
    groups: [1, 1],
    atUs,
    forUs: 10 * minute,
  });
  const crowded = scheduleFaults([partition(10 * minute), partition(40 * minute)], tiny);
  assert.equal(crowded.unplaced.length, 2);
  const roomier = scheduleFaults([partition(10 * minute), partition(40 * minute)], {
    ...tiny,
    windowUntilUs: 10 * second + 15 * second,
  });
  assert.deepEqual(roomier.unplaced, [1]);
});

test('never a third of the nodes is down together, and the shortfall is said', () => {
  const cascade: Fault = {
    kind: 'cascade',
    firstNodes: 10,
    factor: 2,
    waves: 3,
    everyUs: minute,
    atUs: minute,
    downUs: 10 * minute,
  };
  const { actions, notes } = scheduleFaults([cascade], options);
  let down = 0;
  let most = 0;
  for (const action of actions) {
    if (action.kind === 'node-down') down += 1;
    if (action.kind === 'node-up') down -= 1;
    most = Math.max(most, down);
  }
  assert.equal(most, 33);
  assert.equal(down, 0);
  assert.deepEqual(
    notes.map((note) => note.match(/\d+ of \d+/)![0]),
    ['3 of 40'],
  );
});

test('a node is never killed while it is down', () => {
  const churn: Fault = { kind: 'churn', nodes: 8, everyUs: minute, downUs: 3 * minute, atUs: 0, repeat: 100 };
  const { actions } = scheduleFaults([kill, churn], options);
  const down = new Set<number>();
  for (const action of actions) {
    if (action.kind === 'node-down') {
      assert.ok(!down.has(action.node));
      down.add(action.node);
    }
    if (action.kind === 'node-up') assert.ok(down.delete(action.node));
  }
});

test('a partition splits the nodes by its weights and ends with no partition', () => {
  const faults: Fault[] = [{ kind: 'partition', groups: [80, 20], atUs: minute, forUs: minute }];
  const { actions } = scheduleFaults(faults, options);
  const on = ofKind(actions, 'partition-on')[0]!;
  assert.equal(on.groupOf!.filter((group) => group === 0).length, 80);
  assert.notDeepEqual(
    on.groupOf,
    Uint8Array.from({ length: 100 }, (_, i) => (i < 80 ? 0 : 1)),
  );
  assert.equal(ofKind(actions, 'partition-off')[0]!.groupOf, null);
});

test('overlapping partitions hold together, overlapping losses combine', () => {
  const faults: Fault[] = [
    { kind: 'partition', groups: [1, 1], atUs: minute, forUs: 3 * minute },
    { kind: 'partition', groups: [1, 1, 1], atUs: 2 * minute, forUs: 3 * minute },
    { kind: 'loss', loss: 0.5, atUs: minute, forUs: 3 * minute },
    { kind: 'loss', loss: 0.2, atUs: 2 * minute, forUs: 3 * minute },
  ];
  const { actions } = scheduleFaults(faults, options);
  const partitions = actions.filter(({ kind }) => kind.startsWith('partition')) as (FaultAction & {
    groupOf: Uint8Array | null;
  })[];
  assert.deepEqual(
    partitions.map(({ groupOf }) => (groupOf === null ? 0 : new Set(groupOf).size)),
    [2, 6, 3, 0],
  );
  const losses = actions.flatMap((action) =>
    action.kind === 'loss-on' || action.kind === 'loss-off' ? [action.loss] : [],
  );
  assert.deepEqual(losses, [0.5, 0.6, 0.2, 0]);
});

test('a share of nodes is that share, and the same nodes recover', () => {
  const faults: Fault[] = [
    { kind: 'latency', addUs: 500, share: 0.25, atUs: 0, forUs: minute },
    { kind: 'throttle', factor: 4, share: 1, atUs: 0, forUs: minute },
    { kind: 'clock-skew', ppm: 200, share: 0.001, atUs: 0, forUs: minute },
    { kind: 'memory', share: 0.5, factor: 2, atUs: 0, forUs: minute },
    { kind: 'disk', nodes: 3, atUs: 0, forUs: 500 * minute },
  ];
  const { actions, placements } = scheduleFaults(faults, options);
  assert.equal(actions.length, 10);
  const nodes = actions.map((action) => ('nodes' in action ? [...action.nodes] : []));
  assert.deepEqual(
    nodes.slice(0, 5).map((list) => list.length),
    [25, 100, 1, 50, 3],
  );
  assert.deepEqual(nodes.slice(5), nodes.slice(0, 5));
  assert.equal(placements[4]!.untilUs, options.windowUntilUs);
});

test('the same seed gives the same schedule, another seed other victims', () => {
  assert.deepEqual(scheduleFaults([kill], options), scheduleFaults([kill], options));
  assert.notDeepEqual(
    scheduleFaults([kill], options).actions,
    scheduleFaults([kill], { ...options, seed: 4 }).actions,
  );
});

test('actions are sorted by time and what ends comes before what begins', () => {
  const faults: Fault[] = [
    { kind: 'loss', loss: 0.1, atUs: 2 * minute, forUs: minute },
    { kind: 'loss', loss: 0.2, atUs: minute, forUs: minute },
    kill,
  ];
  const { actions } = scheduleFaults(faults, options);
  assert.ok(actions.every(({ atUs }, i) => i === 0 || atUs >= actions[i - 1]!.atUs));
  const loss = actions.flatMap((action) =>
    action.kind === 'loss-on' || action.kind === 'loss-off' ? [action.loss] : [],
  );
  assert.deepEqual(loss, [0.2, 0, 0.1, 0]);
});

test('no faults make no actions', () => {
  assert.deepEqual(scheduleFaults([], options), { actions: [], placements: [], unplaced: [], notes: [] });
});
