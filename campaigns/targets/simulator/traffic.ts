/**
 * What the simulation asks of the part that carries queries and answers, at whatever fidelity.
 * Owns: the interface, the streams from which delays are drawn. Does not own: either way of carrying them: an event per
 * message (exchange.ts), an event per poll (poll-exchange.ts).
 */
import type { Core } from '#node/core/core.ts';
import type { ReputationRules } from '#node/core/params.ts';
import type { AnsweringParts } from './answering.ts';
import type { Cpu } from './cpu.ts';
import type { MessageKernel } from './message-kernel.ts';
import type { PollDraws } from './poll-draws.ts';
import type { VirtualDisk } from './virtual-disk.ts';
import type { TimingWheel } from './wheel.ts';

/** Who counts polls and sets their timers. */
export interface PollHost {
  /** So many polls have ended, with so many successes among their vertices, and the next one of each node has begun. */
  turned(polls: number, vertices: number, chits: number): void;
  timeoutAt(poll: number, sequence: number, atUs: number): void;
  /** So many requests have arrived to which nothing can be answered. */
  requested(requests: number): void;
  /** The node convicts the peer; at most now. */
  convictedAt(node: number, peer: number, atUs: number): void;
}

export interface TrafficParts extends AnsweringParts {
  readonly core: Core;
  readonly cpu: Cpu;
  readonly disk: VirtualDisk;
  readonly attackers: Uint8Array;
  readonly exclusion: boolean;
  readonly isCalm: boolean;
  readonly reputation: ReputationRules;
  readonly host: PollHost;
  readonly wheelSlots: number;
  /** Timers, vertices and requests. */
  readonly wheel: TimingWheel;
  /** Null where the processor has no vector instructions. */
  readonly draws: PollDraws | null;
  /** Of the message fidelity; null where the processor has no vector instructions. */
  readonly kernel: MessageKernel | null;
}

/** Second key words: queries and answers of a poll draw from different streams, the draw of a slot's attempt is 2 slot + attempt. */
export const queryDraws = 0x2545f491;
export const answerDraws = 0x6c8e9cf5;

export interface Traffic {
  nowUs: number;
  /** Queries and answers delivered by now. */
  readonly messages: number;
  /** Queries received by each member by now. */
  readonly asked: Int32Array;
  /** Counted by the core or the network before they arrive: answers that come too late, messages that are lost. */
  readonly ignoredAhead: number;
  readonly lostAhead: number;
  /** Bytes of the fixed part of all answers a member has sent; exceptions are in the network's counter. */
  answerBytesOf(member: number): number;
  /** A poll begins about that many vertices; `queryAll` follows. */
  begin(node: number, vertices: number): void;
  /** The timeout of a poll: its retries follow and leave at once. */
  beginRetries(poll: number, sequence: number): void;
  /** It is certain that the poll ends before that tick. */
  endsBefore(poll: number, tick: number): boolean;
  /** The round-trip estimate of a node is about to be read: samples that have arrived by now are observed first. */
  settleRoundTrips(node: number): void;
  /** When the querier gives up on what it asked just now, for a wait of `waitUs`. */
  giveUpAt(poll: number, waitUs: number): number;
  query(poll: number, slot: number, attempt: number, peer: number): void;
  queryAll(poll: number, count: number): void;
  /** Delivers what is due in this tick. */
  drain(): void;
  readonly isDue: boolean;
  /** `pass` may get beyond what is due in this tick. */
  readonly canPass: boolean;
  /** The first tick from now on in which something may be due, at most `limit`. */
  nextDue(limit: number): number;
  /**
   * What is due happens, tick by tick, timers and vertices included, as long as nobody but the polls depends on it; returns the tick in
   * which that ends, at most `limit`. All that is due before `limit` is in the queues.
   */
  pass(limit: number): number;
  /** Goes on to a later tick; nothing may be due before it. */
  advanceTo(tick: number): void;
}
