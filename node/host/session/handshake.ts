/**
 * The handshake as two state machines without input or output: messages in, messages out.
 * Owns: the order of messages, their exact lengths, what is signed and sealed when. Does not own: sockets and time
 * (session-encrypter.ts), primitives (key-agreement.ts, key-schedule.ts, identity-proof.ts).
 *
 *   1  initiator -> responder   X25519 key, ML-KEM-768 encapsulation key
 *   2  responder -> initiator   X25519 key, ML-KEM ciphertext, sealed proof of the responder
 *   3  initiator -> responder   sealed proof of the initiator, made for exactly this responder
 */
import { checkProof, type ProvenKeys, type Prover, proofBytes, type Role } from './identity-proof.ts';
import {
  acceptanceBytes,
  acceptOffer,
  concludeOffer,
  type EphemeralSeeds,
  freshSeeds,
  makeOffer,
  offerBytes,
} from './key-agreement.ts';
import { type DirectionKeys, proofKeys, recordKeys, Transcript } from './key-schedule.ts';
import { RecordOpener, RecordSealer, tagBytes } from './record-cipher.ts';
import { SessionError } from './session-error.ts';

const sealedProofBytes = proofBytes + tagBytes;
/** Exact lengths of the three messages. */
export const firstBytes = offerBytes;
export const secondBytes = acceptanceBytes + sealedProofBytes;
export const thirdBytes = sealedProofBytes;

/** What both ends hold when the handshake is over. */
export interface Agreed {
  readonly remote: ProvenKeys;
  readonly keys: DirectionKeys;
  /** Hash of the whole transcript: names the session. */
  readonly digest: Uint8Array;
}

export interface HandshakeOptions {
  readonly prover: Prover;
  /** Ends of different networks do not understand each other. */
  readonly network: string;
  /** Called with the keys that the other end proved, before anything is revealed to it that it does not know. Throws to refuse. */
  readonly judge: (remote: ProvenKeys) => void;
  /** Test vectors only. */
  readonly seeds?: EphemeralSeeds;
}

export interface InitiatorState {
  readonly first: Uint8Array;
  /** Takes message 2, gives message 3. */
  finish(second: Uint8Array): Promise<{ readonly third: Uint8Array; readonly agreed: Agreed }>;
}

export function initiate(options: HandshakeOptions): InitiatorState {
  const transcript = new Transcript(options.network);
  const offer = makeOffer(options.seeds ?? freshSeeds());
  transcript.add(offer.bytes);
  const finish: InitiatorState['finish'] = async (second) => {
    need(second, secondBytes);
    const acceptance = second.subarray(0, acceptanceBytes);
    const sealed = second.subarray(acceptanceBytes);
    const secret = concludeOffer(offer, acceptance);
    transcript.add(acceptance);
    const keys = proofKeys(secret, transcript.digest);
    const remote = openProof(sealed, keys.responder, 'responder', transcript.digest);
    options.judge(remote);
    transcript.add(sealed);
    const third = await sealProof(options.prover, keys.initiator, 'initiator', transcript.digest);
    transcript.add(third);
    const { digest } = transcript;
    return { third, agreed: { remote, keys: recordKeys(secret, digest), digest } };
  };
  return { first: offer.bytes, finish };
}

export interface ResponderState {
  readonly second: Uint8Array;
  /** Takes message 3. */
  finish(third: Uint8Array): Agreed;
}

export async function respond(first: Uint8Array, options: HandshakeOptions): Promise<ResponderState> {
  need(first, firstBytes);
  const transcript = new Transcript(options.network);
  transcript.add(first);
  const { bytes: acceptance, secret } = acceptOffer(first, (options.seeds ?? freshSeeds()).x25519);
  transcript.add(acceptance);
  const keys = proofKeys(secret, transcript.digest);
  const sealed = await sealProof(options.prover, keys.responder, 'responder', transcript.digest);
  transcript.add(sealed);
  const finish: ResponderState['finish'] = (third) => {
    need(third, thirdBytes);
    const remote = openProof(third, keys.initiator, 'initiator', transcript.digest);
    options.judge(remote);
    transcript.add(third);
    const { digest } = transcript;
    return { remote, keys: recordKeys(secret, digest), digest };
  };
  return { second: Buffer.concat([acceptance, sealed]), finish };
}

async function sealProof(prover: Prover, key: Uint8Array, role: Role, digest: Uint8Array): Promise<Buffer> {
  const sealed = Buffer.alloc(sealedProofBytes);
  new RecordSealer(key).seal([await prover.prove(role, digest)], sealed, 0);
  return sealed;
}

function openProof(sealed: Uint8Array, key: Uint8Array, role: Role, digest: Uint8Array): ProvenKeys {
  return checkProof(new RecordOpener(key).open(sealed), role, digest);
}

function need(message: Uint8Array, bytes: number): void {
  if (message.length !== bytes)
    throw new SessionError('size', `a handshake message of ${message.length} bytes, not ${bytes}`);
}
