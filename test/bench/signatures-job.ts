/**
 * Figures of signatures: the verification pipeline beside bare loops on every core, its price on the main thread, signing.
 * Owns: the claims and the turns of measuring. Does not own: the pipeline (node/host/verification), the loop (bare-verifier.ts).
 *
 * Rates are per CPU time of all threads, times the cores: what the machine carries when it is busy, whatever else it does now.
 */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import type { Efforts } from '#campaigns/targets/benchmark/sampling.ts';
import { createIdentity, type Identity } from '#node/host/identity.ts';
import { vertexContext } from '#node/host/verification/signature-context.ts';
import { VerificationPipeline } from '#node/host/verification/verification-pipeline.ts';
import type { Verifier } from '#node/host/verification/verifier.ts';
import type { BareClaim, BareWork } from './bare-verifier.ts';

const cores = availableParallelism();
const signers = 16;
/** Of a vertex: its id is what is signed. */
const messageBytes = 32;
/** So many of the last claims are still in the memory of answers. */
const lately = 400;

interface Cost {
  readonly wallUs: number;
  /** All threads. */
  readonly cpuUs: number;
  readonly mainUs: number;
}

async function cost(act: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const main = process.threadCpuUsage();
  const fromMs = performance.now();
  await act();
  const wallUs = (performance.now() - fromMs) * 1_000;
  const spent = process.cpuUsage(cpu);
  const onMain = process.threadCpuUsage(main);
  return { wallUs, cpuUs: spent.user + spent.system, mainUs: onMain.user + onMain.system };
}

async function signedClaims(
  identities: readonly Identity[],
  from: number,
  count: number,
): Promise<BareClaim[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const { publicKey, sign } = identities[i % identities.length]!;
      const message = new Uint8Array(messageBytes);
      new DataView(message.buffer).setUint32(0, from + i);
      return { publicKey, message, signature: await sign(vertexContext, message) };
    }),
  );
}

async function verifyAll(verifier: Verifier, claims: readonly BareClaim[]): Promise<void> {
  const answers = await Promise.all(
    claims.map(({ publicKey, message, signature }) =>
      verifier.verify(publicKey, vertexContext, message, signature),
    ),
  );
  if (!answers.every((answer) => answer)) throw new Error('a genuine signature was rejected');
}

function bareLoops(claims: readonly BareClaim[]): Worker[] {
  return Array.from({ length: cores }, (_, core) => {
    const own: BareWork = {
      context: vertexContext,
      claims: claims.filter((_, i) => i % cores === core),
    };
    return new Worker(new URL('./bare-verifier.ts', import.meta.url), { workerData: own });
  });
}

async function runLoops(loops: readonly Worker[]): Promise<void> {
  await Promise.all(
    loops.map((worker) => {
      const done = once(worker, 'message');
      worker.postMessage('go');
      return done;
    }),
  );
}

export async function measureSignatures({ loop }: Efforts): Promise<JobResult> {
  const isQuick = loop.samples === 1;
  const count = isQuick ? 40 : 2_400;
  const identities = Array.from({ length: signers }, (_, i) =>
    createIdentity(new Uint8Array(32).fill(i + 1)),
  );
  const signing: number[] = [];
  let claims: BareClaim[] = [];
  for (let i = 0; i < loop.samples; i++) {
    const spent = await cost(async () => {
      claims = [...claims, ...(await signedClaims(identities, claims.length, count / loop.samples))];
    });
    signing.push((spent.cpuUs * loop.samples) / count);
  }
  const pipeline = new VerificationPipeline({ threads: cores });
  const loops = bareLoops(claims);
  const samples: Record<string, number[]> = { 'signatures.sign': signing };
  const keep = (id: string, value: number): void => {
    samples[`signatures.${id}`] = [...(samples[`signatures.${id}`] ?? []), value];
  };
  // A pass warms both up and fills the memory of answers, so that later passes work in memory that was used before.
  const passes = isQuick ? 1 : 3;
  for (let i = 0; i < passes; i++) {
    await runLoops(loops);
    await verifyAll(pipeline.member(), claims);
  }
  for (let i = 0; i < loop.samples; i++) {
    const bare = await cost(() => runLoops(loops));
    const verifier = pipeline.member();
    const piped = await cost(() => verifyAll(verifier, claims));
    const known = claims.slice(-lately);
    const again = await cost(() => verifyAll(verifier, known));
    keep('limit', (cores * count * 1_000) / bare.cpuUs);
    keep('pipeline', (cores * count * 1_000) / piped.cpuUs);
    keep('share', bare.cpuUs / piped.cpuUs);
    keep('wall-share', bare.wallUs / piped.wallUs);
    keep('main', piped.mainUs / count);
    keep('again', again.cpuUs / known.length);
  }
  await pipeline.close();
  await Promise.all(loops.map((worker) => worker.terminate()));
  return { samples, facts: { cores } };
}
