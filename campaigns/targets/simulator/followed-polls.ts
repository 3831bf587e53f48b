/**
 * What is known of a followed poll when it begins: its draws, the answers that are certain; the queries that are looked at when they arrive.
 * Owns: finding these out, all slots at once where the module can (poll-follow.h), else slot by slot. Does not own: the draws
 * (followed-draws.ts), the order of the answers (followed-answers.ts), what happens when a query arrives (poll-exchange.ts).
 */
import { headKey } from '#node/core/poll-book.ts';
import type { Answering } from './answering.ts';
import { arrivalSlot, askTicksOf, noArrival } from './arrival.ts';
import { pollEvent, pollReference } from './event.ts';
import type { FollowedAnswers } from './followed-answers.ts';
import { FollowedDraws } from './followed-draws.ts';
import type { Foresight } from './foresight.ts';
import { drawn, lostQuery } from './poll-draws.ts';
import type { PollMemory } from './poll-memory.ts';
import type { TrafficParts } from './traffic.ts';
import type { TimingWheel } from './wheel.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const lost = lostQuery;
const none = noArrival;
const fieldKey = headKey;
const lostQueriesAt = drawn.lostQueries;
const lostAnswersAt = drawn.lostAnswers;
/** Where `followNear` has how many queries wait. */
const waitingAt = drawn.end;

export class FollowedPolls {
  /** Of the last poll. */
  lostQueries = 0;
  lostAnswers = 0;
  readonly #parts: TrafficParts;
  readonly #answering: Answering;
  readonly #answers: FollowedAnswers;
  readonly #draws: FollowedDraws;
  /** Null where the processor has no vector instructions. */
  readonly #memory: PollMemory | null;
  readonly #queries: TimingWheel;
  readonly #asked: Int32Array;

  /** `asked`: the top bit marks attackers. */
  constructor(
    parts: TrafficParts,
    answering: Answering,
    answers: FollowedAnswers,
    memory: PollMemory | null,
    queries: TimingWheel,
    asked: Int32Array,
  ) {
    this.#parts = parts;
    this.#answering = answering;
    this.#answers = answers;
    this.#draws = new FollowedDraws(parts.core, parts.network, parts.draws, answers.arrivalOrder);
    this.#memory = memory;
    this.#queries = queries;
    this.#asked = asked;
  }

  /** Draws the first `count` slots; returns how many answers there are. */
  begin(poll: number, count: number): number {
    if (this.#memory?.canFollow === true) return this.#beginNear(poll, count, this.#memory);
    const { core } = this.#parts;
    const { k, head, stride, peers } = core.polls;
    const from = poll * k;
    const reference = pollReference(poll, head[poll * stride]!);
    const draws = this.#draws;
    const found = draws.draw(poll, count, this.#asked, this.#answers.order, from);
    this.lostQueries = draws.lostQueries;
    this.lostAnswers = draws.lostAnswers;
    this.#answers.begin(poll, found);
    this.#answers.knowNothing(poll);
    for (let slot = 0; slot < count; slot++) {
      const askTicks = draws.asks[slot]!;
      if (askTicks !== lost) this.#ask(poll, slot, peers[from + slot]!, askTicks, reference);
    }
    return found;
  }

  /** The same, all slots at once. */
  #beginNear(poll: number, count: number, { draws, waiting }: PollMemory): number {
    const { core, network } = this.#parts;
    const { head, stride, peers, k } = core.polls;
    const found = draws.followNear(poll, count, network.lossLimit, core.table.hasConflicts ? 0 : 1);
    const { result } = draws;
    this.lostQueries = result[lostQueriesAt]!;
    this.lostAnswers = result[lostAnswersAt]!;
    this.#answers.begin(poll, found);
    const reference = pollReference(poll, head[poll * stride]!);
    const waits = result[waitingAt]!;
    for (let i = 0; i < waits; i++) {
      const word = waiting[i]!;
      const slot = arrivalSlot(word);
      const peer = peers[poll * k + slot]!;
      if (this.#answering.isUniform)
        this.#queries.push(askTicksOf(word), pollEvent(0, slot, peer), reference);
      else this.#ask(poll, slot, peer, askTicksOf(word), reference);
    }
    return found;
  }

  /** A poll of which all was certain is followed from now on. */
  recall(poll: number, foresight: Foresight): void {
    const { k, head, stride, peers } = this.#parts.core.polls;
    const answers = this.#answers;
    const from = poll * k;
    const key = head[poll * stride + fieldKey]!;
    let found = 0;
    for (let slot = 0; slot < k; slot++) {
      const word = foresight.answerAt(key, slot);
      if (word !== none) answers.order[from + found++] = word;
    }
    answers.arrivalOrder.sort(answers.order, from, found);
    answers.begin(poll, found);
    for (let slot = 0; slot < k; slot++) {
      const peer = peers[from + slot]!;
      answers.say(poll, slot, this.#answering.certainKind(peer, poll, slot, this.#asked[peer]! < 0));
    }
  }

  /** Notes what the peer says if that is certain, else its query arrives. */
  #ask(poll: number, slot: number, peer: number, askTicks: number, reference: number): void {
    if (!this.#parts.core.table.hasConflicts && this.#answering.saysYes(peer, poll))
      this.#answers.say(poll, slot, this.#answering.certainKind(peer, poll, slot, this.#asked[peer]! < 0));
    else this.#queries.push(askTicks, pollEvent(0, slot, peer), reference);
  }
}
