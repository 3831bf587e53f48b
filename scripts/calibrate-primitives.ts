/**
 * The costs of single operations of the node on this machine: signing, verifying, hashing, a durable write, lengths of frames.
 * Owns: measuring them with the node's own code. Does not own: what they add up to in a network (calibrate-network.ts).
 * CPU time of the whole process is the measure, so that other work on the machine does not count.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { blake3 } from '#node/host/hash/blake3.ts';
import { createIdentity } from '#node/host/identity.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import { vertexContext } from '#node/host/verification/signature-context.ts';
import { createVerifier } from '#node/host/verification/verification-pipeline.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import type { Frame, VertexNames } from '#node/host/wire/frame.ts';
import type { Calibration } from '#node/model/calibration.ts';

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const signatures = 400;
const verifications = 1_200;
const warmUp = 200;
const hashes = 200_000;
const syncs = 60;

export async function signVertexUs(): Promise<number> {
  const identity = createIdentity();
  const message = new Uint8Array(1_100);
  for (let i = 0; i < 20; i += 1) await identity.sign(vertexContext, message);
  const before = cpuUs();
  for (let i = 0; i < signatures; i += 1) {
    message[i % message.length] = i;
    await identity.sign(vertexContext, message);
  }
  return (cpuUs() - before) / signatures;
}

/** In batches, as under load; every signature once, because a verifier remembers its answers. */
export async function verifyVertexUs(): Promise<number> {
  const identity = createIdentity();
  const messages = Array.from({ length: verifications }, (_, i) => {
    const message = new Uint8Array(1_100);
    new DataView(message.buffer).setUint32(0, i);
    return message;
  });
  const signed = await Promise.all(messages.map((message) => identity.sign(vertexContext, message)));
  const verifier = createVerifier();
  const verify = async (from: number, until: number): Promise<void> => {
    const part = messages.slice(from, until);
    await Promise.all(
      part.map((message, i) =>
        verifier.verify(identity.publicKey, vertexContext, message, signed[from + i]!),
      ),
    );
  };
  // Threads start and compile their code.
  await verify(0, warmUp);
  const before = cpuUs();
  await verify(warmUp, verifications);
  const us = cpuUs() - before;
  await verifier.close();
  return us / (verifications - warmUp);
}

export function hashPerKilobyteUs(): number {
  const data = new Uint8Array(1_024);
  const out = new Uint8Array(32);
  for (let i = 0; i < 10_000; i += 1) blake3(data, out);
  const before = cpuUs();
  for (let i = 0; i < hashes; i += 1) blake3(data, out);
  return (cpuUs() - before) / hashes;
}

/** Wall time: a durable write waits, it does not compute. */
export async function syncDiskUs(): Promise<number> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bft-scale-calibrate-'));
  const store = await openRocksStore(path.join(folder, 'store'));
  const key = (i: number, j: number): Uint8Array => Buffer.from(`${i}/${j}`);
  const batch = (i: number): { kind: 'put'; key: Uint8Array; value: Uint8Array }[] =>
    Array.from({ length: 10 }, (_, j) => ({ kind: 'put', key: key(i, j), value: new Uint8Array(100) }));
  const before = performance.now();
  for (let i = 0; i < syncs; i += 1) {
    await store.write(batch(i));
    await store.flush();
  }
  const us = ((performance.now() - before) * 1_000) / syncs;
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  return us;
}

function names(vertices: number): VertexNames {
  return { salt: 0x12345678, short: new Uint8Array(8 * vertices), long: new Uint8Array(0) };
}

function lengthOf(frame: Frame): number {
  return encodeFrame(frame).length;
}

/** Lengths of encoded frames, without what session, multiplexer and framing add. */
export function frameBytes(): Calibration['wireBytes'] {
  const reference = { poll: 1, slot: 1, attempt: 0 } as const;
  const query = (vertices: number): number =>
    lengthOf({ kind: 'query', ...reference, names: names(vertices) });
  const answer = (no: readonly number[]): number =>
    lengthOf({ kind: 'answer', ...reference, vertices: 100, no, unknown: [] });
  const body = 12 + 4; // header of a canonical vertex, counts of transactions and inputs
  const signature = new Uint8Array(2_420);
  const vertex = lengthOf({ kind: 'vertices', vertices: [{ body: new Uint8Array(body), signature }] });
  const announced = { creator: 1_000, sequence: 1_000, id: new Uint8Array(32) };
  return {
    queryFixed: query(0),
    queryPerVertex: Math.round((query(100) - query(0)) / 100),
    answerFixed: answer([]),
    answerPerException: Math.max(1, answer([50]) - answer([])),
    vertexFixed: vertex,
    vertexPerParent: 32,
    vertexAnnouncement: lengthOf({ kind: 'announcement', vertices: [announced] }),
  };
}
