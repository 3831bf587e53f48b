/**
 * Whether this node has decided what the others have: after a start, after a partition, and now and then.
 * Owns: statuses in and out, when to catch up and how, the time to rejoin, reconciliation of two sides of a healed partition.
 * Does not own: transfers (transfer-client.ts, transfer-server.ts), fetching single vertices (loop/body-fetch.ts).
 *
 * A status is two counts and the exclusive or of a hash of each finalised (creator, sequence): equal means equal sets, unless somebody
 * lies, and a lie gains nothing: a status only says whom to ask. Behind by much: a transfer. Else each side tells the other the ids of what it decided
 * lately (its frontier), and each fetches what it lacks.
 */
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import type { HostListener } from '#node/host/host-parts.ts';
import type { Archive } from '#node/host/store/archive.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import type { Announced, StatusFrame } from '#node/host/wire/frame.ts';
import { orderSlack } from './transfer-client.ts';

/** What this node has decided. */
export interface OwnStatus {
  readonly finalised: number;
  readonly rejected: number;
  readonly undecided: number;
  readonly ownSequence: number;
  readonly digest: Uint8Array;
}

export interface ReconcilerParts {
  readonly clock: Clock;
  readonly archive: Archive;
  readonly members: number;
  readonly self: number;
  /** Time between two statuses to a random member. */
  readonly everyUs: number;
  /** Members asked at a start. */
  readonly askedAtStart: number;
  readonly draw: (bound: number) => number;
  readonly own: () => OwnStatus;
  /** Undecided vertices, own ones and others. */
  readonly frontier: () => readonly Announced[];
  readonly send: (member: number, bytes: Uint8Array) => void;
  readonly isCatchingUp: () => boolean;
  readonly catchUp: (member: number, fromOrder: number) => void;
  /** False: whoever is behind is told like everybody else. */
  readonly canTransfer: boolean;
  readonly tell: HostListener['event'];
}

/** Decisions that a member may be ahead by without being asked for them: they are on their way. */
const aheadLeast = 64;
/** Ids of one frame, and of one summary at first and at most. */
const announcedMost = 512;
const windowFirst = 256;
const windowMost = 16_384;
/** A member's statuses are answered no sooner than this after the last one to it. */
const answerEveryLeastUs = 250_000;

interface Peer {
  told: number;
  window: number;
  differsSinceUs: number;
}

export class Reconciler {
  rejoinUs: number | null = null;
  reconciled = 0;
  summaries = 0;
  /** Off while the node sheds work for others, or where the mechanism is. */
  isOn = true;
  readonly #parts: ReconcilerParts;
  readonly #peers = new Map<number, Peer>();
  readonly #awaited = new Set<number>();
  #target = 0;
  #startUs = 0;
  #round = 0;
  #heard = 0;
  #timer: ClockHandle | null = null;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#startUs = this.#parts.clock.nowUs();
    if (this.#parts.members === 1) this.rejoinUs = 0;
    else this.#ask();
    this.#arm();
  }

  /** Asks again whom it has not heard: frames get lost, and members may be down. */
  #ask(): void {
    const { members, askedAtStart } = this.#parts;
    const most = Math.min(askedAtStart, members - 1);
    const asked = new Set<number>();
    while (asked.size < most) asked.add(this.#anybody());
    for (const member of asked) {
      if (this.#heard === 0) this.#awaited.add(member);
      this.#tellStatus(member);
    }
  }

  #anybody(): number {
    const { members, self, draw } = this.#parts;
    const drawn = draw(members - 1);
    return drawn >= self ? drawn + 1 : drawn;
  }

