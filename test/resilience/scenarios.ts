/**
 * The scenario of each mechanism of resilience: a network of hosts on virtual time, loaded and disturbed, with and without it.
 * Owns: the scenarios, and the one figure of each that the mechanism exists for. Does not own: what must change
 * (resilience.long.test.ts), the mechanisms (node/host), the stored table (reports/scale/resilience-table.ts).
 * Virtual time: the same code gives the same figures on any machine.
 */
import type { Mechanisms } from '#node/host/host-parts.ts';
import type { Transport } from '#node/host/transport/transport.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import { kindCode } from '#node/host/wire/frame.ts';
import { type NetworkProfile, networkProfiles } from '#node/model/network-profile.ts';
import { HostNetwork, type HostNetworkOptions, quantile } from '#test/support/host-network.ts';
import { SlowClock } from '#test/support/slow-clock.ts';

const lan = networkProfiles.find(({ name }) => name === 'lan')!;
const wan = networkProfiles.find(({ name }) => name === 'wan')!;
const lossy: NetworkProfile = { ...lan, name: 'lan with 5 % loss', loss: 0.05 };
const consensus = { k: 8, alphaPreference: 5, alphaConfidence: 7, beta: 6 } as const;
const small = { k: 5, alphaPreference: 3, alphaConfidence: 4, beta: 6 } as const;
const tolerant = { k: 4, alphaPreference: 3, alphaConfidence: 3, beta: 5 } as const;

export interface Scenario {
  readonly mechanism: keyof Mechanisms;
  readonly name: string;
  readonly figure: string;
  readonly unit: 'ms' | '';
  /** The figure with the mechanism is at most, or at least, so many times the figure without. */
  readonly ratio: { readonly atMost: number } | { readonly atLeast: number };
  readonly options: HostNetworkOptions;
  /** What was pruned everywhere is no decision of a node that comes back: its order cannot be checked. */
  readonly isPastPruned?: true;
  /** Loads and disturbs the network. */
  readonly drive: (network: HostNetwork) => Promise<number | undefined>;
  /** `driven`: what `drive` returned. */
  readonly read: (network: HostNetwork, driven: number) => number;
}

const median = (network: HostNetwork): number => quantile(network.latenciesUs, 0.5) / 1_000;

/** The figure of the scenario. Throws when safety was broken. */
export async function figureOf(scenario: Scenario, isOn: boolean): Promise<number> {
  const mechanisms = { ...scenario.options.mechanisms, [scenario.mechanism]: isOn };
  const network = new HostNetwork({ ...scenario.options, mechanisms });
  await network.start();
  const driven = await scenario.drive(network);
  if (scenario.isPastPruned !== true) network.assertSafe();
  return scenario.read(network, driven ?? 0);
}

async function load(network: HostNetwork, vertices: number, everyUs: number, nodes?: readonly number[]) {
  let refused = 0;
  for (let i = 0; i < vertices; i++) {
    const live = nodes ?? network.cells.filter(({ isUp }) => isUp).map(({ number }) => number);
    if (network.submit(live[i % live.length]!).kind === 'refused') refused += 1;
    await network.run(everyUs);
  }
  return refused;
}

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

/** Polls do not wait for members that are gone. */
const failureDetector: Scenario = {
  mechanism: 'failureDetector',
  name: 'WAN, 3 of 16 members down',
  figure: 'median finality',
  unit: 'ms',
  ratio: { atMost: 0.9 },
  options: {
    nodes: 16,
    profile: wan,
    consensus: { ...consensus, alphaConfidence: 6, pollIntervalUs: 60_000 },
  },
  drive: async (network) => {
    for (const number of [2, 7, 12]) network.crash(number);
    await load(network, 40, 200_000);
    await network.run(8_000_000);
  },
  read: median,
};

/** Members that withhold bodies are not asked again and again. */
const circuitBreaker: Scenario = {
  mechanism: 'circuitBreaker',
  name: '4 of 16 members vote and forward announcements, but serve no bodies',
  figure: 'repeated requests',
  unit: '',
  ratio: { atMost: 0.5 },
  options: {
    nodes: 16,
    profile: lan,
    consensus,
    transportOf: (number, transport) => (number % 4 === 1 ? withholding(transport) : transport),
  },
  drive: async (network) => {
    await load(network, 80, 15_000, [0, 2, 3, 4, 6, 7, 8, 10, 11, 12, 14, 15]);
    await network.run(2_000_000);
  },
  read: ({ cells }) => cells.reduce((sum, { host }) => sum + host.figures.requestsRepeated, 0),
};

