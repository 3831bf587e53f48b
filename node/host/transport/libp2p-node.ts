/**
 * The libp2p instance of one node: TCP or QUIC, the post-quantum session and nothing else to fall back to, yamux, who may connect.
 * Owns: its options and limits; a node speaks what it listens on, TCP or QUIC, and not both. Does not own: links and frames (libp2p-transport.ts), gossip, discovery.
 * The limits of libp2p's connection manager are per address, and many nodes may share one: they are set beyond what members need;
 * what bounds a stranger is the number and time of handshakes.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import type { GossipSubComponents } from '@libp2p/gossipsub';
import type { Libp2p, PeerId, PrivateKey, ServiceMap } from '@libp2p/interface';
import { createLibp2p } from 'libp2p';
import type { SessionIdentity } from '#node/host/session/identity-proof.ts';
import { sessionEncrypter } from '#node/host/session/session-encrypter.ts';
import type { SessionError } from '#node/host/session/session-error.ts';
import { discoveryServices } from './discovery.ts';
import { silentLogger } from './silent-logger.ts';
import type { SocketMeter } from './socket-meter.ts';
import { thriftyYamux } from './thrifty-yamux.ts';

export interface NodeOptions {
  readonly identity: SessionIdentity;
  readonly network: string;
  /** Addresses of one kind: TCP, or QUIC. */
  readonly listen: readonly string[];
  readonly handshakeTimeoutMs: number;
  readonly mostSessions: number;
  readonly meter: SocketMeter;
  readonly hasDiscovery: boolean;
  readonly isMember: (publicKey: Uint8Array, peerId: PeerId) => boolean;
  /** A member that may not connect now. */
  readonly isRefused: (peerId: PeerId) => boolean;
  readonly onRefused: (error: SessionError) => void;
  readonly onBroken: (peerId: PeerId, error: SessionError) => void;
  readonly onLibraryError: (component: string, parts: readonly unknown[]) => void;
}

export interface Libp2pNode {
  readonly libp2p: Libp2p;
  /** What gossipsub is built from. */
  readonly components: GossipSubComponents;
  /** Null without discovery. */
  readonly discovery: Libp2p | null;
}

export async function createNode(options: NodeOptions): Promise<Libp2pNode> {
  const privateKey = peerKey(options.identity.peerSeed);
  const taken: { components: GossipSubComponents | null } = { components: null };
  const parts = (components: GossipSubComponents): object => {
    taken.components = { ...pick(components), privateKey };
    return {};
  };
  const base = settings(options, privateKey, await transportOf(options));
  const discovery = options.hasDiscovery
    ? await createLibp2p({ ...base, services: { ...discoveryServices, parts } })
    : null;
  const libp2p: Libp2p = discovery ?? (await createLibp2p({ ...base, services: { parts } }));
  if (taken.components === null) throw new Error('libp2p did not build its services');
  return { libp2p, components: taken.components, discovery };
}

/** libp2p would derive the public half in JavaScript, which costs a new process more than the rest of its node. */
function peerKey(seed: Uint8Array): PrivateKey {
  const secret = createPrivateKey({
    key: Buffer.from(seed),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  });
  return privateKeyFromRaw(Buffer.concat([seed, createPublicKey(secret).export({ format: 'raw-public' })]));
}

function pick({ peerId, peerStore, registrar, connectionManager, logger }: GossipSubComponents) {
  return { peerId, peerStore, registrar, connectionManager, logger };
}

type TransportOption = NonNullable<NonNullable<Parameters<typeof createLibp2p>[0]>['transports']>;

/** The library of the transport that is not spoken is not loaded: that of QUIC is native. */
async function transportOf({ listen, handshakeTimeoutMs }: NodeOptions): Promise<TransportOption> {
  if (listen.some(isQuic)) {
    if (!listen.every(isQuic)) throw new TypeError('a node listens on TCP or on QUIC, not on both');
    const { sessionQuic } = await import('./quic-transport.ts');
    return [sessionQuic({ handshakeTimeoutMs })];
  }
  const { tcp } = await import('@libp2p/tcp');
  const socket = { noDelay: true, keepAlive: true };
  return [tcp({ dialOpts: socket, listenOpts: socket, backlog: 1_024 })];
}

const isQuic = (address: string): boolean => /\/udp\/\d+\/quic-v1$/.test(address);

function settings(options: NodeOptions, privateKey: PrivateKey, transports: TransportOption) {
  const { meter, handshakeTimeoutMs, mostSessions, isMember, isRefused, onRefused, onBroken } = options;
  return {
    privateKey,
    logger: silentLogger(options.onLibraryError),
    addresses: { listen: [...options.listen] },
    transports,
    connectionProtector: () => meter,
    connectionEncrypters: [
      sessionEncrypter({
        identity: options.identity,
        network: options.network,
        handshakeTimeoutMs,
        isMember,
        onRefused,
        onBroken,
      }),
    ],
    // Links ask for signs of life themselves.
    streamMuxers: [thriftyYamux({ enableKeepAlive: false, maxInboundStreams: 64, maxOutboundStreams: 64 })],
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: 2 * mostSessions + 64,
      inboundConnectionThreshold: 100_000,
      maxIncomingPendingConnections: 512,
      maxParallelDials: 64,
      maxDialQueueLength: 2 * mostSessions + 64,
      dialTimeout: handshakeTimeoutMs,
      addressDialTimeout: handshakeTimeoutMs,
      inboundUpgradeTimeout: handshakeTimeoutMs,
      reconnectRetries: 0,
    },
    connectionGater: {
      denyDialPeer: isRefused,
      denyDialMultiaddr: () => false,
      denyInboundEncryptedConnection: isRefused,
      denyOutboundEncryptedConnection: isRefused,
    },
  } satisfies Parameters<typeof createLibp2p<ServiceMap>>[0];
}
