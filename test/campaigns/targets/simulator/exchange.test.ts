// Goal: queries and answers of one poll travel on their own: each its delay and loss, each stopped by what stands between.
// Method: one node that alone knows its vertex polls the others; delivered messages are counted as time goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadMessageKernel } from '#campaigns/targets/simulator/message-kernel.ts';
import { Simulation } from '#campaigns/targets/simulator/simulation.ts';
import { relayGraph } from '#campaigns/targets/simulator/topology.ts';
import { VirtualDisk } from '#campaigns/targets/simulator/virtual-disk.ts';
import { AlwaysAccept } from '#node/byzantine/always-accept.ts';
import { Silent } from '#node/byzantine/silent.ts';
import type { AnswerDecorator } from '#node/core/answer.ts';
import { Core } from '#node/core/core.ts';
import { lastingConvictions } from '#node/core/params.ts';
import { genesis } from '#node/core/vertex-table.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';
import { networkNamed, runSpecExample } from '#test/support/run-spec-example.ts';

const nodes = 30;
const k = 20;
const steady = { ...networkNamed('lan'), oneWayUs: [10_000, 10_000], loss: 0 } as const;

interface Setting {
  readonly network?: NetworkProfile;
  readonly seed?: number;
  readonly attack?: AnswerDecorator;
  readonly calibration?: typeof defaultCalibration;
}

/** Only node 0 ever polls. */
class LoneCore extends Core {
  override wake(node: number, nowUs: number): void {
    if (node === 0) super.wake(node, nowUs);
  }
}

/** Node 0 has a vertex that nobody else knows and has just begun a poll about it. */
function polling(setting: Setting = {}): Simulation {
  const { network = steady, seed = 1, attack = null, calibration = weightless(defaultCalibration) } = setting;
  const simulation = new Simulation(
    {
      tier: 'message',
      nodes,
      consensus: {
        ...runSpecExample().consensus,
        k,
        alphaPreference: 15,
        alphaConfidence: 15,
        earlyEnd: false,
        pollIntervalUs: 50_000,
      },
      network,
      graph: relayGraph('full', 8, nodes, 1),
      isCalm: false,
      calibration,
      cores: 4,
      seed,
      attackers: new Uint8Array(nodes).fill(attack === null ? 0 : 1, 1),
      attack,
      operatorOf: Int32Array.from({ length: nodes }, (_, node) => node),
      exclusion: false,
      reputation: lastingConvictions,
      slots: 64,
      core: (options, ports) => new LoneCore(options, ports),
      kernel: loadMessageKernel,
      disk: (count, syncUs, sink) => new VirtualDisk(count, syncUs, sink),
    },
    {
      publish: () => undefined,
      decided: () => undefined,
      rejected: () => undefined,
      undecidedAtLimit: () => undefined,
      convicted: () => undefined,
      readmitted: () => undefined,
    },
  );
  const slot = simulation.register({ creator: 0, sequence: 1, parents: [genesis], inputs: [] });
  simulation.relay.publish(0, slot, 100, 0, () => false);
  return simulation;
}

function until(simulation: Simulation, us: number): Simulation {
  while (simulation.now * simulation.tickUs < us) simulation.step();
  return simulation;
}

function askedIn({ exchange }: Simulation): number {
  return exchange.asked.reduce((sum, count) => sum + count, 0);
}

const alone = Uint8Array.from({ length: nodes }, (_, node) => (node === 0 ? 0 : 1));

test('k queries go out and k answers come back, each after its one-way delay', () => {
  const simulation = until(polling(), 9_900);
  assert.equal(simulation.exchange.messages, 0);
  until(simulation, 10_100);
  assert.equal(simulation.exchange.messages, k);
  assert.equal(askedIn(simulation), k);
  assert.ok(simulation.exchange.asked.every((count, node) => count <= (node === 0 ? 0 : 1)));
  until(simulation, 21_000);
  assert.equal(simulation.exchange.messages, 2 * k);
  assert.equal(simulation.core.polls.isOpen(0), false);
});

