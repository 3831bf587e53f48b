/**
 * Figures of the real transport: nodes of this process over TCP, post-quantum session, yamux and gossipsub on the loopback interface.
 * Owns: what is measured. Does not own: the transport (node/host/transport). CPU times are of all threads and both ends.
 */

import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import { type Efforts, median } from '#campaigns/targets/benchmark/sampling.ts';
import { monotonicClock } from '#node/host/clock.ts';
import { createIdentity } from '#node/host/identity.ts';
import { Libp2pTransport } from '#node/host/transport/libp2p-transport.ts';
import { poolDefaults } from '#node/host/transport/peer-pool.ts';

const queryBytes = 250;
const answerBytes = 14;
const inFlight = 32;
const gossipNodes = 16;
const askFirstByte = 1;

class Net {
  readonly transports: Libp2pTransport[] = [];
  answers = 0;
  announcements = 0;
  sessions = 0;
  #changed: (() => void) | null = null;

  static async start(nodes: number, isWarm: boolean): Promise<Net> {
    const net = new Net();
    const identities = Array.from({ length: nodes }, () => createIdentity());
    for (const identity of identities)
      net.transports.push(
        await Libp2pTransport.listen({
          identity,
          network: 'bench',
          listen: ['/ip4/127.0.0.1/tcp/0'],
          clock: monotonicClock,
          pool: isWarm ? {} : { least: 0, most: nodes },
        }),
      );
    const members = net.transports.map(({ peerId, addresses }, number) => ({
      number,
      publicKey: identities[number]!.publicKey,
      peerId,
      addresses,
    }));
    for (const transport of net.transports) await transport.start(members, net.#handler(transport));
    if (isWarm) {
      await Promise.all(net.transports.map((transport) => transport.warm()));
      await net.until(() => net.transports.every(({ gossipPeers }) => gossipPeers === nodes - 1));
    }
    return net;
  }

  #handler(transport: Libp2pTransport): Parameters<Libp2pTransport['start']>[1] {
    const answer = new Uint8Array(answerBytes);
    return {
      frame: (member, bytes) => {
        if (bytes[0] === askFirstByte) transport.send(member, answer);
        else {
          this.answers += 1;
          this.#changed?.();
        }
      },
      announcement: () => {
        this.announcements += 1;
        this.#changed?.();
      },
      connected: () => {
        this.sessions += 1;
        this.#changed?.();
      },
      disconnected: () => {},
      misbehaved: () => {},
    };
  }

  /** Looks again at each event, and now and then. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        clearInterval(timer);
        this.#changed = null;
        resolve();
      };
      const timer = setInterval(look, 20);
      this.#changed = look;
      look();
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.transports.map((transport) => transport.stop()));
  }
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** CPU of a query and its answer, so many of them under way. */
async function roundTripsUs(net: Net, times: number, peers: number): Promise<number> {
  const query = new Uint8Array(queryBytes).fill(askFirstByte);
  const from = cpuUs();
  const before = net.answers;
  for (let sent = 0; sent < times; ) {
    for (let i = 0; i < inFlight && sent < times; i++, sent++) {
      const source = sent % net.transports.length;
      net.transports[source]!.send((source + 1 + (i % peers)) % net.transports.length, query);
    }
    await net.until(() => net.answers - before === sent);
  }
  return (cpuUs() - from) / times;
}

async function announcementsUs(net: Net, times: number): Promise<number> {
  const from = cpuUs();
  const before = net.announcements;
  const others = net.transports.length - 1;
  for (let i = 0; i < times; i++) {
    net.transports[i % net.transports.length]!.announce(
      Buffer.from(`${process.hrtime.bigint()} an id and its creator`),
    );
    await net.until(() => net.announcements - before >= (i - 8) * others);
  }
  await net.until(() => net.announcements - before === times * others);
  return (cpuUs() - from) / times / others;
}

/** Wall time from the wish for a session until there is one. */
async function freshSessionsUs(pairs: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < pairs; i++) {
    const net = await Net.start(2, false);
    const fromUs = monotonicClock.nowUs();
    net.transports[0]!.send(1, new Uint8Array(queryBytes).fill(askFirstByte));
    await net.until(() => net.sessions === 2);
    found.push(monotonicClock.nowUs() - fromUs);
    await net.stop();
  }
  return found;
}

/** CPU of a session between every two of the nodes, streams of frames and gossip included. */
async function sessionCpuUs(nodes: number): Promise<number> {
  const net = await Net.start(nodes, false);
  const from = cpuUs();
  await Promise.all(net.transports.map((transport) => transport.warm()));
  const sessions = (nodes * (nodes - 1)) / 2;
  await net.until(() => net.sessions === 2 * sessions);
  const took = (cpuUs() - from) / sessions;
  await net.stop();
  return took;
}

/** Wall time to get hold of an open session and hand a frame to it. */
async function pooledUs(net: Net, times: number): Promise<number> {
  const query = new Uint8Array(queryBytes);
  let tookUs = 0;
  const before = net.answers;
  for (let i = 0; i < times; i++) {
    const from = performance.now();
    net.transports[0]!.send(1, query);
    tookUs += 1_000 * (performance.now() - from);
    if (i % 100 === 99) await net.until(() => net.answers - before === i + 1);
  }
  return tookUs / times;
}

async function samples(count: number, measure: () => Promise<number>): Promise<number[]> {
  await measure();
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push(await measure());
  return found;
}

export async function measureTransport({ network, loop }: Efforts): Promise<JobResult> {
  const isQuick = network.samples === 1;
  const fresh = await freshSessionsUs(isQuick ? 2 : 12);
  const session = await samples(isQuick ? 1 : 3, () => sessionCpuUs(isQuick ? 3 : gossipNodes));
  const pair = await Net.start(2, true);
  const pooled = await samples(loop.samples, () => pooledUs(pair, isQuick ? 100 : 2_000));
  const roundTrip = await samples(network.samples, () => roundTripsUs(pair, isQuick ? 64 : 6_400, 1));
  await pair.stop();
  const many = await Net.start(isQuick ? 4 : gossipNodes, true);
  const others = many.transports.length - 1;
  const spread = await samples(network.samples, () => roundTripsUs(many, isQuick ? 64 : 3_200, others));
  const announcement = await samples(network.samples, () => announcementsUs(many, isQuick ? 4 : 100));
  const pools = many.transports.map(({ figures }) => figures.pool);
  const hits = pools.reduce((sum, pool) => sum + pool.hits, 0);
  const misses = pools.reduce((sum, pool) => sum + pool.misses, 0);
  await many.stop();
  const freshUs = median(fresh);
  return {
    samples: {
      'transport.session': session,
      'transport.acquire': pooled.map((us) => us * 1_000),
      'transport.acquire-ratio': pooled.map((us) => freshUs / us),
      'transport.reuse': [(100 * hits) / (hits + misses)],
      'transport.round-trip': roundTrip,
      'transport.round-trip-spread': spread,
      'transport.announcement': announcement,
    },
    facts: { freshSessionWallUs: freshUs, poolMost: poolDefaults.most, nodes: others + 1 },
  };
}
