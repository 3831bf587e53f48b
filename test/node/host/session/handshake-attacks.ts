/**
 * Attacks on the handshake and on records, each against one honest end, and the reason with which that end must refuse.
 * Owns: the list. Does not own: the code under attack: it is handed in, so that planted defects can be attacked as well.
 */
import { createPrivateKey, sign } from 'node:crypto';
import type * as handshake from '#node/host/session/handshake.ts';
import type * as proof from '#node/host/session/identity-proof.ts';
import type * as agreement from '#node/host/session/key-agreement.ts';
import type * as schedule from '#node/host/session/key-schedule.ts';
import type * as cipher from '#node/host/session/record-cipher.ts';
import type { SessionErrorCode } from '#node/host/session/session-error.ts';
import { identityOf } from './session-pair.ts';

/** The modules of a session that work without sockets. */
export interface SessionModules {
  readonly handshake: typeof handshake;
  readonly proof: typeof proof;
  readonly agreement: typeof agreement;
  readonly schedule: typeof schedule;
  readonly cipher: typeof cipher;
}

export interface Attack {
  readonly name: string;
  readonly refusedWith: SessionErrorCode;
  /** Throws what the honest end throws; returns when that end was taken in. */
  readonly run: (modules: SessionModules) => Promise<void>;
}

const network = 'test';
const [honest, mallory, victim] = [identityOf(1), identityOf(2), identityOf(3)];
type Role = proof.Role;

/** What a forger has at hand: the right role and transcript, so that every other part can be made wrong alone. */
type Forge = (given: {
  readonly role: Role;
  readonly digest: Uint8Array;
  readonly modules: SessionModules;
}) => Promise<Uint8Array>;

const mlDsaAt = 1_312 + 32;
const ed25519At = mlDsaAt + 2_420;

function otherRole(role: Role): Role {
  return role === 'initiator' ? 'responder' : 'initiator';
}

function replaced(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(by, at);
  return copy;
}

/** Signs a statement that the forger puts together itself. */
async function proofOver(
  { role, digest }: { readonly role: Role; readonly digest: Uint8Array },
  keys: proof.ProvenKeys,
  context = 'bft-scale/session/1',
): Promise<Uint8Array> {
  const said = Buffer.concat([
    Buffer.from(`bft-scale/session/1\n${role}\n`),
    digest,
    keys.publicKey,
    keys.peerKey,
  ]);
  const peer = createPrivateKey({
    key: Buffer.from(mallory.peerSeed),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  });
  return Buffer.concat([
    keys.publicKey,
    keys.peerKey,
    await mallory.sign(context, said),
    sign(null, said, peer),
  ]);
}

const forgeries: ReadonlyArray<readonly [name: string, refusedWith: SessionErrorCode, forge: Forge]> = [
  [
    'ML-DSA signature stripped',
    'signature-ml-dsa',
    async ({ role, digest, modules }) =>
      replaced(await new modules.proof.Prover(mallory).prove(role, digest), mlDsaAt, new Uint8Array(2_420)),
  ],
  [
    'Ed25519 signature stripped',
    'signature-ed25519',
    async ({ role, digest, modules }) =>
      replaced(await new modules.proof.Prover(mallory).prove(role, digest), ed25519At, new Uint8Array(64)),
  ],
  [
    "a member's ML-DSA key with own signatures",
    'signature-ml-dsa',
    async (given) =>
      proofOver(given, {
        publicKey: victim.publicKey,
        peerKey: new given.modules.proof.Prover(mallory).peerKey,
      }),
  ],
  [
    "a member's peer id with own signatures",
    'signature-ed25519',
    async (given) =>
      proofOver(given, {
        publicKey: mallory.publicKey,
        peerKey: new given.modules.proof.Prover(victim).peerKey,
      }),
  ],
  [
    "a member's own proof of this very session, its peer id exchanged and signed anew",
    'signature-ml-dsa',
    async (given) => {
      const theirs = await new given.modules.proof.Prover(victim).prove(given.role, given.digest);
      const { peerKey } = new given.modules.proof.Prover(mallory);
      const own = await proofOver(given, { publicKey: victim.publicKey, peerKey });
      return replaced(own, mlDsaAt, theirs.subarray(mlDsaAt, ed25519At));
    },
  ],
  [
    'roles swapped',
    'signature-ml-dsa',
    ({ role, digest, modules }) => new modules.proof.Prover(mallory).prove(otherRole(role), digest),
  ],
  [
    'proof of another session',
    'signature-ml-dsa',
    ({ role, modules }) => new modules.proof.Prover(mallory).prove(role, new Uint8Array(32).fill(9)),
  ],
  [
    'ML-DSA signature made for vertices',
    'signature-ml-dsa',
    (given) => proofOver(given, new given.modules.proof.Prover(mallory), 'qa/vertex/1'),
  ],
];

