/**
 * Figures of creating a vertex: encoding and id, beside the bare hash of as many bytes, which is the limit.
 * Owns: the three kinds of vertex that are measured. Does not own: the encoding (node/core/vertex.ts) or BLAKE3.
 */
import { encodedBytes, idBytes, identifyVertex, type Vertex } from '#node/core/vertex.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import type { JobResult } from './job-result.ts';
import { type Efforts, keep, sampleTogetherNs } from './sampling.ts';

function parents(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => new Uint8Array(idBytes).fill(16 * (i + 1)));
}

function payload(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => i * 7);
}

const kinds: Readonly<Record<string, Vertex>> = {
  genesis: { creator: 0, sequence: 0, parents: [], transactions: [] },
  parents: {
    creator: 7,
    sequence: 1_234,
    parents: parents(4),
    transactions: [{ inputs: [4_711], payload: payload(100) }],
  },
  '10k': {
    creator: 7,
    sequence: 1_234,
    parents: parents(2),
    transactions: [{ inputs: [], payload: payload(10_240) }],
  },
};

export function measureVertices({ loop }: Efforts): JobResult {
  const samples: Record<string, number[]> = {};
  const facts: Record<string, number> = {};
  const id = new Uint8Array(idBytes);
  for (const [name, { creator, parents, sequence, transactions }] of Object.entries(kinds)) {
    const bytes = encodedBytes({ creator, sequence, parents, transactions });
    const scratch = new Uint8Array(16_384);
    const create = (times: number): void => {
      for (let i = 0; i < times; i++) {
        identifyVertex({ creator: i & 0xffff, sequence, parents, transactions }, blake3, scratch, id);
        keep(id[0]!);
      }
    };
    const message = new Uint8Array(bytes);
    const hash = (times: number): void => {
      for (let i = 0; i < times; i++) {
        message[0] = i;
        blake3(message, id);
        keep(id[0]!);
      }
    };
    const [created = [], hashed = []] = sampleTogetherNs(loop, [create, hash]);
    samples[`vertex.create-${name}`] = created;
    samples[`vertex.hash-${name}`] = hashed;
    samples[`vertex.ratio-${name}`] = created.map((ns, i) => ns / hashed[i]!);
    facts[`${name}Bytes`] = bytes;
  }
  return { samples, facts };
}
