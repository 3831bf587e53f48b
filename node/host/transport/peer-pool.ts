/**
 * Which sessions a node has open: it dials on demand, keeps what is used, closes what is not, and comes back after losses.
 * Owns: one state per member, its size between least and most, the order of use, back-off, refusals, one dial per member.
 * Does not own: how a link is made or what passes over it (libp2p-transport.ts), whether a link is healthy (frame-link.ts).
 *
 * A pair may dial each other at once. Both ends then keep the link of the member with the lower number, unless one link is much
 * older: that one is what a restarted member left behind.
 */
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import { Backoff } from './backoff.ts';
import { Recency } from './recency.ts';

export interface PooledLink {
  /** This node dialled it. */
  readonly isOurs: boolean;
  readonly openedUs: number;
  readonly isOpen: boolean;
  readonly queuedBytes: number;
  /** From now on the other end is listened to. */
  read(): void;
  close(): void;
  /** `awakeUs`: time that this node has listened. */
  check(awakeUs: number, sessions: number): 'fine' | 'silent' | 'stalled';
}

export interface PoolOptions {
  /** Sessions that are kept in any case; the pool shrinks to this when the rest is idle. */
  readonly least: number;
  readonly most: number;
  /** Dials under way at once. */
  readonly mostDials: number;
  /** Above `least`, a session unused for so long is closed. */
  readonly idleUs: number;
  /** How often sessions are looked at. */
  readonly checkEveryUs: number;
  readonly backoffLeastUs: number;
  readonly backoffMostUs: number;
  readonly random: () => number;
}

export const poolDefaults: PoolOptions = {
  least: 8,
  most: 256,
  mostDials: 4,
  idleUs: 120_000_000,
  checkEveryUs: 1_000_000,
  backoffLeastUs: 200_000,
  backoffMostUs: 15_000_000,
  random: Math.random,
};

export interface PoolPorts<L extends PooledLink> {
  readonly self: number;
  readonly clock: Clock;
  /** Resolves with a link that was given to `opened` or is none; rejects when there is no way. */
  dial(member: number): Promise<L>;
  connected(member: number, link: L): void;
  /** Another link took the place of the one before; what that one carried last may be lost. */
  replaced(member: number, link: L): void;
  disconnected(member: number): void;
  /** A dial failed: what waits for the member is lost. */
  unreachable(member: number): void;
  /** The member takes nothing although it should. */
  stalled(member: number): void;
}

interface Peer<L> {
  readonly number: number;
  readonly backoff: Backoff;
  link: L | null;
  /** The dial that waits or is under way. */
  attempt: PromiseWithResolvers<void> | null;
  /** No dial before. */
  restUntilUs: number;
  /** No session before, whoever dials. */
  refusedUntilUs: number;
  /** Closed to make room; wanting it again soon after means that the pool is too small. */
  evictedUs: number;
  isKept: boolean;
}

export interface PoolFigures {
  hits: number;
  misses: number;
  dials: number;
  dialsFailed: number;
  evictions: number;
  grown: number;
  shrunk: number;
  silent: number;
  reconnects: number;
}

/** Of a pool that has done nothing, or of none. */
export const noPoolFigures: Readonly<PoolFigures> = {
  hits: 0,
  misses: 0,
  dials: 0,
  dialsFailed: 0,
  evictions: 0,
  grown: 0,
  shrunk: 0,
  silent: 0,
  reconnects: 0,
};

/** A member wanted again so soon after its eviction was evicted wrongly. */
const regretUs = 10_000_000;
/** Links of one pair younger than this crossed each other. */
const crossingUs = 10_000_000;
/** A session used within this time is not closed to make room while the pool may grow. */
const recentUs = 2_000_000;
/** A session that lived so long was no failed attempt. */
const soundUs = 5_000_000;
/** A check that comes later than this many times its interval means that this node was busy with something else, or stopped. */
const mostLate = 1.5;
/** Sessions with something to send are spared; so many are looked at. */
const mostSpared = 8;

export class PeerPool<L extends PooledLink> {
  readonly #options: PoolOptions;
  readonly #ports: PoolPorts<L>;
  readonly #peers = new Map<number, Peer<L>>();
  readonly #recency = new Recency();
  readonly #waiting: Peer<L>[] = [];
  readonly figures: PoolFigures = { ...noPoolFigures };
  #target: number;
  #size = 0;
  #dialling = 0;
  #timer: ClockHandle | null = null;
  #isClosed = false;
  /** Time in which this node has listened: a check that comes late says how long it did not. */
  #awakeUs = 0;
  #checkedUs = 0;

