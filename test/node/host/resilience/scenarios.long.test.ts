/**
 * Each mechanism of resilience, with and without it, in the scenario that it exists for.
 * Owns: the scenarios and what must change. A mechanism whose figures do not differ here has no reason to exist.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mechanisms } from '#node/host/host-parts.ts';
import type { Transport } from '#node/host/transport/transport.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import { kindCode } from '#node/host/wire/frame.ts';
import { type NetworkProfile, networkProfiles } from '#node/model/network-profile.ts';
import { HostNetwork, type HostNetworkOptions, quantile } from '../../../support/host-network.ts';
import { SlowClock } from '../../../support/slow-clock.ts';

const lan = networkProfiles.find(({ name }) => name === 'lan')!;
const wan = networkProfiles.find(({ name }) => name === 'wan')!;
const lossy: NetworkProfile = { ...lan, name: 'lan with 5 % loss', loss: 0.05 };
const consensus = { k: 8, alphaPreference: 5, alphaConfidence: 7, beta: 6 } as const;

interface Outcome {
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly repeats: number;
  readonly refused: number;
  readonly finalised: number;
}

interface Scenario {
  readonly name: string;
  readonly mechanism: keyof Mechanisms;
  readonly options: HostNetworkOptions;
  /** Loads and disturbs the network; returns how many submissions were refused. */
  readonly drive: (network: HostNetwork) => Promise<number>;
}

async function outcome(scenario: Scenario, isOn: boolean): Promise<Outcome> {
  const mechanisms = { ...scenario.options.mechanisms, [scenario.mechanism]: isOn };
  const network = new HostNetwork({ ...scenario.options, mechanisms });
  await network.start();
  const refused = await scenario.drive(network);
  network.assertSafe();
  const live = network.cells.filter(({ isUp }) => isUp);
  const result = {
    medianMs: quantile(network.latenciesUs, 0.5) / 1_000,
    p95Ms: quantile(network.latenciesUs, 0.95) / 1_000,
    repeats: live.reduce((sum, { host }) => sum + host.figures.requestsRepeated, 0),
    refused,
    finalised: Math.max(...live.map(({ host }) => host.figures.finalised)),
  };
  const text = Object.entries(result).map(([name, value]) => `${name} ${Math.round(value)}`);
  console.log(`${scenario.mechanism} ${isOn ? 'on ' : 'off'} | ${scenario.name} | ${text.join(', ')}`);
  return result;
}

async function load(network: HostNetwork, vertices: number, everyUs: number): Promise<number> {
  let refused = 0;
  for (let i = 0; i < vertices; i++) {
    const live = network.cells.filter(({ isUp }) => isUp);
    if (network.submit(live[i % live.length]!.number).kind === 'refused') refused += 1;
    await network.run(everyUs);
  }
  return refused;
}

test('failure detector: polls do not wait for members that are gone', async () => {
  const scenario: Scenario = {
    name: 'WAN, 3 of 16 members down',
    mechanism: 'failureDetector',
    options: {
      nodes: 16,
      profile: wan,
      consensus: { ...consensus, alphaConfidence: 6, pollIntervalUs: 60_000 },
    },
    drive: async (network) => {
      for (const number of [2, 7, 12]) network.crash(number);
      await load(network, 40, 200_000);
      await network.run(8_000_000);
      return 0;
    },
  };
  const on = await outcome(scenario, true);
  const off = await outcome(scenario, false);
  assert.ok(on.medianMs < 0.9 * off.medianMs, `${on.medianMs} ms with it, ${off.medianMs} ms without`);
});

/** Answers votes, keeps bodies to itself. */
function withholding(transport: Transport): Transport {
  return {
    start: (members, handler) => transport.start(members, handler),
    send: (member, bytes) => (bytes[1] === kindCode.vertices ? 'sent' : transport.send(member, bytes)),
    announce: (bytes) => transport.announce(bytes),
    cutOff: (member, reason) => transport.cutOff(member, reason),
    stop: () => transport.stop(),
    figures: transport.figures,
  };
}

