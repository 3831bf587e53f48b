/**
 * What a message suffers between two nodes of the simulation: delay, jitter, loss, duplication, reordering, bandwidth, cuts.
 * Owns: the tables and queues that turn a random draw into a delay in ticks. Does not own: random streams or events.
 * Delays come from a table of integer ticks built with rational arithmetic; a draw is 12 bits of delay and 20 bits of loss.
 */
import { type ArrayMaker, plainArrays } from '#node/core/arrays.ts';
import { mix, purpose, streamKey, unit } from '#node/core/random.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';

/** The longest one-way delay is cut into about this many ticks. */
export const finerThan = 512;
const tableSize = 4096;
const lossResolution = 1 << 20;
/** A message waits at most this long for a full link; then it is dropped, as a bounded queue drops it. */
const longestQueueUs = 5_000_000;

/** Time passes in steps of this. */
export function tickUsOf({ oneWayUs }: Pick<NetworkProfile, 'oneWayUs'>): number {
  return Math.max(1, Math.ceil(oneWayUs[1] / finerThan));
}

/** What a message between two nodes suffers beside delay and loss: for loops elsewhere that do the same. */
export interface Links {
  readonly extraUs: Float64Array;
  readonly sendFreeUs: Float64Array;
  readonly receiveFreeUs: Float64Array;
  readonly pairKey: number;
  readonly ofPairs: boolean;
  readonly reorder: number;
  readonly reorderTicks: number;
  readonly duplication: number;
  readonly usPerByte: number;
  readonly longestQueueUs: number;
}

export class Network {
  readonly tickUs: number;
  /** Nothing but delay and loss: the common case has a short path. */
  plain: boolean;
  partitioned = false;
  readonly group: Uint8Array;
  readonly bytesSent: Float64Array;
  lost = 0;
  cut = 0;
  queueDrops = 0;
  delayed = 0;
  readonly #profile: NetworkProfile;
  readonly #table: Int32Array;
  readonly #pairKey: number;
  #extraUs: Float64Array;
  #sendFreeUs: Float64Array;
  #receiveFreeUs: Float64Array;
  readonly #ofPairs: boolean;
  readonly #reorder: number;
  readonly #duplication: number;
  #extraNodes = 0;
  #lossLimit: number;
  readonly #baseLoss: number;
  readonly #usPerByte: number;

  constructor(
    profile: NetworkProfile,
    nodes: number,
    tickUs: number,
    seed: number,
    arrays: ArrayMaker = plainArrays,
  ) {
    this.#profile = profile;
    this.tickUs = tickUs;
    this.group = arrays.uint8(nodes);
    this.bytesSent = arrays.float64(nodes);
    this.#extraUs = new Float64Array(nodes);
    this.#sendFreeUs = new Float64Array(nodes);
    this.#receiveFreeUs = new Float64Array(nodes);
    this.#ofPairs = profile.spread === 'pair';
    this.#reorder = profile.reorder;
    this.#duplication = profile.duplication;
    this.#table = new Int32Array(tableSize);
    const [least, most] = profile.oneWayUs;
    for (let i = 0; i < tableSize; i++) {
      const delayUs = least + ((most - least) * (2 * i + 1)) / (2 * tableSize);
      this.#table[i] = Math.round(delayUs / tickUs);
    }
    this.#pairKey = streamKey(seed, 0, purpose.pair, 0);
    this.#baseLoss = profile.loss;
    this.#lossLimit = Math.round(profile.loss * lossResolution);
    const bits = profile.bandwidthBitsPerSecond;
    this.#usPerByte = bits === null ? 0 : 8_000_000 / bits;
    this.plain = this.#isPlain();
  }

