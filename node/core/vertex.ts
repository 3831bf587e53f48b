/**
 * A vertex as bytes: the one canonical encoding without its signature, and the id, which is the hash of those bytes.
 * Owns: the layout, its limits, strict decoding. Does not own: the hash function (injected), signatures, validity of
 * parents or inputs (intake.ts, vertex-table.ts). Source: protocol definition, "Objects"; requirements 1.2.
 *
 * Layout, little-endian: version u8, parents u8, transactions u16, creator u32, sequence u32; 32 bytes per parent, ascending;
 * per transaction: inputs u8, payload bytes u32, 8 bytes per input, ascending, then the payload. Nothing follows.
 */

export const idBytes = 32;
export const vertexVersion = 1;
export const mostParents = 8;
export const mostTransactions = 0xffff;
/** Of one transaction. */
export const mostInputs = 0xff;
/** Creator, sequence and payload bytes; what an Int32Array holds. */
const mostNumber = 0x7fff_ffff;
const headerBytes = 12;
const transactionHeaderBytes = 5;
const inputBytes = 8;
const span = 4_294_967_296;
const mostInputHigh = 0x1f_ffff; // inputs are safe integers

/** Writes the hash of `bytes` into the first 32 bytes of `out`. The product uses BLAKE3. */
export type Hash = (bytes: Uint8Array, out: Uint8Array) => void;

/** `inputs`: conflict keys that it spends, safe integers > 0, ascending, none twice; at most 255. */
export interface Transaction {
  readonly inputs: readonly number[];
  readonly payload: Uint8Array;
}

/**
 * `creator` and `sequence`: 0 .. 2^31 - 1. `parents`: ids, ascending as bytes, none twice, 1 to 8; none exactly when the
 * sequence is 0, which makes it a genesis.
 */
export interface Vertex {
  readonly creator: number;
  readonly sequence: number;
  readonly parents: readonly Uint8Array[];
  readonly transactions: readonly Transaction[];
}

export type VertexErrorCode =
  | 'room' // the buffer to encode into is too small
  | 'truncated'
  | 'trailing-bytes'
  | 'version'
  | 'creator'
  | 'sequence'
  | 'parent-count'
  | 'parent-length'
  | 'parent-order'
  | 'transaction-count'
  | 'input-count'
  | 'input-range'
  | 'input-order'
  | 'payload-length';

/** The bytes, or the record, are not a vertex. */
export class VertexError extends Error {
  override readonly name = 'VertexError';
  readonly code: VertexErrorCode;

