/**
 * yamux that gives window back in large pieces.
 * Owns: when a window update leaves. Does not own: yamux.
 *
 * The library answers every piece of data with a window update: one more record, cipher and system call each way, as dear as
 * the frame itself. Updates may be added up: the other end waits for one only when its whole window is used.
 */
import type { StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';
import { yamux } from '@libp2p/yamux';

/** A quarter of the window of a stream, 256 KiB: the other end never runs dry while data flows. */
const leastUpdateBytes = 65_536;
/** Of yamux's frames. */
const windowUpdateType = 1;

interface FrameHeader {
  readonly type: number;
  readonly flag: number;
  readonly streamID: number;
  readonly length: number;
}

interface FrameSender {
  sendFrame: (header: FrameHeader, data?: unknown) => boolean;
}

function hasFrames(muxer: object): muxer is FrameSender {
  return 'sendFrame' in muxer && typeof muxer.sendFrame === 'function';
}

/** Streams take over `sendFrame` when they are made: it has to be replaced before the first. */
function addUpdatesUp(muxer: StreamMuxer): StreamMuxer {
  if (!hasFrames(muxer))
    throw new TypeError('this version of yamux has another inside: see thrifty-yamux.ts');
  const send = muxer.sendFrame.bind(muxer);
  const owed = new Map<number, number>();
  muxer.sendFrame = (header, data) => {
    if (header.type !== windowUpdateType) return send(header, data);
    const bytes = (owed.get(header.streamID) ?? 0) + header.length;
    if (header.flag === 0 && bytes < leastUpdateBytes) {
      owed.set(header.streamID, bytes);
      return true;
    }
    owed.delete(header.streamID);
    return send({ ...header, length: bytes }, data);
  };
  return muxer;
}

export function thriftyYamux(
  ...options: Parameters<typeof yamux>
): (...components: Parameters<ReturnType<typeof yamux>>) => StreamMuxerFactory {
  const make = yamux(...options);
  return (...components) => {
    const factory = make(...components);
    return {
      protocol: factory.protocol,
      createStreamMuxer: (connection) => addUpdatesUp(factory.createStreamMuxer(connection)),
    };
  };
}
