/**
 * What a transport carries, keeps and refuses.
 * Owns: the figures. Does not own: enforcing them (frame-link.ts, flood-guard.ts, peer-pool.ts, libp2p-transport.ts).
 */
import { mostFrameBytes } from '#node/host/wire/frame.ts';

export interface TransportLimits {
  readonly mostFrameBytes: number;
  /** Of one announcement, before it shares a gossip message with others. */
  readonly mostAnnouncementBytes: number;
  /** Queued for one member before frames to it are refused. */
  readonly mostQueuedBytes: number;
  /** How long a member that was cut off stays refused. */
  readonly cutOffUs: number;
  /** What one member may send: rates that hold on average, and how much more it may send at once. */
  readonly floodFramesPerSecond: number;
  readonly floodBytesPerSecond: number;
  readonly floodBurstSeconds: number;
  /** A member takes nothing off a full queue for so long: it stalls. */
  readonly stallUs: number;
  /** Nothing was heard for so long: ask; and for so long: the session is over. Of a session over which something was sent. */
  readonly askAfterUs: number;
  readonly silentAfterUs: number;
  /** Idle sessions are asked about so rarely that a node asks about one of them in this time. */
  readonly idleAskPerSessionUs: number;
  /** A connection has to be a session by then. */
  readonly handshakeUs: number;
}

export const transportLimits: TransportLimits = {
  mostFrameBytes,
  mostAnnouncementBytes: 65_536,
  mostQueuedBytes: 8 * 1_048_576,
  cutOffUs: 60_000_000,
  floodFramesPerSecond: 20_000,
  floodBytesPerSecond: 64 * 1_048_576,
  floodBurstSeconds: 3,
  stallUs: 15_000_000,
  askAfterUs: 5_000_000,
  silentAfterUs: 20_000_000,
  idleAskPerSessionUs: 250_000,
  handshakeUs: 15_000_000,
};

/** Throws RangeError for what no peer would accept: the caller has to divide it. */
export function checkFrameSize(bytes: number, most: number): void {
  if (bytes > 0 && bytes <= most) return;
  throw new RangeError(`a frame of ${bytes} bytes; 1 to ${most} can be sent: divide it`);
}
