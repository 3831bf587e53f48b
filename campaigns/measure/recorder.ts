/**
 * What a run records on any target: durable decisions, latency, rounds, the trace hash, and when faults had healed.
 * Owns: the columns the safety checker reads and the figures of the measured window. Does not own: judging any of it.
 */
import type { DecisionColumns, VertexRecord } from '#campaigns/analysis/decision-record.ts';
import { finalised } from '#campaigns/analysis/decision-record.ts';
import { Histogram } from '#campaigns/measure/histogram.ts';
import { Rounds } from '#campaigns/measure/rounds.ts';
import type { Series } from '#campaigns/measure/series.ts';

export interface RecorderOptions {
  readonly nodes: number;
  readonly honest: Uint8Array;
  readonly honestCount: number;
  readonly maxRounds: number;
  readonly windowFromUs: number;
  readonly windowUntilUs: number;
}

/** A vertex as it was issued. */
export interface Issued {
  readonly record: VertexRecord;
  readonly dueUs: number;
  readonly transactions: number;
  /** Spends an input that another vertex spends, or has a twin. */
  readonly contested: boolean;
}

/** Waits for every pair (live honest node, vertex issued before a moment) to be decided. */
interface Watch {
  /** By serial: decisions about it that are waited for. */
  readonly open: Map<number, number>;
  readonly node: number; // -1 = all honest nodes
  left: number;
  readonly done: (atUs: number) => void;
}

export interface RecordedShares {
  readonly finalizedShare: number;
  readonly allHonestShare: number;
  readonly undecidedTransactionShare: number;
  readonly measuredVertices: number;
}

