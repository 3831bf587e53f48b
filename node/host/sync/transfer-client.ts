/**
 * Catching up: batches of decided vertices from a member that is ahead.
 * Owns: one transfer at a time, its chunks and their order, repeats and going to another member. Does not own: checking a batch
 * (store/snapshot-reader.ts), signatures and parents of its vertices (loop/body-intake.ts), when to catch up (reconciler.ts).
 *
 * No decision is taken over: the vertices enter like others, and polls decide them here too.
 */
import { mix } from '#node/core/random.ts';
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import { RecordError } from '#node/host/store/byte-cursor.ts';
import { SnapshotReader, type Transfer } from '#node/host/store/snapshot-reader.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import type { SyncChunkFrame, SyncEndFrame } from '#node/host/wire/frame.ts';
import { hashInto } from './transfer-server.ts';

export interface TransferClientParts {
  readonly clock: Clock;
  readonly seed: number;
  /** How long a silent member is waited for. */
  readonly patienceUs: number;
  /** Members that must have pruned what is asked for before their snapshots are asked for. */
  readonly tellers: number;
  readonly send: (member: number, bytes: Uint8Array) => void;
  /** Another member that may be asked, -1 when there is none. */
  readonly another: (except: number) => number;
  /** False when there is no room for the vertex now: the batch is asked for again later. */
  readonly offer: (member: number, id: Uint8Array, body: Uint8Array, signature: Uint8Array) => boolean;
  /** Everything known so far is nearly decided: the next batch may come. */
  readonly hasRoom: () => boolean;
  readonly asked: (member: number) => void;
  readonly failed: (member: number) => void;
  readonly succeeded: (member: number) => void;
  readonly misbehaved: (member: number, reason: string) => void;
  /** A whole snapshot has come: what was pruned there. */
  readonly snapshot: (member: number, transfer: Transfer) => void;
  /** The member has nothing more. */
  readonly finished: (member: number) => void;
}

interface Running {
  readonly member: number;
  readonly mode: 'delta' | 'snapshot';
  readonly transfer: number;
  readonly fromOrder: number;
  readonly chunks: Map<number, Uint8Array>;
  end: SyncEndFrame | null;
  timer: ClockHandle | null;
}

/** Looks for room again after this long. */
const roomEveryUs = 20_000;
const chunksMost = 8_192;
const attemptsMost = 5;

export class TransferClient {
  vertices = 0;
  bytes = 0;
  repeats = 0;
  readonly #parts: TransferClientParts;
  #running: Running | null = null;
  #number = 0;
  #attempts = 0;
  /** Said that they have pruned what was asked for; and those whose snapshot is still to come. */
  #pruned = new Set<number>();
  #snapshots: number[] = [];
  #waiting: ClockHandle | null = null;

  constructor(parts: TransferClientParts) {
    this.#parts = parts;
  }

  get isBusy(): boolean {
    return this.#running !== null || this.#waiting !== null;
  }

  /** Asks for everything the member decided from that order on. */
  begin(member: number, mode: 'delta' | 'snapshot', fromOrder: number): void {
    if (this.isBusy) return;
    this.#attempts = 0;
    this.#pruned.clear();
    this.#snapshots = [];
    this.#ask(member, mode, fromOrder);
  }

