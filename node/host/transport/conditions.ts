/**
 * The network conditions of one node: every message it sends or receives waits, is lost, comes twice or is cut off here.
 * Owns: what holds now (profile, partition, added latency, added loss) and until when, the messages that wait, what was ordered
 * and what was observed. Does not own: sockets, frames; the arithmetic of a draw (link-draw.ts), probing (probes.ts).
 *
 * The sender draws and holds; the receiver adds its own added latency and its own link. A fault is an order with an end: it is
 * looked up per message, so it ends by itself. Sessions, identify and discovery are not delayed: they are no messages.
 */
import { mix, purpose, streamKey } from '#node/core/random.ts';
import type { Clock } from '#node/host/clock.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';
import { DelayQueue } from './delay-queue.ts';
import { LinkDraw } from './link-draw.ts';

/** A message waits at most this long for a full link; then it is dropped, as a bounded queue drops it. */
const longestQueueUs = 5_000_000;
/** Bytes that may wait here altogether. */
const mostHeldBytes = 256 * 1_048_576;
/** What is due sooner than this is passed on: half a tick of the timers. */
const timerTickUs = 1_000;

export interface ConditionsOptions {
  /** Member number of this node. */
  readonly self: number;
  /** Of the run, the same at all nodes. */
  readonly seed: number;
  readonly profile: NetworkProfile;
  readonly clock: Clock;
  /** False: everything passes untouched, and the run says so. */
  readonly isShaped: boolean;
  /** Release up to half a timer tick early, so that delays are right on average. Off on virtual time, which is exact. */
  readonly isTimerCoarse: boolean;
}

/** Totals since the start. */
export interface ConditionsFigures {
  readonly isShaped: boolean;
  /** Messages ordered to pass, one per copy, and what they were ordered to wait in sum. */
  ordered: number;
  orderedDelayUs: number;
  /** Copies passed on, and what they really waited in sum, to be compared with the ordered sum. */
  released: number;
  releasedOrderedUs: number;
  observedDelayUs: number;
  /** Largest time that a copy waited beyond its order. */
  latestUs: number;
  lost: number;
  /** Of `lost`: only the added loss took them. */
  lostByFault: number;
  cut: number;
  delayedByFault: number;
  duplicated: number;
  heldBack: number;
  queueDrops: number;
}

export type MessageClass = 'message' | 'control';

interface Order<T> {
  readonly value: T;
  readonly untilUs: number;
}

export class Conditions {
  readonly #options: ConditionsOptions;
  readonly #queue: DelayQueue;
  readonly #streamKey: number;
  #draws = 0;
  #link: LinkDraw;
  #partition: Order<ArrayLike<number>> | null = null;
  #latency: Order<number> | null = null;
  #loss: Order<number> | null = null;
  #sendFreeUs = 0;
  #receiveFreeUs = 0;
  #heldBytes = 0;
  readonly #figures: ConditionsFigures;

