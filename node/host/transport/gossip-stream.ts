/**
 * What gossipsub takes for a stream: whole RPCs that travel as records of the one link to a member.
 * Owns: the libp2p stream interface over a function, gossipsub's length prefix. Does not own: the link, delays, gossip.
 * One stream per member instead of three: gossip and frames of a tick leave in one write.
 */
import type { Logger } from '@libp2p/interface';
import { AbstractStream } from '@libp2p/utils';

type Sent = Parameters<AbstractStream['sendData']>[0];
type SentResult = ReturnType<AbstractStream['sendData']>;

let streams = 0;

export class GossipStream extends AbstractStream {
  readonly #send: (rpc: Uint8Array) => void;

  constructor(
    protocol: string,
    direction: 'inbound' | 'outbound',
    log: Logger,
    send: (rpc: Uint8Array) => void,
  ) {
    streams += 1;
    super({ id: String(streams), protocol, direction, log });
    this.#send = send;
  }

  /** An RPC has arrived. */
  receive(rpc: Uint8Array): void {
    this.onData(Buffer.concat([lengthPrefix(rpc.length), rpc]));
  }

  /** The link is gone. */
  end(): void {
    this.onTransportClosed();
  }

  /** gossipsub hands over one RPC with its length, a varint, at a time. */
  override sendData(data: Sent): SentResult {
    const sentBytes = data.byteLength;
    const bytes = data.subarray();
    let at = 0;
    while (bytes[at]! >= 0x80) at += 1;
    this.#send(bytes.subarray(at + 1));
    return { sentBytes, canSendMore: true };
  }

  override async sendCloseWrite(): Promise<void> {
    this.onRemoteCloseWrite();
  }

  override async sendCloseRead(): Promise<void> {
    this.onRemoteCloseRead();
  }

  override sendReset(): void {}

  override sendPause(): void {}

  override sendResume(): void {}
}

function lengthPrefix(length: number): Uint8Array {
  const bytes: number[] = [];
  let left = length;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left & 0x7f) | 0x80);
  return Uint8Array.from([...bytes, left]);
}
