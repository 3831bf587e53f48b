/**
 * The calibration file: service times and wire sizes of one node implementation.
 * Owns: the record, the forecast of the product's own node that runs use unless they are told otherwise, and the same as measured.
 * Does not own: reading a user's file (campaigns/schema.ts validates it) or measuring one.
 */

export interface Calibration {
  /** Whose figures these are; every report names it. */
  readonly name: string;
  readonly measuredOn: string;
  readonly serviceTimesUs: {
    readonly signVertex: number;
    readonly verifyVertex: number;
    readonly hashPerKilobyte: number;
    /** CPU of one query at the asking node: send it, later read its answer. */
    readonly askQuery: number;
    /** CPU of one query at the answering node. */
    readonly answerQuery: number;
    /** CPU to receive, store and forward one vertex, beside its verification. */
    readonly handleVertex: number;
    /** From a write until it survives a power cut. */
    readonly syncDisk: number;
  };
  readonly wireBytes: {
    readonly queryFixed: number;
    readonly queryPerVertex: number;
    readonly answerFixed: number;
    readonly answerPerException: number;
    readonly vertexFixed: number; // header and signature, without payload
    readonly vertexPerParent: number;
    readonly vertexAnnouncement: number;
  };
  /** A node keeps at most this many connections open; sessions with the other members are set up when they are needed. */
  readonly connectionsMost: number;
  readonly memoryBytes: {
    readonly base: number;
    readonly perPeer: number; // of an open connection
    readonly perUndecidedVertex: number;
    readonly perDecidedVertex: number; // kept in the window behind the frontier
  };
}

export const defaultCalibration: Calibration = {
  name: 'bft-scale node, forecast from library measurements',
  measuredOn: '2026-11-21, Node 26.10, AMD EPYC Zen 5, one core',
  serviceTimesUs: {
    signVertex: 381, // ML-DSA-44, node:crypto
    verifyVertex: 76, // ML-DSA-44, node:crypto
    hashPerKilobyte: 0.97, // BLAKE3 1 KB
    askQuery: 17, // half of 31-45 us per query over raw TLS framing, both ends, coalesced
    answerQuery: 17,
    handleVertex: 60,
    syncDisk: 750, // RocksDB batch with fsync
  },
  wireBytes: {
    queryFixed: 60,
    queryPerVertex: 8,
    answerFixed: 50,
    answerPerException: 8,
    vertexFixed: 2_420 + 120, // ML-DSA-44 signature, header
    vertexPerParent: 32,
    vertexAnnouncement: 40,
  },
  connectionsMost: 512,
  memoryBytes: {
    base: 51 * 1_048_576, // PSS of a bare libp2p node process
    perPeer: 90 * 1_024,
    perUndecidedVertex: 6_000,
    perDecidedVertex: 4_000,
  },
};

/**
 * This product's node as `npm run calibrate` measured it on two calm cores; docs/calibration.measured.yaml says the same. Its machine
 * is slower than that of the forecast: verifying a signature takes 275 instead of 76 us there. Memory is of a run the day before.
 */
export const measuredCalibration: Calibration = {
  name: 'bft-scale node, measured by npm run calibrate',
  measuredOn: '2026-11-30, Node 26.10.0, 2 x AMD EPYC',
  serviceTimesUs: {
    signVertex: 992.9,
    verifyVertex: 274.6,
    hashPerKilobyte: 1.391,
    askQuery: 185,
    answerQuery: 185,
    handleVertex: 2_577,
    syncDisk: 2_874,
  },
  wireBytes: {
    queryFixed: 48,
    queryPerVertex: 8,
    answerFixed: 45,
    answerPerException: 1,
    vertexFixed: 2_474,
    vertexPerParent: 32,
    vertexAnnouncement: 73,
  },
  connectionsMost: 512,
  memoryBytes: {
    base: 56_305_056,
    perPeer: 191_648,
    perUndecidedVertex: 6_000,
    perDecidedVertex: 4_000,
  },
};

const noTimes: Calibration['serviceTimesUs'] = {
  signVertex: 0,
  verifyVertex: 0,
  hashPerKilobyte: 0,
  askQuery: 0,
  answerQuery: 0,
  handleVertex: 0,
  syncDisk: 0,
};

/** The same sizes, and computing takes no time: what remains is the protocol and the network. */
export function weightless(calibration: Calibration): Calibration {
  return {
    ...calibration,
    name: `weightless (service times 0; sizes: ${calibration.name})`,
    serviceTimesUs: noTimes,
  };
}

/** Memory of a node, bytes: base, open connections, undecided vertices, decided ones that are kept. */
export function nodeMemoryBytes(
  calibration: Calibration,
  members: number,
  undecidedVertices: number,
  decidedVertices: number,
): number {
  const { base, perPeer, perUndecidedVertex, perDecidedVertex } = calibration.memoryBytes;
  return (
    base +
    perPeer * openConnections(calibration, members) +
    perUndecidedVertex * undecidedVertices +
    perDecidedVertex * decidedVertices
  );
}

/** Connections a node of a network of `members` keeps open. */
export function openConnections({ connectionsMost }: Calibration, members: number): number {
  return Math.max(0, Math.min(members - 1, connectionsMost));
}
