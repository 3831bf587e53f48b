/**
 * Bytes as a frame, strictly: everything that `encodeFrame` would not have written is refused with a WireError.
 * Owns: the checks of what a stranger sent. Does not own: the layout (described in encode-frame.ts), vertices (node/core/vertex.ts).
 *
 * Counts are held against the bytes left before anything is made from them: what decoding allocates is bounded by a small
 * multiple of the frame's own length.
 */
import {
  type Announced,
  type AnnouncementFrame,
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
  type PollReference,
  type SignedBody,
  type StatusFrame,
  type SyncChunkFrame,
  type SyncEndFrame,
  type SyncRequestFrame,
  shortNameBytes,
  signatureBytes,
  syncModes,
  syncOutcomes,
  type VertexNames,
  type VerticesFrame,
  wireVersion,
} from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { readIndexList } from './index-list.ts';
import { WireError } from './wire-error.ts';

const attemptBit = 0x8000;
/** Creator, sequence and id, each as short as it can be. */
const leastAnnouncedBytes = 2 + idBytes;
const leastSignedBytes = 1 + leastBodyBytes + signatureBytes;
const reader = new FrameReader();

/** Byte fields are views of `bytes`. Throws WireError. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length > mostFrameBytes)
    throw new WireError('frame-too-long', `a frame of ${bytes.length} bytes, at most ${mostFrameBytes}`);
  reader.start(bytes);
  const version = reader.byte();
  if (version !== wireVersion) throw new WireError('version', `version ${version}, not ${wireVersion}`);
  const frame = readFields(reader.byte());
  reader.finish();
  return frame;
}

function readFields(kind: number): Frame {
  switch (kind) {
    case kindCode.query:
      return { kind: 'query', ...readReference(), names: readNames() };
    case kindCode.answer:
      return readAnswer();
    case kindCode.request:
      return { kind: 'request', names: readNames() };
    case kindCode.vertices:
      return readVertices();
    case kindCode.announcement:
      return readAnnouncement();
    case kindCode['sync-request']:
      return readSyncRequest();
    case kindCode['sync-chunk']:
      return readSyncChunk();
    case kindCode['sync-end']:
      return readSyncEnd();
    case kindCode.probe:
      return { kind: 'probe', sequence: reader.word(), sentUs: reader.varint() };
    case kindCode['probe-echo']:
      return {
        kind: 'probe-echo',
        sequence: reader.word(),
        sentUs: reader.varint(),
        receivedUs: reader.varint(),
        echoedUs: reader.varint(),
      };
    case kindCode.status:
      return readStatus();
    default:
      throw new WireError('kind', `kind ${kind}`);
  }
}

function readReference(): PollReference {
  const poll = reader.word();
  const value = reader.half();
  return { poll, slot: value & ~attemptBit, attempt: (value & attemptBit) === 0 ? 0 : 1 };
}

function readNames(): VertexNames {
  const salt = reader.word();
  const shortCount = reader.count(mostNames, shortNameBytes);
  const longCount = reader.count(mostNames - shortCount, idBytes);
  return { salt, short: reader.raw(shortCount * shortNameBytes), long: reader.raw(longCount * idBytes) };
}

function readAnswer(): AnswerFrame {
  const reference = readReference();
  const vertices = reader.varint();
  if (vertices > mostNames) throw new WireError('count', `an answer about ${vertices} vertices`);
  const no = readIndexList(vertices, reader);
  const unknown = readIndexList(vertices, reader);
  for (let i = 0, j = 0; i < no.length && j < unknown.length; ) {
    if (no[i] === unknown[j]) throw new WireError('not-canonical', `index ${no[i]} is in both lists`);
    if (no[i]! < unknown[j]!) i++;
    else j++;
  }
  return { kind: 'answer', ...reference, vertices, no, unknown };
}

function readVertices(): VerticesFrame {
  const count = reader.count(mostListed, leastSignedBytes);
  const vertices: SignedBody[] = [];
  for (let i = 0; i < count; i++) {
    const length = reader.varint();
    if (length < leastBodyBytes) throw new WireError('length', `a body of ${length} bytes`);
    vertices.push({ body: reader.raw(length), signature: reader.raw(signatureBytes) });
  }
  return { kind: 'vertices', vertices };
}

function readAnnouncement(): AnnouncementFrame {
  const count = reader.count(mostListed, leastAnnouncedBytes);
  const vertices: Announced[] = [];
  for (let i = 0; i < count; i++) {
    const creator = reader.varint();
    const sequence = reader.varint();
    if (creator > mostNumber || sequence > mostNumber)
      throw new WireError('range', `creator ${creator}, sequence ${sequence}`);
    vertices.push({ creator, sequence, id: reader.raw(idBytes) });
  }
  return { kind: 'announcement', vertices };
}

function readSyncRequest(): SyncRequestFrame {
  const transfer = reader.word();
  const mode = readChoice(syncModes);
  return { kind: 'sync-request', transfer, mode, fromOrder: reader.varint() };
}

function readSyncChunk(): SyncChunkFrame {
  const transfer = reader.word();
  const index = reader.varint();
  return { kind: 'sync-chunk', transfer, index, data: reader.raw(reader.varint()) };
}

function readSyncEnd(): SyncEndFrame {
  const transfer = reader.word();
  const outcome = readChoice(syncOutcomes);
  return { kind: 'sync-end', transfer, outcome, chunks: reader.varint(), untilOrder: reader.varint() };
}

function readStatus(): StatusFrame {
  return {
    kind: 'status',
    finalised: reader.varint(),
    rejected: reader.varint(),
    undecided: reader.varint(),
    ownSequence: reader.varint(),
    digest: reader.raw(digestBytes),
  };
}

function readChoice<T>(choices: readonly T[]): T {
  const code = reader.byte();
  const choice = choices[code];
  if (choice === undefined) throw new WireError('range', `choice ${code} of ${choices.length}`);
  return choice;
}
