/**
 * The records of an archive as keys and bytes, each with its version.
 * Owns: layouts, strict decoding. Does not own: when a record is written (archive.ts), checksums (sealed-record.ts).
 *
 * Keys: 01 head; 02 sequences; 03 horizon; 10 id: vertex; 11 order u48: decision; 12 id: undecided; 14 creator u32: settled;
 * 15 input u64: spent. Numbers in keys are big-endian, so that keys ascend with them; in values little-endian.
 */
import { ByteReader, ByteWriter, RecordError } from '#node/host/store/byte-cursor.ts';

export const idBytes = 32;
const version = 1;

export interface VertexRecord {
  readonly id: Uint8Array;
  /** Canonical encoding without the signature. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

export interface DecisionRecord {
  readonly id: Uint8Array;
  readonly creator: number;
  readonly sequence: number;
  readonly status: 'finalised' | 'rejected';
  /** Polls that counted it. */
  readonly rounds: number;
  readonly confidence: number;
}

/** `order`: place among the decisions of this node, from 0, none left out. */
export interface PlacedDecision extends DecisionRecord {
  readonly order: number;
}

export interface Spent {
  readonly input: number;
  /** Of the finalised vertex that spent it. */
  readonly creator: number;
  readonly sequence: number;
}

export interface Horizon {
  /** First decision that is still there. */
  readonly firstOrder: number;
}

export const headKey = Uint8Array.of(0x01);
export const sequencesKey = Uint8Array.of(0x02);
export const horizonKey = Uint8Array.of(0x03);
export const decisionKind = 0x11;
export const undecidedKind = 0x12;
export const settledKind = 0x14;
export const spentKind = 0x15;

export function vertexKey(id: Uint8Array): Uint8Array {
  return idKey(0x10, id);
}

export function undecidedKey(id: Uint8Array): Uint8Array {
  return idKey(undecidedKind, id);
}

function idKey(kind: number, id: Uint8Array): Uint8Array {
  if (id.length !== idBytes) throw new RangeError(`an id of ${id.length} bytes, not ${idBytes}`);
  const key = new Uint8Array(1 + idBytes);
  key[0] = kind;
  key.set(id, 1);
  return key;
}

export function decisionKey(order: number): Uint8Array {
  return numberKey(decisionKind, order, 6);
}

export function settledKey(creator: number): Uint8Array {
  return numberKey(settledKind, creator, 4);
}

export function spentKey(input: number): Uint8Array {
  return numberKey(spentKind, input, 8);
}

function numberKey(kind: number, number: number, bytes: number): Uint8Array {
  const key = new Uint8Array(1 + bytes);
  key[0] = kind;
  for (let at = bytes, rest = number; at > 0; at--) {
    key[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return key;
}

/** Beyond what six bytes hold there is no order. */
export const mostOrder = 2 ** 48 - 1;

/** The number in a key that `decisionKey`, `settledKey` or `spentKey` made. */
export function numberOf(key: Uint8Array): number {
  let number = 0;
  for (let at = 1; at < key.length; at++) number = number * 256 + key[at]!;
  return number;
}

/** Bounds of all keys of a kind. */
export function everyKey(kind: number): readonly [from: Uint8Array, until: Uint8Array] {
  return [Uint8Array.of(kind), Uint8Array.of(kind + 1)];
}

/** Version u8, member u32. */
export function encodeHead(member: number): Uint8Array {
  return new ByteWriter(5).byte(version).word(member).bytes;
}

export function decodeHead(bytes: Uint8Array): number {
  return decoded(bytes, (from) => from.word());
}

/** Version u8, highest reserved sequence u32. */
export function encodeSequences(reserved: number): Uint8Array {
  return new ByteWriter(5).byte(version).word(reserved).bytes;
}

export function decodeSequences(bytes: Uint8Array): number {
  return decoded(bytes, (from) => from.word());
}

/** Version u8, first order u64. */
export function encodeHorizon({ firstOrder }: Horizon): Uint8Array {
  return new ByteWriter(9).byte(version).long(firstOrder).bytes;
}

export function decodeHorizon(bytes: Uint8Array): Horizon {
  return decoded(bytes, (from) => ({ firstOrder: from.long() }));
}

/** Version u8, bytes of the signature u16, signature, body. */
export function encodeVertexRecord({ body, signature }: VertexRecord): Uint8Array {
  if (signature.length > 0xffff) throw new RangeError(`a signature of ${signature.length} bytes`);
  const out = new ByteWriter(3 + signature.length + body.length);
  return out.byte(version).half(signature.length).put(signature).put(body).bytes;
}

export function decodeVertexRecord(id: Uint8Array, bytes: Uint8Array): VertexRecord {
  return decoded(bytes, (from) => {
    const signature = from.bytes(from.half());
    return { id, signature, body: from.bytes(from.left) };
  });
}

/** Version u8, status u8 (1 finalised, 2 rejected), id, creator u32, sequence u32, rounds u32, confidence f64. */
export function encodeDecision(decision: DecisionRecord): Uint8Array {
  const out = new ByteWriter(22 + idBytes);
  out
    .byte(version)
    .byte(decision.status === 'finalised' ? 1 : 2)
    .put(decision.id);
  out.word(decision.creator).word(decision.sequence).word(decision.rounds).double(decision.confidence);
  return out.bytes;
}

export function decodeDecision(order: number, bytes: Uint8Array): PlacedDecision {
  return decoded(bytes, (from) => {
    const status = statusOf(from.byte());
    const id = from.bytes(idBytes);
    const [creator, sequence, rounds] = [from.word(), from.word(), from.word()];
    return { order, status, id, creator, sequence, rounds, confidence: from.double() };
  });
}

export function statusOf(code: number): DecisionRecord['status'] {
  if (code === 1) return 'finalised';
  if (code === 2) return 'rejected';
  throw new RecordError(`${code} is no status`);
}

/** Version u8, creator u32, sequence u32. */
export function encodeSpent({ creator, sequence }: Omit<Spent, 'input'>): Uint8Array {
  return new ByteWriter(9).byte(version).word(creator).word(sequence).bytes;
}

export function decodeSpent(input: number, bytes: Uint8Array): Spent {
  return decoded(bytes, (from) => ({ input, creator: from.word(), sequence: from.word() }));
}

function decoded<Value>(bytes: Uint8Array, read: (from: ByteReader) => Value): Value {
  const from = new ByteReader(bytes);
  const found = from.byte();
  if (found !== version) throw new RecordError(`a record of version ${found}, not ${version}`);
  const value = read(from);
  from.end();
  return value;
}