/** What is lost is repeated as soon as it is late. */
const adaptiveTimeouts: Scenario = {
  mechanism: 'adaptiveTimeouts',
  name: '16 members, one frame of 20 lost',
  figure: 'median finality',
  unit: 'ms',
  ratio: { atMost: 0.8 },
  options: { nodes: 16, profile: lossy, consensus },
  drive: async (network) => {
    await load(network, 60, 30_000);
    await network.run(3_000_000);
  },
  read: median,
};

/** Votes pass a flood of requests. */
const priorities: Scenario = {
  mechanism: 'priorities',
  name: '8 slow machines, each asked for transfers 1,500 times a second',
  figure: 'median finality',
  unit: 'ms',
  ratio: { atMost: 0.5 },
  options: {
    nodes: 8,
    profile: lan,
    consensus: small,
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
  },
  read: median,
};

/** An overloaded node refuses what it could not finish. */
const degradedMode: Scenario = {
  mechanism: 'degradedMode',
  name: '8 slow machines, more load than they can carry',
  figure: 'p95 finality of what was taken',
  unit: 'ms',
  ratio: { atMost: 0.9 },
  options: {
    nodes: 8,
    profile: lan,
    consensus: small,
    limits: { framesPerTurn: 2 },
    clockOf: (_number, clock) => new SlowClock(clock, 3_000),
  },
  drive: async (network) => {
    const refused = await load(network, 400, 3_000);
    await network.run(6_000_000);
    return refused;
  },
  read: ({ latenciesUs }) => quantile(latenciesUs, 0.95) / 1_000,
};

const rejoinMostUs = 60_000_000;

/** The time from a restart until a node has all that the others have, up to a minute. */
async function rejoined(network: HostNetwork, number: number): Promise<number> {
  const { clock } = network;
  const startUs = clock.nowUs();
  const isBack = (): boolean => network.finalisedBy(number) >= network.finalisedBy(0);
  while (!isBack() && clock.nowUs() - startUs < rejoinMostUs) await network.run(10_000);
  return (clock.nowUs() - startUs) / 1_000;
}

/** Deltas: what was missed comes in batches. */
const deltas: Scenario = {
  mechanism: 'transfers',
  name: 'a member is down for 600 of 620 vertices, and comes back beside load',
  figure: 'time until it has all of them, a minute at most',
  unit: 'ms',
  ratio: { atMost: 0.5 },
  options: { nodes: 6, profile: lan, consensus: tolerant },
  drive: async (network) => {
    await load(network, 20, 8_000);
    network.crash(5);
    await load(network, 600, 8_000, [0, 1, 2, 3, 4]);
    await network.restart(5);
    return await rejoined(network, 5);
  },
  read: (_network, tookMs) => tookMs,
};

/** Snapshots: what nobody keeps any more is told as settled. */
const snapshots: Scenario = {
  mechanism: 'transfers',
  name: 'a member is down until its peers have pruned what it missed',
  figure: 'vertices it finalises again within a minute',
  unit: '',
  ratio: { atLeast: 1.5 },
  options: {
    nodes: 6,
    profile: lan,
    consensus: tolerant,
    limits: { retainedDecided: 8 },
  },
  isPastPruned: true,
  drive: async (network) => {
    await load(network, 10, 8_000);
    network.crash(5);
    await load(network, 120, 8_000, [0, 1, 2, 3, 4]);
    await network.until(() => network.isSettled(), 10_000_000, 'finality');
    for (const { archive, isUp } of network.cells) if (isUp) await archive.prune(60);
    await network.restart(5);
    await load(network, 5, 8_000, [0]);
    await network.run(rejoinMostUs);
  },
  read: (network) => network.finalisedBy(5),
};

/** Two sides that decided different vertices while they were apart and idle find out. */
const reconciliation: Scenario = {
  mechanism: 'reconciliation',
  name: 'two halves of 6 decide one vertex each while cut off, and nothing comes after it',
  figure: 'vertices that a member lacks a minute after the cut',
  unit: '',
  ratio: { atMost: 0 },
  options: {
    nodes: 6,
    profile: lan,
    consensus: { k: 2, alphaPreference: 2, alphaConfidence: 2, beta: 3, earlyEnd: true },
  },
  drive: async (network) => {
    network.network.partition([0, 0, 0, 1, 1, 1], 4_000_000);
    network.submit(0);
    network.submit(5);
    await network.run(4_000_000 + rejoinMostUs);
  },
  read: (network) =>
    network.cells.reduce((sum, { number }) => sum + (network.vertices - network.finalisedBy(number)), 0),
};

export const scenarios: readonly Scenario[] = [
  failureDetector,
  circuitBreaker,
  adaptiveTimeouts,
  priorities,
  degradedMode,
  deltas,
  snapshots,
  reconciliation,
];
