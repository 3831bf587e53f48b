/**
 * A transport that also measures the network: now and then a probe to a random member, and the echo of every probe.
 * Owns: probes, their echoes, what was observed beside what was ordered. Does not own: the transport inside, judging the figures.
 * Probes are frames like all others: they wait, get lost and are cut like them. The host above never sees them.
 */
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import { decodeFrame } from '#node/host/wire/decode-frame.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import { type Frame, kindCode } from '#node/host/wire/frame.ts';
import { WireError } from '#node/host/wire/wire-error.ts';
import type { Conditions } from './conditions.ts';
import type { Member, SendResult, Transport, TransportFigures, TransportHandler } from './transport.ts';

/** One way, as the sender saw it: probes to one peer while one order held, answered or given up since the last look. */
export interface ProbeObservation {
  readonly node: number;
  readonly peer: number;
  readonly sent: number;
  readonly answered: number;
  readonly roundTripUs: { readonly least: number; readonly mean: number; readonly most: number } | null;
  readonly orderedOneWayUs: [number, number];
  readonly orderedLoss: number;
  readonly isCut: boolean;
}

/** What this node saw of the probes of others. */
export interface ProbesHeard {
  readonly received: number;
  /** Left out by the numbers of their senders. */
  readonly missing: number;
  /** Sum over the received, clock of the receiver less clock of the sender: on one machine, the time on the way. */
  readonly oneWayUs: number;
}

export interface ProbingOptions {
  readonly self: number;
  readonly clock: Clock;
  readonly conditions: Conditions;
  /** Between two probes of this node. */
  readonly everyUs: number;
  /** Uniform in [0, 1): chooses peers. */
  readonly random: () => number;
  /** A probe has come back. */
  readonly echoed: (roundTripUs: number) => void;
}

/** A probe without an echo is given up after the longest round trip that was ordered and so much more. */
const graceUs = 3_000_000;

interface Pending {
  readonly peer: number;
  readonly sequence: number;
  readonly sentUs: number;
  readonly untilUs: number;
  readonly sum: Sum;
}

interface Sum {
  readonly peer: number;
  readonly order: ReturnType<Conditions['ordered']>;
  sent: number;
  answered: number;
  least: number;
  most: number;
  total: number;
}

export class ProbingTransport implements Transport {
  readonly #inner: Transport;
  readonly #options: ProbingOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #sums = new Map<string, Sum>();
  readonly #sequences = new Map<number, number>();
  readonly #expected = new Map<number, number>();
  readonly #heard = { received: 0, missing: 0, oneWayUs: 0 };
  #peers: readonly number[] = [];
  #timer: ClockHandle | null = null;

  constructor(inner: Transport, options: ProbingOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  async start(members: readonly Member[], handler: TransportHandler): Promise<void> {
    this.#peers = members.map(({ number }) => number).filter((number) => number !== this.#options.self);
    await this.#inner.start(members, {
      frame: (member, bytes) => {
        if (!this.#takes(member, bytes)) handler.frame(member, bytes);
      },
      announcement: (member, bytes) => handler.announcement(member, bytes),
      connected: (member) => handler.connected(member),
      disconnected: (member) => handler.disconnected(member),
      misbehaved: (member, reason) => handler.misbehaved(member, reason),
    });
    this.#probeLater();
  }

  send(member: number, bytes: Uint8Array): SendResult {
    return this.#inner.send(member, bytes);
  }

  announce(bytes: Uint8Array): void {
    this.#inner.announce(bytes);
  }

  cutOff(member: number, reason: string): void {
    this.#inner.cutOff(member, reason);
  }

  get figures(): TransportFigures {
    return this.#inner.figures;
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#inner.stop();
  }

