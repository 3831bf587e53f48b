/**
 * Figures of the post-quantum session: one handshake, both ends, and its records.
 * Owns: what is measured. Does not own: the session (node/host/session). Identities sign in the thread pool, so that a handshake is
 * measured by the CPU time of the whole process; records by that of this thread.
 */

import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import { type Effort, type Efforts, keep, sampleNs } from '#campaigns/targets/benchmark/sampling.ts';
import { createIdentity } from '#node/host/identity.ts';
import { type HandshakeOptions, initiate, respond } from '#node/host/session/handshake.ts';
import { Prover } from '#node/host/session/identity-proof.ts';
import { RecordOpener, RecordSealer, tagBytes } from '#node/host/session/record-cipher.ts';
import { mostPlainBytes } from '#node/host/session/secured-stream.ts';

function handshakeOptions(seed: number): HandshakeOptions {
  const identity = createIdentity(new Uint8Array(32).fill(seed));
  return { prover: new Prover(identity), network: 'bench', judge: () => {} };
}

async function sampleHandshakesUs({ samples, sampleMs, warmupMs }: Effort): Promise<number[]> {
  const [initiator, responder] = [handshakeOptions(1), handshakeOptions(2)];
  const handshakes = async (times: number): Promise<number> => {
    const from = process.cpuUsage();
    for (let i = 0; i < times; i++) {
      const begun = initiate(initiator);
      const answered = await respond(begun.first, responder);
      const { third } = await begun.finish(answered.second);
      keep(answered.finish(third).digest[0]!);
    }
    const { user, system } = process.cpuUsage(from);
    return (user + system) / times;
  };
  const times = Math.max(1, sampleMs);
  await handshakes(Math.max(1, Math.ceil(warmupMs / 4)));
  const found: number[] = [];
  for (let i = 0; i < samples; i++) found.push(await handshakes(times));
  return found;
}

function sealingAndOpening(bytes: number): (times: number) => void {
  const key = new Uint8Array(32).fill(7);
  const [sealer, opener] = [new RecordSealer(key), new RecordOpener(key)];
  const chunks = [new Uint8Array(bytes).fill(1)];
  return (times) => {
    for (let i = 0; i < times; i++) {
      const record = Buffer.allocUnsafe(bytes + tagBytes);
      sealer.seal(chunks, record, 0);
      keep(opener.open(record)[0]!);
    }
  };
}

export async function measureSession({ loop }: Efforts): Promise<JobResult> {
  return {
    samples: {
      'session.handshake': await sampleHandshakesUs(loop),
      'session.record-100': sampleNs(loop, sealingAndOpening(100)),
      'session.record-1k': sampleNs(loop, sealingAndOpening(1_024)),
      'session.bulk': sampleNs(loop, sealingAndOpening(mostPlainBytes)).map((ns) => mostPlainBytes / ns),
    },
    facts: {},
  };
}
