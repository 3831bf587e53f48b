/**
 * Figures of BLAKE3 as the node uses it: one call per message, into a reused buffer.
 * Owns: the sizes. Does not own: the hash (node/host/hash/blake3.ts).
 */
import { blake3 } from '#node/host/hash/blake3.ts';
import type { JobResult } from './job-result.ts';
import { type Efforts, keep, sampleNs } from './sampling.ts';

const bulkBytes = 1_048_576;

function hashing(bytes: number): (times: number) => void {
  const message = Uint8Array.from({ length: bytes }, (_, i) => i * 7);
  const out = new Uint8Array(32);
  return (times) => {
    for (let i = 0; i < times; i++) {
      message[0] = i;
      blake3(message, out);
      keep(out[0]!);
    }
  };
}

export function measureHashing({ loop }: Efforts): JobResult {
  return {
    samples: {
      'hashing.100': sampleNs(loop, hashing(100)),
      'hashing.1k': sampleNs(loop, hashing(1_024)),
      'hashing.10k': sampleNs(loop, hashing(10_240)),
      'hashing.bulk': sampleNs(loop, hashing(bulkBytes)).map((ns) => bulkBytes / ns),
    },
    facts: {},
  };
}
