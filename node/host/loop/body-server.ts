/**
 * Bodies for members that ask for them: from memory, from disk, or as soon as they arrive here.
 * Owns: answers to requests and their size, who waits for which id (bounded). Does not own: asking (body-fetch.ts).
 */
import { encodeFrame } from '#node/host/wire/encode-frame.ts';
import { idBytes, type RequestFrame, type SignedBody, shortNameBytes } from '#node/host/wire/frame.ts';
import { idText } from './body-intake.ts';
import type { LedgerEntry, VertexLedger } from './vertex-ledger.ts';

export interface ServerParts {
  readonly ledger: VertexLedger;
  readonly stored: (id: Uint8Array) => Promise<SignedBody | null>;
  readonly send: (member: number, bytes: Uint8Array) => void;
  readonly touch: () => void;
}

/** Bodies of one frame, and of the answers to one request together. */
const frameBytesMost = 262_144;
const answerBytesMost = 4_194_304;
const awaitedMost = 4_096;
const waitersMost = 64;

export class BodyServer {
  served = 0;
  /** Off while the node sheds work for others. */
  isServingDecided = true;
  readonly #parts: ServerParts;
  readonly #awaited = new Map<string, Set<number>>();

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  request(member: number, { names: { short, long, salt } }: RequestFrame): void {
    const { ledger } = this.#parts;
    const found: LedgerEntry[] = [];
    for (let at = 0; at < short.length; at += shortNameBytes) {
      const entry = ledger.findName(short, at, salt);
      if (entry !== null) found.push(entry);
    }
    for (let at = 0; at < long.length; at += idBytes) {
      const id = long.subarray(at, at + idBytes);
      const entry = ledger.find(id);
      if (entry !== null) found.push(entry);
      else this.#await(member, id);
    }
    const here = found.filter(({ slot }) => slot >= 0);
    this.#send(member, here);
    const stored = found.filter(({ slot }) => slot < 0).map(({ id }) => id);
    if (stored.length > 0 && this.isServingDecided) void this.#sendStored(member, stored);
  }

  /** The body will be sent when it arrives here. */
  #await(member: number, id: Uint8Array): void {
    const text = idText(id);
    const waiters = this.#awaited.get(text) ?? new Set<number>();
    if (waiters.size === 0 && this.#awaited.size >= awaitedMost) return;
    if (waiters.size < waitersMost) waiters.add(member);
    this.#awaited.set(text, waiters);
  }

  /** A vertex was taken in: whoever waits for it gets it. */
  taken(entry: LedgerEntry): void {
    if (this.#awaited.size === 0) return;
    const text = idText(entry.id);
    const waiters = this.#awaited.get(text);
    if (waiters === undefined) return;
    this.#awaited.delete(text);
    for (const member of waiters) this.#send(member, [entry]);
  }

  async #sendStored(member: number, ids: readonly Uint8Array[]): Promise<void> {
    let bodies: SignedBody[] = [];
    let bytes = 0;
    let sum = 0;
    for (const id of ids) {
      const body = await this.#parts.stored(id).catch(() => null);
      if (body === null) continue;
      bodies.push(body);
      bytes += body.body.length + body.signature.length;
      if (bytes < frameBytesMost) continue;
      sum += bytes;
      this.#sendBodies(member, bodies);
      bodies = [];
      bytes = 0;
      if (sum > answerBytesMost) break;
    }
    this.#sendBodies(member, bodies);
    this.#parts.touch();
  }

  #send(member: number, entries: readonly SignedBody[]): void {
    let bodies: SignedBody[] = [];
    let bytes = 0;
    let sum = 0;
    for (const { body, signature } of entries) {
      bodies.push({ body, signature });
      bytes += body.length + signature.length;
      if (bytes < frameBytesMost) continue;
      sum += bytes;
      this.#sendBodies(member, bodies);
      bodies = [];
      bytes = 0;
      if (sum > answerBytesMost) return;
    }
    this.#sendBodies(member, bodies);
  }

  #sendBodies(member: number, vertices: readonly SignedBody[]): void {
    if (vertices.length === 0) return;
    this.served += vertices.length;
    this.#parts.send(member, encodeFrame({ kind: 'vertices', vertices }));
  }

  close(): void {
    this.#awaited.clear();
  }
}
