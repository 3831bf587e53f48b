/**
 * The connection after the handshake, as libp2p sees it: what is sent is sealed, what arrives is opened.
 * Owns: joining records with libp2p's stream events, ending at the first bad record. Does not own: records (record-cipher.ts,
 * record-splitter.ts), back-pressure (libp2p's AbstractMessageStream: at most 4 MiB wait to be read).
 */
import { Socket } from 'node:net';
import type { AbortOptions, MessageStream, StreamCloseEvent } from '@libp2p/interface';
import { AbstractMessageStream } from '@libp2p/utils';
import { hearDirectly, isClear, type StreamBytes } from './direct-stream.ts';
import { type RecordOpener, type RecordSealer, tagBytes } from './record-cipher.ts';
import { lengthBytes, mostRecordBytes, RecordSplitter } from './record-splitter.ts';
import { SessionError } from './session-error.ts';

export const mostPlainBytes = mostRecordBytes - tagBytes;

/** A connection whose socket may be written to itself. */
interface Plain {
  readonly stream: AbstractMessageStream;
  readonly socket: Socket;
}

function plainOf(stream: MessageStream): Plain | null {
  if (!(stream instanceof AbstractMessageStream) || !('socket' in stream)) return null;
  return stream.socket instanceof Socket ? { stream, socket: stream.socket } : null;
}

type SentResult = ReturnType<AbstractMessageStream['sendData']>;

export interface SecuredStreamParts {
  readonly sealer: RecordSealer;
  readonly opener: RecordOpener;
  /** The other end, or somebody on the path, broke the records; the connection is closed. */
  readonly broken: (error: SessionError) => void;
}

export class SecuredStream extends AbstractMessageStream {
  readonly #stream: MessageStream;
  readonly #plain: Plain | null;
  readonly #parts: SecuredStreamParts;
  readonly #splitter: RecordSplitter;

  constructor(stream: MessageStream, parts: SecuredStreamParts) {
    super({
      log: stream.log.newScope('secured'),
      direction: stream.direction,
      inactivityTimeout: stream.inactivityTimeout,
      maxReadBufferLength: stream.maxReadBufferLength,
      maxMessageSize: mostPlainBytes,
    });
    this.#stream = stream;
    this.#plain = plainOf(stream);
    this.#parts = parts;
    // An empty record says nothing: none is ever sent.
    this.#splitter = new RecordSplitter(tagBytes + 1, mostRecordBytes, (record) => {
      this.onData(parts.opener.open(record));
    });
    stream.addEventListener('drain', () => this.safeDispatchEvent('drain'));
    stream.addEventListener('remoteCloseWrite', () => this.onRemoteCloseWrite());
    stream.addEventListener('close', (event) => this.#closed(event));
    hearDirectly(stream, (data) => this.#arrived(data));
  }

  #arrived(data: StreamBytes): void {
    try {
      if (data instanceof Uint8Array) this.#splitter.push(data);
      else for (const chunk of data) this.#splitter.push(chunk);
    } catch (error) {
      this.#break(error instanceof SessionError ? error : null, error);
    }
  }

  #closed(event: StreamCloseEvent): void {
    if (this.status === 'aborted' || this.status === 'reset' || this.status === 'closed') return;
    if (event.error !== undefined && event.local === true) this.abort(event.error);
    else if (event.error !== undefined) this.onRemoteReset();
    else if (this.#splitter.isInside)
      this.#break(new SessionError('closed', 'the connection ended in the middle of a record'), null);
    else this.onTransportClosed();
  }

  #break(broken: SessionError | null, other: unknown): void {
    // What a reader of the stream throws is not the peer's doing.
    const error = broken ?? (other instanceof Error ? other : new Error(String(other)));
    this.abort(error);
    if (broken !== null) this.#parts.broken(broken);
  }

  /** Sealed at once when nothing waits before it. */
  override send(data: StreamBytes): boolean {
    if (data.byteLength > mostPlainBytes || this.sendingData || !isClear(this)) return super.send(data);
    try {
      const { canSendMore } = this.sendData(data);
      if (!canSendMore) this.writableNeedsDrain = true;
      return canSendMore;
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  override sendData(data: StreamBytes): SentResult {
    const record = Buffer.allocUnsafe(lengthBytes + data.byteLength + tagBytes);
    record.writeUInt16BE(data.byteLength + tagBytes, 0);
    this.#parts.sealer.seal(data instanceof Uint8Array ? [data] : data, record, lengthBytes);
    return { sentBytes: data.byteLength, canSendMore: this.#write(record) };
  }

  #write(record: Uint8Array): boolean {
    if (this.#plain === null || !isClear(this.#plain.stream)) return this.#stream.send(record);
    const { stream, socket } = this.#plain;
    const canSendMore = socket.write(record);
    if (!canSendMore) stream.writableNeedsDrain = true;
    return canSendMore;
  }

  override sendReset(error: Error): void {
    this.#stream.abort(error);
  }

  override sendPause(): void {
    this.#stream.pause();
  }

  override sendResume(): void {
    this.#stream.resume();
  }

  /** Sends what waits, then closes the connection. */
  override async close(options?: AbortOptions): Promise<void> {
    if (this.status !== 'open') return;
    this.status = 'closing';
    this.writeStatus = 'closing';
    if (this.writeBufferLength > 0) await this.#sentAll(options?.signal);
    await this.#stream.close(options);
  }

  /** Resolves when nothing waits to be sent, or never will be. */
  async #sentAll(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = (): void => resolve();
    const stop = (): void => reject(signal?.reason);
    this.addEventListener('idle', done);
    this.addEventListener('close', done);
    signal?.addEventListener('abort', stop);
    try {
      await promise;
    } finally {
      this.removeEventListener('idle', done);
      this.removeEventListener('close', done);
      signal?.removeEventListener('abort', stop);
    }
  }
}