  #isPlain(): boolean {
    const { spread, duplication, reorder, bandwidthBitsPerSecond } = this.#profile;
    return (
      spread === 'message' &&
      duplication === 0 &&
      reorder === 0 &&
      bandwidthBitsPerSecond === null &&
      this.#extraNodes === 0
    );
  }

  /** Delay in ticks, or -1 when the message is lost. Only when `plain`. */
  plainDelay(draw: number): number {
    if (draw >>> 12 < this.#lossLimit) {
      this.lost += 1;
      return -1;
    }
    return this.#table[draw & (tableSize - 1)]!;
  }

  /** Ticks by the low 12 bits of a draw. */
  get delayTable(): Int32Array {
    return this.#table;
  }

  /** The longest of them. */
  get longestTicks(): number {
    return this.#table.reduce((most, ticks) => Math.max(most, ticks), 0);
  }

  /** A message is lost when the high 20 bits of its draw are below this. */
  get lossLimit(): number {
    return this.#lossLimit;
  }

  /** Puts what links keep by node into other arrays, and says what else `delay` and `isDuplicated` go by. */
  moveLinks(arrays: ArrayMaker): Links {
    const moved = (from: Float64Array): Float64Array => {
      const to = arrays.float64(from.length);
      to.set(from);
      return to;
    };
    this.#extraUs = moved(this.#extraUs);
    this.#sendFreeUs = moved(this.#sendFreeUs);
    this.#receiveFreeUs = moved(this.#receiveFreeUs);
    return {
      extraUs: this.#extraUs,
      sendFreeUs: this.#sendFreeUs,
      receiveFreeUs: this.#receiveFreeUs,
      pairKey: this.#pairKey,
      ofPairs: this.#ofPairs,
      reorder: this.#reorder,
      reorderTicks: Math.round(this.#profile.oneWayUs[1] / this.tickUs),
      duplication: this.#duplication,
      usPerByte: this.#usPerByte,
      longestQueueUs,
    };
  }

  /** Messages of some nodes take longer. */
  get hasExtra(): boolean {
    return this.#extraNodes > 0;
  }

  /** Copies of messages may arrive. */
  get duplicates(): boolean {
    return this.#duplication > 0;
  }

  /** Delay in ticks from now until arrival, -1 when lost. Reserves bandwidth at both ends. */
  delay(draw: number, from: number, to: number, bytes: number, nowUs: number): number {
    if (this.plain) return this.plainDelay(draw);
    if (draw >>> 12 < this.#lossLimit) {
      this.lost += 1;
      return -1;
    }
    let ticks = this.#table[this.#ofPairs ? this.#pairIndex(draw, from, to) : draw & (tableSize - 1)]!;
    if (this.#reorder > 0 && unit(mix(draw, this.#pairKey, 1)) < this.#reorder) {
      ticks += Math.round(this.#profile.oneWayUs[1] / this.tickUs);
    }
    if (this.#extraNodes > 0) ticks += this.#extraTicks(from, to);
    return this.#usPerByte === 0 ? ticks : this.#queued(ticks, from, to, bytes, nowUs);
  }

  /** True when a second copy of the message arrives. */
  isDuplicated(draw: number): boolean {
    return this.#duplication > 0 && unit(mix(draw, this.#pairKey, 2)) < this.#duplication;
  }

  #extraTicks(from: number, to: number): number {
    const extraUs = this.#extraUs[from]! + this.#extraUs[to]!;
    if (extraUs <= 0) return 0;
    this.delayed += 1;
    return Math.round(extraUs / this.tickUs);
  }

  /** Nine tenths of the spread belong to the pair, one tenth to the message. */
  #pairIndex(draw: number, from: number, to: number): number {
    const low = from < to ? from : to;
    const high = from < to ? to : from;
    const pair = (mix(this.#pairKey, low, high) >>> 20) * 0.9;
    return (pair + (draw & (tableSize - 1)) * 0.1) | 0;
  }

  #queued(ticks: number, from: number, to: number, bytes: number, nowUs: number): number {
    const size = bytes * this.#usPerByte;
    const outFreeUs = this.#sendFreeUs[from]!;
    const departUs = (outFreeUs > nowUs ? outFreeUs : nowUs) + size;
    if (departUs - nowUs > longestQueueUs) {
      this.queueDrops += 1;
      return -1;
    }
    this.#sendFreeUs[from] = departUs;
    // The receiving link is reserved in the order of sending: were it kept until the arrival, one message held up at its
    // sender would hold up everything that others sent later and that arrives before it.
    const inFreeUs = this.#receiveFreeUs[to]!;
    const freeUs = (inFreeUs > nowUs ? inFreeUs : nowUs) + size;
    if (freeUs - nowUs > longestQueueUs) {
      this.queueDrops += 1;
      return -1;
    }
    this.#receiveFreeUs[to] = freeUs;
    return ticks + (Math.round((departUs - nowUs + freeUs - nowUs) / this.tickUs) | 0);
  }

  /** True when a message between the two cannot pass now; counts it. */
  isCut(from: number, to: number): boolean {
    if (!this.partitioned || this.group[from] === this.group[to]) return false;
    this.cut += 1;
    return true;
  }

  partition(groupOf: Uint8Array | null): void {
    this.partitioned = groupOf !== null;
    if (groupOf !== null) this.group.set(groupOf);
  }

  /** Loss that holds from now on, beside the profile's. */
  setExtraLoss(loss: number): void {
    const kept = (1 - this.#baseLoss) * (1 - loss);
    this.#lossLimit = Math.round((1 - kept) * lossResolution);
  }

  addLatency(nodes: Int32Array, addUs: number): void {
    for (const node of nodes) this.#extraUs[node]! += addUs;
    this.#extraNodes += addUs > 0 ? nodes.length : -nodes.length;
    this.plain = this.#isPlain();
  }
}