/** Runs the honest initiator against a responder with a forged proof. */
async function againstInitiator(modules: SessionModules, forge: Forge): Promise<void> {
  const { handshake, proof, agreement, schedule } = modules;
  const state = handshake.initiate({ prover: new proof.Prover(honest), network, judge: () => {} });
  const transcript = new schedule.Transcript(network);
  transcript.add(state.first);
  const { bytes, secret } = agreement.acceptOffer(state.first, agreement.freshSeeds().x25519);
  transcript.add(bytes);
  const key = schedule.proofKeys(secret, transcript.digest).responder;
  const forged = await forge({ role: 'responder', digest: transcript.digest, modules });
  await state.finish(Buffer.concat([bytes, sealed(modules, key, forged)]));
}

/** Runs the honest responder against an initiator with a forged proof. */
async function againstResponder(modules: SessionModules, forge: Forge): Promise<void> {
  const { handshake, proof, agreement, schedule } = modules;
  const offer = agreement.makeOffer(agreement.freshSeeds());
  const state = await handshake.respond(offer.bytes, {
    prover: new proof.Prover(honest),
    network,
    judge: () => {},
  });
  const acceptance = state.second.subarray(0, agreement.acceptanceBytes);
  const transcript = new schedule.Transcript(network);
  transcript.add(offer.bytes);
  transcript.add(acceptance);
  const secret = agreement.concludeOffer(offer, acceptance);
  const key = schedule.proofKeys(secret, transcript.digest).initiator;
  transcript.add(state.second.subarray(agreement.acceptanceBytes));
  const forged = await forge({ role: 'initiator', digest: transcript.digest, modules });
  state.finish(sealed(modules, key, forged));
}

function sealed({ cipher }: SessionModules, key: Uint8Array, plain: Uint8Array): Uint8Array {
  const out = Buffer.alloc(plain.length + cipher.tagBytes);
  new cipher.RecordSealer(key).seal([plain], out, 0);
  return out;
}

/** Three messages between honest ends, with an attacker who may change each. Throws what the first refusing end throws. */
interface Changes {
  readonly first?: (message: Uint8Array) => Uint8Array;
  readonly second?: (message: Uint8Array) => Uint8Array;
  readonly third?: (message: Uint8Array) => Uint8Array;
  readonly responderNetwork?: string;
}

const same = (message: Uint8Array): Uint8Array => message;

async function exchange({ handshake, proof }: SessionModules, changes: Changes): Promise<void> {
  const { first = same, second = same, third = same, responderNetwork = network } = changes;
  const judge = (): void => {};
  const initiator = handshake.initiate({ prover: new proof.Prover(honest), network, judge });
  const responder = await handshake.respond(first(initiator.first), {
    prover: new proof.Prover(victim),
    network: responderNetwork,
    judge,
  });
  const finished = await initiator.finish(second(responder.second));
  const agreed = responder.finish(third(finished.third));
  if (!Buffer.from(agreed.digest).equals(finished.agreed.digest))
    throw new Error('both ends agreed, but not on the same session');
}

function flipped(at: number): (message: Uint8Array) => Uint8Array {
  return (message) => {
    const index = at < 0 ? message.length + at : at;
    return replaced(message, index, Uint8Array.of(message[index]! ^ 1));
  };
}

function tampering(name: string, refusedWith: SessionErrorCode, changes: Changes): Attack {
  return { name, refusedWith, run: (modules) => exchange(modules, changes) };
}

/** Another offer in place of the initiator's: its part `from .. until`. */
function ownOffer(from: number, until: number): Attack['run'] {
  return (modules) => {
    const { agreement } = modules;
    const own = agreement.makeOffer(agreement.freshSeeds()).bytes.subarray(from, until);
    return exchange(modules, { first: (message) => replaced(message, from, own) });
  };
}

const shorter = (message: Uint8Array): Uint8Array => message.subarray(0, message.length - 1);
const longer = (message: Uint8Array): Uint8Array => Buffer.concat([message, Uint8Array.of(0)]);

