/**
 * Facts and decisions for the safety checker, gathered into batches.
 * Owns: serials of vertices (each is described once per process), the order of decisions of each node, bounded batches.
 * Does not own: numbering and keeping pushes (push-buffer.ts), or judging.
 */
import { batchEntriesMost } from '#node/agent-fields.ts';
import { type DecisionBatch, decisionStatus, type PushBody, type VertexFact } from '#node/agent-push.ts';
import type { DecidedAs, KnownVertex } from './hosted-node.ts';

interface MutableBatch {
  readonly kind: 'decisions';
  readonly recovered: boolean;
  readonly node: number[];
  readonly vertex: number[];
  readonly status: number[];
  readonly rounds: number[];
  readonly confidence: number[];
  readonly atUs: number[];
}

/** Vertices whose serial is remembered, per generation: one that is mentioned again later is described again. */
const remembered = 200_000;

/**
 * Invariants: a decision leaves after the fact about its vertex; decisions of one node leave in the order in which they were
 * made. A batch holds recovered decisions or new ones, never both.
 */
export class SafetyFeed {
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #nextSerial = 0;
  #facts: VertexFact[] = [];
  #batches: MutableBatch[] = [];
  readonly #emit: (body: PushBody) => void;

  /** `emit` takes full batches at once; the rest leaves with `flush`. */
  constructor(emit: (body: PushBody) => void) {
    this.#emit = emit;
  }

  /** Told by each node of the process; described once, and again when its creator says what it carries. */
  vertex(vertex: KnownVertex, items: readonly number[], replaces: string | null): void {
    const known = this.#serialOf(vertex.id);
    if (known !== undefined && items.length === 0 && replaces === null) return;
    const before = replaces === null ? null : (this.#serialOf(replaces) ?? null);
    this.#describe(vertex, known ?? this.#newSerial(vertex.id), items, before);
  }

  decided(
    node: number,
    vertex: KnownVertex,
    as: DecidedAs,
    rounds: number,
    confidence: number,
    atUs: number,
    isRecovered: boolean,
  ): void {
    let serial = this.#serialOf(vertex.id);
    if (serial === undefined) {
      serial = this.#newSerial(vertex.id);
      this.#describe(vertex, serial, [], null);
    }
    let batch = this.#batches.at(-1);
    if (batch === undefined || batch.recovered !== isRecovered || batch.node.length >= batchEntriesMost) {
      if (batch !== undefined && batch.node.length >= batchEntriesMost) this.flush();
      batch = emptyBatch(isRecovered);
      this.#batches.push(batch);
    }
    batch.node.push(node);
    batch.vertex.push(serial);
    batch.status.push(decisionStatus[as]);
    batch.rounds.push(rounds);
    batch.confidence.push(confidence);
    batch.atUs.push(atUs);
  }

  flush(): void {
    const facts = this.#facts;
    const batches = this.#batches;
    this.#facts = [];
    this.#batches = [];
    if (facts.length > 0) this.#emit({ kind: 'vertices', facts });
    for (const batch of batches) this.#emit(batch satisfies DecisionBatch);
  }

  #describe(vertex: KnownVertex, serial: number, items: readonly number[], replaces: number | null): void {
    const { id, creator, sequence, parents, keys, transactions } = vertex;
    this.#facts.push({
      vertex: serial,
      id,
      creator,
      sequence,
      parents: [...parents],
      keys: [...keys],
      transactions,
      items: [...items],
      replaces,
    });
    if (this.#facts.length >= batchEntriesMost) this.flush();
  }

  #newSerial(id: string): number {
    const serial = this.#nextSerial;
    this.#nextSerial += 1;
    if (this.#young.size >= remembered) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, serial);
    return serial;
  }

  #serialOf(id: string): number | undefined {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old !== undefined) this.#young.set(id, old);
    return old;
  }
}

function emptyBatch(recovered: boolean): MutableBatch {
  return {
    kind: 'decisions',
    recovered,
    node: [],
    vertex: [],
    status: [],
    rounds: [],
    confidence: [],
    atUs: [],
  };
}
