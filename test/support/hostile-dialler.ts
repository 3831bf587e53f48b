/**
 * A peer that dials over TCP or QUIC as a node does and says what it likes in place of the handshake, or below a session it has.
 * Owns: its libp2p instance. Does not own: what it says, what is expected of whom it dials.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import type { ConnectionEncrypter, Libp2p, MessageStream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { TransportName } from '#node/agent-fields.ts';
import type { Identity } from '#node/host/identity.ts';
import { sessionProtocol } from '#node/host/session/key-schedule.ts';
import { sessionEncrypter } from '#node/host/session/session-encrypter.ts';
import { linkProtocol } from '#node/host/transport/libp2p-transport.ts';
import { sessionQuic } from '#node/host/transport/quic-transport.ts';
import type { Member } from '#node/host/transport/transport.ts';
import { testNetwork } from './transport-fixture.ts';

export function peerKeyOf({ peerSeed }: Identity): ReturnType<typeof privateKeyFromRaw> {
  const secret = createPrivateKey({
    key: Buffer.from(peerSeed),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  });
  return privateKeyFromRaw(
    Buffer.concat([peerSeed, createPublicKey(secret).export({ format: 'raw-public' })]),
  );
}

/** Says something and waits for the end that it will get. */
function talker(says: (stream: MessageStream) => void): ConnectionEncrypter {
  const talk = (stream: MessageStream): Promise<never> =>
    new Promise((_, reject) => {
      stream.addEventListener('close', () => reject(new Error('the other end has closed')));
      stream.addEventListener('remoteCloseWrite', () => reject(new Error('the other end has closed')));
      stream.addEventListener('message', () => {});
      says(stream);
    });
  return { protocol: sessionProtocol, secureInbound: talk, secureOutbound: talk };
}

export class HostileDialler {
  readonly #libp2p: Libp2p;
  readonly #below: { stream: MessageStream | null };

  private constructor(libp2p: Libp2p, below: { stream: MessageStream | null }) {
    this.#libp2p = libp2p;
    this.#below = below;
  }

  /** `says`: in place of the handshake; null: it has an honest session of this identity. */
  static async make(
    name: TransportName,
    identity: Identity,
    says: ((stream: MessageStream) => void) | null,
  ): Promise<HostileDialler> {
    const below: { stream: MessageStream | null } = { stream: null };
    const honest = sessionEncrypter({ identity, network: testNetwork, isMember: () => true });
    const encrypter = (): ConnectionEncrypter => {
      if (says !== null) return talker(says);
      const inner = honest();
      return {
        protocol: inner.protocol,
        secureInbound: (stream, options) => inner.secureInbound(stream, options),
        secureOutbound: (stream, options) => {
          below.stream = stream;
          return inner.secureOutbound(stream, options);
        },
      };
    };
    const libp2p = await createLibp2p({
      privateKey: peerKeyOf(identity),
      transports: [name === 'tcp' ? tcp() : sessionQuic({ handshakeTimeoutMs: 10_000 })],
      connectionEncrypters: [encrypter],
      streamMuxers: [yamux()],
    });
    return new HostileDialler(libp2p, below);
  }

  /** A session and a stream of it, or a rejection. */
  async dial({ addresses, peerId }: Member): Promise<void> {
    const connection = await this.#libp2p.dial(multiaddr(`${addresses[0]}/p2p/${peerId}`));
    await connection.newStream(linkProtocol);
  }

  /** Below the session that it has: these bytes are in no record. */
  sendBare(bytes: Uint8Array): void {
    if (this.#below.stream === null) throw new Error('there is no session');
    this.#below.stream.send(bytes);
  }

  async stop(): Promise<void> {
    await this.#libp2p.stop();
  }
}
