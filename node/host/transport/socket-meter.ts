/**
 * Bytes that really passed through the sockets of a node, handshakes and refused connections included.
 * Owns: the sum over connections that are open and connections that were. Does not own: the sockets. Over QUIC, whose connections
 * share a socket, datagrams are counted; those of a connection that never spoke are not.
 * It hooks in where libp2p would put a pre-shared key: the one place that sees every connection before its first byte.
 */
import { Socket } from 'node:net';
import type { ConnectionProtector, MessageStream } from '@libp2p/interface';
import { QuicPipe } from './quic-pipe.ts';

export class SocketMeter implements ConnectionProtector {
  readonly #open = new Set<Socket | QuicPipe>();
  #sent = 0;
  #received = 0;
  #sockets = 0;

  async protect(connection: MessageStream): Promise<MessageStream> {
    const counted: unknown = 'socket' in connection ? connection.socket : connection;
    if (counted instanceof Socket) counted.once('close', () => this.#closed(counted));
    else if (counted instanceof QuicPipe) counted.addEventListener('close', () => this.#closed(counted));
    else throw new TypeError('a connection without a socket: its bytes cannot be counted');
    this.#open.add(counted);
    this.#sockets += 1;
    return connection;
  }

  #closed(counted: Socket | QuicPipe): void {
    if (!this.#open.delete(counted)) return;
    this.#sent += counted.bytesWritten;
    this.#received += counted.bytesRead;
  }

  /** Connections so far, and open now. */
  get sockets(): number {
    return this.#sockets;
  }

  get openSockets(): number {
    return this.#open.size;
  }

  get bytesSent(): number {
    let bytes = this.#sent;
    for (const socket of this.#open) bytes += socket.bytesWritten;
    return bytes;
  }

  get bytesReceived(): number {
    let bytes = this.#received;
    for (const socket of this.#open) bytes += socket.bytesRead;
    return bytes;
  }
}