  /** What was observed since the last call. */
  takeProbes(): readonly ProbeObservation[] {
    const { self } = this.#options;
    const found = [...this.#sums.values()].filter(({ sent }) => sent > 0);
    const waiting = new Set([...this.#pending.values()].map(({ sum }) => sum));
    const observations = found.map(({ peer, order, sent, answered, least, most, total }) => ({
      node: self,
      peer,
      sent,
      answered,
      roundTripUs: answered === 0 ? null : { least, mean: Math.round(total / answered), most },
      orderedOneWayUs: mutable(order.oneWayUs),
      orderedLoss: order.loss,
      isCut: order.isCut,
    }));
    for (const [key, sum] of this.#sums) {
      clear(sum);
      if (!waiting.has(sum)) this.#sums.delete(key);
    }
    return observations;
  }

  get heard(): ProbesHeard {
    return this.#heard;
  }

  #probeLater(): void {
    const { clock, everyUs } = this.#options;
    this.#timer = clock.at(clock.nowUs() + everyUs, () => {
      this.#giveUp();
      this.#probe();
      this.#probeLater();
    });
  }

  #probe(): void {
    const { clock, conditions, random } = this.#options;
    const peer = this.#peers[Math.floor(random() * this.#peers.length)];
    if (peer === undefined) return;
    const order = conditions.ordered(peer);
    const sum = this.#sumOf(peer, order);
    const sequence = this.#sequences.get(peer) ?? 0;
    const sentUs = clock.nowUs();
    const result = this.#inner.send(peer, encodeFrame({ kind: 'probe', sequence, sentUs }));
    // A peer that is down is no matter of the network's conditions.
    if (result !== 'sent') return;
    this.#sequences.set(peer, (sequence + 1) >>> 0);
    const untilUs = sentUs + 2 * order.oneWayUs[1] + graceUs;
    this.#pending.set(`${peer}/${sequence}`, { peer, sequence, sentUs, untilUs, sum });
  }

  #sumOf(peer: number, order: Sum['order']): Sum {
    const key = `${peer}/${order.isCut}/${order.loss}/${order.oneWayUs}`;
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    const sum = { peer, order, sent: 0, answered: 0, least: 0, most: 0, total: 0 };
    this.#sums.set(key, sum);
    return sum;
  }

  /** Pending probes are in the order of sending; orders differ little, so that the first is about the first to give up. */
  #giveUp(): void {
    const nowUs = this.#options.clock.nowUs();
    for (const [key, { untilUs, sum }] of this.#pending) {
      if (untilUs > nowUs) return;
      this.#pending.delete(key);
      sum.sent += 1;
    }
  }

  /** True for probes and echoes, good or bad. */
  #takes(member: number, bytes: Uint8Array): boolean {
    const kind = bytes[1];
    if (kind !== kindCode.probe && kind !== kindCode['probe-echo']) return false;
    let frame: Frame;
    try {
      frame = decodeFrame(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // The host knows what to do about a frame that is none.
      return false;
    }
    if (frame.kind === 'probe') this.#echo(member, frame.sequence, frame.sentUs);
    if (frame.kind === 'probe-echo') this.#echoed(member, frame.sequence);
    return true;
  }

  #echo(member: number, sequence: number, sentUs: number): void {
    const nowUs = this.#options.clock.nowUs();
    const expected = this.#expected.get(member) ?? sequence;
    this.#heard.received += 1;
    this.#heard.missing += sequence > expected ? sequence - expected : 0;
    this.#heard.oneWayUs += nowUs - sentUs;
    this.#expected.set(member, Math.max(expected, sequence + 1));
    this.#inner.send(
      member,
      encodeFrame({ kind: 'probe-echo', sequence, sentUs, receivedUs: nowUs, echoedUs: nowUs }),
    );
  }

  #echoed(member: number, sequence: number): void {
    const key = `${member}/${sequence}`;
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    this.#pending.delete(key);
    const { sum, sentUs } = pending;
    const tookUs = Math.max(0, this.#options.clock.nowUs() - sentUs);
    sum.least = sum.answered === 0 ? tookUs : Math.min(sum.least, tookUs);
    sum.most = Math.max(sum.most, tookUs);
    sum.total += tookUs;
    sum.answered += 1;
    sum.sent += 1;
    this.#options.echoed(tookUs);
  }
}

function mutable([least, most]: readonly [number, number]): [number, number] {
  return [least, most];
}

function clear(sum: Sum): void {
  sum.sent = 0;
  sum.answered = 0;
  sum.least = 0;
  sum.most = 0;
  sum.total = 0;
}