test('circuit breaker: members that withhold bodies are not asked again and again', async () => {
  const scenario: Scenario = {
    name: '4 of 16 members vote and forward announcements, but serve no bodies',
    mechanism: 'circuitBreaker',
    options: {
      nodes: 16,
      profile: lan,
      consensus,
      transportOf: (number, transport) => (number % 4 === 1 ? withholding(transport) : transport),
    },
    drive: async (network) => {
      const others = network.cells.filter(({ number }) => number % 4 !== 1);
      for (let i = 0; i < 80; i++) {
        network.submit(others[i % others.length]!.number);
        await network.run(15_000);
      }
      await network.run(2_000_000);
      return 0;
    },
  };
  const on = await outcome(scenario, true);
  const off = await outcome(scenario, false);
  assert.ok(
    on.repeats < 0.5 * off.repeats,
    `${on.repeats} repeated requests with it, ${off.repeats} without`,
  );
});

test('adaptive timeouts: what is lost is repeated as soon as it is late', async () => {
  const scenario: Scenario = {
    name: 'one frame of 20 lost',
    mechanism: 'adaptiveTimeouts',
    options: { nodes: 16, profile: lossy, consensus },
    drive: async (network) => {
      await load(network, 60, 30_000);
      await network.run(3_000_000);
      return 0;
    },
  };
  const on = await outcome(scenario, true);
  const off = await outcome(scenario, false);
  assert.ok(on.medianMs < 0.8 * off.medianMs, `${on.medianMs} ms with it, ${off.medianMs} ms without`);
});

test('priorities: votes pass a flood of requests', async () => {
  const scenario: Scenario = {
    name: '8 slow machines, each asked for transfers 1,500 times a second',
    mechanism: 'priorities',
    options: {
      nodes: 8,
      profile: lan,
      consensus: { k: 5, alphaPreference: 3, alphaConfidence: 4, beta: 6 },
      mechanisms: { degradedMode: false },
      limits: { framesPerTurn: 2 },
      clockOf: (_number, clock) => new SlowClock(clock, 1_000),
    },
    drive: async (network) => {
      const request = encodeFrame({ kind: 'sync-request', transfer: 1, mode: 'delta', fromOrder: 1e9 });
      for (let i = 0; i < 1_500; i++) {
        for (const { number, transport } of network.cells)
          for (let j = 0; j < 1 + (i % 2); j++) transport.send((number + 1 + j) % 8, request);
        if (i % 50 === 0) network.submit((i / 50) % 8);
        await network.run(1_000);
      }
      await network.run(2_000_000);
      return 0;
    },
  };
  const on = await outcome(scenario, true);
  const off = await outcome(scenario, false);
  assert.ok(on.medianMs < 0.5 * off.medianMs, `${on.medianMs} ms with it, ${off.medianMs} ms without`);
});

test('degraded mode: an overloaded node refuses what it could not finish', async () => {
  const scenario: Scenario = {
    name: '8 slow machines, more load than they can carry',
    mechanism: 'degradedMode',
    options: {
      nodes: 8,
      profile: lan,
      consensus: { k: 5, alphaPreference: 3, alphaConfidence: 4, beta: 6 },
      limits: { framesPerTurn: 2 },
      clockOf: (_number, clock) => new SlowClock(clock, 3_000),
    },
    drive: async (network) => {
      const refused = await load(network, 400, 3_000);
      await network.run(6_000_000);
      return refused;
    },
  };
  const on = await outcome(scenario, true);
  const off = await outcome(scenario, false);
  assert.ok(on.p95Ms < 0.9 * off.p95Ms, `${on.p95Ms} ms with it, ${off.p95Ms} ms without`);
  assert.ok(on.refused > 0 && off.refused === 0);
});
