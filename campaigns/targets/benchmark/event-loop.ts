/**
 * The bare event loop of the simulator: its queues and its draws of a delay, with as many messages in flight, no consensus.
 * Owns: the limit that message rates are compared with. Does not own: queues and delays, which are the simulator's own.
 * A query that arrives sends an answer, an answer that arrives sends the next query; nothing is looked up, nothing decided.
 */
import { finerThan, Network, tickUsOf } from '#campaigns/targets/simulator/network.ts';
import { type EventSink, TimingWheel } from '#campaigns/targets/simulator/wheel.ts';
import { mix } from '#node/core/random.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';
import { cpuMs, type Effort } from './sampling.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const draw32 = mix;
const wheelSlots = 8192;
const queryDraws = 1;
const answerDraws = 2;

class EventLoop {
  messages = 0;
  readonly #queries = new TimingWheel(wheelSlots);
  readonly #answers = new TimingWheel(wheelSlots);
  readonly #network: Network;
  readonly #querySink: EventSink;
  readonly #answerSink: EventSink;

  constructor(profile: NetworkProfile, nodes: number, inFlight: number) {
    const tickUs = tickUsOf(profile);
    this.#network = new Network({ ...profile, loss: 0 }, nodes, tickUs, 1);
    this.#querySink = {
      run: (pool, from, until) => this.#pass(pool, from, until, this.#answers, answerDraws, 0),
    };
    this.#answerSink = {
      run: (pool, from, until) => this.#pass(pool, from, until, this.#queries, queryDraws, 1),
    };
    for (let i = 0; i < inFlight; i++) {
      const delay = this.#network.plainDelay(draw32(i, queryDraws, 0));
      this.#queries.push(delay, i, 0);
    }
  }

  #pass(
    pool: Int32Array,
    from: number,
    until: number,
    queue: TimingWheel,
    draws: number,
    step: number,
  ): void {
    const network = this.#network;
    for (let e = from; e < until; e += 2) {
      const a = pool[e]!;
      const b = pool[e + 1]! + step;
      queue.push(network.plainDelay(draw32(a, draws, b)), a, b);
    }
    this.messages += (until - from) >> 1;
  }

  step(): void {
    this.#queries.drain(this.#querySink);
    this.#answers.drain(this.#answerSink);
    this.#queries.advance();
    this.#answers.advance();
  }
}

/** Millions of events per CPU-second, one value per sample. */
export function sampleEventLoop(
  profile: NetworkProfile,
  nodes: number,
  inFlight: number,
  effort: Effort,
): number[] {
  const loop = new EventLoop(profile, nodes, inFlight);
  const rates: number[] = [];
  const run = (leastMs: number): number => {
    const fromMs = cpuMs();
    const before = loop.messages;
    for (;;) {
      for (let i = 0; i < finerThan / 8; i++) loop.step();
      const tookMs = cpuMs() - fromMs;
      if (tookMs >= leastMs) return (loop.messages - before) / tookMs / 1_000;
    }
  };
  run(effort.warmupMs);
  while (rates.length < effort.samples) rates.push(run(effort.sampleMs));
  return rates;
}
