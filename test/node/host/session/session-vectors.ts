/**
 * Test vectors of the session: one handshake with fixed secrets, its keys, and records of both directions across a change of keys.
 * Owns: making and reading them. Does not own: the check (session-vectors.test.ts).
 *
 * ML-KEM encapsulation and ML-DSA signing draw random numbers, so the messages are stored and the initiator's secrets with them:
 * everything else follows from both. After a change that is meant to alter them (and raises the protocol's number):
 * node test/node/host/session/session-vectors.ts --update
 */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { initiate, respond } from '#node/host/session/handshake.ts';
import { Prover } from '#node/host/session/identity-proof.ts';
import { type EphemeralSeeds, freshSeeds } from '#node/host/session/key-agreement.ts';
import { sessionProtocol } from '#node/host/session/key-schedule.ts';
import { RecordSealer, tagBytes } from '#node/host/session/record-cipher.ts';
import { identityOf } from './session-pair.ts';

export const vectorFile = new URL('./session-vectors.golden.json', import.meta.url);
const hex = z.string().regex(/^([0-9a-f]{2})+$/);

const schema = z.object({
  protocol: z.string(),
  network: z.string(),
  /** Of the initiator; the identities are those of the seeds 1 (initiator) and 2 (responder), each byte the same. */
  x25519Seed: hex,
  kemSeed: hex,
  first: hex,
  second: hex,
  third: hex,
  transcript: hex,
  initiatorKey: hex,
  responderKey: hex,
  recordsPerKey: z.int(),
  /** Records of the initiator, in order. */
  records: z.array(z.object({ plain: hex, sealed: hex })),
});

export type SessionVectors = z.infer<typeof schema>;

export function readVectors(): SessionVectors {
  return schema.parse(JSON.parse(readFileSync(vectorFile, 'utf8')));
}

export const initiatorSeeds: EphemeralSeeds = {
  x25519: Uint8Array.from({ length: 32 }, (_, i) => i + 1),
  kem: Uint8Array.from({ length: 64 }, (_, i) => 255 - i),
};

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function makeVectors(): Promise<SessionVectors> {
  const network = 'vectors';
  const judge = (): void => {};
  const initiator = initiate({ prover: new Prover(identityOf(1)), network, judge, seeds: initiatorSeeds });
  const options = { prover: new Prover(identityOf(2)), network, judge, seeds: freshSeeds() };
  const responder = await respond(initiator.first, options);
  const { third, agreed } = await initiator.finish(responder.second);
  const recordsPerKey = 2;
  const sealer = new RecordSealer(agreed.keys.initiator, { perKey: recordsPerKey, inAll: 100 });
  const records = [1, 5, 64, 3, 17].map((length, number) => {
    const plain = Uint8Array.from({ length }, (_, i) => number * 16 + i);
    const sealed = Buffer.alloc(length + tagBytes);
    sealer.seal([plain], sealed, 0);
    return { plain: toHex(plain), sealed: toHex(sealed) };
  });
  return {
    protocol: sessionProtocol,
    network,
    x25519Seed: toHex(initiatorSeeds.x25519),
    kemSeed: toHex(initiatorSeeds.kem),
    first: toHex(initiator.first),
    second: toHex(responder.second),
    third: toHex(third),
    transcript: toHex(agreed.digest),
    initiatorKey: toHex(agreed.keys.initiator),
    responderKey: toHex(agreed.keys.responder),
    recordsPerKey,
    records,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--update'))
  writeFileSync(vectorFile, `${JSON.stringify(await makeVectors(), null, 2)}\n`);
