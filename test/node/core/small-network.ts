/**
 * A whole network in one core with an event queue of its own: delays, losses, requests, all drawn by counter.
 * Owns: the order of events and a call hook, so that a second core can be driven with the same inputs.
 * Does not own: realism; it is a few dozen lines so that the core is tested without the simulator.
 */
import { Core, type CoreOptions } from '#node/core/core.ts';
import type { CorePorts } from '#node/core/ports.ts';
import { below, mix } from '#node/core/random.ts';
import { genesis, type VertexFacts } from '#node/core/vertex-table.ts';

/** One call of the core on behalf of a node, to be repeated elsewhere. */
export interface Inputs {
  register(facts: VertexFacts): void;
  deliver(node: number, slot: number, from: number, nowUs: number): void;
  answer(node: number, scope: Int32Array, words: number): void;
  requestMissing(node: number, querier: number, scope: Int32Array, words: number, nowUs: number): void;
  receive(poll: number, slot: number, attempt: number, votes: Int32Array, nowUs: number): void;
  receiveLate(poll: number, sequence: number, slot: number, attempt: number, nowUs: number): void;
  timeout(poll: number, sequence: number, nowUs: number): void;
  wake(node: number, nowUs: number): void;
  crash(node: number): void;
  restart(node: number, nowUs: number): void;
}

interface Event {
  readonly atUs: number;
  readonly order: number;
  readonly run: () => void;
}

export class SmallNetwork implements CorePorts {
  readonly core: Core;
  nowUs = 0;
  /** Lines of what each port was told, by node. */
  readonly log: string[][];
  mirror: Inputs | null = null;
  lossPercent = 3;
  readonly #queue: Event[] = [];
  readonly #concurrent: number;
  #order = 0;
  #draws = 0;

  constructor(options: CoreOptions) {
    this.#concurrent = options.params.concurrentPolls;
    this.log = Array.from({ length: options.hosted }, () => []);
    this.core = new Core(options, this);
  }

  draw(bound: number): number {
    return below(mix(99, 98, this.#draws++), bound);
  }

  after(delayUs: number, run: () => void): void {
    const event = { atUs: this.nowUs + delayUs, order: this.#order++, run };
    let at = this.#queue.length;
    while (at > 0 && this.#queue[at - 1]!.atUs <= event.atUs) at -= 1;
    this.#queue.splice(at, 0, event);
  }

  /** Runs events up to a time. The queue is sorted latest first; of equal times the first scheduled runs first. */
  runUntil(untilUs: number): void {
    for (
      let next = this.#queue.at(-1);
      next !== undefined && next.atUs <= untilUs;
      next = this.#queue.at(-1)
    ) {
      this.#queue.pop();
      this.nowUs = next.atUs;
      next.run();
    }
    this.nowUs = untilUs;
  }

  /** A creator issues a vertex: its own node has it at once, the others after a while (a few never, until they ask). */
  issue(creator: number, sequence: number, inputs: readonly number[], most = 2): number {
    const parents = this.core.parentsFor(creator, most);
    const facts = { creator, sequence, parents: parents.length > 0 ? parents : [genesis], inputs };
    const slot = this.core.register(facts);
    this.mirror?.register(facts);
    this.deliver(creator, slot, -1);
    for (let node = 0; node < this.log.length; node++)
      if (node !== creator && this.draw(100) >= this.lossPercent)
        this.after(200 + this.draw(3000), () => this.deliver(node, slot, creator));
    return slot;
  }

  deliver(node: number, slot: number, from: number): void {
    if (this.core.active[node] === 0) return;
    this.core.deliver(node, slot, from, this.nowUs);
    this.mirror?.deliver(node, slot, from, this.nowUs);
  }

  crash(node: number): void {
    this.core.crash(node, () => true);
    this.mirror?.crash(node);
  }

  restart(node: number): void {
    this.core.restart(node, this.nowUs);
    this.mirror?.restart(node, this.nowUs);
  }

  #nodeOf(poll: number): number {
    return Math.floor(poll / this.#concurrent);
  }

  query(poll: number, slot: number, attempt: number, peer: number): void {
    this.log[this.#nodeOf(poll)]!.push(`query ${poll % this.#concurrent} ${slot} ${attempt} ${peer}`);
    const sequence = this.core.polls.sequence(poll);
    if (this.draw(100) < this.lossPercent) return;
    this.after(300 + this.draw(1500), () => this.#answer(poll, sequence, slot, attempt, peer));
  }

  #answer(poll: number, sequence: number, slot: number, attempt: number, peer: number): void {
    const { core } = this;
    const { polls } = core;
    const querier = this.#nodeOf(poll);
    if (core.active[peer] === 0) return;
    const isCurrent = polls.isOpen(poll) && polls.sequence(poll) === sequence;
    const words = isCurrent ? polls.scopeWords(poll) : 0;
    const scope = polls.scope.slice(poll * polls.words, poll * polls.words + words);
    const votes = new Int32Array(2 * words);
    if (core.answer(peer, scope, 0, words, votes, 0) !== 0) {
      core.requestMissing(peer, querier, scope, 0, words, this.nowUs);
      this.mirror?.requestMissing(peer, querier, scope, words, this.nowUs);
    }
    this.mirror?.answer(peer, scope, words);
    this.after(300 + this.draw(1500), () => {
      if (core.active[querier] === 0) return;
      if (polls.isOpen(poll) && polls.sequence(poll) === sequence && isCurrent) {
        core.receive(poll, slot, attempt, votes, 0, this.nowUs);
        this.mirror?.receive(poll, slot, attempt, votes, this.nowUs);
      } else {
        core.receiveLate(poll, sequence, slot, attempt, this.nowUs);
        this.mirror?.receiveLate(poll, sequence, slot, attempt, this.nowUs);
      }
    });
  }

  pollBegun(node: number, poll: number, vertices: number): void {
    this.log[node]!.push(`begun ${poll % this.#concurrent} ${vertices}`);
  }

  pollEnded(node: number, poll: number, vertices: number, chits: number): void {
    this.log[node]!.push(`ended ${poll % this.#concurrent} ${vertices} ${chits}`);
  }

  wakeAt(node: number, atUs: number): void {
    this.log[node]!.push(`wake ${atUs}`);
    this.after(atUs - this.nowUs, () => {
      this.core.wake(node, this.nowUs);
      this.mirror?.wake(node, this.nowUs);
    });
  }

  timeoutAt(poll: number, sequence: number, atUs: number): void {
    this.log[this.#nodeOf(poll)]!.push(`timeout ${poll % this.#concurrent} ${sequence} ${atUs}`);
    this.after(atUs - this.nowUs, () => {
      this.core.timeout(poll, sequence, this.nowUs);
      this.mirror?.timeout(poll, sequence, this.nowUs);
    });
  }

  request(node: number, slot: number, peer: number): void {
    this.log[node]!.push(`request ${slot} ${peer}`);
    this.after(500 + this.draw(1000), () => {
      if (this.core.standing.isKnown(peer, slot)) this.deliver(node, slot, peer);
    });
  }

  finalised(node: number, slot: number, rounds: number, confidence: number): void {
    this.log[node]!.push(`finalised ${slot} ${rounds} ${confidence}`);
  }

  rejected(node: number, slot: number, cause: number): void {
    this.log[node]!.push(`rejected ${slot} ${cause}`);
  }

  undecidedAtLimit(node: number, slot: number): void {
    this.log[node]!.push(`limit ${slot}`);
  }

  convicted(node: number, peer: number): void {
    this.log[node]!.push(`convicted ${peer}`);
  }

  released(): void {}
}
