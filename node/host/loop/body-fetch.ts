/**
 * Vertices that this node has heard of and lacks: whom it asks, when it asks somebody else.
 * Owns: the list of wanted vertices (bounded), requests out, repeats. Does not own: bodies that arrive (body-intake.ts).
 * Wanted vertices are keyed by the part of the id that a short name shows; a body nobody wanted is not looked at.
 *
 * Every repeat costs a body: under load, when answers take seconds, waits that follow only the answers that came in time would
 * repeat everything, and the repeats would be the load. So answers that come late count too, and waits double while none comes.
 */
import { RoundTrip } from '#node/core/round-trip.ts';
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import type { TimeoutBounds } from '#node/host/host-parts.ts';
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import { idBytes, shortNameBytes } from '#node/host/wire/frame.ts';
import { nameKey } from '#node/host/wire/vertex-name.ts';

interface Ask {
  readonly member: number;
  readonly atUs: number;
  /** It had named the vertex. */
  readonly isHolder: boolean;
}

interface Want {
  readonly key: number;
  /** Whole id, or null when only a short name is known. */
  id: Uint8Array | null;
  name: Uint8Array | null;
  salt: number;
  /** Members that should have it, best first. */
  readonly holders: number[];
  next: number;
  /** Who was asked, and when, oldest first. */
  readonly asks: Ask[];
  dueUs: number;
  attempts: number;
  isChecking: boolean;
}

export interface FetchParts {
  readonly clock: Clock;
  readonly bounds: TimeoutBounds;
  readonly isAdaptive: boolean;
  readonly most: number;
  readonly members: number;
  readonly self: number;
  /** A peer that may be asked now. */
  readonly allows: (member: number) => boolean;
  readonly asked: (member: number) => void;
  readonly failed: (member: number) => void;
  readonly succeeded: (member: number) => void;
  readonly send: (member: number, bytes: Uint8Array) => void;
  /** An integer below the bound. */
  readonly draw: (bound: number) => number;
  readonly touch: () => void;
  /** Nobody has it: whatever waits for it is forgotten. */
  readonly gaveUp: (id: Uint8Array) => void;
}

const attemptsMost = 24;
/** Vertices that came while other members still owe an answer, so that theirs is measured too. */
const owedMost = 1_024;
/** Names of one request. */
const namesMost = 2_048;

export class BodyFetch {
  requests = 0;
  repeats = 0;
  readonly #parts: FetchParts;
  readonly #wants = new Map<number, Want>();
  readonly #owed = new Map<number, readonly Ask[]>();
  /** When the last answer came. */
  #heardUs = 0;
  #fresh: Want[] = [];
  readonly #roundTrip: RoundTrip;
  #timer: ClockHandle | null = null;

