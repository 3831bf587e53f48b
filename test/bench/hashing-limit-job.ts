/**
 * The limit of hashing: the libraries that the node hashes with, called bare, at the lengths of the hashing figures.
 * Owns: which calls. Does not own: the choice by length (node/host/hash/blake3.ts), which the figures beside these measure.
 */
import { hashInto } from 'blake3-jit';
import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import { type Efforts, keep, median, sampleNs } from '#campaigns/targets/benchmark/sampling.ts';
import { loadNativeBlake3 } from '#node/host/hash/native-blake3.ts';

const lengths = { '100': 100, '1k': 1_024, '10k': 10_240 } as const;
const bulkBytes = 1_048_576;

/** The samples of the faster library. */
function bare({ loop }: Efforts, bytes: number): number[] {
  const message = Uint8Array.from({ length: bytes }, (_, i) => i * 7);
  const out = new Uint8Array(32);
  const native = loadNativeBlake3();
  const calls = [() => hashInto(message, out, 32), ...(native === null ? [] : [() => native(message)])];
  const measured = calls.map((call) =>
    sampleNs(loop, (times) => {
      for (let i = 0; i < times; i++) {
        message[0] = i;
        keep((call() ?? out)[0]!);
      }
    }),
  );
  return measured.reduce((a, b) => (median(b) < median(a) ? b : a));
}

export function measureHashingLimit(efforts: Efforts): JobResult {
  const samples = Object.fromEntries(
    Object.entries(lengths).map(([name, bytes]) => [`hashing.limit-${name}`, bare(efforts, bytes)]),
  );
  return {
    samples: {
      ...samples,
      'hashing.limit-bulk': bare(efforts, bulkBytes).map((ns) => bulkBytes / ns),
    },
    facts: {},
  };
}
