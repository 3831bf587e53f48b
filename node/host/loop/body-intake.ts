/**
 * The way of a foreign vertex from bytes to the core: wanted, hashed, decoded, verified, parents known, taken in.
 * Owns: the checks and their order, vertices that wait for parents (bounded). Does not own: asking for what is missing
 * (body-fetch.ts), taking in (host.ts), the rules of the core.
 * Invariant: a vertex is taken in once, after its signature was verified and all its parents were taken in or decided.
 */
import { decodeVertex, type Vertex, VertexError } from '#node/core/vertex.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import { vertexContext } from '#node/host/verification/signature-context.ts';
import { type Verifier, VerifierError } from '#node/host/verification/verifier.ts';
import type { SignedBody } from '#node/host/wire/frame.ts';
import { nameKey } from '#node/host/wire/vertex-name.ts';
import type { BodyFetch } from './body-fetch.ts';
import { sameId, type VertexLedger } from './vertex-ledger.ts';

/** A vertex whose signature is that of its creator. */
export interface VerifiedVertex {
  readonly id: Uint8Array;
  readonly vertex: Vertex;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

export interface IntakeParts {
  readonly ledger: VertexLedger;
  readonly fetch: BodyFetch;
  readonly verifier: Verifier;
  /** Raw public key of a member, null for a number that is none. */
  readonly keyOf: (member: number) => Uint8Array | null;
  readonly most: number;
  readonly genesis: Uint8Array;
  /** Room for one more vertex in the core. */
  readonly hasRoom: () => boolean;
  /** Its sequence was settled and pruned: this vertex or a twin of it. */
  readonly isSettled: (creator: number, sequence: number) => boolean;
  /** All parents are known: register, persist, deliver. */
  readonly take: (verified: VerifiedVertex, from: number) => void;
  readonly misbehaved: (member: number, reason: string) => void;
  readonly touch: () => void;
}

interface Pending {
  readonly verified: VerifiedVertex;
  readonly from: number;
  readonly missing: Set<string>;
}

/** Ids as map keys. */
export function idText(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, 32).toString('latin1');
}