  /** Somebody else may still have it; when enough members have not, all of their snapshots are compared. */
  #prunedAt(running: Running): void {
    this.#stop(running);
    this.#pruned.add(running.member);
    const other = this.#parts.another(running.member);
    if (this.#pruned.size < this.#parts.tellers && other >= 0 && this.#attempts < attemptsMost) {
      this.#attempts += this.#pruned.has(other) ? 1 : 0;
      this.#ask(other, 'delta', running.fromOrder);
      return;
    }
    this.#attempts = 0;
    this.#snapshots = [...this.#pruned];
    this.#ask(this.#snapshots.pop() ?? running.member, 'snapshot', 0);
  }

  #ask(member: number, mode: 'delta' | 'snapshot', fromOrder: number): void {
    const { clock, seed, patienceUs, send, asked } = this.#parts;
    const transfer = mix(seed, ++this.#number, member) >>> 0;
    const running: Running = { member, mode, transfer, fromOrder, chunks: new Map(), end: null, timer: null };
    this.#running = running;
    asked(member);
    send(member, encodeFrame({ kind: 'sync-request', transfer, mode, fromOrder }));
    const look = (before: number): void => {
      running.timer = clock.at(clock.nowUs() + patienceUs, () => {
        if (running.chunks.size > before) look(running.chunks.size);
        else this.#failed(running);
      });
    };
    look(0);
  }

  chunk(member: number, { transfer, index, data }: SyncChunkFrame): void {
    const running = this.#running;
    if (running === null || running.member !== member || running.transfer !== transfer) return;
    if (index >= chunksMost) {
      this.#parts.misbehaved(member, 'a transfer without end');
      this.#failed(running);
      return;
    }
    running.chunks.set(index, data.slice());
    this.bytes += data.length;
    this.#complete(running);
  }

  end(member: number, frame: SyncEndFrame): void {
    const running = this.#running;
    if (running === null || running.member !== member || running.transfer !== frame.transfer) return;
    running.end = frame;
    this.#complete(running);
  }

  #complete(running: Running): void {
    const { end, member, mode } = running;
    if (end === null) return;
    if (end.outcome === 'refused') {
      this.#failed(running);
      return;
    }
    if (end.outcome === 'snapshot-needed') {
      this.#prunedAt(running);
      return;
    }
    if (running.chunks.size < end.chunks) return;
    this.#stop(running);
    this.#parts.succeeded(member);
    if (end.chunks === 0) {
      this.#parts.finished(member);
      return;
    }
    const transfer = this.#read(running, end.chunks);
    if (transfer === null) {
      this.#parts.misbehaved(member, 'a transfer that contradicts itself');
      this.#failed(running);
      return;
    }
    if (mode === 'snapshot') this.#parts.snapshot(member, transfer);
    this.#take(running, transfer, end);
  }

  #read(running: Running, count: number): Transfer | null {
    const reader = new SnapshotReader(hashInto);
    try {
      for (let i = 0; i < count; i++) reader.add(running.chunks.get(i) ?? new Uint8Array(0));
      return reader.finish();
    } catch (error) {
      if (error instanceof RecordError) return null;
      throw error;
    }
  }

  #take({ member }: Running, transfer: Transfer, end: SyncEndFrame): void {
    let untilOrder = transfer.fromOrder;
    for (const { vertex, order } of transfer.told) {
      if (!this.#parts.offer(member, vertex.id, vertex.body, vertex.signature)) break;
      this.vertices += 1;
      untilOrder = order + 1;
    }
    this.#attempts = 0;
    const next = this.#snapshots.pop();
    if (next !== undefined) {
      this.#ask(next, 'snapshot', 0);
      return;
    }
    const isWhole = untilOrder === transfer.untilOrder;
    if (end.outcome === 'complete' && isWhole) this.#parts.finished(member);
    else this.#later(member, untilOrder);
  }

  /** The next batch, when there is room for it. */
  #later(member: number, fromOrder: number): void {
    const { clock, hasRoom } = this.#parts;
    this.#waiting = clock.at(clock.nowUs() + (hasRoom() ? 0 : roomEveryUs), () => {
      this.#waiting = null;
      if (hasRoom()) this.#ask(member, 'delta', fromOrder);
      else this.#later(member, fromOrder);
    });
  }

  #failed(running: Running): void {
    this.#stop(running);
    this.#parts.failed(running.member);
    this.repeats += 1;
    this.#attempts += 1;
    if (this.#attempts >= attemptsMost) {
      this.#parts.finished(running.member);
      return;
    }
    // Orders differ between members, but not by much: whatever is asked for twice is known here the second time.
    const other = this.#attempts % 2 === 1 ? running.member : this.#parts.another(running.member);
    const isOther = other !== running.member;
    const fromOrder = isOther ? Math.max(0, running.fromOrder - orderSlack) : running.fromOrder;
    this.#ask(other < 0 ? running.member : other, running.mode, fromOrder);
  }

  #stop(running: Running): void {
    running.timer?.cancel();
    if (this.#running === running) this.#running = null;
  }

  close(): void {
    if (this.#running !== null) this.#stop(this.#running);
    this.#waiting?.cancel();
    this.#waiting = null;
  }
}

/** How far the places of one vertex in the orders of two members that are up may lie apart. */
export const orderSlack = 256;
