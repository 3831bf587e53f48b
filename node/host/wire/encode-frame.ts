/**
 * A frame as bytes.
 * Owns: the layout (shared with decode-frame.ts) and the checks of what is encoded. Does not own: who sends it.
 *
 * Version u8, kind u8, then the fields in the order of frame.ts. Poll, salt, transfer and probe numbers are u32, slot and attempt
 * one u16, other numbers varints; ids, names and signatures are bare; bodies and chunks have a varint length before them.
 * The size is computed first: a frame is one allocation.
 */
import {
  type AnswerFrame,
  digestBytes,
  type Frame,
  idBytes,
  kindCode,
  leastBodyBytes,
  mostFrameBytes,
  mostListed,
  mostNames,
  mostNumber,
  mostSlot,
  type PollReference,
  type SignedBody,
  shortNameBytes,
  signatureBytes,
  syncModes,
  syncOutcomes,
  type VertexNames,
  wireVersion,
} from './frame.ts';
import { FrameWriter, varintBytes } from './frame-writer.ts';
import { indexListBytes, writeIndexList } from './index-list.ts';
import { WireError } from './wire-error.ts';

const headerBytes = 2;
const pollReferenceBytes = 6;
const wordBytes = 4;
const slotAt = headerBytes + wordBytes;
const attemptBit = 0x8000;
const writer = new FrameWriter();

/** Throws WireError for a record that no decoder would accept. */
export function encodeFrame(frame: Frame): Uint8Array {
  const bytes = frameBytes(frame);
  writer.start(bytes);
  writer.byte(wireVersion);
  writer.byte(kindCode[frame.kind]);
  writeFields(frame);
  return writer.finish();
}

/** The same query for another peer of the poll: a copy with its slot and attempt. */
export function readdressQuery(query: Uint8Array, slot: number, attempt: 0 | 1): Uint8Array {
  if (query[1] !== kindCode.query) throw new WireError('kind', `kind ${query[1]} is no query`);
  const copy = query.slice();
  const value = slotField({ poll: 0, slot, attempt });
  copy[slotAt] = value;
  copy[slotAt + 1] = value >>> 8;
  return copy;
}

/** Length of the encoding. */
export function frameBytes(frame: Frame): number {
  const bytes = headerBytes + fieldBytes(frame);
  if (bytes > mostFrameBytes)
    throw new WireError('frame-too-long', `a ${frame.kind} of ${bytes} bytes, at most ${mostFrameBytes}`);
  return bytes;
}

function fieldBytes(frame: Frame): number {
  switch (frame.kind) {
    case 'query':
      return pollReferenceBytes + nameBytes(frame.names);
    case 'answer':
      return pollReferenceBytes + answerBytes(frame);
    case 'request':
      return nameBytes(frame.names);
    case 'vertices':
      return bodiesBytes(frame.vertices);
    case 'announcement': {
      let bytes = varintBytes(checkedCount(frame.vertices.length, mostListed));
      for (const { creator, sequence, id } of frame.vertices) {
        checkLength('an id', id, idBytes);
        if (creator > mostNumber || sequence > mostNumber)
          throw new WireError('range', `creator ${creator}, sequence ${sequence}`);
        bytes += varintBytes(creator) + varintBytes(sequence) + idBytes;
      }
      return bytes;
    }
    case 'sync-request':
      return wordBytes + 1 + varintBytes(frame.fromOrder);
    case 'sync-chunk':
      return wordBytes + varintBytes(frame.index) + varintBytes(frame.data.length) + frame.data.length;
    case 'sync-end':
      return wordBytes + 1 + varintBytes(frame.chunks) + varintBytes(frame.untilOrder);
    case 'probe':
      return wordBytes + varintBytes(frame.sentUs);
    case 'probe-echo':
      return (
        wordBytes + varintBytes(frame.sentUs) + varintBytes(frame.receivedUs) + varintBytes(frame.echoedUs)
      );
    case 'status':
      checkLength('a digest', frame.digest, digestBytes);
      return (
        varintBytes(frame.finalised) +
        varintBytes(frame.rejected) +
        varintBytes(frame.undecided) +
        varintBytes(frame.ownSequence) +
        digestBytes
      );
    default:
      return frame satisfies never;
  }
}

