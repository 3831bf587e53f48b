// Goal: vertices reach every node along every topology, at the cost of the graph; requests repair what was lost or missed.
// Method: the simulation with a core that never polls, so that nothing but the relay moves vertices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopologyKind } from '#campaigns/run-spec.ts';
import { loadMessageKernel } from '#campaigns/targets/simulator/message-kernel.ts';
import { type Conductor, Simulation } from '#campaigns/targets/simulator/simulation.ts';
import { type RelayGraph, relayGraph, relayMessages } from '#campaigns/targets/simulator/topology.ts';
import { VirtualDisk } from '#campaigns/targets/simulator/virtual-disk.ts';
import { Core } from '#node/core/core.ts';
import { lastingConvictions } from '#node/core/params.ts';
import { genesis } from '#node/core/vertex-table.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';
import { networkNamed, runSpecExample } from '#test/support/run-spec-example.ts';

const nodes = 60;
const kinds: readonly TopologyKind[] = ['full', 'ring', 'star', 'mesh', 'hierarchical', 'random'];
const lan = { ...networkNamed('lan'), loss: 0 };

class QuietCore extends Core {
  override wake(): void {}
}

const nobody: Conductor = {
  publish: () => undefined,
  decided: () => undefined,
  rejected: () => undefined,
  undecidedAtLimit: () => undefined,
  convicted: () => undefined,
  readmitted: () => undefined,
};

interface Setting {
  readonly kind: TopologyKind;
  readonly network?: NetworkProfile;
  readonly calibration?: typeof defaultCalibration;
  readonly isCalm?: boolean;
}

interface Relayed {
  readonly simulation: Simulation;
  readonly graph: RelayGraph;
  /** Publishes a vertex of `creator`; returns its slot. */
  publish(creator: number, parents?: readonly number[]): number;
  settle(forUs?: number): void;
  /** Nodes that know the vertex, and nodes that still wait for its parents. */
  holders(slot: number): number;
  waiting(slot: number): number;
}

const light = weightless(defaultCalibration);

function relayed({ kind, network = lan, calibration = light, isCalm = false }: Setting): Relayed {
  const graph = relayGraph(kind, 8, nodes, 3);
  const simulation = new Simulation(
    {
      tier: 'message',
      nodes,
      consensus: runSpecExample().consensus,
      network,
      graph,
      isCalm,
      calibration,
      cores: 4,
      seed: 5,
      attackers: new Uint8Array(nodes),
      attack: null,
      operatorOf: Int32Array.from({ length: nodes }, (_, node) => node),
      exclusion: false,
      reputation: lastingConvictions,
      slots: 64,
      core: (options, ports) => new QuietCore(options, ports),
      kernel: loadMessageKernel,
      disk: (count, syncUs, sink) => new VirtualDisk(count, syncUs, sink),
    },
    nobody,
  );
  const { standing } = simulation.core;
  const count = (has: (node: number) => boolean): number =>
    Array.from({ length: nodes }, (_, node) => node).filter(has).length;
  let sequence = 0;
  return {
    simulation,
    graph,
    publish: (creator, parents = [genesis]) => {
      sequence += 1;
      const slot = simulation.register({ creator, sequence, parents, inputs: [] });
      simulation.relay.publish(creator, slot, 1_000, simulation.nowUs, null);
      return slot;
    },
    settle: (forUs = 1_000_000) => {
      const untilUs = simulation.nowUs + forUs;
      while (simulation.nowUs < untilUs) simulation.step();
    },
    holders: (slot) => count((node) => standing.isKnown(node, slot)),
    waiting: (slot) => count((node) => standing.has(standing.pending, node, slot)),
  };
}

