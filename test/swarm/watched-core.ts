/**
 * A consensus core whose polls and decisions are observed from outside: its ports and three of its entries pass through here.
 * Owns: turning what goes in and out into observations of the conformance checker. Does not own: any rule.
 * Planted defects of the core are made here too: other parameters than stated, a counter that is not cleared.
 */
import { Core, type CoreOptions } from '#node/core/core.ts';
import type { CorePorts } from '#node/core/ports.ts';
import type { Conformance } from './conformance.ts';

export interface Watcher {
  readonly conformance: Conformance;
  readonly sawFinalised: (serial: number) => void;
}

/** Ports that tell the watcher and then do what the host does. */
class WatchedPorts implements CorePorts {
  readonly #host: CorePorts;
  readonly #watcher: Watcher;
  core: Core | null = null;

  constructor(host: CorePorts, watcher: Watcher) {
    this.#host = host;
    this.#watcher = watcher;
  }

  get #watched(): Core {
    if (this.core === null) throw new Error('the core is not there yet');
    return this.core;
  }

  query(poll: number, slot: number, attempt: number, peer: number): void {
    const node = Math.floor(poll / this.#watched.params.concurrentPolls);
    this.#watcher.conformance.asked(node, poll, slot, attempt, peer);
    this.#host.query(poll, slot, attempt, peer);
  }

  pollBegun(node: number, poll: number, vertices: number): void {
    const { polls, table } = this.#watched;
    const slots: number[] = [];
    for (let w = 0; w < polls.words; w += 1) {
      const scope = w < polls.scopeWords(poll) ? polls.scope[poll * polls.words + w]! : 0;
      for (let b = 0; b < 32; b += 1) if (((scope >>> b) & 1) === 1) slots.push(w * 32 + b);
    }
    const serials = slots.map((slot) => table.serial[slot]!);
    this.#watcher.conformance.begin(poll, slots, serials, table.capacity);
    this.#host.pollBegun(node, poll, vertices);
  }

  pollEnded(node: number, poll: number, vertices: number, chits: number): void {
    this.#watcher.conformance.end(node, poll);
    this.#host.pollEnded(node, poll, vertices, chits);
  }

  wakeAt(node: number, atUs: number): void {
    this.#host.wakeAt(node, atUs);
  }

  timeoutAt(poll: number, sequence: number, atUs: number): void {
    this.#host.timeoutAt(poll, sequence, atUs);
  }

  request(node: number, slot: number, peer: number): void {
    this.#host.request(node, slot, peer);
  }

  finalised(node: number, slot: number, rounds: number, confidence: number): void {
    const serial = this.#watched.table.serial[slot]!;
    this.#watcher.conformance.finalised(node, serial, rounds);
    this.#watcher.sawFinalised(serial);
    this.#host.finalised(node, slot, rounds, confidence);
  }

  rejected(node: number, slot: number, cause: number): void {
    const serial = this.#watched.table.serial[slot]!;
    this.#watcher.conformance.rejected(node, serial);
    this.#host.rejected(node, slot, cause);
  }

  undecidedAtLimit(node: number, slot: number): void {
    this.#host.undecidedAtLimit(node, slot);
  }

  convicted(node: number, peer: number): void {
    this.#host.convicted(node, peer);
  }

  released(slot: number): void {
    this.#host.released(slot);
  }
}

export class WatchedCore extends Core {
  readonly #watcher: Watcher;
  readonly #keepsCounter: boolean;

  /** `options.params` may differ from what is stated: a planted defect. `keepsCounter`: another one. */
  constructor(options: CoreOptions, host: CorePorts, watcher: Watcher, keepsCounter: boolean) {
    const ports = new WatchedPorts(host, watcher);
    super(options, ports);
    ports.core = this;
    this.#watcher = watcher;
    this.#keepsCounter = keepsCounter;
  }

  override arrive(poll: number, slot: number, attempt: number, kind: number, nowUs: number): void {
    const { polls } = this;
    this.#watcher.conformance.answered(poll, slot, attempt, (word) =>
      word < polls.scopeWords(poll) ? polls.yesWord(poll, slot, kind, word) : 0,
    );
    super.arrive(poll, slot, attempt, kind, nowUs);
  }

  override crash(node: number, durable: (slot: number) => boolean): void {
    const { table, params, standing } = this;
    const polls = Array.from({ length: params.concurrentPolls }, (_, j) => node * params.concurrentPolls + j);
    const lost = new Set<number>();
    for (let slot = 0; slot < standing.capacity; slot += 1) {
      if (table.isLive(slot) && !durable(slot)) lost.add(table.serial[slot]!);
    }
    this.#watcher.conformance.crashed(node, polls, (serial) => lost.has(serial));
    super.crash(node, durable);
  }

  protected override clearCounter(cell: number): void {
    if (!this.#keepsCounter) super.clearCounter(cell);
  }
}