  #arm(): void {
    const { clock, everyUs } = this.#parts;
    this.#timer = clock.at(clock.nowUs() + everyUs, () => {
      this.#arm();
      this.#round += 1;
      if (this.rejoinUs === null && this.#awaited.size > 0) this.#ask();
      else if (this.isOn && this.#parts.members > 1) this.#tellStatus(this.#differing() ?? this.#anybody());
      this.#checkRejoined();
    });
  }

  /** Every other time a member that is known to differ. */
  #differing(): number | null {
    if (this.#round % 2 === 0) return null;
    const differing = [...this.#peers].filter(([, { differsSinceUs }]) => differsSinceUs >= 0);
    return differing.length === 0 ? null : (differing[this.#parts.draw(differing.length)]?.[0] ?? null);
  }

  #tellStatus(member: number): void {
    const { clock, own, send } = this.#parts;
    this.#peer(member).told = clock.nowUs();
    send(member, encodeFrame({ kind: 'status', ...own() }));
  }

  /** Two members that answer each other later than this would never end: the longer the rounds, the longer it is. */
  get #answerEveryUs(): number {
    return Math.max(answerEveryLeastUs, this.#parts.everyUs / 2);
  }

  #peer(member: number): Peer {
    const peer = this.#peers.get(member) ?? {
      told: Number.NEGATIVE_INFINITY,
      window: windowFirst,
      differsSinceUs: -1,
    };
    this.#peers.set(member, peer);
    return peer;
  }

  status(member: number, frame: StatusFrame): void {
    const { clock, own, isCatchingUp, catchUp, canTransfer } = this.#parts;
    const peer = this.#peer(member);
    const mine = own();
    const theirs = frame.finalised + frame.rejected;
    const decided = mine.finalised + mine.rejected;
    if (this.rejoinUs === null && this.#awaited.delete(member)) {
      this.#heard += 1;
      this.#target = Math.max(this.#target, frame.finalised);
    }
    const nowUs = clock.nowUs();
    const isAnswerDue = nowUs - peer.told >= this.#answerEveryUs;
    if (isAnswerDue) this.#tellStatus(member);
    if (mine.finalised === frame.finalised && isSame(mine.digest, frame.digest)) {
      if (peer.differsSinceUs >= 0) this.#agreed(peer, member, nowUs);
    } else if (canTransfer && theirs > decided + mine.undecided + aheadLeast) {
      if (!isCatchingUp()) catchUp(member, Math.max(0, decided - orderSlack));
    } else if (mine.undecided === 0 && frame.undecided === 0 && this.isOn) {
      if (peer.differsSinceUs < 0) peer.differsSinceUs = nowUs;
      this.summarise(member, peer.window);
      peer.window = Math.min(windowMost, 2 * peer.window);
    }
    this.#checkRejoined();
  }

  #agreed(peer: Peer, member: number, nowUs: number): void {
    this.reconciled += 1;
    this.#parts.tell('reconciled', nowUs, nowUs - peer.differsSinceUs, member, `with member ${member}`);
    peer.differsSinceUs = -1;
    peer.window = windowFirst;
  }

  /** A member that was silent is heard again: both may have decided something that the other never heard of. */
  returned(member: number): void {
    if (!this.isOn) return;
    const peer = this.#peer(member);
    const nowUs = this.#parts.clock.nowUs();
    if (peer.differsSinceUs < 0) peer.differsSinceUs = nowUs;
    if (nowUs - peer.told < this.#answerEveryUs) return;
    this.#tellStatus(member);
    this.summarise(member, peer.window);
  }

  /** The ids of what this node decided last, and of what it has not decided. */
  summarise(member: number, window: number): void {
    // A store that closes meanwhile ends the summary: the node is going away.
    this.#summarise(member, window).catch(() => undefined);
  }

  async #summarise(member: number, window: number): Promise<void> {
    const { archive, frontier, send } = this.#parts;
    this.summaries += 1;
    let vertices: Announced[] = [];
    const flush = (): void => {
      if (vertices.length > 0) send(member, encodeFrame({ kind: 'announcement', vertices }));
      vertices = [];
    };
    for await (const { id, creator, sequence } of archive.decisions(
      Math.max(archive.firstOrder, archive.nextOrder - window),
    )) {
      vertices.push({ id, creator, sequence });
      if (vertices.length === announcedMost) flush();
    }
    for (const { id, creator, sequence } of frontier()) {
      vertices.push({ id, creator, sequence });
      if (vertices.length === announcedMost) flush();
    }
    flush();
  }

  #checkRejoined(): void {
    const { clock, own, tell, isCatchingUp } = this.#parts;
    if (this.rejoinUs !== null) return;
    const { finalised } = own();
    // Silent members are not waited for for ever: after some rounds those that answered count.
    const isHeard = this.#awaited.size === 0 || (this.#round >= 3 && this.#heard > 0);
    if (!isHeard || isCatchingUp() || finalised < this.#target) return;
    this.rejoinUs = clock.nowUs() - this.#startUs;
    tell('rejoined', clock.nowUs(), this.rejoinUs, finalised, `${finalised} vertices finalised`);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}
