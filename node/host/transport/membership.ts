/**
 * Which peer is which member, and whose sessions a node keeps.
 * Owns: look-ups both ways, addresses that changed, the ring of kept sessions. Does not own: sessions (peer-pool.ts).
 */
import type { PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import type { Member } from './transport.ts';

const mostAddresses = 8;

export class Membership {
  readonly self: number;
  readonly numbers: readonly number[];
  readonly #members: Map<number, Member>;
  readonly #byPeerId: ReadonlyMap<string, number>;
  readonly #peerIds: ReadonlyMap<number, PeerId>;

  /** Throws RangeError when the node itself is no member. */
  constructor(members: readonly Member[], ownPeerId: string) {
    this.#members = new Map(members.map((member) => [member.number, member]));
    this.#byPeerId = new Map(members.map(({ peerId, number }) => [peerId, number]));
    this.#peerIds = new Map(members.map(({ peerId, number }) => [number, peerIdFromString(peerId)]));
    const self = this.#byPeerId.get(ownPeerId);
    if (self === undefined) throw new RangeError(`${ownPeerId} is not in the list of members`);
    if (this.#members.size !== members.length || this.#byPeerId.size !== members.length)
      throw new RangeError('two members share a number or a peer id');
    this.self = self;
    this.numbers = [...this.#members.keys()].sort((a, b) => a - b);
  }

  numberOf(peerId: PeerId): number | undefined {
    return this.#byPeerId.get(peerId.toString());
  }

  /** Throws RangeError for a number that nobody has. */
  member(number: number): Member {
    const member = this.#members.get(number);
    if (member === undefined) throw new RangeError(`there is no member ${number}`);
    return member;
  }

  peerId(number: number): PeerId {
    const peerId = this.#peerIds.get(number);
    if (peerId === undefined) throw new RangeError(`there is no member ${number}`);
    return peerId;
  }

  /** Whether the two keys are those of one member. */
  holds(publicKey: Uint8Array, peerId: PeerId): boolean {
    const number = this.numberOf(peerId);
    return number !== undefined && Buffer.compare(this.member(number).publicKey, publicKey) === 0;
  }

  /** Other addresses, tried before the ones that were known. */
  move(number: number, addresses: readonly string[]): void {
    const member = this.member(number);
    const all = [...new Set([...addresses, ...member.addresses])].slice(0, mostAddresses);
    this.#members.set(number, { ...member, addresses: all });
  }

  /** Of each pair one member dials: half of the ring is this node's. */
  get toDial(): readonly number[] {
    const ring = this.numbers;
    const place = ring.indexOf(this.self);
    return ring.map((_, step) => step).flatMap((step) => ourDial(ring, place, step) ?? []);
  }
}

/** The member so many places ahead in the ring when it is this node's to dial, else null. */
function ourDial(ring: readonly number[], place: number, step: number): number | null {
  const other = ring[(place + step) % ring.length]!;
  if (step === 0 || 2 * step > ring.length) return null;
  return 2 * step === ring.length && ring[place]! > other ? null : other;
}

/**
 * Members whose sessions this node opens at once and never gives up: those 1, 2, 4, ... places ahead in the ring, so that all
 * members hang together over few hops however many there are.
 */
export function keptMembers(self: number, ring: readonly number[], most: number): ReadonlySet<number> {
  const place = ring.indexOf(self);
  const kept = new Set<number>();
  for (let step = 1; step < ring.length && kept.size < most; step *= 2) {
    const other = ourDial(ring, place, step);
    if (other !== null) kept.add(other);
  }
  return kept;
}
