/**
 * Bytes that really passed through the sockets of a node, handshakes and refused connections included.
 * Owns: the sum over connections that are open and connections that were. Does not own: the sockets. Over QUIC, whose connections
 * share a socket, datagrams are counted; those of a connection that never spoke are not.
 * It hooks in where libp2p would put a pre-shared key: the one place that sees every connection before its first byte.
 */
import { Socket } from 'node:net';
import type { ConnectionProtector, MessageStream } from '@libp2p/interface';
import type { Clock } from '#node/host/clock.ts';
import { QuicPipe } from './quic-pipe.ts';

/** So many sockets are asked for every figure; of more, the sum is as old as this for each of them: all nodes of a process are asked four times a second. */
const alwaysAsked = 32;
const oldPerSocketUs = 10_000;

export class SocketMeter implements ConnectionProtector {
  readonly #clock: Pick<Clock, 'nowUs'>;
  readonly #open = new Set<Socket | QuicPipe>();
  /** Of connections that are closed, and of those that were open when they were last asked. */
  #closedSent = 0;
  #closedReceived = 0;
  #openSent = 0;
  #openReceived = 0;
  #askAgainUs = Number.NEGATIVE_INFINITY;
  #sockets = 0;

  constructor(clock: Pick<Clock, 'nowUs'>) {
    this.#clock = clock;
  }

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
    this.#closedSent += counted.bytesWritten;
    this.#closedReceived += counted.bytesRead;
    this.#askAgainUs = Number.NEGATIVE_INFINITY;
  }

  #askIfOld(): void {
    const nowUs = this.#clock.nowUs();
    if (this.#open.size > alwaysAsked && nowUs < this.#askAgainUs) return;
    this.#openSent = 0;
    this.#openReceived = 0;
    for (const socket of this.#open) {
      this.#openSent += socket.bytesWritten;
      this.#openReceived += socket.bytesRead;
    }
    this.#askAgainUs = nowUs + oldPerSocketUs * this.#open.size;
  }

  /** Connections so far, and open now. */
  get sockets(): number {
    return this.#sockets;
  }

  get openSockets(): number {
    return this.#open.size;
  }

  get bytesSent(): number {
    this.#askIfOld();
    return this.#closedSent + this.#openSent;
  }

  get bytesReceived(): number {
    this.#askIfOld();
    return this.#closedReceived + this.#openReceived;
  }
}
