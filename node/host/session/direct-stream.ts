/**
 * The short way of bytes through libp2p's streams: from one layer to the next by a call.
 * Owns: when the short way may be taken. Does not own: streams, back-pressure, closing: whenever anything waits, is paused or ends,
 * the library's own way is taken, in the same order.
 *
 * Each layer of the library puts what arrives into a list, takes it out again and dispatches an event; four layers of that
 * cost more than the cipher.
 */
import type { MessageStream, StreamMessageEvent } from '@libp2p/interface';
import { AbstractMessageStream } from '@libp2p/utils';

export type StreamBytes = StreamMessageEvent['data'];

/** `hear` gets what arrives, as a listener of 'message' that is already there would: it must be the only one. */
export function hearByCall(stream: MessageStream, hear: (data: StreamBytes) => void): void {
  if (!(stream instanceof AbstractMessageStream)) return;
  const buffered = stream.onData.bind(stream);
  stream.onData = (data) => {
    const isPlain =
      stream.readStatus === 'readable' &&
      stream.remoteWriteStatus !== 'closed' &&
      stream.readBufferLength === 0;
    if (!isPlain || data.byteLength === 0 || stream.listenerCount('message') !== 1) {
      buffered(data);
      return;
    }
    try {
      hear(data);
    } catch (error) {
      // As an event's: what a listener throws is nobody's along the way.
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}

/** The same with the listener. */
export function hearDirectly(stream: MessageStream, hear: (data: StreamBytes) => void): void {
  stream.addEventListener('message', ({ data }) => hear(data));
  hearByCall(stream, hear);
}

/** Nothing waits to be sent: what is written now leaves after everything before it. */
export function isClear(stream: AbstractMessageStream): boolean {
  return stream.writeStatus === 'writable' && !stream.writableNeedsDrain && stream.writeBufferLength === 0;
}
