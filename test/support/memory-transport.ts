/**
 * Transports in one process without sockets, on a virtual clock, for tests of what stands above them.
 * Owns: delivery between started members, the refusals of the real transport (unknown, stopped, cut off or stalled members, full
 * queues, sizes), announcements from neighbour to neighbour. Does not own: conditions (the real ones are used), bytes of a socket.
 * Handlers are never called from within a call into the transport.
 */
import assert from 'node:assert/strict';
import type { Clock } from '#node/host/clock.ts';
import { Conditions } from '#node/host/transport/conditions.ts';
import { DelayQueue } from '#node/host/transport/delay-queue.ts';
import type {
  Member,
  SendResult,
  Transport,
  TransportFigures,
  TransportHandler,
} from '#node/host/transport/transport.ts';
import {
  checkFrameSize,
  type TransportLimits,
  transportLimits,
} from '#node/host/transport/transport-limits.ts';
import { type NetworkProfile, networkProfiles } from '#node/model/network-profile.ts';

/** Of each member, to both sides: announcements travel round this ring with chords. */
const neighbourSteps = [1, 2, 5];

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  readonly profile?: NetworkProfile;
  readonly seed?: number;
  /** False: conditions are switched off. */
  readonly isShaped?: boolean;
  readonly limits?: Partial<TransportLimits>;
}

export class MemoryNetwork {
  readonly clock: Clock;
  readonly limits: TransportLimits;
  readonly queue: DelayQueue;
  readonly #profile: NetworkProfile;
  readonly #seed: number;
  readonly #isShaped: boolean;
  readonly #transports = new Map<number, MemoryTransport>();

  constructor(options: MemoryNetworkOptions) {
    this.clock = options.clock;
    this.limits = { ...transportLimits, ...options.limits };
    this.queue = new DelayQueue(options.clock);
    this.#profile = options.profile ?? networkProfiles[0]!;
    this.#seed = options.seed ?? 1;
    this.#isShaped = options.isShaped ?? true;
  }