export class BodyIntake {
  received = 0;
  duplicates = 0;
  unwanted = 0;
  readonly #parts: IntakeParts;
  readonly #pending = new Map<string, Pending>();
  /** How many pending vertices share the part of the id that a short name shows. */
  readonly #pendingKeys = new Map<number, number>();
  readonly #children = new Map<string, Set<string>>();
  #checking = 0;
  #isClosed = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  get waiting(): number {
    return this.#pending.size + this.#checking;
  }

  /** By the start of an id or of a short name: it waits for its parents already. */
  isPendingName(bytes: Uint8Array, at: number): boolean {
    return this.#pendingKeys.has(nameKey(bytes, at));
  }

  #pend(text: string, pending: Pending): void {
    const key = nameKey(pending.verified.id, 0);
    this.#pending.set(text, pending);
    this.#pendingKeys.set(key, (this.#pendingKeys.get(key) ?? 0) + 1);
  }

  #unpend(text: string): Pending | null {
    const pending = this.#pending.get(text);
    if (pending === undefined) return null;
    this.#pending.delete(text);
    const key = nameKey(pending.verified.id, 0);
    const left = (this.#pendingKeys.get(key) ?? 1) - 1;
    if (left === 0) this.#pendingKeys.delete(key);
    else this.#pendingKeys.set(key, left);
    return pending;
  }

  /** Bodies from a member. Views of a frame are copied before they are kept. */
  receive(member: number, bodies: readonly SignedBody[]): void {
    for (const { body, signature } of bodies) {
      this.received += 1;
      const id = blake3(body);
      const key = nameKey(id, 0);
      const { fetch, ledger } = this.#parts;
      if (ledger.find(id) !== null || this.#pending.has(idText(id))) {
        this.duplicates += 1;
        fetch.answered(key, member);
        fetch.done(key);
        continue;
      }
      if (!fetch.arrived(key, member)) {
        this.unwanted += 1;
        continue;
      }
      // Not slices: of a Buffer they would be views that keep the pool of 64 KB it lies in.
      this.#check(member, key, { id, body: new Uint8Array(body), signature: new Uint8Array(signature) });
    }
  }

  /** A vertex of a transfer. False when there is no room for it now. */
  offer(member: number, id: Uint8Array, body: Uint8Array, signature: Uint8Array): boolean {
    const { fetch, ledger } = this.#parts;
    if (ledger.find(id) !== null || this.#pending.has(idText(id))) return true;
    if (!fetch.claim(id, member)) return fetch.isWanted(nameKey(id, 0));
    this.received += 1;
    this.#check(member, nameKey(id, 0), { id, body, signature });
    return true;
  }

  #check(member: number, key: number, signed: Omit<VerifiedVertex, 'vertex'>): void {
    const { fetch, keyOf, misbehaved } = this.#parts;
    let vertex: Vertex;
    try {
      vertex = decodeVertex(signed.body);
    } catch (error) {
      if (!(error instanceof VertexError)) throw error;
      misbehaved(member, `a body that is no vertex (${error.code})`);
      fetch.spoilt(key, member);
      return;
    }
    const publicKey = keyOf(vertex.creator);
    if (publicKey === null || vertex.sequence < 1 || !spendsOnce(vertex)) {
      misbehaved(member, 'a vertex that no member may make');
      fetch.done(key);
      return;
    }
    void this.#verify(member, key, publicKey, { ...signed, vertex });
  }

  async #verify(member: number, key: number, publicKey: Uint8Array, verified: VerifiedVertex): Promise<void> {
    const { fetch, verifier, misbehaved, touch } = this.#parts;
    this.#checking += 1;
    let isGenuine: boolean | null = null;
    try {
      isGenuine = await verifier.verify(publicKey, vertexContext, verified.id, verified.signature);
    } catch (error) {
      if (!(error instanceof VerifierError)) throw error;
    }
    this.#checking -= 1;
    if (this.#isClosed) return;
    if (isGenuine === null) {
      // The queue was full: it is asked for again, which slows down whoever sends.
      fetch.spoilt(key, member);
    } else if (isGenuine) {
      this.resolve(verified, member);
    } else {
      misbehaved(member, 'a vertex with a false signature');
      fetch.spoilt(key, member);
    }
    touch();
  }

  /** A verified vertex: taken in when all parents are known, else it waits for them. */
  resolve(verified: VerifiedVertex, from: number): void {
    const { ledger, fetch, most, hasRoom } = this.#parts;
    const key = nameKey(verified.id, 0);
    if (ledger.find(verified.id) !== null) {
      fetch.done(key);
      return;
    }
    const missing = verified.vertex.parents.filter((parent) => !this.#isKnown(parent));
    if (missing.length === 0 && hasRoom()) {
      fetch.done(key);
      this.#take(verified, from);
      return;
    }
    if (missing.length === 0 || this.#pending.size >= most) {
      fetch.spoilt(key, -1);
      return;
    }
    fetch.done(key);
    const text = idText(verified.id);
    this.#pend(text, { verified, from, missing: new Set(missing.map(idText)) });
    for (const parent of missing) {
      const parentText = idText(parent);
      const children = this.#children.get(parentText) ?? new Set();
      this.#children.set(parentText, children.add(text));
      if (!this.#pending.has(parentText)) fetch.wantId(parent, from);
    }
  }

  #isKnown(parent: Uint8Array): boolean {
    const { ledger, genesis } = this.#parts;
    return ledger.find(parent) !== null || sameId(parent, genesis);
  }

  /** The vertex is known now: what waited for it may go on. */
  known(id: Uint8Array): void {
    const ready: Pending[] = [];
    this.#unblock(idText(id), ready);
    for (const pending of ready) this.resolve(pending.verified, pending.from);
  }

  #unblock(text: string, ready: Pending[]): void {
    const children = this.#children.get(text);
    if (children === undefined) return;
    this.#children.delete(text);
    for (const child of children) {
      const pending = this.#pending.get(child);
      if (pending === undefined) continue;
      pending.missing.delete(text);
      if (pending.missing.size > 0) continue;
      this.#unpend(child);
      ready.push(pending);
    }
  }

  /** Parents before children, without recursion: a chain may be long. */
  #take(verified: VerifiedVertex, from: number): void {
    const { ledger, take } = this.#parts;
    const ready: Pending[] = [{ verified, from, missing: new Set() }];
    for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
      const { id, vertex } = next.verified;
      // Nobody can tell any more which vertex of a pruned sequence was decided: no vote is given on it.
      if (this.#parts.isSettled(vertex.creator, vertex.sequence)) ledger.rememberPruned(id);
      else take(next.verified, next.from);
      this.#unblock(idText(next.verified.id), ready);
    }
  }

  /** Nobody has the vertex: what waits for it is forgotten, with everything that waits for that. */
  gaveUp(id: Uint8Array): void {
    const lost = [idText(id)];
    for (let text = lost.pop(); text !== undefined; text = lost.pop()) {
      for (const child of this.#children.get(text) ?? []) {
        this.#unpend(child);
        lost.push(child);
      }
      this.#children.delete(text);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#pending.clear();
    this.#pendingKeys.clear();
    this.#children.clear();
  }
}

/** No two transactions of the vertex spend one input. */
function spendsOnce(vertex: Vertex): boolean {
  const inputs = inputsOf(vertex);
  return new Set(inputs).size === inputs.length;
}

export function inputsOf(vertex: Vertex): number[] {
  return vertex.transactions.flatMap(({ inputs }) => inputs);
}