for (const kind of kinds) {
  test(`without loss every node gets every vertex once over ${kind}, at no more than the degree each`, () => {
    const { simulation, graph, publish, settle, holders } = relayed({ kind });
    const vertices = 20;
    const slots = Array.from({ length: vertices }, (_, i) => publish((i * 7) % nodes));
    settle();
    assert.deepEqual(
      slots.map((slot) => holders(slot)),
      slots.map(() => nodes),
    );
    const { relay, network } = simulation;
    assert.equal(relay.bodies, vertices * (nodes - 1), 'each node gets the body of each vertex once');
    assert.equal(relay.delivered, relay.bodies + relay.duplicates, 'other copies are announcements');
    assert.equal(relay.requests, 0);
    const perVertex = relay.delivered / vertices;
    const links = relayMessages(graph);
    assert.ok(perVertex <= links, `${perVertex} messages over ${links} directed links`);
    if (kind === 'full' || kind === 'star') assert.equal(perVertex, nodes - 1);
    if (kind === 'ring') assert.ok(perVertex <= nodes);
    const sent = network.bytesSent.reduce((sum, bytes) => sum + bytes, 0);
    const { vertexFixed, vertexPerParent, vertexAnnouncement } = defaultCalibration.wireBytes;
    const bodyBytes = relay.bodies * (vertexFixed + vertexPerParent + 1_000);
    const told = (sent - bodyBytes) / vertexAnnouncement;
    // Every node tells every neighbour but the one it has it from, by the body or by its name.
    assert.equal(told + relay.bodies, vertices * links);
  });
}

test('signature checks delay the relay by the hops they lie on', () => {
  const spread = (calibration: typeof defaultCalibration): number => {
    const { publish, settle, holders } = relayed({
      kind: 'ring',
      network: networkNamed('ideal'),
      calibration,
    });
    const slot = publish(0);
    let us = 0;
    for (; holders(slot) < nodes; us += 10) settle(10);
    return us;
  };
  assert.equal(spread(weightless(defaultCalibration)), 10);
  const { verifyVertex, hashPerKilobyte } = defaultCalibration.serviceTimesUs;
  const hopUs = verifyVertex + 3.5 * hashPerKilobyte;
  const took = spread(defaultCalibration);
  assert.ok(took > (nodes / 2 - 1) * hopUs && took < (nodes / 2 + 3) * (hopUs + 1), `${took} us`);
});

test('a vertex that arrives before its parent waits, asks for it, and enters when it is there', () => {
  const { simulation, publish, settle, holders, waiting } = relayed({ kind: 'full' });
  const { relay, core } = simulation;
  const parent = simulation.register({ creator: 3, sequence: 1_000, parents: [genesis], inputs: [] });
  relay.publish(3, parent, 1_000, simulation.nowUs, () => false);
  const child = publish(3, [parent]);
  settle(11_000);
  assert.ok(waiting(child) > 0, 'the child is there and its parent is not');
  settle();
  assert.equal(holders(parent), nodes);
  assert.equal(holders(child), nodes);
  assert.equal(waiting(child), 0);
  assert.ok(relay.requests >= nodes - 1);
  assert.equal(core.standing.undecidedCount[9], 2);
});

test('lost copies are asked for again by who lacks them, with all ancestors, oldest first', () => {
  const { simulation, publish, settle, holders } = relayed({ kind: 'ring', network: { ...lan, loss: 0.2 } });
  const slots: number[] = [];
  for (let i = 0; i < 10; i++) slots.push(publish(0, i === 0 ? [genesis] : [slots[i - 1]!]));
  settle();
  assert.ok(
    slots.some((slot) => holders(slot) < nodes),
    'the loss must cost something',
  );
  for (let round = 0; round < 40; round++) {
    for (let node = 1; node < nodes; node++) simulation.relay.requestEverything(node, 0, simulation.nowUs);
    settle(100_000);
  }
  for (const slot of slots) assert.equal(holders(slot), nodes);
});

test('a restarted node is handed everything it missed in one go', () => {
  const { simulation, publish, settle, holders } = relayed({ kind: 'mesh' });
  const { core, relay } = simulation;
  const before = publish(1);
  settle();
  core.crash(7, () => false);
  relay.crash(7);
  const missed: number[] = [before];
  for (let i = 0; i < 12; i++) missed.push(publish((2 * i) % 7, [missed[missed.length - 1]!]));
  settle();
  for (const slot of missed) assert.equal(holders(slot), nodes - 1);
  core.restart(7, simulation.nowUs);
  const requests = relay.requests;
  relay.requestEverything(7, 20, simulation.nowUs);
  settle(100_000);
  for (const slot of missed) assert.equal(holders(slot), nodes);
  assert.equal(
    relay.requests,
    requests + 1,
    'in the order of the parents: nothing had to be asked for again',
  );
});

