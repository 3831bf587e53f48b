/**
 * Bytes that really passed through the sockets of a node, handshakes and refused connections included.
 * Owns: the sum over sockets that are open and sockets that were. Does not own: the sockets.
 * It hooks in where libp2p would put a pre-shared key: the one place that sees every connection before its first byte.
 */
import { Socket } from 'node:net';
import type { ConnectionProtector, MessageStream } from '@libp2p/interface';

export class SocketMeter implements ConnectionProtector {
  readonly #open = new Set<Socket>();
  #sent = 0;
  #received = 0;
  #sockets = 0;

  async protect(connection: MessageStream): Promise<MessageStream> {
    const socket: unknown = 'socket' in connection ? connection.socket : null;
    if (!(socket instanceof Socket))
      throw new TypeError('a connection without a socket: its bytes cannot be counted');
    this.#open.add(socket);
    this.#sockets += 1;
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#sent += socket.bytesWritten;
      this.#received += socket.bytesRead;
    });
    return connection;
  }

  /** Sockets so far, and open now. */
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
