/**
 * One stream of a QUIC connection as the pipe of bytes that a session runs in, in place of a TCP connection.
 * Owns: order and bounds of what is written, its end, the bytes of its datagrams. Does not own: QUIC (the native library), the
 * session, yamux.
 */
import type { MultiaddrConnection } from '@libp2p/interface';
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils';

/** What the native library calls a stream. */
export interface NativeStream {
  /** Null: the other end has finished. */
  read(mostBytes: number): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  finishWrite(): Promise<void>;
}

export interface NativeConnection {
  inboundStream(): Promise<NativeStream>;
  outboundStream(): Promise<NativeStream>;
  stats(): { readonly udpTxBytes: number | bigint; readonly udpRxBytes: number | bigint };
}

const readBytesMost = 65_536;
/** What waits beyond that is pushed back to yamux, as a full socket does. */
const waitingBytesMost = 262_144;
/** The datagram that made a connection is in no count of the end that accepted it; QUIC gives it this length. */
const firstDatagramBytes = 1_200;
/** An end that is not answered is none of the other's in this time. */
const finishWithinMs = 1_000;

export class QuicPipe extends AbstractMultiaddrConnection {
  readonly #outer: MultiaddrConnection;
  readonly #connection: NativeConnection;
  readonly #stream: NativeStream;
  readonly #finished = Promise.withResolvers<void>();
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isFull = false;
  #writing: Promise<void> | null = null;
  #resumed: PromiseWithResolvers<void> | null = null;
  #counted = { sent: 0, received: 0 };

  /** `outer`: the QUIC connection that the stream belongs to, and ends with. */
  constructor(outer: MultiaddrConnection, connection: NativeConnection, stream: NativeStream) {
    super({ remoteAddr: outer.remoteAddr, direction: outer.direction, log: outer.log });
    this.#outer = outer;
    this.#connection = connection;
    this.#stream = stream;
    outer.addEventListener('close', () => this.#ended());
    void this.#readAll();
  }

  /** Of UDP: QUIC's headers, acknowledgements and handshake included. */
  get bytesWritten(): number {
    return this.#count().sent;
  }

  get bytesRead(): number {
    return this.#count().received;
  }

  sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]): SendResult {
    this.#waiting.push(data.subarray());
    this.#waitingBytes += data.byteLength;
    this.#writing ??= this.#write();
    this.#isFull = this.#waitingBytes >= waitingBytesMost;
    return { sentBytes: data.byteLength, canSendMore: !this.#isFull };
  }

  sendPause(): void {
    this.#resumed ??= Promise.withResolvers();
  }

  sendResume(): void {
    this.#resumed?.resolve();
    this.#resumed = null;
  }

  sendReset(error: Error): void {
    this.sendResume();
    this.#count();
    this.#outer.abort(error);
  }

  /** A QUIC connection that is closed forgets what is not acknowledged: the other end reads to the end first. */
  async sendClose(): Promise<void> {
    this.sendResume();
    await this.#writing;
    await this.#stream.finishWrite().catch(() => undefined);
    const late = setTimeout(this.#finished.resolve, finishWithinMs);
    await this.#finished.promise;
    clearTimeout(late);
    this.#count();
    await this.#outer.close();
  }

  /** One write at a time, or bytes would overtake each other; what came meanwhile leaves with the next one. */
  async #write(): Promise<void> {
    // Whatever is sent in this turn of the loop leaves together.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0) {
        const bytes = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting);
        this.#waiting = [];
        await this.#stream.write(bytes);
        this.#waitingBytes -= bytes.length;
        if (!this.#isFull || this.#waitingBytes >= waitingBytesMost) continue;
        this.#isFull = false;
        this.safeDispatchEvent('drain');
      }
      this.#writing = null;
    } catch (error) {
      this.#broken(error);
    }
  }

  async #readAll(): Promise<void> {
    try {
      for (;;) {
        await this.#resumed?.promise;
        const bytes = await this.#stream.read(readBytesMost);
        if (bytes === null) break;
        this.onData(bytes);
      }
    } catch (error) {
      this.#broken(error);
      return;
    }
    this.#finished.resolve();
    if (this.status !== 'open') return;
    // The other end has finished: there is no half of a session.
    await this.#writing;
    await this.#stream.finishWrite().catch(() => undefined);
    this.onTransportClosed();
  }

  #broken(error: unknown): void {
    this.#finished.resolve();
    if (this.status === 'open') this.abort(error instanceof Error ? error : new Error(String(error)));
  }

  #ended(): void {
    this.#count();
    this.#finished.resolve();
    this.sendResume();
    this.onTransportClosed();
  }

  /** The library may have let go of a connection that ended: the last count stays. */
  #count(): { readonly sent: number; readonly received: number } {
    try {
      const { udpTxBytes, udpRxBytes } = this.#connection.stats();
      const first = this.direction === 'inbound' ? firstDatagramBytes : 0;
      this.#counted = { sent: Number(udpTxBytes), received: Number(udpRxBytes) + first };
    } catch {
      // As it was.
    }
    return this.#counted;
  }
}