  constructor(options: PoolOptions, ports: PoolPorts<L>) {
    this.#options = options;
    this.#ports = ports;
    this.#target = options.least;
    this.#checkedUs = ports.clock.nowUs();
  }

  /** Sessions open now. */
  get size(): number {
    return this.#size;
  }

  /** Sessions the pool wants to hold at present, between least and most. */
  get target(): number {
    return this.#target;
  }

  /** `kept`: members whose sessions are opened at once and opened again when lost. */
  start(members: readonly number[], kept: ReadonlySet<number>): void {
    for (const number of members) {
      if (number === this.#ports.self) continue;
      const { backoffLeastUs: leastUs, backoffMostUs: mostUs, random } = this.#options;
      this.#peers.set(number, {
        number,
        backoff: new Backoff({ leastUs, mostUs, random }),
        link: null,
        attempt: null,
        restUntilUs: 0,
        refusedUntilUs: 0,
        evictedUs: Number.NEGATIVE_INFINITY,
        isKept: kept.has(number),
      });
    }
    this.#target = Math.min(this.#options.most, Math.max(this.#options.least, kept.size));
    for (const peer of this.#peers.values()) if (peer.isKept) this.#dial(peer);
    this.#checkLater();
  }

  /** The open link to a member; null when there is none, and then a dial is under way unless `isReachable` says no. */
  acquire(member: number): L | null {
    const peer = this.#peers.get(member);
    if (peer === undefined || this.#isClosed) return null;
    if (peer.link !== null) {
      this.figures.hits += 1;
      this.#use(peer);
      return peer.link;
    }
    this.figures.misses += 1;
    this.#dial(peer);
    return null;
  }

  /** Whether a session exists or is being made. */
  isReachable(member: number): boolean {
    const peer = this.#peers.get(member);
    return peer !== undefined && !this.#isClosed && (peer.link !== null || peer.attempt !== null);
  }

  /** Makes room for all of them and tries to open a session to each; resolves when every one was tried. */
  async openAll(members: readonly number[]): Promise<void> {
    this.#target = Math.max(this.#target, Math.min(this.#options.most, this.#peers.size));
    await Promise.all(
      members.map((member) => {
        const peer = this.#peers.get(member);
        if (peer !== undefined) this.#dial(peer);
        return peer?.attempt?.promise;
      }),
    );
  }

  /** Dials that failed since the last sound session. */
  failures(member: number): number {
    return this.#peers.get(member)?.backoff.failures ?? 0;
  }

  link(member: number): L | null {
    return this.#peers.get(member)?.link ?? null;
  }

  refuses(member: number): boolean {
    const peer = this.#peers.get(member);
    return this.#isClosed || peer === undefined || this.#ports.clock.nowUs() < peer.refusedUntilUs;
  }

  /** A link exists, whoever dialled. It may be closed at once: another one was chosen. */
  opened(member: number, link: L): void {
    const peer = this.#peers.get(member);
    if (peer === undefined || this.refuses(member)) {
      link.close();
      return;
    }
    const old = peer.link;
    if (old?.isOpen === true && this.#isBetter(member, old, link)) {
      link.close();
      return;
    }
    if (old === null) this.#size += 1;
    peer.link = link;
    peer.restUntilUs = 0;
    this.#use(peer);
    if (old === null) this.#ports.connected(member, link);
    else {
      old.close();
      this.#ports.replaced(member, link);
    }
    // A handler may have ended the session again.
    if (peer.link !== link) return;
    link.read();
    this.#makeRoom(peer);
  }

  /** A link has ended, for whatever reason. */
  closed(member: number, link: L): void {
    const peer = this.#peers.get(member);
    if (peer === undefined || peer.link !== link) return;
    this.#lose(peer);
    const livedUs = this.#ports.clock.nowUs() - link.openedUs;
    if (livedUs >= soundUs) peer.backoff.succeeded();
    if ((peer.isKept || livedUs < soundUs) && !this.#isClosed) this.#rest(peer);
  }

  /** Ends the session and allows none for so long. */
  refuse(member: number, forUs: number): void {
    const peer = this.#peers.get(member);
    if (peer === undefined) return;
    peer.refusedUntilUs = this.#ports.clock.nowUs() + forUs;
    this.#drop(peer);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const peer of this.#peers.values()) this.#drop(peer);
  }

  #isBetter(member: number, old: L, link: L): boolean {
    if (old.isOurs === link.isOurs) return false;
    if (link.openedUs - old.openedUs > crossingUs) return false;
    return old.isOurs === this.#ports.self < member;
  }

  /** Kept sessions are never closed to make room: they stay out of the order. */
  #use(peer: Peer<L>): void {
    if (!peer.isKept) this.#recency.used(peer.number, this.#ports.clock.nowUs());
  }