export class Recorder {
  readonly latency = new Histogram();
  readonly rounds: Rounds;
  readonly vertices: VertexRecord[] = [];
  series: Series | null = null;
  /** Pairs (honest node, vertex) undecided at the round limit. */
  livenessFailures = 0;
  rejectedPairs = 0;
  confidenceSum = 0;
  finalisedPairs = 0;
  readonly #options: RecorderOptions;
  readonly #dueUs: number[] = [];
  readonly #transactions: number[] = [];
  readonly #measured: boolean[] = [];
  readonly #contested: boolean[] = [];
  readonly #finalisedBy: number[] = [];
  readonly #withinLimitBy: number[] = [];
  readonly #limitedBy: number[] = [];
  #columns = {
    serial: new Uint32Array(1 << 16),
    node: new Uint32Array(1 << 16),
    status: new Uint8Array(1 << 16),
    count: 0,
  };
  #traceA = 0x243f6a88;
  #traceB = 0x85a308d3;
  readonly #watches: Watch[] = [];
  /** By node that lost its disk: packed decisions (serial x 4 + status) it had announced before. */
  readonly #before = new Map<number, Set<number>>();
  /** Called when every honest node decided a vertex or reached the limit (single workload). */
  onSettled: (serial: number, atUs: number) => void = () => {};

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.rounds = new Rounds(options.maxRounds);
  }

  issued(vertex: Issued): void {
    const { windowFromUs, windowUntilUs } = this.#options;
    this.vertices.push(vertex.record);
    this.#dueUs.push(vertex.dueUs);
    this.#transactions.push(vertex.transactions);
    this.#measured.push(
      vertex.record.createdByHonest && vertex.dueUs >= windowFromUs && vertex.dueUs < windowUntilUs,
    );
    this.#contested.push(vertex.contested);
    this.#finalisedBy.push(0);
    this.#withinLimitBy.push(0);
    this.#limitedBy.push(0);
  }

  transactionsOf(serial: number): number {
    return this.#transactions[serial]!;
  }

  dueUsOf(serial: number): number {
    return this.#dueUs[serial]!;
  }

  /** Its transactions were issued again in another vertex: that one counts, and nobody waits for this one any more. */
  supersede(serial: number, atUs: number): void {
    this.#contested[serial] = true;
    this.#count(serial, -1, Number.POSITIVE_INFINITY, atUs);
  }

  isContested(serial: number): boolean {
    return this.#contested[serial]!;
  }

  decided(
    node: number,
    _slot: number,
    serial: number,
    status: number,
    rounds: number,
    confidence: number,
    atUs: number,
  ): void {
    this.trace(node, serial * 4 + status, atUs);
    // A node that lost its disk decides again. The same decision counts once; another one is a reversal for the checker to find.
    if (this.#before.size > 0 && this.#before.get(node)?.has(serial * 4 + status) === true) {
      this.#count(serial, node, 1, atUs);
      return;
    }
    this.#append(serial, node, status);
    if (this.#options.honest[node] === 0) return;
    this.#count(serial, node, 1, atUs);
    if (status !== finalised) {
      this.rejectedPairs += 1;
      return;
    }
    const latencyUs = atUs - this.#dueUs[serial]!;
    const transactions = this.#transactions[serial]!;
    this.series?.finalised(latencyUs, transactions);
    this.#finalisedBy[serial]! += 1;
    const inTime = rounds <= this.#options.maxRounds;
    if (inTime) this.#withinLimitBy[serial]! += 1;
    if (this.#measured[serial]!) {
      this.finalisedPairs += 1;
      this.confidenceSum += confidence;
      this.latency.record(latencyUs, transactions);
      if (inTime) this.rounds.record(rounds);
    }
    if (inTime) this.#settle(serial, atUs);
  }

  /** The node lost its disk: what it announced until now it may announce once more. */
  wiped(node: number): void {
    const { serial, node: by, status, count } = this.#columns;
    const announced = new Set<number>();
    for (let at = 0; at < count; at++) if (by[at] === node) announced.add(serial[at]! * 4 + status[at]!);
    this.#before.set(node, announced);
  }

  undecidedAtLimit(node: number, serial: number, atUs: number): void {
    if (this.#options.honest[node] === 0) return;
    if (this.#measured[serial]!) this.livenessFailures += 1;
    this.#limitedBy[serial]! += 1;
    this.#settle(serial, atUs);
  }

  #settle(serial: number, atUs: number): void {
    if (this.#withinLimitBy[serial]! + this.#limitedBy[serial]! === this.#options.honestCount)
      this.onSettled(serial, atUs);
  }

  #append(serial: number, node: number, status: number): void {
    const columns = this.#columns;
    if (columns.count === columns.serial.length) {
      const size = columns.count * 2;
      const wide = {
        serial: new Uint32Array(size),
        node: new Uint32Array(size),
        status: new Uint8Array(size),
        count: columns.count,
      };
      wide.serial.set(columns.serial);
      wide.node.set(columns.node);
      wide.status.set(columns.status);
      this.#columns = wide;
      this.#append(serial, node, status);
      return;
    }
    columns.serial[columns.count] = serial;
    columns.node[columns.count] = node;
    columns.status[columns.count] = status;
    columns.count += 1;
  }

  get columns(): DecisionColumns {
    return this.#columns;
  }

  /** Folds an event into the trace hash; its order matters. */
  trace(x: number, y: number, atUs: number): void {
    let a = Math.imul(this.#traceA ^ x, 0x9e3779b1);
    a = Math.imul(a ^ (a >>> 15) ^ y, 0x85ebca6b);
    let b = Math.imul(this.#traceB ^ (atUs | 0) ^ a, 0xc2b2ae35);
    b = Math.imul(b ^ (b >>> 13) ^ Math.floor(atUs / 4_294_967_296), 0x27d4eb2f);
    this.#traceA = a ^ (b >>> 16);
    this.#traceB = b ^ (a >>> 11);
  }

  get traceHash(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#traceA) + hex(this.#traceB);
  }

  /**
   * Calls `done` when so many more decisions about each serial (of one node, or of all with -1) were made, or the serial does not count
   * any more. `open` has uncontested ones only.
   */
  watch(open: ReadonlyMap<number, number>, node: number, atUs: number, done: (atUs: number) => void): void {
    const left = [...open.values()].reduce((sum, count) => sum + count, 0);
    if (left === 0) done(atUs);
    else this.#watches.push({ open: new Map(open), node, left, done });
  }

  /** Gives up what waits for decisions of this node alone: it went down before it had made them. */
  unwatch(node: number): void {
    for (let i = this.#watches.length - 1; i >= 0; i--)
      if (this.#watches[i]!.node === node) this.#watches.splice(i, 1);
  }

  /** At most `decisions` of those that are waited for about a serial were made; `node`: by whom, -1 = by whomever. */
  #count(serial: number, node: number, decisions: number, atUs: number): void {
    for (let i = this.#watches.length - 1; i >= 0; i--) {
      const watch = this.#watches[i]!;
      const open = watch.open.get(serial);
      if (open === undefined || (node >= 0 && watch.node >= 0 && watch.node !== node)) continue;
      const made = Math.min(decisions, open);
      if (made === open) watch.open.delete(serial);
      else watch.open.set(serial, open - made);
      watch.left -= made;
      if (watch.left > 0) continue;
      this.#watches.splice(i, 1);
      watch.done(atUs);
    }
  }

  /**
   * Shares over measured, uncontested vertices; a vertex somebody rejected counts like any other. `unissued`: transactions
   * of the window that no vertex carries yet; nobody has decided them.
   */
  shares(unissued: number): RecordedShares {
    const honest = this.#options.honestCount;
    let pairs = 0;
    let inTime = 0;
    let vertices = 0;
    let everywhere = 0;
    let transactions = honest * unissued;
    let late = honest * unissued;
    for (let serial = 0; serial < this.vertices.length; serial++) {
      if (!this.#measured[serial]! || this.#contested[serial]!) continue;
      vertices += 1;
      pairs += honest;
      inTime += this.#withinLimitBy[serial]!;
      if (this.#withinLimitBy[serial] === honest) everywhere += 1;
      transactions += honest * this.#transactions[serial]!;
      late += (honest - this.#finalisedBy[serial]!) * this.#transactions[serial]!;
    }
    return {
      finalizedShare: pairs === 0 ? 0 : inTime / pairs,
      allHonestShare: vertices === 0 ? 0 : everywhere / vertices,
      undecidedTransactionShare: transactions === 0 ? 0 : late / transactions,
      measuredVertices: vertices,
    };
  }

  /** Measured, uncontested pairs, due before a moment, that no decision has reached yet; 0 lets the cool-down end. */
  openPairs(dueBeforeUs = Number.POSITIVE_INFINITY): number {
    let open = 0;
    for (let serial = 0; serial < this.vertices.length; serial++) {
      if (!this.#measured[serial]! || this.#contested[serial]! || this.#dueUs[serial]! >= dueBeforeUs)
        continue;
      open += this.#options.honestCount - this.#finalisedBy[serial]!;
    }
    return open;
  }
}