  constructor(code: VertexErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Length of the encoding, bytes. */
export function encodedBytes(vertex: Vertex): number {
  let bytes = headerBytes + idBytes * vertex.parents.length;
  for (const { inputs, payload } of vertex.transactions)
    bytes += transactionHeaderBytes + inputBytes * inputs.length + payload.length;
  return bytes;
}

/** Writes the encoding at the start of `out` and returns its length. Throws VertexError; `out` is then undefined. */
export function encodeVertex(vertex: Vertex, out: Uint8Array): number {
  const { creator, sequence, parents, transactions } = vertex;
  const bytes = encodedBytes(vertex);
  if (out.length < bytes) throw new VertexError('room', `${bytes} bytes do not fit into ${out.length}`);
  checkHeader(creator, sequence, parents.length);
  if (transactions.length > mostTransactions)
    throw new VertexError('transaction-count', `${transactions.length} transactions`);
  out[0] = vertexVersion;
  out[1] = parents.length;
  out[2] = transactions.length;
  out[3] = transactions.length >>> 8;
  writeWord(out, 4, creator);
  writeWord(out, 8, sequence);
  let at = headerBytes;
  for (let i = 0; i < parents.length; i++) {
    const parent = parents[i]!;
    if (parent.length !== idBytes)
      throw new VertexError('parent-length', `a parent of ${parent.length} bytes`);
    out.set(parent, at);
    if (i > 0) checkParentOrder(out, at);
    at += idBytes;
  }
  for (let i = 0; i < transactions.length; i++) at = encodeTransaction(transactions[i]!, out, at);
  return at;
}

function encodeTransaction({ inputs, payload }: Transaction, out: Uint8Array, from: number): number {
  if (inputs.length > mostInputs)
    throw new VertexError('input-count', `${inputs.length} inputs of one transaction`);
  if (payload.length > mostNumber)
    throw new VertexError('payload-length', `a payload of ${payload.length} bytes`);
  out[from] = inputs.length;
  writeWord(out, from + 1, payload.length);
  let at = from + transactionHeaderBytes;
  let previous = 0;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    if (!Number.isSafeInteger(input) || input <= 0)
      throw new VertexError('input-range', `input ${input}: a safe integer > 0 is needed`);
    if (input <= previous)
      throw new VertexError('input-order', `input ${input} does not come after ${previous}`);
    previous = input;
    writeWord(out, at, input % span);
    writeWord(out, at + 4, Math.floor(input / span));
    at += inputBytes;
  }
  out.set(payload, at);
  return at + payload.length;
}

/**
 * The vertex whose encoding `bytes` is, all of them. Ids and payloads are views of `bytes`.
 * Throws VertexError on everything that `encodeVertex` would not have written.
 */
export function decodeVertex(bytes: Uint8Array): Vertex {
  need(bytes, 0, headerBytes);
  if (bytes[0] !== vertexVersion) throw new VertexError('version', `version ${bytes[0]}`);
  const parentCount = bytes[1]!;
  const transactionCount = bytes[2]! | (bytes[3]! << 8);
  const creator = readWord(bytes, 4);
  const sequence = readWord(bytes, 8);
  checkHeader(creator, sequence, parentCount);
  need(bytes, headerBytes, parentCount * idBytes);
  const parents: Uint8Array[] = [];
  let at = headerBytes;
  for (let i = 0; i < parentCount; i++) {
    if (i > 0) checkParentOrder(bytes, at);
    parents.push(bytes.subarray(at, at + idBytes));
    at += idBytes;
  }
  const transactions: Transaction[] = [];
  for (let i = 0; i < transactionCount; i++) {
    need(bytes, at, transactionHeaderBytes);
    const inputCount = bytes[at]!;
    const length = readWord(bytes, at + 1);
    if (length > mostNumber) throw new VertexError('payload-length', `a payload of ${length} bytes`);
    at += transactionHeaderBytes;
    need(bytes, at, inputCount * inputBytes + length);
    const inputs = decodeInputs(bytes, at, inputCount);
    at += inputCount * inputBytes;
    transactions.push({ inputs, payload: bytes.subarray(at, at + length) });
    at += length;
  }
  if (at !== bytes.length)
    throw new VertexError('trailing-bytes', `${bytes.length - at} bytes after the end`);
  return { creator, sequence, parents, transactions };
}

function decodeInputs(bytes: Uint8Array, from: number, count: number): number[] {
  const inputs: number[] = [];
  let previous = 0;
  for (let i = 0, at = from; i < count; i++, at += inputBytes) {
    const high = readWord(bytes, at + 4);
    const input = high * span + readWord(bytes, at);
    if (high > mostInputHigh || input === 0)
      throw new VertexError('input-range', `input ${input}: a safe integer > 0 is needed`);
    if (input <= previous)
      throw new VertexError('input-order', `input ${input} does not come after ${previous}`);
    previous = input;
    inputs.push(input);
  }
  return inputs;
}

/**
 * Encodes the vertex into `scratch` and writes its id into the first 32 bytes of `out`; returns the length of the encoding.
 * Allocates one view of `scratch` and nothing else. Throws VertexError.
 */
export function identifyVertex(vertex: Vertex, hash: Hash, scratch: Uint8Array, out: Uint8Array): number {
  const bytes = encodeVertex(vertex, scratch);
  hash(scratch.subarray(0, bytes), out);
  return bytes;
}

function checkHeader(creator: number, sequence: number, parents: number): void {
  if (!Number.isInteger(creator) || creator < 0 || creator > mostNumber)
    throw new VertexError('creator', `creator ${creator}`);
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > mostNumber)
    throw new VertexError('sequence', `sequence ${sequence}`);
  if (parents > mostParents || (parents === 0) !== (sequence === 0))
    throw new VertexError('parent-count', `${parents} parents at sequence ${sequence}`);
}

/** The id at `at` must be greater than the one before it. */
function checkParentOrder(bytes: Uint8Array, at: number): void {
  for (let i = at; i < at + idBytes; i++) {
    const difference = bytes[i]! - bytes[i - idBytes]!;
    if (difference > 0) return;
    if (difference < 0) break;
  }
  throw new VertexError('parent-order', 'parents are not ascending, or one is given twice');
}

function need(bytes: Uint8Array, at: number, length: number): void {
  if (at + length > bytes.length)
    throw new VertexError('truncated', `${at + length} bytes are needed, ${bytes.length} are there`);
}

function writeWord(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
