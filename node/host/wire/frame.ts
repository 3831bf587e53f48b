/**
 * The frames that members exchange, as records.
 * Owns: the kinds, their fields and limits. Does not own: their bytes (encode-frame.ts, decode-frame.ts), what a host does
 * with them. Byte fields of a decoded frame are views of the received bytes.
 */

/** First byte of every frame. A peer that speaks another version is refused: there is no negotiation inside a session. */
export const wireVersion = 1;
/** Of one frame, header included. */
export const mostFrameBytes = 4 * 1_048_576;
/** Vertices of one query, request or answer. */
export const mostNames = 65_535;
/** Vertices of one announcement or one frame of bodies: each becomes an object of the receiver. */
export const mostListed = 4_096;
/** Of a creator and a sequence, as in a vertex. */
export const mostNumber = 0x7fff_ffff;
export const mostSlot = 0x7fff;
export const signatureBytes = 2_420;
export const idBytes = 32;
export const digestBytes = 32;
/** Short name of a vertex: see vertex-name.ts. */
export const shortNameBytes = 8;
/** Header of a canonical vertex without parents: no body is shorter. */
export const leastBodyBytes = 12;

/**
 * Vertices named by short names and, where two vertices known to the sender share one, by whole ids.
 * Index i of an answer is short name i, then whole id i - short names.
 */
export interface VertexNames {
  /** Random, drawn anew for each poll: it keys the short names. u32. */
  readonly salt: number;
  /** 8 bytes each. */
  readonly short: Uint8Array;
  /** 32 bytes each. */
  readonly long: Uint8Array;
}

/** What a poll answer belongs to. `poll`: u32 of the querier's choice; `slot`: 0..32,767; attempt 1 is the retry to a fresh peer. */
export interface PollReference {
  readonly poll: number;
  readonly slot: number;
  readonly attempt: 0 | 1;
}

export interface QueryFrame extends PollReference {
  readonly kind: 'query';
  readonly names: VertexNames;
}

/** Yes to each of the query's `vertices` except those listed. Both lists ascend and share no index. */
export interface AnswerFrame extends PollReference {
  readonly kind: 'answer';
  readonly vertices: number;
  readonly no: readonly number[];
  readonly unknown: readonly number[];
}

/** Asks for bodies: by the names of a query (with its salt), by ids of an announcement, or by ids of missing parents. */
export interface RequestFrame {
  readonly kind: 'request';
  readonly names: VertexNames;
}

export interface SignedBody {
  /** Canonical encoding of the vertex without its signature (node/core/vertex.ts); not checked here. */
  readonly body: Uint8Array;
  /** ML-DSA-44. */
  readonly signature: Uint8Array;
}

export interface VerticesFrame {
  readonly kind: 'vertices';
  readonly vertices: readonly SignedBody[];
}

export interface Announced {
  readonly creator: number;
  readonly sequence: number;
  readonly id: Uint8Array;
}

export interface AnnouncementFrame {
  readonly kind: 'announcement';
  readonly vertices: readonly Announced[];
}

/** Asks for what was decided from place `fromOrder` of the sender's order on, or for a whole snapshot. */
export interface SyncRequestFrame {
  readonly kind: 'sync-request';
  /** Names the transfer, u32 of the asker's choice. */
  readonly transfer: number;
  readonly mode: 'delta' | 'snapshot';
  readonly fromOrder: number;
}

export interface SyncChunkFrame {
  readonly kind: 'sync-chunk';
  readonly transfer: number;
  /** From 0, none left out. */
  readonly index: number;
  /** As the archive wrote it, with its own checksum. */
  readonly data: Uint8Array;
}

/** `complete`: the asker has all; `continue`: ask again from `untilOrder`; `snapshot-needed`: the delta was pruned; `refused`: ask another. */
export type SyncOutcome = 'complete' | 'continue' | 'snapshot-needed' | 'refused';

export interface SyncEndFrame {
  readonly kind: 'sync-end';
  readonly transfer: number;
  readonly outcome: SyncOutcome;
  readonly chunks: number;
  /** First place of the order that was not sent. */
  readonly untilOrder: number;
}

export interface ProbeFrame {
  readonly kind: 'probe';
  /** Per sender and receiver, from 0: gaps are losses. u32. */
  readonly sequence: number;
  /** Sender's clock, microseconds. */
  readonly sentUs: number;
}

export interface ProbeEchoFrame {
  readonly kind: 'probe-echo';
  readonly sequence: number;
  readonly sentUs: number;
  /** Clock of the echoing node when the probe arrived and when the echo left. */
  readonly receivedUs: number;
  readonly echoedUs: number;
}

/** What the sender has decided: two members with other digests at equal counts have something to reconcile. */
export interface StatusFrame {
  readonly kind: 'status';
  readonly finalised: number;
  readonly rejected: number;
  readonly undecided: number;
  /** Highest own sequence that the sender issued. */
  readonly ownSequence: number;
  /** Of the set of finalised ids, 32 bytes; the host says how it is made. */
  readonly digest: Uint8Array;
}

export type Frame =
  | QueryFrame
  | AnswerFrame
  | RequestFrame
  | VerticesFrame
  | AnnouncementFrame
  | SyncRequestFrame
  | SyncChunkFrame
  | SyncEndFrame
  | ProbeFrame
  | ProbeEchoFrame
  | StatusFrame;

export type FrameKind = Frame['kind'];

/** Second byte of a frame. Numbers are never used again for something else. */
export const kindCode: Readonly<Record<FrameKind, number>> = {
  query: 1,
  answer: 2,
  request: 3,
  vertices: 4,
  announcement: 5,
  'sync-request': 6,
  'sync-chunk': 7,
  'sync-end': 8,
  probe: 9,
  'probe-echo': 10,
  status: 11,
};

export const syncModes = ['delta', 'snapshot'] as const;
export const syncOutcomes = ['complete', 'continue', 'snapshot-needed', 'refused'] as const;
