/**
 * The disk of every simulated node: what was written is durable only after the time a sync takes.
 * Owns: when a write is durable, own sequence numbers, decisions waiting for durability, what a crash takes away.
 * Does not own: what a node does after a crash. A decision counts (is recorded) only when it is durable.
 */

export interface DecisionSink {
  decided(
    node: number,
    slot: number,
    serial: number,
    status: number,
    rounds: number,
    confidence: number,
    atUs: number,
  ): void;
}

const firstCapacity = 4096;

export class VirtualDisk {
  readonly #syncUs: number;
  readonly #sink: DecisionSink;
  readonly #sequence: Int32Array;
  readonly #failed: Uint8Array;
  anyFailed = false;
  /** Queries that a node with a failed disk did not answer. */
  refusedAnswers = 0;
  // Decisions that are not durable yet, in order of time: a ring.
  #node = new Int32Array(firstCapacity);
  #slot = new Int32Array(firstCapacity);
  #serial = new Int32Array(firstCapacity);
  #status = new Uint8Array(firstCapacity);
  #rounds = new Int32Array(firstCapacity);
  #confidence = new Float64Array(firstCapacity);
  #writtenUs = new Float64Array(firstCapacity);
  #head = 0;
  #count = 0;

  constructor(nodes: number, syncUs: number, sink: DecisionSink) {
    this.#syncUs = syncUs;
    this.#sink = sink;
    this.#sequence = new Int32Array(nodes);
    this.#failed = new Uint8Array(nodes);
  }

  /** The next own sequence of a node: durable before the vertex that carries it is sent. */
  nextSequence(node: number): number {
    this.#sequence[node]! += 1;
    return this.#sequence[node]!;
  }

  /** When a write begun now may be relied upon. */
  durableAt(nowUs: number): number {
    return nowUs + this.#syncUs;
  }

  /** False while the node's disk fails: the node must neither issue nor vote. */
  works(node: number): boolean {
    return this.#failed[node] === 0;
  }

  setFailed(nodes: Int32Array, failed: boolean): void {
    for (const node of nodes) this.#failed[node] = failed ? 1 : 0;
    this.anyFailed = this.#failed.includes(1);
  }

  /** Writes a decision; the sink hears of it when it is durable. */
  decide(
    node: number,
    slot: number,
    serial: number,
    status: number,
    rounds: number,
    confidence: number,
    nowUs: number,
  ): void {
    if (this.#count === this.#node.length) this.#grow();
    const at = (this.#head + this.#count) & (this.#node.length - 1);
    this.#node[at] = node;
    this.#slot[at] = slot;
    this.#serial[at] = serial;
    this.#status[at] = status;
    this.#rounds[at] = rounds;
    this.#confidence[at] = confidence;
    this.#writtenUs[at] = nowUs;
    this.#count += 1;
  }

  /** Time at which the oldest waiting decision is durable; Infinity when none waits. */
  get nextDurableUs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#writtenUs[this.#head]! + this.#syncUs;
  }

  /** Hands every decision that is durable by now to the sink, with the time at which it became durable. */
  flush(nowUs: number): void {
    const mask = this.#node.length - 1;
    while (this.#count > 0 && this.#writtenUs[this.#head]! + this.#syncUs <= nowUs) {
      const at = this.#head;
      this.#head = (at + 1) & mask;
      this.#count -= 1;
      if (this.#status[at] === 0) continue; // lost in a crash
      this.#sink.decided(
        this.#node[at]!,
        this.#slot[at]!,
        this.#serial[at]!,
        this.#status[at]!,
        this.#rounds[at]!,
        this.#confidence[at]!,
        this.#writtenUs[at]! + this.#syncUs,
      );
    }
  }

  /** A crash: decisions of the node that are not durable are lost. Returns their slots. */
  crash(node: number): Set<number> {
    const lost = new Set<number>();
    const mask = this.#node.length - 1;
    for (let i = 0; i < this.#count; i++) {
      const at = (this.#head + i) & mask;
      if (this.#node[at] !== node || this.#status[at] === 0) continue;
      lost.add(this.#slot[at]!);
      this.#status[at] = 0;
    }
    return lost;
  }

  #grow(): void {
    const size = this.#node.length * 2;
    const mask = this.#node.length - 1;
    const wider = <T extends Int32Array | Uint8Array | Float64Array>(from: T, to: T): T => {
      for (let i = 0; i < this.#count; i++) to[i] = from[(this.#head + i) & mask]!;
      return to;
    };
    this.#node = wider(this.#node, new Int32Array(size));
    this.#slot = wider(this.#slot, new Int32Array(size));
    this.#serial = wider(this.#serial, new Int32Array(size));
    this.#status = wider(this.#status, new Uint8Array(size));
    this.#rounds = wider(this.#rounds, new Int32Array(size));
    this.#confidence = wider(this.#confidence, new Float64Array(size));
    this.#writtenUs = wider(this.#writtenUs, new Float64Array(size));
    this.#head = 0;
  }
}