test('who asks for one vertex is handed its missing ancestors before it, and asks for none of them', () => {
  const { simulation, publish, settle, holders } = relayed({ kind: 'full' });
  const { core, relay } = simulation;
  core.crash(7, () => false);
  relay.crash(7);
  const missed: number[] = [];
  for (let i = 0; i < 6; i++) missed.push(publish(i, [missed[i - 1] ?? genesis]));
  settle();
  core.restart(7, simulation.nowUs);
  const child = publish(20, [missed[5]!]);
  const requests = relay.requests;
  settle();
  for (const slot of [...missed, child]) assert.equal(holders(slot), nodes);
  assert.equal(relay.requests, requests + 1, 'no ancestor came before its own parents');
});

test('a push to part of the network reaches that part only', () => {
  const { simulation, settle, holders } = relayed({ kind: 'full' });
  const slot = simulation.register({ creator: 4, sequence: 1, parents: [genesis], inputs: [] });
  simulation.relay.publish(4, slot, 100, 0, (peer) => peer % 2 === 0);
  settle();
  assert.equal(simulation.relay.bodies, nodes / 2 - 1);
  assert.equal(holders(slot), nodes / 2);
});

test('a node that is down, or beyond a cut, gets nothing', () => {
  const { simulation, publish, settle, holders } = relayed({ kind: 'full' });
  simulation.core.crash(7, () => true);
  simulation.network.partition(Uint8Array.from({ length: nodes }, (_, node) => (node < 40 ? 0 : 1)));
  const slot = publish(0);
  settle();
  assert.equal(holders(slot), 39);
  assert.equal(simulation.network.cut, 20);
});

test('a copy that waits for its verification is not verified again when a request brings another one', () => {
  const quick = weightless(defaultCalibration);
  const calibration = { ...quick, serviceTimesUs: { ...quick.serviceTimesUs, verifyVertex: 200_000 } };
  const { simulation, publish, settle, holders } = relayed({ kind: 'full', calibration });
  const slot = publish(0);
  settle(50_000);
  assert.equal(holders(slot), 1, 'all others hold it unverified');
  simulation.relay.request(1, slot, 0, simulation.nowUs);
  settle();
  assert.equal(holders(slot), nodes);
  assert.equal(simulation.relay.bodies, nodes, 'it was sent to node 1 twice');
  assert.equal(simulation.cpu.signatureUs(1), simulation.cpu.signatureUs(2));
});

test('in a calm run copies that would find the vertex there are left out, and nothing but that is different', () => {
  const outcomeOf = (isCalm: boolean): unknown => {
    const { simulation, publish, settle } = relayed({ kind: 'mesh', isCalm });
    const slots = Array.from({ length: 10 }, (_, i) => publish(i * 5));
    const known: number[] = [];
    for (let us = 0; us < 60_000; us += 1_000) {
      settle(1_000);
      for (const slot of slots)
        for (let node = 0; node < nodes; node++)
          if (simulation.core.standing.isKnown(node, slot)) known.push(us * 100_000 + slot * 1_000 + node);
    }
    const { delivered, bodies, duplicates } = simulation.relay;
    return { delivered, bodies, duplicates, sent: simulation.network.bytesSent, known };
  };
  assert.deepEqual(outcomeOf(true), outcomeOf(false));
});

test('a node that ran out of memory in a calm run while a copy was on its way to it takes the next one', () => {
  const { simulation, graph, publish, settle, holders } = relayed({ kind: 'ring', isCalm: true });
  const { core, relay } = simulation;
  const slot = publish(0);
  const node = graph.neighbours[graph.offsets[0]!]!;
  core.crash(node, () => true);
  relay.crash(node);
  // Its other neighbour hears of it from the far side of the ring, long after that.
  settle(20_000);
  assert.ok(holders(slot) < nodes / 2);
  core.restart(node, simulation.nowUs);
  settle();
  assert.equal(holders(slot), nodes);
});

test('a copy that is still on its way when its vertex is released says nothing about the next one in its slot', () => {
  const { simulation, publish, settle, holders } = relayed({ kind: 'full' });
  const { core, relay } = simulation;
  const gone = publish(0);
  relay.released(gone);
  core.table.release(gone, true);
  core.standing.release(gone);
  const slot = simulation.register({ creator: 30, sequence: 1, parents: [genesis], inputs: [] });
  assert.equal(slot, gone, 'the slot is used again');
  relay.publish(30, slot, 1_000, simulation.nowUs, (peer) => peer === 31);
  settle();
  assert.equal(holders(slot), 2);
  assert.equal(relay.delivered, nodes, 'all copies arrived');
  assert.equal(relay.duplicates, 0);
});
