/**
 * What a polled node of the simulation says: its honest answer, or what an attack makes of it.
 * Owns: noting an answer in the querier's poll, Byzantine rewriting, bytes of exceptions, asking for what is unknown.
 * Does not own: when queries arrive and answers leave (exchange.ts, poll-exchange.ts), or any attack.
 */
import { type AnswerDecorator, answerNow } from '#node/core/answer.ts';
import type { Core } from '#node/core/core.ts';
import { answerNoToAll, answerYesToAll } from '#node/core/exceptions.ts';
import { bitCount } from '#node/core/poll-book.ts';
import { mix, purpose, streamKey } from '#node/core/random.ts';
import type { Calibration } from '#node/model/calibration.ts';
import type { Network } from './network.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const yesToAll = answerYesToAll;
const draw32 = mix;
const ones = bitCount;
const now = answerNow;

export interface AnsweringParts {
  readonly core: Core;
  readonly network: Network;
  readonly calibration: Calibration;
  readonly seed: number;
  readonly attack: AnswerDecorator | null;
  readonly operatorOf: Int32Array;
}

export class Answering {
  readonly #parts: AnsweringParts;
  readonly #core: Core;
  readonly #concurrent: number;
  /** Kind of every answer of the attack, -1 when they differ. */
  readonly constant: number;
  /** There are no attackers, or they always say the same. */
  readonly isUniform: boolean;
  /** Every answer says the same to all vertices. */
  readonly #isWhole: boolean;
  /** An answer before it is known what kind it is. */
  #draft = new Int32Array(2);
  /** Words of it that may have an exception, one bit each. */
  #only = new Int32Array(1);

  constructor(parts: AnsweringParts) {
    this.#parts = parts;
    this.#core = parts.core;
    this.#concurrent = parts.core.params.concurrentPolls;
    const constant = parts.attack?.constant;
    this.constant = constant === undefined ? -1 : constant === 'yes' ? yesToAll : answerNoToAll;
    this.isUniform = parts.attack === null || constant !== undefined;
    this.#isWhole = this.constant >= 0 || parts.attack?.saysYesToAll !== undefined;
  }

