/**
 * One long-lived stream to a member: records in both directions, everything written in one tick leaves as one write.
 * Owns: the queue and its limit, back-pressure, reading, whether the member still answers. Does not own: sessions, which member it
 * is, the choice among several links (peer-pool.ts), delays (conditions.ts).
 */
import type { Stream, StreamCloseEvent } from '@libp2p/interface';
import type { Clock } from '#node/host/clock.ts';
import { hearDirectly, type StreamBytes } from '#node/host/session/direct-stream.ts';
import type { FloodGuard } from './flood-guard.ts';
import { Liveness } from './liveness.ts';
import {
  type Channel,
  channel,
  RecordError,
  RecordReader,
  recordHeaderBytes,
  writeRecordHeader,
} from './record-reader.ts';
import type { TransportLimits } from './transport-limits.ts';

/** One write; what is longer goes in several. */
const mostWriteBytes = 262_144;
const askBytes = Buffer.alloc(8);

export interface FrameLinkParts {
  readonly clock: Clock;
  readonly limits: TransportLimits;
  readonly guard: FloodGuard;
  /** A payload of its own, never 'ask' or 'reply'. */
  readonly onRecord: (link: FrameLink, use: Channel, payload: Uint8Array) => void;
  /** The member broke the rules of the link. */
  readonly onOffence: (link: FrameLink, reason: string) => void;
  /** Once, when nothing can pass any more. */
  readonly onClosed: (link: FrameLink) => void;
}

export interface LinkConnection {
  close(): Promise<void>;
  abort(error: Error): void;
}

/** Invariant: while something is queued, a write is due or the stream will say when it drains. */
export class FrameLink {
  readonly isOurs: boolean;
  readonly openedUs: number;
  readonly #stream: Stream;
  readonly #connection: LinkConnection;
  readonly #parts: FrameLinkParts;
  readonly #reader: RecordReader;
  #queue: { readonly use: Channel; readonly payload: Uint8Array }[] = [];
  #queuedBytes = 0;
  #isDue = false;
  #isBlocked = false;
  #heardUs: number;
  readonly #liveness: Liveness;
  #isClosed = false;
  #isReading = false;

  /** `isOurs`: this node dialled. */
  constructor(stream: Stream, connection: LinkConnection, isOurs: boolean, parts: FrameLinkParts) {
    this.isOurs = isOurs;
    this.#stream = stream;
    this.#connection = connection;
    this.#parts = parts;
    this.openedUs = parts.clock.nowUs();
    this.#heardUs = this.openedUs;
    this.#liveness = new Liveness(parts.limits, isOurs);
    this.#reader = new RecordReader(parts.limits.mostFrameBytes, (use, payload) =>
      this.#record(use, payload),
    );
    // The limit of the library stands behind ours, as a last resort: one write may be a whole frame.
    stream.maxWriteBufferLength = 2 * parts.limits.mostFrameBytes;
    stream.inactivityTimeout = 2_147_483_647;
  }

  /** From now on records arrive. */
  read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    hearDirectly(this.#stream, (data) => this.#arrived(data));
    this.#stream.addEventListener('drain', () => this.#drained());
    this.#stream.addEventListener('remoteCloseWrite', () => this.#ended(null));
    this.#stream.addEventListener('close', (event: StreamCloseEvent) => this.#ended(event.error ?? null));
    if (this.#stream.status !== 'open') this.#ended(null);
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  get queuedBytes(): number {
    return this.#queuedBytes + this.#stream.writeBufferLength;
  }

  /** False when the queue is full or the link is closed: the payload is not taken. */
  send(use: Channel, payload: Uint8Array): boolean {
    const bytes = payload.length + recordHeaderBytes;
    if (this.#isClosed || this.queuedBytes + bytes > this.#parts.limits.mostQueuedBytes) return false;
    this.#queue.push({ use, payload });
    this.#queuedBytes += bytes;
    if (use === channel.frame || use === channel.gossip) this.#liveness.sent();
    this.#writeSoon();
    return true;
  }

  /** Asks a silent member for a sign of life; says whether the link has to be given up, and why. */
  check(awakeUs: number, sessions: number): 'fine' | 'silent' | 'stalled' {
    const finding = this.#liveness.check(awakeUs, sessions);
    if (finding !== 'ask') return finding;
    this.send(channel.ask, askBytes);
    return 'fine';
  }

  /** Writes what is queued and closes the session. */
  close(): void {
    this.#write();
    this.#ended(null);
    this.#connection.close().catch((error: unknown) => this.#connection.abort(asError(error)));
  }

  abort(reason: string): void {
    this.#ended(null);
    this.#connection.abort(new Error(reason));
  }

  #record(use: Channel, payload: Uint8Array): void {
    // A handler may have closed the link while the rest of a read was being taken apart.
    if (this.#isClosed) return;
    if (use === channel.ask) this.send(channel.reply, payload.subarray(0, askBytes.length));
    else if (use !== channel.reply) this.#parts.onRecord(this, use, payload);
    if (!this.#parts.guard.admits(1, payload.length + recordHeaderBytes, this.#heardUs))
      this.#parts.onOffence(this, 'flood: more frames or bytes than a member has reason to send');
  }

  #arrived(data: StreamBytes): void {
    if (this.#isClosed) return;
    this.#heardUs = this.#parts.clock.nowUs();
    this.#liveness.heard();
    try {
      if (data instanceof Uint8Array) this.#reader.push(data);
      else for (const piece of data) this.#reader.push(piece);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#parts.onOffence(this, error.message);
    }
  }

  #writeSoon(): void {
    if (this.#isDue || this.#isBlocked) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#write();
    });
  }

  #drained(): void {
    this.#isBlocked = false;
    this.#liveness.blocked(false);
    if (this.#queue.length > 0) this.#writeSoon();
  }

  #write(): void {
    while (this.#queue.length > 0 && !this.#isBlocked && !this.#isClosed) {
      const bytes = this.#nextWrite();
      try {
        if (this.#stream.send(bytes)) continue;
        this.#isBlocked = true;
        this.#liveness.blocked(true);
      } catch (error) {
        this.abort(asError(error).message);
      }
    }
  }

  /** As many records as one write takes, at least one. */
  #nextWrite(): Buffer {
    let count = 0;
    let bytes = 0;
    for (const { payload } of this.#queue) {
      const size = payload.length + recordHeaderBytes;
      if (count > 0 && bytes + size > mostWriteBytes) break;
      count += 1;
      bytes += size;
    }
    const out = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const { use, payload } = this.#queue[i]!;
      writeRecordHeader(out, at, use, payload.length);
      out.set(payload, at + recordHeaderBytes);
      at += recordHeaderBytes + payload.length;
    }
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count);
    this.#queuedBytes -= bytes;
    return out;
  }

  #ended(_error: Error | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#parts.onClosed(this);
  }
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
