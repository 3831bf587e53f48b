/**
 * Real transports on the loopback interface, and a peer that does what it likes over a real session.
 * Owns: starting and stopping them, what their handlers heard, waiting for a condition. Does not own: what is tested.
 */
import assert from 'node:assert/strict';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { TransportName } from '#node/agent-fields.ts';
import { monotonicClock } from '#node/host/clock.ts';
import { createIdentity, type Identity } from '#node/host/identity.ts';
import { createNode } from '#node/host/transport/libp2p-node.ts';
import {
  Libp2pTransport,
  type Libp2pTransportOptions,
  linkProtocol,
} from '#node/host/transport/libp2p-transport.ts';
import { SocketMeter } from '#node/host/transport/socket-meter.ts';
import type { Member, TransportHandler } from '#node/host/transport/transport.ts';

export const testNetwork = 'test';
const deadlineMs = 30_000;

/** Resolves when the condition holds; fails with the text when it does not hold in good time. */
export async function until(text: string, condition: () => boolean): Promise<void> {
  const startMs = performance.now();
  while (!condition()) {
    assert.ok(performance.now() - startMs < deadlineMs, `waited too long: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface Heard {
  readonly frames: { readonly from: number; readonly bytes: Uint8Array }[];
  readonly announcements: Uint8Array[];
  readonly events: string[];
  readonly connected: Set<number>;
  readonly handler: TransportHandler;
}

export function listener(onFrame: (from: number, bytes: Uint8Array) => void = () => {}): Heard {
  const frames: Heard['frames'] = [];
  const announcements: Uint8Array[] = [];
  const events: string[] = [];
  const connected = new Set<number>();
  return {
    frames,
    announcements,
    events,
    connected,
    handler: {
      frame: (from, bytes) => {
        frames.push({ from, bytes });
        onFrame(from, bytes);
      },
      announcement: (_from, bytes) => announcements.push(bytes),
      connected: (member) => {
        assert.ok(!connected.has(member), `${member} connected twice`);
        connected.add(member);
        events.push(`+${member}`);
      },
      disconnected: (member) => {
        assert.ok(connected.delete(member), `${member} disconnected without a session`);
        events.push(`-${member}`);
      },
      misbehaved: (member, reason) => events.push(`!${member} ${reason}`),
    },
  };
}

/** Where a node listens on any free port. */
export const loopback: Readonly<Record<TransportName, string>> = {
  tcp: '/ip4/127.0.0.1/tcp/0',
  quic: '/ip4/127.0.0.1/udp/0/quic-v1',
};

export type NodeOptions = Partial<Omit<Libp2pTransportOptions, 'identity'>>;

export interface TestNode {
  readonly identity: Identity;
  readonly transport: Libp2pTransport;
  readonly heard: Heard;
}

export async function listenNode(options: NodeOptions = {}, identity = createIdentity()): Promise<TestNode> {
  const transport = await Libp2pTransport.listen({
    identity,
    network: testNetwork,
    listen: [loopback.tcp],
    clock: monotonicClock,
    ...options,
  });
  return { identity, transport, heard: listener() };
}

export function memberOf({ identity, transport }: TestNode, number: number): Member {
  return { number, publicKey: identity.publicKey, peerId: transport.peerId, addresses: transport.addresses };
}

export interface Net {
  readonly nodes: TestNode[];
  readonly members: Member[];
}

/** Nodes with a session between every two. */
export async function wholeNet(count: number, options: NodeOptions = {}): Promise<Net> {
  const nodes = await Promise.all(Array.from({ length: count }, () => listenNode(options)));
  const members = nodes.map(memberOf);
  for (const { transport, heard } of nodes) await transport.start(members, heard.handler);
  await Promise.all(nodes.map(({ transport }) => transport.warm()));
  await until('all sessions', () => nodes.every(({ heard }) => heard.connected.size === count - 1));
  await until('gossip', () => nodes.every(({ transport }) => transport.gossipPeers === count - 1));
  return { nodes, members };
}

export async function stopAll(nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map(({ transport }) => transport.stop()));
}

/** A member with a real session and no manners. */
export class RudePeer {
  readonly identity: Identity;
  readonly libp2p: Libp2p;
  readonly isRefused = { value: false };

  private constructor(identity: Identity, libp2p: Libp2p) {
    this.identity = identity;
    this.libp2p = libp2p;
  }

  static async listen({
    listen = [loopback.tcp],
    network = testNetwork,
  }: NodeOptions = {}): Promise<RudePeer> {
    const identity = createIdentity();
    const { libp2p } = await createNode({
      identity,
      network,
      listen,
      handshakeTimeoutMs: 10_000,
      mostSessions: 16,
      meter: new SocketMeter(monotonicClock),
      hasDiscovery: false,
      isMember: () => true,
      isRefused: () => false,
      onRefused: () => {},
      onBroken: () => {},
      onLibraryError: () => {},
    });
    return new RudePeer(identity, libp2p);
  }

  member(number: number): Member {
    return {
      number,
      publicKey: this.identity.publicKey,
      peerId: this.libp2p.peerId.toString(),
      addresses: this.libp2p.getMultiaddrs().map((address) => String(address).replace(/\/p2p\/.*$/, '')),
    };
  }

  async dial({ addresses, peerId }: Member): Promise<{ connection: Connection; stream: Stream }> {
    const connection = await this.libp2p.dial(multiaddr(`${addresses[0]}/p2p/${peerId}`));
    const stream = await connection.newStream(linkProtocol);
    return { connection, stream };
  }

  async stop(): Promise<void> {
    await this.libp2p.stop();
  }
}