test('a cut stops queries that are on their way', () => {
  const simulation = until(polling(), 5_000);
  simulation.network.partition(alone);
  until(simulation, 30_000);
  assert.equal(simulation.exchange.messages, 0);
  assert.equal(askedIn(simulation), 0);
  assert.equal(simulation.network.cut, k);
  assert.equal(simulation.core.polls.isOpen(0), true);
});

test('a cut stops answers that are on their way', () => {
  const simulation = until(polling(), 15_000);
  simulation.network.partition(alone);
  until(simulation, 30_000);
  assert.equal(simulation.exchange.messages, k);
  assert.ok(simulation.network.cut >= k);
  assert.equal(simulation.core.polls.filled(0), 0);
});

test('nodes that are down, silent or without a disk do not answer', () => {
  const down = polling();
  for (let node = 1; node < nodes; node++) down.core.crash(node, () => true);
  until(down, 30_000);
  assert.equal(down.exchange.messages, 0);
  const failed = polling();
  failed.disk.setFailed(
    Int32Array.from({ length: nodes - 1 }, (_, i) => i + 1),
    true,
  );
  until(failed, 30_000);
  assert.equal(failed.disk.refusedAnswers, k);
  assert.equal(failed.core.polls.filled(0), 0);
  const silent = until(polling({ attack: new Silent() }), 30_000);
  assert.equal(silent.exchange.messages, k);
  assert.equal(silent.core.polls.filled(0), 0);
});

test('an answer is rewritten by the attack of who gives it', () => {
  const successes = (attack: AnswerDecorator | null): number => {
    const { core } = until(polling(attack === null ? {} : { attack }), 21_000);
    assert.equal(core.standing.rounds[0], 1);
    return core.standing.counter[0]!;
  };
  assert.equal(successes(null), 0, 'nobody else knows the vertex');
  assert.equal(successes(new AlwaysAccept()), 1);
});

test('every message of a poll draws its own delay', () => {
  const simulation = polling({ network: { ...networkNamed('lan'), loss: 0 } });
  const arrivals: number[] = [];
  while (simulation.nowUs < 25_000) {
    const before = simulation.exchange.messages;
    simulation.step();
    if (simulation.exchange.messages > before) arrivals.push(simulation.nowUs);
  }
  assert.ok(arrivals.length > 1.5 * k, `${arrivals.length} moments for ${2 * k} messages`);
  assert.ok(Math.min(...arrivals) < 3_000 && Math.max(...arrivals) > 12_000);
});

test('queries are lost one by one, and a retry to a fresh peer has its own chance', () => {
  const chance = 0.4;
  let first = 0;
  let retried = 0;
  let retries = 0;
  const seeds = 60;
  for (let seed = 1; seed <= seeds; seed++) {
    const simulation = until(polling({ seed, network: { ...steady, loss: chance } }), 11_000);
    const arrived = askedIn(simulation);
    first += arrived;
    assert.ok(arrived > 0 && arrived < k, `seed ${seed}: ${arrived}`);
    while (simulation.core.retries === 0) simulation.step();
    retries += simulation.core.retries;
    until(simulation, simulation.nowUs + 11_000);
    retried += askedIn(simulation) - arrived;
  }
  const zOf = (count: number, of: number): number =>
    (count - of * (1 - chance)) / Math.sqrt(of * chance * (1 - chance));
  assert.ok(Math.abs(zOf(first, seeds * k)) < 4, `${first} of ${seeds * k}`);
  assert.ok(Math.abs(zOf(retried, retries)) < 4, `${retried} of ${retries}`);
});

test('service times delay an answer by the queue of the answering node and of the asking one', () => {
  const slow = {
    ...weightless(defaultCalibration),
    serviceTimesUs: { ...weightless(defaultCalibration).serviceTimesUs, answerQuery: 2_000 },
  };
  const simulation = until(polling({ calibration: slow }), 21_900);
  assert.equal(simulation.exchange.messages, k);
  until(simulation, 22_100);
  assert.equal(simulation.exchange.messages, 2 * k);
  assert.equal(simulation.cpu.busyUs(0, simulation.nowUs), 0);
});
