/**
 * The entries of a transfer: settled creators, spent inputs, decided vertices.
 * Owns: their layout, strict decoding. Does not own: framing (snapshot-chunk.ts), what an entry does to an archive.
 *
 * Settled (1): creator u32, settled record. Spent (2): per input: input u64, creator u32, sequence u32; ascending. Decided (3):
 * order u64, status u8, rounds u32, confidence f64, bytes of the signature u16, signature, body.
 */
import { decodeVertex, type Hash, VertexError } from '#node/core/vertex.ts';
import {
  type DecisionRecord,
  idBytes,
  type Spent,
  statusOf,
  type VertexRecord,
} from '#node/host/store/archive-records.ts';
import { ByteReader, ByteWriter, RecordError } from '#node/host/store/byte-cursor.ts';
import { decodeSettled, encodeSettled, type SettledCreator } from '#node/host/store/settlements.ts';
import { entryHeaderBytes } from '#node/host/store/snapshot-chunk.ts';

const spentBytes = 16;

/** A decided vertex as another node tells it. `id` and `inputs` are computed from the body, and the signature is not checked. */
export interface Told {
  readonly decision: DecisionRecord;
  /** In the order of the teller. */
  readonly order: number;
  readonly vertex: VertexRecord;
  readonly inputs: readonly number[];
}

export type SnapshotEntry =
  | { readonly kind: 'settled'; readonly settled: SettledCreator }
  | { readonly kind: 'spent'; readonly spent: readonly Spent[] }
  | { readonly kind: 'decided'; readonly told: Told };

/** Memory that a reader charges for an entry: its bytes and what records of them take, so that tiny entries are not cheap. */
export function chargeOf(kind: number, bytes: number): number {
  if (kind === 1) return 1_024 + 8 * bytes;
  if (kind === 2) return 1_024 + 6 * bytes;
  return 1_024 + bytes;
}

function framed(kind: number, length: number): ByteWriter {
  return new ByteWriter(entryHeaderBytes + length).byte(kind).word(length);
}

export function encodeSettledEntry(settled: SettledCreator): Uint8Array {
  const record = encodeSettled(settled);
  return framed(1, 4 + record.length)
    .word(settled.creator)
    .put(record).bytes;
}

export function encodeSpentEntry(spent: readonly Spent[]): Uint8Array {
  const out = framed(2, spentBytes * spent.length);
  for (const { input, creator, sequence } of spent) out.long(input).word(creator).word(sequence);
  return out.bytes;
}

export function encodeDecidedEntry(
  order: number,
  decision: DecisionRecord,
  vertex: VertexRecord,
): Uint8Array {
  const { signature, body } = vertex;
  const out = framed(3, 23 + signature.length + body.length);
  out
    .long(order)
    .byte(decision.status === 'finalised' ? 1 : 2)
    .word(decision.rounds)
    .double(decision.confidence);
  return out.half(signature.length).put(signature).put(body).bytes;
}

/** Throws RecordError. Copies what it keeps. */
export function decodeEntry(kind: number, bytes: Uint8Array, hash: Hash): SnapshotEntry {
  const from = new ByteReader(bytes);
  switch (kind) {
    case 1: {
      const creator = from.word();
      return { kind: 'settled', settled: decodeSettled(creator, from.bytes(from.left)) };
    }
    case 2:
      return { kind: 'spent', spent: decodeSpentList(from) };
    case 3:
      return { kind: 'decided', told: decodeTold(from, hash) };
    default:
      throw new RecordError(`an entry of kind ${kind}`);
  }
}

function decodeSpentList(from: ByteReader): Spent[] {
  const spent: Spent[] = [];
  let before = 0;
  while (from.left > 0) {
    const input = from.long();
    if (input <= before) throw new RecordError('spent inputs that do not ascend');
    before = input;
    spent.push({ input, creator: from.word(), sequence: from.word() });
  }
  return spent;
}

function decodeTold(from: ByteReader, hash: Hash): Told {
  const order = from.long();
  const status = statusOf(from.byte());
  const rounds = from.word();
  const confidence = from.double();
  const signature = new Uint8Array(from.bytes(from.half()));
  const body = new Uint8Array(from.bytes(from.left));
  try {
    const { creator, sequence, transactions } = decodeVertex(body);
    const id = new Uint8Array(idBytes);
    hash(body, id);
    const inputs = transactions.flatMap((transaction) => transaction.inputs);
    const decision = { id, creator, sequence, status, rounds, confidence };
    return { order, decision, vertex: { id, body, signature }, inputs };
  } catch (error) {
    if (error instanceof VertexError)
      throw new RecordError(`a told vertex: ${error.message}`, { cause: error });
    throw error;
  }
}
