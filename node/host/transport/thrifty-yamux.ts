/**
 * yamux that gives window back in large pieces and lets whole frames of data pass on the short way.
 * Owns: when a window update leaves, which frames go around the library's lists and events. Does not own: yamux; bytes on the wire
 * are those of the library.
 *
 * The library answers every piece of data with a window update: one more record, cipher and system call each way, as dear as
 * the frame itself. Updates may be added up: the other end waits for one only when its whole window is used.
 */
import type { MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';
import type { AbstractMessageStream } from '@libp2p/utils';
import { yamux } from '@libp2p/yamux';
import { hearByCall, isClear, type StreamBytes } from '#node/host/session/direct-stream.ts';

/** A quarter of the window of a stream, 256 KiB: the other end never runs dry while data flows. */
const leastUpdateBytes = 65_536;
/** Of yamux's frames. */
const windowUpdateType = 1;
const headerBytes = 12;
const idAt = 4;
const lengthAt = 8;
/** State of a stream whose opening both ends know: its data carries no flags. */
const established = 3;

interface FrameHeader {
  readonly type: number;
  readonly flag: number;
  readonly streamID: number;
  readonly length: number;
}

interface YamuxStream extends AbstractMessageStream {
  readonly streamId: number;
  readonly state: number;
  sendWindowCapacity: number;
  recvWindowCapacity: number;
  sendWindowUpdate: () => void;
}

/** What this file uses of the inside of the muxer. */
interface YamuxMuxer {
  sendFrame: (header: FrameHeader, data?: unknown) => boolean;
  send: (bytes: Uint8Array) => boolean;
  onData: (bytes: StreamBytes) => void;
  abort: (error: Error) => void;
  _newStream: (...parts: unknown[]) => YamuxStream;
  readonly streams: readonly YamuxStream[];
  readonly decoder: { readonly buffer: { readonly byteLength: number } };
}

function isYamux(muxer: object): muxer is YamuxMuxer {
  const has = (name: string): boolean => name in muxer && typeof Reflect.get(muxer, name) === 'function';
  return ['sendFrame', 'send', 'onData', 'abort', '_newStream'].every(has) && 'decoder' in muxer;
}

function opened(muxer: StreamMuxer): StreamMuxer & YamuxMuxer {
  if (!isYamux(muxer)) throw new TypeError('this version of yamux has another inside: see thrifty-yamux.ts');
  return muxer as StreamMuxer & YamuxMuxer;
}

/** Streams take over `sendFrame` when they are made: it has to be replaced before the first. */
function addUpdatesUp(muxer: YamuxMuxer): void {
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
}

function frameOf(streamId: number, data: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(headerBytes + data.length);
  frame.writeUInt32BE(0, 0); // version, type and flags of plain data
  frame.writeUInt32BE(streamId, idAt);
  frame.writeUInt32BE(data.length, lengthAt);
  frame.set(data, headerBytes);
  return frame;
}

/** What fits into the window and has nothing before it is one frame. */
function sendFramesWhole(muxer: YamuxMuxer): void {
  const make = muxer._newStream.bind(muxer);
  muxer._newStream = (...parts) => {
    const stream = make(...parts);
    const send = stream.send.bind(stream);
    stream.send = (data) => {
      const { byteLength } = data;
      const fits = byteLength > 0 && byteLength <= stream.sendWindowCapacity;
      if (!(data instanceof Uint8Array) || !fits || stream.state !== established || !isClear(stream))
        return send(data);
      stream.sendWindowCapacity -= byteLength;
      return muxer.send(frameOf(stream.streamId, data));
    };
    return stream;
  };
}

/** The stream of a record that is exactly one frame of plain data within its window. */
function streamOfWhole(muxer: YamuxMuxer, bytes: Uint8Array): YamuxStream | undefined {
  if (bytes.length <= headerBytes || muxer.decoder.buffer.byteLength > 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const length = view.getUint32(lengthAt);
  if (view.getUint32(0) !== 0 || length !== bytes.length - headerBytes) return undefined;
  const id = view.getUint32(idAt);
  return muxer.streams.find(
    ({ streamId, recvWindowCapacity }) => streamId === id && length <= recvWindowCapacity,
  );
}

function takeFramesWhole(muxer: YamuxMuxer, connection: MessageStream): void {
  const decode = muxer.onData.bind(muxer);
  muxer.onData = (data) => {
    const stream = data instanceof Uint8Array ? streamOfWhole(muxer, data) : undefined;
    if (stream === undefined || !(data instanceof Uint8Array)) {
      decode(data);
      return;
    }
    stream.recvWindowCapacity -= data.length - headerBytes;
    stream.onData(data.subarray(headerBytes));
    stream.sendWindowUpdate();
  };
  hearByCall(connection, (data) => {
    try {
      muxer.onData(data);
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      muxer.abort(reason);
      connection.abort(reason);
    }
  });
}

export function thriftyYamux(
  ...options: Parameters<typeof yamux>
): (...components: Parameters<ReturnType<typeof yamux>>) => StreamMuxerFactory {
  const make = yamux(...options);
  return (...components) => {
    const factory = make(...components);
    return {
      protocol: factory.protocol,
      createStreamMuxer: (connection) => {
        const muxer = opened(factory.createStreamMuxer(connection));
        addUpdatesUp(muxer);
        sendFramesWhole(muxer);
        takeFramesWhole(muxer, connection);
        return muxer;
      },
    };
  };
}