const tamperings: readonly Attack[] = [
  tampering('bit of the X25519 key of message 1', 'sealed', { first: flipped(3) }),
  tampering('bit of the encapsulation key', 'sealed', { first: flipped(-1) }),
  tampering('bit of the X25519 key of message 2', 'sealed', { second: flipped(3) }),
  tampering('first bit of the ciphertext', 'sealed', { second: flipped(32) }),
  tampering('last bit of the ciphertext', 'sealed', { second: flipped(32 + 1_087) }),
  tampering('bit of the sealed proof of message 2', 'sealed', { second: flipped(32 + 1_088) }),
  tampering('bit of the tag of message 2', 'sealed', { second: flipped(-1) }),
  tampering('bit of message 3', 'sealed', { third: flipped(0) }),
  tampering('bit of the tag of message 3', 'sealed', { third: flipped(-1) }),
  tampering('encapsulation key out of range', 'key-agreement', {
    first: (message) => replaced(message, 32, new Uint8Array(1_184).fill(0xff)),
  }),
  tampering('X25519 point of low order from the initiator', 'key-agreement', {
    first: (message) => replaced(message, 0, new Uint8Array(32)),
  }),
  tampering('X25519 point of low order from the responder', 'key-agreement', {
    second: (message) => replaced(message, 0, new Uint8Array(32)),
  }),
  tampering('another network', 'sealed', { responderNetwork: 'another' }),
  tampering('message 1 cut', 'size', { first: shorter }),
  tampering('message 1 extended', 'size', { first: longer }),
  tampering('message 2 cut', 'size', { second: shorter }),
  tampering('message 3 extended', 'size', { third: longer }),
  tampering('message 1 sent back as message 2', 'size', { second: (message) => message.subarray(0, 1_216) }),
  { name: 'own encapsulation key', refusedWith: 'sealed', run: ownOffer(32, 1_216) },
  { name: 'own X25519 key', refusedWith: 'sealed', run: ownOffer(0, 32) },
  {
    name: 'proof of message 2 sent back as message 3',
    refusedWith: 'sealed',
    run: (modules) => {
      let proof: Uint8Array = new Uint8Array(0);
      const second = (message: Uint8Array): Uint8Array => {
        proof = message.slice(modules.agreement.acceptanceBytes);
        return message;
      };
      return exchange(modules, { second, third: () => proof });
    },
  },
];

/** Messages of an earlier session between the same ends, in place of those of this one. */
const replays: readonly Attack[] = (['second', 'third'] as const).map((message) => ({
  name: `${message} message of an earlier session`,
  refusedWith: 'sealed',
  run: async (modules) => {
    let earlier: Uint8Array = new Uint8Array(0);
    await exchange(modules, {
      [message]: (seen: Uint8Array) => {
        earlier = seen.slice();
        return seen;
      },
    });
    await exchange(modules, { [message]: () => earlier });
  },
}));

/** Three sealed records, in the order and form in which the attacker delivers them. */
function onRecords(
  name: string,
  refusedWith: SessionErrorCode,
  deliver: (records: readonly Uint8Array[]) => readonly Uint8Array[],
): Attack {
  return {
    name: `record ${name}`,
    refusedWith,
    run: async ({ cipher }) => {
      const key = new Uint8Array(32).fill(5);
      const sealer = new cipher.RecordSealer(key);
      const records = [10, 20, 10].map((bytes, i) => {
        const out = Buffer.alloc(bytes + cipher.tagBytes);
        sealer.seal([new Uint8Array(bytes).fill(i)], out, 0);
        return out;
      });
      const opener = new cipher.RecordOpener(key);
      for (const record of deliver(records)) opener.open(record);
    },
  };
}

const recordAttacks: readonly Attack[] = [
  onRecords('replayed', 'sealed', ([a]) => [a!, a!]),
  onRecords('replayed after others', 'sealed', ([a, b]) => [a!, b!, a!]),
  onRecords('reordered', 'sealed', ([a, b]) => [b!, a!]),
  onRecords('left out', 'sealed', ([a, , c]) => [a!, c!]),
  onRecords('truncated', 'sealed', ([a]) => [shorter(a!)]),
  onRecords('extended', 'sealed', ([a]) => [longer(a!)]),
  onRecords('flipped', 'sealed', ([a]) => [flipped(0)(a!)]),
  onRecords('with a flipped tag', 'sealed', ([a]) => [flipped(-1)(a!)]),
  onRecords('shorter than a tag', 'size', ([a]) => [a!.subarray(0, 15)]),
];

export const attacks: readonly Attack[] = [
  ...forgeries.flatMap(([name, refusedWith, forge]): Attack[] => [
    { name: `responder: ${name}`, refusedWith, run: (modules) => againstInitiator(modules, forge) },
    { name: `initiator: ${name}`, refusedWith, run: (modules) => againstResponder(modules, forge) },
  ]),
  ...tamperings,
  ...replays,
  ...recordAttacks,
];

/** What the attacks came to that were not refused for the expected reason. */
export async function successes(modules: SessionModules): Promise<string[]> {
  const found: string[] = [];
  for (const { name, refusedWith, run } of attacks) {
    try {
      await run(modules);
      found.push(`${name}: accepted`);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : error;
      if (code !== refusedWith) found.push(`${name}: ${code}, not ${refusedWith}`);
    }
  }
  return found;
}