  /** A new transport of the member; the one before, if any, must have been stopped or killed. */
  transport(self: number): MemoryTransport {
    assert.ok(!this.#transports.get(self)?.isStarted, `member ${self} still has a transport`);
    const conditions = new Conditions({
      self,
      seed: this.#seed,
      profile: this.#profile,
      clock: this.clock,
      isShaped: this.#isShaped,
      isTimerCoarse: false,
    });
    const transport = new MemoryTransport(this, self, conditions);
    this.#transports.set(self, transport);
    return transport;
  }

  /** Cuts the groups apart at every member, for that long. */
  partition(groupOf: readonly number[] | null, forUs: number): void {
    const untilUs = this.clock.nowUs() + forUs;
    for (const { conditions } of this.#transports.values()) conditions.partition(groupOf, untilUs);
  }

  started(member: number): MemoryTransport | null {
    const transport = this.#transports.get(member);
    return transport?.isStarted ? transport : null;
  }

  get all(): readonly MemoryTransport[] {
    return [...this.#transports.values()].filter(({ isStarted }) => isStarted);
  }
}

interface MutableFigures extends TransportFigures {
  bytesSent: number;
  bytesReceived: number;
  framesSent: number;
  framesReceived: number;
  framesRefused: number;
  connections: number;
  dials: number;
  reused: number;
}

export class MemoryTransport implements Transport {
  readonly self: number;
  readonly conditions: Conditions;
  readonly #network: MemoryNetwork;
  readonly #sessions = new Set<number>();
  readonly #cutOff = new Map<number, number>();
  readonly #queuedBytes = new Map<number, number>();
  /** Frames for a member that does not read. */
  readonly #stalled = new Map<number, Uint8Array[]>();
  readonly #seen = new Set<string>();
  readonly figures: MutableFigures = {
    bytesSent: 0,
    bytesReceived: 0,
    framesSent: 0,
    framesReceived: 0,
    framesRefused: 0,
    connections: 0,
    dials: 0,
    reused: 0,
  };
  #members: readonly Member[] = [];
  #handler: TransportHandler | null = null;
  /** The member reads nothing: frames to it wait at their senders. */
  #isStalled = false;

  constructor(network: MemoryNetwork, self: number, conditions: Conditions) {
    this.#network = network;
    this.self = self;
    this.conditions = conditions;
  }

  get isStarted(): boolean {
    return this.#handler !== null;
  }

  async start(members: readonly Member[], handler: TransportHandler): Promise<void> {
    assert.equal(this.#handler, null, 'started twice');
    this.#members = members;
    this.#handler = handler;
    for (const peer of this.#network.all) this.#open(peer);
  }

  send(member: number, bytes: Uint8Array): SendResult {
    const { limits } = this.#network;
    checkFrameSize(bytes.length, limits.mostFrameBytes);
    const peer = this.#network.started(member);
    if (peer === null || !this.#open(peer)) return this.#refuse('unreachable');
    const queued = this.#queuedBytes.get(member) ?? 0;
    if (queued + bytes.length > limits.mostQueuedBytes) return this.#refuse('queue-full');
    this.#queuedBytes.set(member, queued + bytes.length);
    this.figures.framesSent += 1;
    this.figures.reused += 1;
    const copy = bytes.slice();
    this.#network.queue.add(this.#network.clock.nowUs(), () => this.#leave(peer, copy));
    return 'sent';
  }

  announce(bytes: Uint8Array): void {
    if (this.#handler === null || bytes.length > this.#network.limits.mostAnnouncementBytes) {
      this.#refuse('queue-full');
      return;
    }
    this.#seen.add(Buffer.from(bytes).toString('latin1'));
    this.#relay(bytes.slice(), null);
  }

  cutOff(member: number, _reason: string): void {
    this.#cutOff.set(member, this.#network.clock.nowUs() + this.#network.limits.cutOffUs);
    const peer = this.#network.started(member);
    if (peer !== null) this.#close(peer);
  }

  async stop(): Promise<void> {
    this.kill();
  }

  /** As stop, at once: nothing that waits here leaves. */
  kill(): void {
    for (const peer of this.#network.all) this.#close(peer);
    this.#handler = null;
    this.conditions.close();
  }

  /** Whether this member reads what is sent to it. What was sent meanwhile arrives when it reads again. */
  stall(isStalled: boolean): void {
    this.#isStalled = isStalled;
    if (isStalled) return;
    for (const sender of this.#network.all) sender.#release(this);
  }

  #refuse(result: 'unreachable' | 'queue-full'): SendResult {
    this.figures.framesRefused += 1;
    return result;
  }

  #release(peer: MemoryTransport): void {
    const waiting = this.#stalled.get(peer.self) ?? [];
    this.#stalled.delete(peer.self);
    for (const bytes of waiting) this.#leave(peer, bytes);
  }

  #refuses(member: number): boolean {
    return (this.#cutOff.get(member) ?? 0) > this.#network.clock.nowUs();
  }

  #knows(member: number): boolean {
    return this.#members.some(({ number }) => number === member);
  }

  /** True when there is a session with the member now. */
  #open(peer: MemoryTransport): boolean {
    if (this.#handler === null || peer === this) return false;
    if (this.#sessions.has(peer.self)) return true;
    if (this.#refuses(peer.self) || peer.#refuses(this.self)) return false;
    if (!this.#knows(peer.self) || !peer.#knows(this.self)) return false;
    this.figures.dials += 1;
    this.#connect(peer.self);
    peer.#connect(this.self);
    return true;
  }

  #connect(member: number): void {
    this.#sessions.add(member);
    this.figures.connections = this.#sessions.size;
    this.#tell((handler) => handler.connected(member));
  }

  #close(peer: MemoryTransport): void {
    if (!this.#sessions.has(peer.self)) return;
    for (const [near, far] of [
      [this, peer],
      [peer, this],
    ] as const) {
      near.#sessions.delete(far.self);
      near.#queuedBytes.delete(far.self);
      near.#stalled.delete(far.self);
      near.figures.connections = near.#sessions.size;
      near.#tell((handler) => handler.disconnected(far.self));
    }
  }

  #tell(event: (handler: TransportHandler) => void): void {
    this.#network.queue.add(this.#network.clock.nowUs(), () => {
      if (this.#handler !== null) event(this.#handler);
    });
  }

  #leave(peer: MemoryTransport, bytes: Uint8Array): void {
    if (peer.#isStalled && this.#sessions.has(peer.self)) {
      this.#stalled.set(peer.self, [...(this.#stalled.get(peer.self) ?? []), bytes]);
      return;
    }
    this.#settle(peer, bytes);
    this.conditions.outgoing(peer.self, bytes.length, () => this.#deliver(peer, bytes));
  }

  #settle(peer: MemoryTransport, bytes: Uint8Array): void {
    const queued = this.#queuedBytes.get(peer.self) ?? 0;
    this.#queuedBytes.set(peer.self, Math.max(0, queued - bytes.length));
  }

  #deliver(peer: MemoryTransport, bytes: Uint8Array): void {
    if (!this.#sessions.has(peer.self)) return;
    this.figures.bytesSent += bytes.length;
    peer.conditions.incoming(this.self, bytes.length, () => {
      peer.figures.bytesReceived += bytes.length;
      peer.figures.framesReceived += 1;
      const copy = bytes.slice();
      peer.#tell((handler) => handler.frame(this.self, copy));
    });
  }

  #relay(bytes: Uint8Array, except: number | null): void {
    const members = this.#members.map(({ number }) => number).sort((a, b) => a - b);
    const place = members.indexOf(this.self);
    const steps = neighbourSteps.flatMap((step) => [step, -step]);
    const neighbours = new Set(steps.map((step) => members.at((place + step) % members.length)!));
    for (const number of neighbours) {
      const peer = this.#network.started(number);
      if (number === except || peer === null || !this.#open(peer)) continue;
      this.conditions.outgoing(number, bytes.length, () => {
        if (!this.#sessions.has(number)) return;
        peer.conditions.incoming(this.self, bytes.length, () => peer.#heard(this.self, bytes));
      });
    }
  }

  #heard(from: number, bytes: Uint8Array): void {
    const key = Buffer.from(bytes).toString('latin1');
    if (this.#handler === null || this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#tell((handler) => handler.announcement(from, bytes.slice()));
    this.#relay(bytes, from);
  }
}