  /** The peer's answer as of now, rewritten if it attacks. Returns its kind, above two bits of when it leaves. */
  answer(peer: number, poll: number, slot: number, attacks: boolean, nowUs: number): number {
    const core = this.#core;
    const { polls, standing } = core;
    const at = 2 * peer * standing.words;
    if (!attacks) {
      const kind = polls.putHosted(poll, slot, standing.votes, at);
      if (kind !== yesToAll) {
        const { missed, unknown } = polls.exceptions;
        this.#sendExceptions(peer, poll, missed, unknown, nowUs);
      }
      return (kind << 2) | now;
    }
    const words = polls.scopeWords(poll);
    if (this.#isWhole && this.#hasScope(poll, words)) {
      if (!polls.open.isEmpty(poll, words)) this.#onExceptions(peer, poll, standing.votes, at, nowUs);
      return (this.#wholeKind(peer, poll) << 2) | now;
    }
    if (this.#parts.attack?.onlyContested === true) return this.#answerInPart(peer, poll, slot, words, nowUs);
    const draft = this.#room(words);
    const exceptions = core.answer(peer, polls.scope, poll * polls.words, words, draft, 0);
    if (exceptions !== 0) this.#onExceptions(peer, poll, draft, 0, nowUs);
    const manner = this.#decorate(peer, poll, words, nowUs);
    return (polls.put(poll, slot, draft, 0) << 2) | manner;
  }

  /** The peer says yes to the whole scope of the poll, an attacker when it is honest. */
  saysYes(peer: number, poll: number): boolean {
    const { polls, standing } = this.#core;
    const words = polls.scopeWords(poll);
    const scopeAt = poll * polls.words;
    const row = 2 * peer * standing.words;
    for (let w = 0; w < words; w++)
      if ((polls.scope[scopeAt + w]! & ~standing.votes[row + 2 * w]!) !== 0) return false;
    return true;
  }

  /** All peers of the poll do. */
  allSayYes(poll: number): boolean {
    const { polls } = this.#core;
    if (polls.open.isEmpty(poll, polls.scopeWords(poll))) return true;
    const until = (poll + 1) * polls.k;
    let at = until - polls.k;
    while (at < until && this.saysYes(polls.peers[at]!, poll)) at += 1;
    return at === until;
  }

  /** Kind of the answer of a peer that is honest, or says yes to everything when it is. */
  certainKind(peer: number, poll: number, slot: number, attacks: boolean): number {
    return attacks ? this.rewritten(peer, poll, slot) >>> 2 : yesToAll;
  }

  /** The answer of an attacker that says yes to the whole scope when it is honest. */
  rewritten(peer: number, poll: number, slot: number): number {
    const { polls } = this.#core;
    const words = polls.scopeWords(poll);
    if (this.constant >= 0 || (this.#isWhole && this.#hasScope(poll, words)))
      return (this.#wholeKind(peer, poll) << 2) | now;
    const draft = this.#room(words);
    const from = poll * polls.words;
    for (let w = 0; w < words; w++) {
      draft[2 * w] = polls.scope[from + w]!;
      draft[2 * w + 1] = polls.scope[from + w]!;
    }
    // Attacks that look at the time are refused where answers are foreseen.
    const manner = this.#decorate(peer, poll, words, 0);
    return (polls.put(poll, slot, draft, 0) << 2) | manner;
  }

  /** An answer that differs from the honest one in conflicting vertices only: most words are neither open nor hold one. */
  #answerInPart(peer: number, poll: number, slot: number, words: number, nowUs: number): number {
    const { polls, standing, table } = this.#core;
    const votes = standing.votes;
    const at = 2 * peer * standing.words;
    const draft = this.#room(words);
    const only = this.#only.length < polls.open.stride ? new Int32Array(polls.open.stride) : this.#only;
    this.#only = only;
    let some = 0;
    for (let from = 0; from < words; from += 32) {
      const until = Math.min(words, from + 32);
      let map = openBits(polls.open.maps[poll * polls.open.stride + (from >>> 5)]!, words - from);
      for (let w = from; w < until; w++)
        if ((polls.scope[poll * polls.words + w]! & table.contested[w]!) !== 0) map |= 1 << (w - from);
      for (let rest = map; rest !== 0; rest &= rest - 1) {
        const w = from + (31 - Math.clz32(rest & -rest));
        draft[2 * w] = votes[at + 2 * w]!;
        draft[2 * w + 1] = votes[at + 2 * w + 1]!;
      }
      only[from >>> 5] = map;
      some |= map;
    }
    if (some === 0) return (yesToAll << 2) | now;
    this.#onExceptions(peer, poll, votes, at, nowUs);
    const manner = this.#decorate(peer, poll, words, nowUs);
    return (polls.putWords(poll, slot, draft, 0, only) << 2) | manner;
  }

  #hasScope(poll: number, words: number): boolean {
    const { polls } = this.#core;
    return words > 0 && polls.scope[poll * polls.words + words - 1] !== 0;
  }

  /** Of an attack that says the same to all vertices. */
  #wholeKind(peer: number, poll: number): number {
    if (this.constant >= 0) return this.constant;
    return this.#parts.attack!.saysYesToAll!(this.#drawOf(peer, poll)) ? yesToAll : answerNoToAll;
  }

  #room(words: number): Int32Array {
    if (this.#draft.length < 2 * words) this.#draft = new Int32Array(2 * this.#core.polls.words);
    return this.#draft;
  }

  /** Answers are sent as exceptions; a vertex of the scope that is unknown is asked for. */
  #onExceptions(peer: number, poll: number, votes: Int32Array, at: number, nowUs: number): void {
    const { scope, words: width } = this.#core.polls;
    const { maps: open, stride } = this.#core.polls.open;
    const words = this.#core.polls.scopeWords(poll);
    const scopeAt = poll * width;
    const openAt = poll * stride;
    let exceptions = 0;
    let unknown = 0;
    for (let from = 0; from < words; from += 32) {
      for (let rest = openBits(open[openAt + (from >>> 5)]!, words - from); rest !== 0; rest &= rest - 1) {
        const w = from + (31 - Math.clz32(rest & -rest));
        const missing = scope[scopeAt + w]! & ~votes[at + 2 * w]!;
        exceptions += ones(missing);
        unknown |= missing & ~votes[at + 2 * w + 1]!;
      }
    }
    this.#sendExceptions(peer, poll, exceptions, unknown, nowUs);
  }

  /** `exceptions`: how many there are; `unknown`: not 0 where the peer does not know some of them. */
  #sendExceptions(peer: number, poll: number, exceptions: number, unknown: number, nowUs: number): void {
    this.#parts.network.bytesSent[peer]! += exceptions * this.#parts.calibration.wireBytes.answerPerException;
    if (unknown !== 0) this.requestMissing(peer, poll, nowUs);
  }

  /** The peer asks for the vertices of the scope that it does not know. */
  requestMissing(peer: number, poll: number, nowUs: number): void {
    const {
      scope,
      words: width,
      open: { maps: open, stride },
    } = this.#core.polls;
    const words = this.#core.polls.scopeWords(poll);
    const scopeAt = poll * width;
    const openAt = poll * stride;
    const { votes, words: row } = this.#core.standing;
    const knownAt = 2 * peer * row + 1;
    const querier = this.#nodeOf(poll);
    for (let from = 0; from < words; from += 32) {
      for (let rest = openBits(open[openAt + (from >>> 5)]!, words - from); rest !== 0; rest &= rest - 1) {
        const w = from + (31 - Math.clz32(rest & -rest));
        const missing = scope[scopeAt + w]! & ~votes[knownAt + 2 * w]!;
        // Of most words everything is known: their marks stay out of the caches.
        if (missing !== 0) this.#core.requestWord(peer, querier, w, missing, nowUs);
      }
    }
  }

  #decorate(peer: number, poll: number, words: number, nowUs: number): number {
    const { attack } = this.#parts;
    if (attack === null) return now;
    const polls = this.#core.polls;
    return attack.decorate(
      this.#core,
      peer,
      this.#nodeOf(poll),
      this.#drawOf(peer, poll),
      polls.scope,
      poll * polls.words,
      words,
      this.#draft,
      0,
      nowUs,
    );
  }

  #drawOf(peer: number, poll: number): number {
    const { operatorOf, seed } = this.#parts;
    const querier = this.#nodeOf(poll);
    const key = streamKey(seed, operatorOf[peer]!, purpose.attack, querier);
    return draw32(key, querier, this.#core.polls.sequence(poll));
  }

  #nodeOf(poll: number): number {
    return this.#concurrent === 1 ? poll : (poll / this.#concurrent) | 0;
  }
}

/** Of the bits for 32 words those of the first `words`. */
function openBits(bits: number, words: number): number {
  return words < 32 ? bits & ((1 << words) - 1) : bits;
}