function writeFields(frame: Frame): void {
  switch (frame.kind) {
    case 'query':
      writeReference(frame);
      writeNames(frame.names);
      return;
    case 'answer':
      writeReference(frame);
      writer.varint(frame.vertices);
      writeIndexList(frame.no, frame.vertices, writer);
      writeIndexList(frame.unknown, frame.vertices, writer);
      return;
    case 'request':
      writeNames(frame.names);
      return;
    case 'vertices':
      writeBodies(frame.vertices);
      return;
    case 'announcement':
      writer.varint(frame.vertices.length);
      for (const { creator, sequence, id } of frame.vertices) writer.varint(creator).varint(sequence).raw(id);
      return;
    case 'sync-request':
      writer.word(frame.transfer).byte(syncModes.indexOf(frame.mode)).varint(frame.fromOrder);
      return;
    case 'sync-chunk':
      writer.word(frame.transfer).varint(frame.index).varint(frame.data.length).raw(frame.data);
      return;
    case 'sync-end':
      writer.word(frame.transfer).byte(syncOutcomes.indexOf(frame.outcome));
      writer.varint(frame.chunks).varint(frame.untilOrder);
      return;
    case 'probe':
      writer.word(frame.sequence).varint(frame.sentUs);
      return;
    case 'probe-echo':
      writer.word(frame.sequence).varint(frame.sentUs);
      writer.varint(frame.receivedUs).varint(frame.echoedUs);
      return;
    case 'status':
      writer.varint(frame.finalised).varint(frame.rejected).varint(frame.undecided);
      writer.varint(frame.ownSequence).raw(frame.digest);
      return;
    default:
      frame satisfies never;
  }
}

function checkedCount(count: number, most: number): number {
  if (count > most) throw new WireError('count', `${count} vertices in one frame, at most ${most}`);
  return count;
}

function checkLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length)
    throw new WireError('length', `${what} of ${bytes.length} bytes, ${length} are needed`);
}

function slotField({ slot, attempt }: PollReference): number {
  if (!Number.isInteger(slot) || slot < 0 || slot > mostSlot)
    throw new WireError('range', `slot ${slot}, at most ${mostSlot}`);
  return slot | (attempt === 1 ? attemptBit : 0);
}

function writeReference(reference: PollReference): void {
  writer.word(reference.poll);
  writer.half(slotField(reference));
}

function nameBytes({ short, long }: VertexNames): number {
  const shortCount = short.length / shortNameBytes;
  const longCount = long.length / idBytes;
  if (!Number.isInteger(shortCount) || !Number.isInteger(longCount))
    throw new WireError('length', 'names are not whole');
  checkedCount(shortCount + longCount, mostNames);
  return wordBytes + varintBytes(shortCount) + varintBytes(longCount) + short.length + long.length;
}

function writeNames({ salt, short, long }: VertexNames): void {
  writer.word(salt);
  writer.varint(short.length / shortNameBytes);
  writer.varint(long.length / idBytes);
  writer.raw(short);
  writer.raw(long);
}

function answerBytes({ vertices, no, unknown }: AnswerFrame): number {
  checkedCount(vertices, mostNames);
  for (let i = 0, j = 0; i < no.length && j < unknown.length; ) {
    if (no[i] === unknown[j]) throw new WireError('range', `index ${no[i]} is in both lists`);
    if (no[i]! < unknown[j]!) i++;
    else j++;
  }
  return varintBytes(vertices) + indexListBytes(no, vertices) + indexListBytes(unknown, vertices);
}

function bodiesBytes(vertices: readonly SignedBody[]): number {
  let bytes = varintBytes(checkedCount(vertices.length, mostListed));
  for (const { body, signature } of vertices) {
    checkLength('a signature', signature, signatureBytes);
    if (body.length < leastBodyBytes) throw new WireError('length', `a body of ${body.length} bytes`);
    bytes += varintBytes(body.length) + body.length + signatureBytes;
  }
  return bytes;
}

function writeBodies(vertices: readonly SignedBody[]): void {
  writer.varint(vertices.length);
  for (const { body, signature } of vertices) {
    writer.varint(body.length);
    writer.raw(body);
    writer.raw(signature);
  }
}
