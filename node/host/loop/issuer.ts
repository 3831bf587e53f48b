/**
 * Own vertices: batches that wait, signing, issuing again what a rejected vertex carried.
 * Owns: the bounded queue, the order of sequence -> signature -> issue, twins of an equivocator. Does not own: persisting and
 * spreading (host.ts), who may be a parent (core).
 * Invariant: a sequence is used once, and only after the archive reserved it durably.
 */
import { encodedBytes, encodeVertex, type Transaction, type Vertex } from '#node/core/vertex.ts';
import { blake3 } from '#node/host/hash/blake3.ts';
import type { SubmitResult, SubmittedBatch } from '#node/host/host-parts.ts';
import type { Identity } from '#node/host/identity.ts';
import { vertexContext } from '#node/host/verification/signature-context.ts';
import type { VerifiedVertex } from './body-intake.ts';
import type { OwnContent } from './vertex-ledger.ts';

export interface OwnVertex extends VerifiedVertex {
  readonly content: OwnContent;
  /** The other vertex with this sequence, made by an equivocator only. */
  readonly twin: VerifiedVertex | null;
}

export interface IssuerParts {
  readonly number: number;
  readonly identity: Identity;
  readonly queuedMost: number;
  /** Reserved durably before it is handed out. */
  readonly nextSequence: () => Promise<number>;
  /** Vertices that may be begun now. */
  readonly room: () => number;
  /** Ids, ascending, of the parents of the next vertex. */
  readonly parents: () => readonly Uint8Array[];
  readonly makesTwins: () => boolean;
  readonly issue: (own: OwnVertex) => void;
  readonly failed: (error: Error) => void;
  readonly touch: () => void;
}

/** Vertices between their sequence and their signature at once. */
const inMakingMost = 32;
/** What one vertex may carry, so that a body always fits into a frame with others. */
const bodyBytesMost = 1_048_576;

export class Issuer {
  issued = 0;
  reissued = 0;
  twins = 0;
  readonly #parts: IssuerParts;
  #queue: OwnContent[] = [];
  #next = 0;
  #inMaking = 0;
  #isClosed = false;
  queuedTransactions = 0;

  constructor(parts: IssuerParts) {
    this.#parts = parts;
  }

  get queued(): number {
    return this.#queue.length - this.#next;
  }

  get inMaking(): number {
    return this.#inMaking;
  }

  submit(batch: SubmittedBatch): SubmitResult {
    const problem = flawOf(batch.transactions);
    if (problem !== null) return { kind: 'refused', reason: 'invalid', text: problem };
    if (this.queued >= this.#parts.queuedMost) {
      const text = `${this.queued} batches wait to be issued: submit again later`;
      return { kind: 'refused', reason: 'queue-full', text };
    }
    this.#add({ ...batch, replaces: null });
    return { kind: 'accepted' };
  }

  /** Beyond the bound too: the transactions were accepted once. */
  again(content: OwnContent): void {
    this.reissued += 1;
    this.#add(content);
  }

  #add(content: OwnContent): void {
    this.#queue.push(content);
    this.queuedTransactions += content.transactions.length;
    this.#parts.touch();
  }

  /** Begins as many vertices as there is room for. */
  pump(): void {
    while (!this.#isClosed && this.queued > 0 && this.#inMaking < inMakingMost && this.#parts.room() > 0) {
      const content = this.#queue[this.#next]!;
      this.#next += 1;
      // What was taken is not held: at a load that it carries the queue is empty again and again.
      if (this.#next === this.#queue.length || (this.#next > 1_024 && this.#next * 2 > this.#queue.length)) {
        this.#queue = this.#queue.slice(this.#next);
        this.#next = 0;
      }
      this.queuedTransactions -= content.transactions.length;
      this.#inMaking += 1;
      this.#make(content).then(
        () => this.#parts.touch(),
        (error: unknown) => {
          this.#inMaking -= 1;
          if (!this.#isClosed) this.#parts.failed(error instanceof Error ? error : new Error(String(error)));
        },
      );
    }
  }

  async #make(content: OwnContent): Promise<void> {
    const { number, nextSequence, parents, makesTwins, issue } = this.#parts;
    const sequence = await nextSequence();
    if (this.#isClosed) return;
    const chosen = parents();
    const isDouble = makesTwins();
    const own = await this.#sign({
      creator: number,
      sequence,
      parents: chosen,
      transactions: content.transactions,
    });
    const twin = isDouble ? await this.#sign(twinOf(own.vertex)) : null;
    if (this.#isClosed) return;
    this.#inMaking -= 1;
    this.issued += 1;
    if (twin !== null) this.twins += 1;
    issue({ ...own, content, twin });
  }

  async #sign(vertex: Vertex): Promise<VerifiedVertex> {
    const body = new Uint8Array(encodedBytes(vertex));
    encodeVertex(vertex, body);
    const id = blake3(body);
    const signature = await this.#parts.identity.sign(vertexContext, id);
    return { id, vertex, body, signature };
  }

  close(): void {
    this.#isClosed = true;
  }
}

/** Same creator and sequence, one empty transaction more. */
function twinOf(vertex: Vertex): Vertex {
  const more: Transaction = { inputs: [], payload: new Uint8Array(0) };
  return { ...vertex, transactions: [...vertex.transactions, more] };
}

function flawOf(transactions: readonly Transaction[]): string | null {
  if (transactions.length === 0) return 'a batch without transactions';
  if (transactions.length >= 0xffff) return `${transactions.length} transactions in one batch`;
  const inputs = transactions.flatMap((transaction) => transaction.inputs);
  if (inputs.some((input) => !Number.isSafeInteger(input) || input < 1))
    return 'an input that is no safe integer > 0';
  if (new Set(inputs).size < inputs.length) return 'an input is spent twice';
  for (const { inputs: spent } of transactions) {
    if (spent.length > 255) return `${spent.length} inputs of one transaction`;
    if (spent.some((input, i) => i > 0 && input <= spent[i - 1]!)) return 'inputs that do not ascend';
  }
  const bytes = encodedBytes({ creator: 0, sequence: 0, parents: [], transactions });
  return bytes > bodyBytesMost ? `${bytes} bytes in one batch, at most ${bodyBytesMost}` : null;
}