  constructor(options: ConditionsOptions) {
    this.#options = options;
    this.#queue = new DelayQueue(options.clock, options.isTimerCoarse ? timerTickUs / 2 : 0);
    this.#streamKey = streamKey(options.seed, options.self, purpose.query, 0);
    this.#link = new LinkDraw(options.profile, options.seed);
    this.#figures = {
      isShaped: options.isShaped,
      ordered: 0,
      orderedDelayUs: 0,
      released: 0,
      releasedOrderedUs: 0,
      observedDelayUs: 0,
      latestUs: 0,
      lost: 0,
      lostByFault: 0,
      cut: 0,
      delayedByFault: 0,
      duplicated: 0,
      heldBack: 0,
      queueDrops: 0,
    };
  }

  get figures(): Readonly<ConditionsFigures> {
    return this.#figures;
  }

  /** Messages that wait now. */
  get held(): number {
    return this.#queue.size;
  }

  /** From now on; what waits keeps its order. */
  setProfile(profile: NetworkProfile): void {
    this.#link = new LinkDraw(profile, this.#options.seed);
  }

  /** `groupOf`: group of each member by number; members of different groups do not hear each other. Null lifts. */
  partition(groupOf: ArrayLike<number> | null, untilUs: number): void {
    this.#partition = groupOf === null ? null : { value: groupOf, untilUs };
  }

  /** Replaces what was added before. Each message waits this long more at this node, in each direction. 0 lifts. */
  addLatency(addUs: number, untilUs: number): void {
    this.#latency = addUs <= 0 ? null : { value: addUs, untilUs };
  }

  /** Share of messages lost beside the profile's; replaces what held before. 0 lifts. */
  setLoss(loss: number, untilUs: number): void {
    this.#loss = loss <= 0 ? null : { value: Math.min(1, loss), untilUs };
  }

  /** True when no message passes between this node and the member now. */
  isCut(member: number): boolean {
    if (!this.#options.isShaped) return false;
    this.#partition = this.#held(this.#partition);
    const groups = this.#partition?.value;
    return groups !== undefined && groups[member] !== groups[this.#options.self];
  }

  /** What holds now for a message to the member, as far as this node knows: delays that the member adds are not in it. */
  ordered(member: number): {
    readonly oneWayUs: readonly [number, number];
    readonly loss: number;
    readonly isCut: boolean;
  } {
    if (!this.#options.isShaped) return { oneWayUs: [0, 0], loss: 0, isCut: false };
    this.#latency = this.#held(this.#latency);
    this.#loss = this.#held(this.#loss);
    const { oneWayUs, loss, reorder } = this.#link.profile;
    const addedUs = this.#latency?.value ?? 0;
    const most = reorder > 0 ? 2 * oneWayUs[1] : oneWayUs[1];
    return {
      oneWayUs: [oneWayUs[0] + addedUs, most + addedUs],
      loss: 1 - (1 - loss) * (1 - (this.#loss?.value ?? 0)),
      isCut: this.isCut(member),
    };
  }

  /**
   * A message leaves: `deliver` runs at its time, at once when there is nothing to wait for, twice for a duplicate, or never.
   * 'control' (what keeps the mesh of announcements together) waits like all others, but is neither lost nor doubled.
   */
  outgoing(to: number, bytes: number, deliver: () => void, kind: MessageClass = 'message'): void {
    if (!this.#options.isShaped) {
      deliver();
      return;
    }
    if (this.#countCut(to)) return;
    const draw = mix(this.#streamKey, to, this.#draws++);
    const link = this.#link;
    if (kind === 'message' && this.#isLost(draw)) return;
    if (link.isHeldBack(draw)) this.#figures.heldBack += 1;
    const wayUs = link.delayUs(draw, this.#options.self, to) + this.#addedUs();
    this.#hold(bytes, wayUs + this.#sendQueueUs(bytes), kind, deliver);
    if (kind === 'message' && link.isDuplicated(draw)) {
      this.#figures.duplicated += 1;
      const second = link.delayUs(mix(draw, this.#streamKey, 3), this.#options.self, to) + this.#addedUs();
      this.#hold(bytes, second + this.#sendQueueUs(bytes), kind, deliver);
    }
  }

  /** A message has arrived at the socket; it waits here for what this node adds. */
  incoming(from: number, bytes: number, deliver: () => void, kind: MessageClass = 'message'): void {
    if (!this.#options.isShaped) {
      deliver();
      return;
    }
    if (this.#countCut(from)) return;
    const addUs = this.#addedUs();
    const queueUs = this.#receiveQueueUs(bytes);
    if (addUs === 0 && queueUs === 0) {
      deliver();
      return;
    }
    this.#hold(bytes, addUs + queueUs, kind, deliver);
  }

  /** Forgets what waits. */
  close(): void {
    this.#queue.close();
  }

  #countCut(member: number): boolean {
    if (!this.isCut(member)) return false;
    this.#figures.cut += 1;
    return true;
  }

  #isLost(draw: number): boolean {
    this.#loss = this.#held(this.#loss);
    if (!this.#link.isLost(draw, this.#loss?.value ?? 0)) return false;
    this.#figures.lost += 1;
    if (!this.#link.isLost(draw, 0)) this.#figures.lostByFault += 1;
    return true;
  }

  #addedUs(): number {
    this.#latency = this.#held(this.#latency);
    if (this.#latency === null) return 0;
    this.#figures.delayedByFault += 1;
    return this.#latency.value;
  }

  #held<T>(order: Order<T> | null): Order<T> | null {
    return order !== null && this.#options.clock.nowUs() < order.untilUs ? order : null;
  }

  #usPerByte(): number {
    const bits = this.#link.profile.bandwidthBitsPerSecond;
    return bits === null ? 0 : 8_000_000 / bits;
  }

  /** Reserves the sending link; infinite when its queue is too long. */
  #sendQueueUs(bytes: number): number {
    const usPerByte = this.#usPerByte();
    if (usPerByte === 0) return 0;
    const nowUs = this.#options.clock.nowUs();
    const freeUs = Math.max(nowUs, this.#sendFreeUs) + bytes * usPerByte;
    if (freeUs - nowUs > longestQueueUs) return Number.POSITIVE_INFINITY;
    this.#sendFreeUs = freeUs;
    return freeUs - nowUs;
  }

  #receiveQueueUs(bytes: number): number {
    const usPerByte = this.#usPerByte();
    if (usPerByte === 0) return 0;
    const nowUs = this.#options.clock.nowUs();
    const freeUs = Math.max(nowUs, this.#receiveFreeUs) + bytes * usPerByte;
    if (freeUs - nowUs > longestQueueUs) return Number.POSITIVE_INFINITY;
    this.#receiveFreeUs = freeUs;
    return freeUs - nowUs;
  }

  #hold(bytes: number, waitUs: number, kind: MessageClass, deliver: () => void): void {
    const figures = this.#figures;
    const isFull = waitUs === Number.POSITIVE_INFINITY || this.#heldBytes + bytes > mostHeldBytes;
    if (isFull && kind === 'message') {
      figures.queueDrops += 1;
      return;
    }
    const orderedUs = Math.round(waitUs === Number.POSITIVE_INFINITY ? longestQueueUs : waitUs);
    figures.ordered += 1;
    figures.orderedDelayUs += orderedUs;
    const fromUs = this.#options.clock.nowUs();
    if (orderedUs === 0) {
      figures.released += 1;
      deliver();
      return;
    }
    this.#heldBytes += bytes;
    this.#queue.add(fromUs + orderedUs, () => {
      const waitedUs = this.#options.clock.nowUs() - fromUs;
      this.#heldBytes -= bytes;
      figures.released += 1;
      figures.releasedOrderedUs += orderedUs;
      figures.observedDelayUs += waitedUs;
      figures.latestUs = Math.max(figures.latestUs, waitedUs - orderedUs);
      deliver();
    });
  }
}
