/**
 * The bare polls of the simulator's poll fidelity: its samples, its delays, the end of each poll and one instant in its queue.
 * Owns: the limit that rates of the poll fidelity are compared with. Does not own: samples, delays, queues: they are the simulator's.
 * A poll that ends is followed by the next of its node; no vertex, no counter, nothing decided.
 */
import { castOf } from '#campaigns/cast.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { arriveTicksOf, noArrival } from '#campaigns/targets/simulator/arrival.ts';
import { Foresight } from '#campaigns/targets/simulator/foresight.ts';
import { finerThan, Network, tickUsOf } from '#campaigns/targets/simulator/network.ts';
import { loadPollDraws, roomFor } from '#campaigns/targets/simulator/poll-draws.ts';
import { VectorSampler } from '#campaigns/targets/simulator/vector-sampler.ts';
import { type EventSink, TimingWheel } from '#campaigns/targets/simulator/wheel.ts';
import { plainArrays } from '#node/core/arrays.ts';
import { answerNoToAll } from '#node/core/exceptions.ts';
import { PollBook } from '#node/core/poll-book.ts';
import { purpose, streamKey } from '#node/core/random.ts';
import { Sampler } from '#node/core/sampler.ts';
import { cpuMs, type Effort } from './sampling.ts';

const wheelSlots = 8192;
/** Later than any answer: a poll that lost too many answers to end is over by then. */
const longestTicks = 2 * finerThan;
const attacker = 0x80000000 | 0;

class PollLoop implements EventSink {
  messages = 0;
  readonly #k: number;
  readonly #seed: number;
  readonly #queue = new TimingWheel(wheelSlots);
  readonly #polls: PollBook;
  readonly #sampler: Sampler;
  readonly #foresight: Foresight;
  readonly #asked: Int32Array;
  readonly #numbers: Int32Array;
  /** One vertex, undecided at every node. */
  readonly #scope = new Int32Array([1]);

  constructor(spec: RunSpec) {
    const { nodes, consensus, network, seed } = spec;
    const tickUs = tickUsOf(network);
    this.#k = consensus.k;
    this.#seed = seed;
    const draws = loadPollDraws(nodes, roomFor(nodes, nodes, consensus.k));
    this.#polls = new PollBook(nodes, 1, consensus, draws ?? plainArrays);
    this.#sampler = draws === null ? new Sampler(nodes) : new VectorSampler(draws);
    const core = { polls: this.#polls, params: consensus };
    const refusing = { constant: answerNoToAll, rewritten: () => answerNoToAll };
    this.#foresight = new Foresight(core, new Network(network, nodes, tickUs, seed), refusing, draws);
    this.#asked = draws?.asked ?? new Int32Array(nodes);
    for (const [i, attacks] of castOf(spec).attackers.entries()) if (attacks === 1) this.#asked[i] = attacker;
    this.#numbers = new Int32Array(nodes);
    for (let node = 0; node < nodes; node++) this.#begin(node);
  }

  #begin(node: number): void {
    const k = this.#k;
    const polls = this.#polls;
    const foresight = this.#foresight;
    const key = streamKey(this.#seed, node, purpose.poll, this.#numbers[node]!++);
    polls.begin(node, this.#scope, 0, 1, key, 0);
    this.#sampler.sample(node, k, key, node, polls.peers, node * k, null);
    foresight.look(node, this.#asked);
    this.messages += k - foresight.lostQueries + foresight.answers;
    const { end } = foresight;
    this.#queue.push(end === noArrival ? longestTicks : arriveTicksOf(end), node, 0);
  }

  run(pool: Int32Array, from: number, until: number): void {
    for (let e = from; e < until; e += 2) this.#begin(pool[e]!);
  }

  /** Runs until that many ticks later. */
  step(ticks: number): void {
    const queue = this.#queue;
    for (const until = queue.now + ticks; queue.now < until; queue.advanceTo(queue.nextDue(until))) {
      queue.drain(this);
      queue.advance();
    }
  }
}

/** Millions of messages that the polls stand for, per CPU-second, one value per sample. */
export function samplePolls(spec: RunSpec, effort: Effort): number[] {
  const loop = new PollLoop(spec);
  const run = (leastMs: number): number => {
    const fromMs = cpuMs();
    const before = loop.messages;
    for (;;) {
      loop.step(finerThan / 8);
      const tookMs = cpuMs() - fromMs;
      if (tookMs >= leastMs) return (loop.messages - before) / tookMs / 1_000;
    }
  };
  run(effort.warmupMs);
  return Array.from({ length: effort.samples }, () => run(effort.sampleMs));
}