  constructor(parts: FetchParts) {
    this.#parts = parts;
    const { bounds, isAdaptive } = parts;
    this.#roundTrip = new RoundTrip(
      1,
      isAdaptive ? bounds : { initialUs: bounds.mostUs, leastUs: bounds.mostUs, mostUs: bounds.mostUs },
    );
  }

  get size(): number {
    return this.#wants.size;
  }

  /** The names of a query are copied. */
  wantName(names: Uint8Array, at: number, salt: number, holder: number): void {
    this.#want(nameKey(names, at), holder, (want) => {
      if (want.id !== null) return;
      want.name = names.slice(at, at + shortNameBytes);
      want.salt = salt;
    });
  }

  wantId(id: Uint8Array, holder: number): void {
    this.#want(nameKey(id, 0), holder, (want) => {
      want.id ??= id.slice(0, idBytes);
    });
  }

  isWanted(key: number): boolean {
    return this.#wants.has(key);
  }

  /** A body came from the member and is being checked: true when it is still wanted. */
  arrived(key: number, member: number): boolean {
    this.answered(key, member);
    const want = this.#wants.get(key);
    if (want === undefined || want.isChecking) return false;
    want.isChecking = true;
    return true;
  }

  /** A body came from the member, wanted or not: it may be an answer that took longer than another's. */
  answered(key: number, member: number): void {
    const asks = this.#wants.get(key)?.asks ?? this.#owed.get(key);
    const own = asks?.filter((ask) => ask.member === member);
    const ask = own?.[0];
    if (own === undefined || ask === undefined) return;
    const nowUs = this.#parts.clock.nowUs();
    this.#heardUs = nowUs;
    // Of two requests to one member nobody knows which was answered; one that had it not sends it whenever it comes.
    if (own.length === 1 && ask.isHolder) this.#roundTrip.observe(0, nowUs - ask.atUs);
    this.#parts.succeeded(member);
  }

  /** A body that came with a transfer is checked like one that was asked for. False when there is no room, or it is being checked. */
  claim(id: Uint8Array, member: number): boolean {
    const key = nameKey(id, 0);
    const before = this.#wants.get(key);
    if (before?.isChecking === true) return false;
    if (before === undefined) {
      if (this.#wants.size >= this.#parts.most) return false;
      this.#wants.set(key, { ...emptyWant(key), holders: [member], attempts: 1 });
    }
    const want = this.#wants.get(key)!;
    want.id ??= id.slice(0, idBytes);
    want.isChecking = true;
    return true;
  }

  /** The body was not what was wanted: another holder is asked. */
  spoilt(key: number, member: number): void {
    const want = this.#wants.get(key);
    if (want === undefined) return;
    want.isChecking = false;
    this.#parts.failed(member);
    this.#retry(want);
  }

  forget(id: Uint8Array): void {
    this.done(nameKey(id, 0));
  }

  done(key: number): void {
    const want = this.#wants.get(key);
    if (want === undefined) return;
    this.#wants.delete(key);
    if (want.asks.length < 2) return;
    this.#owed.set(key, want.asks);
    if (this.#owed.size <= owedMost) return;
    const [oldest] = this.#owed.keys();
    this.#owed.delete(oldest!);
  }

  /** Sends what is due: one request per member (and salt). */
  flush(): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    const byTarget = new Map<string, { member: number; salt: number; wants: Want[] }>();
    for (const want of fresh) {
      if (this.#wants.get(want.key) !== want || want.isChecking) continue;
      const member = this.#choose(want);
      const salt = want.id === null ? want.salt : 0;
      const target = `${member}/${salt}`;
      const list = byTarget.get(target) ?? { member, salt, wants: [] };
      byTarget.set(target, list);
      list.wants.push(want);
      if (list.wants.length === namesMost) {
        this.#request(member, salt, list.wants);
        list.wants = [];
      }
    }
    for (const { member, salt, wants } of byTarget.values())
      if (wants.length > 0) this.#request(member, salt, wants);
    this.#arm();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#wants.clear();
    this.#owed.clear();
  }

  #want(key: number, holder: number, name: (want: Want) => void): void {
    let want = this.#wants.get(key);
    if (want !== undefined) {
      name(want);
      if (!want.holders.includes(holder) && want.holders.length < 8) want.holders.push(holder);
      return;
    }
    if (this.#wants.size >= this.#parts.most) return; // it will be named again
    want = { ...emptyWant(key), holders: [holder] };
    name(want);
    this.#wants.set(key, want);
    this.#fresh.push(want);
    this.#parts.touch();
  }

  /** Holders in turn, those that may be asked first; then anybody. */
  #choose(want: Want): number {
    const { allows, members, self, draw } = this.#parts;
    for (let i = 0; i < want.holders.length; i++) {
      const member = want.holders[(want.next + i) % want.holders.length]!;
      if (want.next + i >= want.holders.length) break;
      if (member === self || !allows(member)) continue;
      want.next += i + 1;
      return member;
    }
    want.next = want.attempts % 3 === 2 ? 0 : want.holders.length;
    for (let i = 0; i < 4; i++) {
      const drawn = draw(members - 1);
      const member = drawn >= self ? drawn + 1 : drawn;
      if (allows(member)) return member;
    }
    return want.holders[0]!;
  }

  #request(member: number, salt: number, wants: readonly Want[]): void {
    const { clock, send, asked } = this.#parts;
    const named = wants.filter(({ id }) => id === null);
    const known = wants.filter(({ id }) => id !== null);
    const short = new Uint8Array(named.length * shortNameBytes);
    named.forEach(({ name }, i) => {
      short.set(name!, i * shortNameBytes);
    });
    const long = new Uint8Array(known.length * idBytes);
    known.forEach(({ id }, i) => {
      long.set(id!, i * idBytes);
    });
    const nowUs = clock.nowUs();
    for (const want of wants) {
      if (want.attempts > 0) this.repeats += 1;
      want.attempts += 1;
      want.asks.push({ member, atUs: nowUs, isHolder: want.holders.includes(member) });
      want.dueUs = nowUs + this.#waitUs(want.attempts);
    }
    this.requests += 1;
    asked(member);
    send(member, encodeFrame({ kind: 'request', names: { salt, short, long } }));
  }

  /** Twice as long each time: whoever is slow is not made slower. */
  #waitUs(attempts: number): number {
    return Math.min(this.#parts.bounds.mostUs, this.#roundTrip.timeoutUs(0) * 2 ** Math.min(attempts - 1, 8));
  }

  #arm(): void {
    if (this.#timer !== null || this.#wants.size === 0) return;
    let dueUs = Number.POSITIVE_INFINITY;
    for (const want of this.#wants.values())
      if (!want.isChecking && want.attempts > 0) dueUs = Math.min(dueUs, want.dueUs);
    if (dueUs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#parts.clock.at(dueUs, () => {
      this.#timer = null;
      this.#sweep();
    });
  }

  #sweep(): void {
    const nowUs = this.#parts.clock.nowUs();
    const silent = new Set<number>();
    const unheard = new Set<number>();
    for (const want of [...this.#wants.values()]) {
      if (want.isChecking || want.attempts === 0 || want.dueUs > nowUs) continue;
      const last = want.asks.at(-1);
      if (last !== undefined) {
        silent.add(last.member);
        if (last.atUs > this.#heardUs) unheard.add(last.member);
      }
      this.#retry(want);
    }
    // One that does not answer may have lost the request; when three do not and nobody else does, the network is slower than was thought.
    if (unheard.size > 2) this.#roundTrip.heardNothing(0);
    // One failure per member and sweep: many names may have gone with one request.
    for (const member of silent) this.#parts.failed(member);
    this.#parts.touch();
    this.#arm();
  }

  #retry(want: Want): void {
    want.dueUs = Number.POSITIVE_INFINITY;
    if (want.attempts < attemptsMost) {
      this.#fresh.push(want);
      this.#parts.touch();
      return;
    }
    this.#wants.delete(want.key);
    if (want.id !== null) this.#parts.gaveUp(want.id);
  }
}

function emptyWant(key: number): Want {
  return {
    key,
    id: null,
    name: null,
    salt: 0,
    holders: [],
    next: 0,
    asks: [],
    dueUs: 0,
    attempts: 0,
    isChecking: false,
  };
}
