/**
 * Two ends of a session in one process, with an optional attacker on the path between them.
 * Owns: identities of fixed seeds, in-memory connections, recording of what the encrypters report. Does not own: assertions.
 */
import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { MessageStream, MultiaddrConnection, PeerId, SecuredConnection } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { createIdentity, type Identity } from '#node/host/identity.ts';
import { Prover } from '#node/host/session/identity-proof.ts';
import { SessionEncrypter, type SessionOptions } from '#node/host/session/session-encrypter.ts';
import type { SessionError } from '#node/host/session/session-error.ts';

export function identityOf(number: number): Identity {
  return createIdentity(new Uint8Array(32).fill(number));
}

export function peerIdOf(identity: Identity): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(new Prover(identity).peerKey));
}

/** One end, and what it was told. */
export interface End {
  readonly identity: Identity;
  readonly peerId: PeerId;
  readonly encrypter: SessionEncrypter;
  readonly authenticated: { readonly peerId: PeerId; readonly publicKey: Uint8Array }[];
  readonly refused: SessionError[];
  readonly broken: SessionError[];
}

export function endOf(number: number, options: Partial<SessionOptions> = {}): End {
  const identity = identityOf(number);
  const authenticated: End['authenticated'] = [];
  const refused: SessionError[] = [];
  const broken: SessionError[] = [];
  const encrypter = new SessionEncrypter({
    identity,
    network: 'test',
    isMember: () => true,
    onAuthenticated: (peerId, publicKey) => authenticated.push({ peerId, publicKey }),
    onRefused: (error) => refused.push(error),
    onBroken: (_, error) => broken.push(error),
    ...options,
  });
  return { identity, peerId: peerIdOf(identity), encrypter, authenticated, refused, broken };
}

/** What the attacker does to the chunks of one direction, numbered from 0: replaces one by any number of chunks. */
export type Tamper = (chunk: Uint8Array, index: number) => readonly Uint8Array[];

export interface Path {
  readonly initiator: MultiaddrConnection;
  readonly responder: MultiaddrConnection;
  /** All chunks that the ends really sent. */
  readonly sent: { readonly initiator: Uint8Array[]; readonly responder: Uint8Array[] };
  /** The attacker speaks to an end itself. */
  injectTo(end: 'initiator' | 'responder', chunk: Uint8Array): void;
  /** The attacker cuts the connection in an orderly way. */
  cut(): Promise<void>;
}

const untouched: Tamper = (chunk) => [chunk];

/** Two connections with the attacker in the middle. */
export function path(toResponder: Tamper = untouched, toInitiator: Tamper = untouched): Path {
  const [initiator, nearInitiator] = multiaddrConnectionPair();
  const [nearResponder, responder] = multiaddrConnectionPair();
  const sent = { initiator: [] as Uint8Array[], responder: [] as Uint8Array[] };
  relay(nearInitiator, nearResponder, sent.initiator, toResponder);
  relay(nearResponder, nearInitiator, sent.responder, toInitiator);
  return {
    initiator,
    responder,
    sent,
    injectTo: (end, chunk) => (end === 'initiator' ? nearInitiator : nearResponder).send(chunk),
    cut: async () => {
      await Promise.all([nearInitiator.close(), nearResponder.close()]);
    },
  };
}

function relay(from: MessageStream, to: MessageStream, seen: Uint8Array[], tamper: Tamper): void {
  let index = 0;
  from.addEventListener('message', ({ data }) => {
    const chunk = data instanceof Uint8Array ? data.slice() : data.slice();
    seen.push(chunk);
    for (const part of tamper(chunk, index++)) if (to.status === 'open') to.send(part);
  });
  from.addEventListener('close', ({ error }) => {
    if (to.status !== 'open') return;
    if (error === undefined) to.close().catch(() => {});
    else to.abort(error);
  });
}

export interface Outcome {
  readonly initiator: PromiseSettledResult<SecuredConnection>;
  readonly responder: PromiseSettledResult<SecuredConnection>;
}

/** Runs the handshake to its end at both ends. `dialled`: the peer that the initiator means to reach. */
export async function shake(
  initiator: End,
  responder: End,
  between: Path,
  dialled: PeerId = responder.peerId,
): Promise<Outcome> {
  const [first, second] = await Promise.allSettled([
    initiator.encrypter.secureOutbound(between.initiator, { remotePeer: dialled }),
    responder.encrypter.secureInbound(between.responder),
  ]);
  return { initiator: first, responder: second };
}

export interface OpenSession {
  readonly initiator: MessageStream;
  readonly responder: MessageStream;
}

/** A session between the two ends; fails when there is none. */
export async function openSession(initiator: End, responder: End, between: Path): Promise<OpenSession> {
  const outcome = await shake(initiator, responder, between);
  if (outcome.initiator.status === 'rejected') throw outcome.initiator.reason;
  if (outcome.responder.status === 'rejected') throw outcome.responder.reason;
  return { initiator: outcome.initiator.value.connection, responder: outcome.responder.value.connection };
}

/** Resolves with everything that arrived, once it is that long or the stream has ended. */
export function received(stream: MessageStream, bytes: number): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const parts: Uint8Array[] = [];
  let length = 0;
  const finish = (): void => resolve(Buffer.concat(parts));
  stream.addEventListener('message', ({ data }) => {
    parts.push(data instanceof Uint8Array ? data : data.subarray());
    length += data.byteLength;
    if (length >= bytes) finish();
  });
  stream.addEventListener('close', finish);
  if (bytes === 0 || stream.status !== 'open') finish();
  return promise;
}

/** Resolves when the stream is over. */
export function ended(stream: MessageStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (stream.status === 'open') stream.addEventListener('close', () => resolve(), { once: true });
  else resolve();
  return promise;
}
