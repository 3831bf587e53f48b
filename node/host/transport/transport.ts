/**
 * What the node needs of its network: frames to and from authenticated members, and announcements to everybody.
 * Owns: the interface. Does not own: libp2p (libp2p-transport.ts), what frames mean (host/wire), network conditions (conditions.ts).
 *
 * A frame reaches the handler only from a member whose session proved its keys. Frames may be delayed, reordered, lost or
 * delivered late, never altered. Nothing here blocks: a refused frame counts as lost and is counted.
 */

/** A member of the network as everybody knows it. `number` is its index in the list of members. */
export interface Member {
  readonly number: number;
  /** Raw ML-DSA-44 public key, 1,312 bytes: it verifies vertices, and its holder is the member. */
  readonly publicKey: Uint8Array;
  /** libp2p peer id (Ed25519), bound to the ML-DSA key by the session. */
  readonly peerId: string;
  /** Multiaddresses, best first. */
  readonly addresses: readonly string[];
}

export type SendResult = 'sent' | 'queue-full' | 'unreachable';

export interface TransportFigures {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly framesSent: number;
  readonly framesReceived: number;
  readonly framesRefused: number;
  readonly connections: number;
  readonly dials: number;
  /** Frames that found an open stream in the pool. */
  readonly reused: number;
}

export interface TransportHandler {
  /** A frame from a member. The bytes are the receiver's to keep. */
  frame(member: number, bytes: Uint8Array): void;
  /** An announcement that reached this node for the first time; `member` is the neighbour it came from, not its author. */
  announcement(member: number, bytes: Uint8Array): void;
  /** The session to a member was opened or lost. */
  connected(member: number): void;
  disconnected(member: number): void;
  /** The member broke the protocol below the frames (bad record, oversized frame, flood) and was cut off. */
  misbehaved(member: number, reason: string): void;
}

export interface Transport {
  /** Listens, and connects to the members it keeps sessions with. Resolves when it may send. */
  start(members: readonly Member[], handler: TransportHandler): Promise<void>;
  /** Queues a frame on the long-lived stream to a member; writes to one member are merged. Dials when there is no session. */
  send(member: number, bytes: Uint8Array): SendResult;
  /** Gossips to everybody. */
  announce(bytes: Uint8Array): void;
  /** Ends the session and refuses the member for a while. */
  cutOff(member: number, reason: string): void;
  readonly figures: TransportFigures;
  stop(): Promise<void>;
}
