/**
 * What each frame of a member leads to.
 * Owns: decoding, the dispatch by kind, strikes against members that break the protocol. Does not own: what is done about a frame
 * (core-driver.ts, body-intake.ts, body-server.ts, sync).
 */
import type { Clock } from '#node/host/clock.ts';
import { decodeFrame } from '#node/host/wire/decode-frame.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import {
  type AnnouncementFrame,
  type Frame,
  idBytes,
  type QueryFrame,
  type StatusFrame,
  type SyncChunkFrame,
  type SyncEndFrame,
  type SyncRequestFrame,
  shortNameBytes,
} from '#node/host/wire/frame.ts';
import { WireError } from '#node/host/wire/wire-error.ts';
import type { BodyFetch } from './body-fetch.ts';
import type { BodyIntake } from './body-intake.ts';
import type { BodyServer } from './body-server.ts';
import type { CoreDriver } from './core-driver.ts';
import type { Received } from './inbox.ts';
import type { VertexLedger } from './vertex-ledger.ts';

/** Frames that concern more than single vertices. */
export interface SyncFrames {
  status(member: number, frame: StatusFrame): void;
  request(member: number, frame: SyncRequestFrame): void;
  chunk(member: number, frame: SyncChunkFrame): void;
  end(member: number, frame: SyncEndFrame): void;
}

export interface FrameDeskParts {
  readonly driver: CoreDriver;
  readonly ledger: VertexLedger;
  readonly fetch: BodyFetch;
  readonly intake: BodyIntake;
  readonly server: BodyServer;
  readonly sync: SyncFrames;
  readonly clock: Clock;
  readonly members: number;
  readonly self: number;
  readonly heard: (member: number) => void;
  readonly send: (member: number, bytes: Uint8Array) => void;
  readonly cutOff: (member: number, reason: string) => void;
  /** Votes are not given: the disk has failed. */
  readonly isMute: () => boolean;
}

/** Small offences before a member is cut off: one may come of a restart or a race. */
const strikesMost = 16;
/** A late answer leaves at this share of the wait that this node itself allows. */
const lateShare = 0.9;

export class FrameDesk {
  readonly #parts: FrameDeskParts;
  readonly #strikes = new Map<number, number>();

  constructor(parts: FrameDeskParts) {
    this.#parts = parts;
  }

  handle({ member, bytes, isGossip }: Received): void {
    let frame: Frame;
    try {
      frame = decodeFrame(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#parts.cutOff(member, `bytes that are no frame (${error.code})`);
      return;
    }
    if (isGossip && frame.kind !== 'announcement') {
      this.misbehaved(member, `gossip of kind ${frame.kind}`);
      return;
    }
    this.#parts.heard(member);
    this.#dispatch(member, frame);
  }

  #dispatch(member: number, frame: Frame): void {
    const { driver, intake, server, sync } = this.#parts;
    switch (frame.kind) {
      case 'query':
        this.#answer(member, frame);
        break;
      case 'answer':
        if (!driver.receive(member, frame)) this.misbehaved(member, 'an answer to nothing');
        break;
      case 'announcement':
        this.#announced(member, frame);
        break;
      case 'request':
        server.request(member, frame);
        break;
      case 'vertices':
        intake.receive(member, frame.vertices);
        break;
      case 'status':
        sync.status(member, frame);
        break;
      case 'sync-request':
        sync.request(member, frame);
        break;
      case 'sync-chunk':
        sync.chunk(member, frame);
        break;
      case 'sync-end':
        sync.end(member, frame);
        break;
      case 'probe':
      case 'probe-echo':
        break; // the transport's matter
    }
  }

  #answer(member: number, frame: QueryFrame): void {
    const { driver, clock, send, isMute } = this.#parts;
    if (isMute()) return;
    const { answer, isLate, unknown } = driver.answer(member, frame);
    this.#wantNames(member, frame, unknown);
    if (answer === null) return;
    const bytes = encodeFrame(answer);
    if (!isLate) send(member, bytes);
    else clock.at(clock.nowUs() + Math.floor(lateShare * driver.timeoutUs), () => send(member, bytes));
  }

  /** What is unknown here is asked of the querier. */
  #wantNames(member: number, { names: { short, long, salt } }: QueryFrame, unknown: readonly number[]): void {
    const { fetch, intake, ledger } = this.#parts;
    const shorts = short.length / shortNameBytes;
    for (const index of unknown) {
      if (index < shorts) {
        const at = index * shortNameBytes;
        if (ledger.findName(short, at, salt) === null && !intake.isPendingName(short, at))
          fetch.wantName(short, at, salt, member);
        continue;
      }
      const id = long.subarray((index - shorts) * idBytes, (index - shorts + 1) * idBytes);
      if (ledger.find(id) === null && !intake.isPendingName(id, 0)) fetch.wantId(id, member);
    }
  }

  #announced(member: number, frame: AnnouncementFrame): void {
    const { fetch, intake, ledger, members, self } = this.#parts;
    for (const { id, creator } of frame.vertices) {
      if (creator >= members) {
        this.misbehaved(member, 'an announcement of a creator that is no member');
        return;
      }
      if (ledger.find(id) !== null || intake.isPendingName(id, 0)) continue;
      fetch.wantId(id, member);
      if (creator !== self) fetch.wantId(id, creator);
    }
  }

  misbehaved(member: number, reason: string): void {
    const strikes = (this.#strikes.get(member) ?? 0) + 1;
    this.#strikes.set(member, strikes);
    if (strikes < strikesMost) return;
    this.#strikes.delete(member);
    this.#parts.cutOff(member, `${strikes} offences, the last: ${reason}`);
  }
}