  #lose(peer: Peer<L>): void {
    peer.link = null;
    this.#size -= 1;
    this.#recency.remove(peer.number);
    this.#ports.disconnected(peer.number);
  }

  #drop(peer: Peer<L>): void {
    const { link } = peer;
    if (link === null) return;
    this.#lose(peer);
    link.close();
  }

  /** After a loss or a failed dial: rest, longer each time. */
  #rest(peer: Peer<L>): void {
    peer.restUntilUs = this.#ports.clock.nowUs() + peer.backoff.failed();
  }

  #dial(peer: Peer<L>): void {
    const nowUs = this.#ports.clock.nowUs();
    if (peer.attempt !== null || peer.link !== null || this.#isClosed) return;
    if (nowUs < peer.restUntilUs || nowUs < peer.refusedUntilUs) return;
    if (nowUs - peer.evictedUs < regretUs) this.#grow();
    peer.attempt = Promise.withResolvers();
    this.#waiting.push(peer);
    this.#dialNext();
  }

  #dialNext(): void {
    while (this.#dialling < this.#options.mostDials) {
      const peer = this.#waiting.shift();
      if (peer === undefined) return;
      this.#dialling += 1;
      void this.#dialNow(peer).then(() => {
        this.#dialling -= 1;
        this.#dialNext();
      });
    }
  }

  async #dialNow(peer: Peer<L>): Promise<void> {
    try {
      if (peer.link === null && !this.#isClosed) {
        this.figures.dials += 1;
        if (peer.backoff.failures > 0) this.figures.reconnects += 1;
        this.opened(peer.number, await this.#ports.dial(peer.number));
      }
    } catch {
      this.figures.dialsFailed += 1;
      // The member may have come in by its own dial meanwhile.
      if (peer.link === null) this.#rest(peer);
    }
    peer.attempt?.resolve();
    peer.attempt = null;
    if (peer.link === null) this.#ports.unreachable(peer.number);
  }

  #grow(): void {
    const { most } = this.#options;
    if (this.#target >= most) return;
    this.#target = Math.min(most, this.#target + Math.max(1, this.#target >> 2));
    this.figures.grown += 1;
  }

  /** Closes the longest unused session when there are too many, or grows when all are in use. */
  #makeRoom(newest: Peer<L>): void {
    if (this.size <= this.#target) return;
    const nowUs = this.#ports.clock.nowUs();
    let spared = 0;
    for (const { key, lastUsedUs } of this.#recency.oldest()) {
      const peer = this.#peers.get(key)!;
      if (spared === mostSpared) break;
      spared += 1;
      if (peer === newest || (peer.link?.queuedBytes ?? 0) > 0) continue;
      if (this.#target < this.#options.most && nowUs - lastUsedUs < recentUs) break;
      peer.evictedUs = nowUs;
      this.figures.evictions += 1;
      this.#drop(peer);
      return;
    }
    this.#grow();
  }

  #checkLater(): void {
    const { clock } = this.#ports;
    this.#timer = clock.at(clock.nowUs() + this.#options.checkEveryUs, () => {
      this.#check();
      if (!this.#isClosed) this.#checkLater();
    });
  }

  #check(): void {
    const nowUs = this.#ports.clock.nowUs();
    this.#awakeUs += Math.min(nowUs - this.#checkedUs, mostLate * this.#options.checkEveryUs);
    this.#checkedUs = nowUs;
    for (const peer of this.#peers.values()) {
      const state = peer.link?.check(this.#awakeUs, this.#size);
      if (state === 'stalled') this.#ports.stalled(peer.number);
      if (state === 'silent') this.figures.silent += 1;
      if (state === 'stalled' || state === 'silent') {
        this.#drop(peer);
        this.#rest(peer);
      }
      if (peer.isKept) this.#dial(peer);
    }
    this.#shrink(nowUs);
  }

  #shrink(nowUs: number): void {
    for (const { key, lastUsedUs } of this.#recency.oldest()) {
      if (this.size <= this.#options.least || nowUs - lastUsedUs < this.#options.idleUs) break;
      this.#drop(this.#peers.get(key)!);
      this.figures.shrunk += 1;
      this.#target = Math.max(this.#options.least, Math.min(this.#target, this.size));
    }
  }
}
