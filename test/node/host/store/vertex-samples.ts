/**
 * Valid vertices for archive tests, the same for the same numbers.
 * Owns: their making. Signatures are bytes of the right length; nobody checks them here.
 */
import { encodedBytes, encodeVertex, type Hash } from '#node/core/vertex.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import type { DecisionRecord, VertexRecord } from '#node/host/store/archive.ts';

export const hash: Hash = (bytes, out) => {
  blake3(bytes, out);
};

export interface SampleOptions {
  readonly parents?: readonly Uint8Array[];
  readonly inputs?: readonly number[];
  readonly payload?: Uint8Array;
  readonly transactions?: number;
  readonly signatureBytes?: number;
}

const noGenesis = new Uint8Array(32);

export function sampleVertex(creator: number, sequence: number, options: SampleOptions = {}): VertexRecord {
  const { parents = [noGenesis], inputs = [], payload = new Uint8Array(8), transactions = 1 } = options;
  const ascending = parents.toSorted(Buffer.compare);
  const vertex = {
    creator,
    sequence,
    parents: ascending,
    transactions: Array.from({ length: transactions }, (_, i) => ({
      inputs: i === 0 ? inputs : [],
      payload,
    })),
  };
  const body = new Uint8Array(encodedBytes(vertex));
  encodeVertex(vertex, body);
  const id = new Uint8Array(32);
  hash(body, id);
  return { id, body, signature: new Uint8Array(options.signatureBytes ?? 64).fill(creator + sequence) };
}

export function decisionOf(
  vertex: VertexRecord,
  status: DecisionRecord['status'] = 'finalised',
): DecisionRecord {
  const view = new DataView(vertex.body.buffer, vertex.body.byteOffset);
  const [creator, sequence] = [view.getUint32(4, true), view.getUint32(8, true)];
  return { id: vertex.id, creator, sequence, status, rounds: 20, confidence: 0.97 };
}
