/**
 * The post-quantum session as libp2p's connection encrypter: the only one a node offers, so that there is nothing to fall back to.
 * Owns: running the handshake over a connection, its time, the number of handshakes at once, who is let in. Does not own: the
 * handshake itself (handshake.ts), records (secured-stream.ts), what happens to refused peers (transport).
 */
import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import type {
  ConnectionEncrypter,
  MessageStream,
  PeerId,
  SecureConnectionOptions,
  SecuredConnection,
} from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { byteStream } from '@libp2p/utils';
import {
  type Agreed,
  firstBytes,
  type HandshakeOptions,
  initiate,
  respond,
  secondBytes,
  thirdBytes,
} from './handshake.ts';
import { type ProvenKeys, Prover, type Role, type SessionIdentity } from './identity-proof.ts';
import { sessionProtocol } from './key-schedule.ts';
import { RecordOpener, RecordSealer } from './record-cipher.ts';
import { SecuredStream } from './secured-stream.ts';
import { SessionError } from './session-error.ts';

/** The third message may be followed by records at once, but not by many. */
const mostWaitingBytes = 131_072;

export interface SessionOptions {
  readonly identity: SessionIdentity;
  /** Nodes of different networks refuse each other. */
  readonly network: string;
  /** Whether this member key belongs to this peer id in the list of members. */
  readonly isMember: (publicKey: Uint8Array, peerId: PeerId) => boolean;
  /** A peer proved both keys and is a member: its session begins. */
  readonly onAuthenticated?: (peerId: PeerId, publicKey: Uint8Array) => void;
  /** A handshake failed. The peer is not known by then. */
  readonly onRefused?: (error: SessionError, role: Role) => void;
  /** A record of a session was bad. Whoever sits on the path can cause that, so it convicts nobody. */
  readonly onBroken?: (peerId: PeerId, error: SessionError) => void;
  readonly handshakeTimeoutMs?: number;
  /** Handshakes under way, both directions together. One more is refused at once. */
  readonly mostHandshakes?: number;
}

/** For libp2p: `connectionEncrypters: [sessionEncrypter(options)]`. The node's private key must come from `identity.peerSeed`. */
export function sessionEncrypter(options: SessionOptions): () => SessionEncrypter {
  return () => new SessionEncrypter(options);
}

export class SessionEncrypter implements ConnectionEncrypter {
  readonly protocol = sessionProtocol;
  readonly #options: SessionOptions;
  readonly #prover: Prover;
  readonly #timeoutMs: number;
  readonly #mostHandshakes: number;
  #handshakes = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#prover = new Prover(options.identity);
    this.#timeoutMs = options.handshakeTimeoutMs ?? 10_000;
    this.#mostHandshakes = options.mostHandshakes ?? 256;
  }

  secureOutbound(stream: MessageStream, options?: SecureConnectionOptions): Promise<SecuredConnection> {
    return this.#secure('initiator', stream, options);
  }

  secureInbound(stream: MessageStream, options?: SecureConnectionOptions): Promise<SecuredConnection> {
    return this.#secure('responder', stream, options);
  }

  async #secure(
    role: Role,
    stream: MessageStream,
    { signal: given, remotePeer }: SecureConnectionOptions = {},
  ): Promise<SecuredConnection> {
    const time = AbortSignal.timeout(this.#timeoutMs);
    const signal = given === undefined ? time : AbortSignal.any([time, given]);
    this.#handshakes++;
    try {
      if (this.#handshakes > this.#mostHandshakes)
        throw new SessionError('busy', `${this.#mostHandshakes} handshakes are under way already`);
      return this.#begin(role, stream, await within(signal, this.#shake(role, stream, signal, remotePeer)));
    } catch (cause) {
      const error = asSessionError(cause, time);
      stream.abort(error);
      this.#options.onRefused?.(error, role);
      throw error;
    } finally {
      this.#handshakes--;
    }
  }

  async #shake(
    role: Role,
    stream: MessageStream,
    signal: AbortSignal,
    expected: PeerId | undefined,
  ): Promise<Agreed> {
    const bytes = byteStream(stream, { maxBufferSize: mostWaitingBytes });
    const read = async (length: number): Promise<Uint8Array> =>
      (await bytes.read({ bytes: length, signal })).subarray();
    const options: HandshakeOptions = {
      prover: this.#prover,
      network: this.#options.network,
      judge: (remote) => this.#judge(remote, expected),
    };
    let agreed: Agreed;
    if (role === 'initiator') {
      const state = initiate(options);
      await bytes.write(state.first, { signal });
      const finished = await state.finish(await read(secondBytes));
      await bytes.write(finished.third, { signal });
      agreed = finished.agreed;
    } else {
      const state = await respond(await read(firstBytes), options);
      await bytes.write(state.second, { signal });
      agreed = state.finish(await read(thirdBytes));
    }
    bytes.unwrap();
    return agreed;
  }

  #judge({ publicKey, peerKey }: ProvenKeys, expected: PeerId | undefined): void {
    const peerId = peerIdOf(peerKey);
    if (expected !== undefined && !expected.equals(peerId))
      throw new SessionError('other-peer', `${expected} was dialled, ${peerId} answered`);
    if (!this.#options.isMember(publicKey, peerId))
      throw new SessionError('not-a-member', `${peerId} with its ML-DSA key is no member of the network`);
  }

  #begin(role: Role, stream: MessageStream, { remote, keys }: Agreed): SecuredConnection {
    const remotePeer = peerIdOf(remote.peerKey);
    const theirs: Role = role === 'initiator' ? 'responder' : 'initiator';
    const connection = new SecuredStream(stream, {
      sealer: new RecordSealer(keys[role]),
      opener: new RecordOpener(keys[theirs]),
      broken: (error) => this.#options.onBroken?.(remotePeer, error),
    });
    this.#options.onAuthenticated?.(remotePeer, remote.publicKey);
    return { connection, remotePeer };
  }
}

function peerIdOf(peerKey: Uint8Array): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(peerKey));
}

/** Signing does not listen to signals: the handshake ends in time all the same. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function asSessionError(cause: unknown, time: AbortSignal): SessionError {
  if (cause instanceof SessionError) return cause;
  if (time.aborted) return new SessionError('timeout', 'the handshake took too long', { cause });
  const said = cause instanceof Error ? cause.message : String(cause);
  return new SessionError('closed', `the connection ended during the handshake: ${said}`, { cause });
}
