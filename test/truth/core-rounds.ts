/**
 * The node's consensus core in synchronous rounds, message by message: every honest node polls at the same instant and every answer is
 * what the peer thought when the round began.
 * Owns: the rounds, lost messages, what attackers answer, who is cut off. Does not own: any vote, count or decision (node/core).
 */
import { Core } from '#node/core/core.ts';
import type { CorePorts } from '#node/core/ports.ts';
import { mix, unit } from '#node/core/random.ts';
import { genesis } from '#node/core/vertex-table.ts';
import { someParams } from '#test/node/core/recorded-core.ts';
import type { OracleVoter } from './virtuous-oracle.ts';

export interface RoundsSetting {
  readonly nodes: number;
  /** The last ones of the members. */
  readonly byzantine: number;
  readonly voter: OracleVoter;
  /** Honest members that are cut off: the ones before the attackers. */
  readonly cutOff: number;
  readonly k: number;
  readonly alphaPreference: number;
  readonly alphaConfidence: number;
  readonly beta: number;
  readonly maxRounds: number;
  /** 0..1, each way. */
  readonly loss: number;
  readonly earlyEnd: boolean;
}

/** A core whose failed polls leave the run of successes alone: an error that a comparison has to notice. */
export class ForgetfulCore extends Core {
  protected override clearCounter(): void {}
}

interface Query {
  readonly poll: number;
  readonly slot: number;
  readonly attempt: number;
  readonly peer: number;
}

const noPort = (): void => undefined;

export class CoreRounds implements CorePorts {
  readonly core: Core;
  /** Polls until each member finalised a vertex, by slot; absent = not finalised. */
  readonly finalisedAt = new Map<number, Map<number, number>>();
  readonly #setting: RoundsSetting;
  readonly #seed: number;
  #queries: Query[] = [];
  #nowUs = 0;
  #draws = 0;

  readonly pollBegun = noPort;
  readonly pollEnded = noPort;
  readonly wakeAt = noPort;
  readonly timeoutAt = noPort;
  readonly request = noPort;
  readonly rejected = noPort;
  readonly undecidedAtLimit = noPort;
  readonly convicted = noPort;
  readonly released = noPort;

  constructor(setting: RoundsSetting, seed: number, kind: typeof Core = Core) {
    this.#setting = setting;
    this.#seed = seed;
    const { k, alphaPreference, alphaConfidence, beta, maxRounds, earlyEnd } = setting;
    this.core = new kind(
      {
        params: {
          ...someParams,
          k,
          alphaPreference,
          alphaConfidence,
          beta,
          maxRounds,
          earlyEnd,
          concurrentPolls: 1,
        },
        members: setting.nodes,
        first: 0,
        hosted: setting.nodes,
        seed,
        slots: 32,
        timeout: { initialUs: 1_000, leastUs: 1_000, mostUs: 10_000 },
        exclusion: false,
      },
      this,
    );
  }

  get live(): number {
    return this.#setting.nodes - this.#setting.byzantine - this.#setting.cutOff;
  }

  query(poll: number, slot: number, attempt: number, peer: number): void {
    this.#queries.push({ poll, slot, attempt, peer });
  }

  finalised(node: number, slot: number, rounds: number): void {
    const of = this.finalisedAt.get(slot) ?? new Map<number, number>();
    of.set(node, rounds);
    this.finalisedAt.set(slot, of);
  }

  /** A vertex that everybody has from now on; `firstSeen` orders two of them. */
  register(sequence: number): number {
    return this.core.register({ creator: 0, sequence, parents: [genesis], inputs: [] });
  }

  deliver(node: number, slot: number): void {
    this.core.deliver(node, slot, -1, this.#nowUs);
  }

  /** Ends the polls that began with the first of several vertices, before the others were there: nobody answered. */
  passUnanswered(): void {
    this.#queries = [];
    for (let attempt = 0; attempt < 2; attempt += 1)
      for (let node = 0; node < this.live; node += 1)
        if (this.core.polls.isOpen(node))
          this.core.timeout(node, this.core.polls.sequence(node), this.#nowUs);
    this.#queries = [];
    this.#nowUs += this.core.params.pollIntervalUs;
  }

  /** One poll of every live node. */
  round(): void {
    const { core } = this;
    for (let node = 0; node < this.live; node += 1) core.wake(node, this.#nowUs);
    // At most three times: answers, answers of fresh peers, slots given up.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      this.#exchange();
      for (let node = 0; node < this.live; node += 1)
        if (core.polls.isOpen(node)) core.timeout(node, core.polls.sequence(node), this.#nowUs);
    }
    // Only now: a poll that ends must not begin the next one within its own round.
    this.#nowUs += core.params.pollIntervalUs;
  }

  #exchange(): void {
    const { core } = this;
    const { polls } = core;
    const queries = this.#queries.filter(({ poll }) => poll < this.live && polls.isOpen(poll));
    this.#queries = [];
    const answers = queries.map((query) => (this.#isLost() ? null : this.#answer(query)));
    queries.forEach(({ poll, slot, attempt }, i) => {
      const votes = answers[i];
      if (votes === null || votes === undefined || !polls.isOpen(poll) || this.#isLost()) return;
      core.receive(poll, slot, attempt, votes, 0, this.#nowUs);
    });
  }

  #unit(): number {
    this.#draws += 1;
    return unit(mix(this.#seed ^ 0x51ed_270b, 0x2545, this.#draws));
  }

  #isLost(): boolean {
    return this.#setting.loss > 0 && this.#unit() < this.#setting.loss;
  }

  #answer({ poll, peer }: Query): Int32Array | null {
    const { polls } = this.core;
    const words = polls.scopeWords(poll);
    const votes = new Int32Array(2 * words);
    if (peer < this.live) {
      this.core.answer(peer, polls.scope, poll * polls.words, words, votes, 0);
      return votes;
    }
    if (peer < this.#setting.nodes - this.#setting.byzantine) return null;
    switch (this.#setting.voter) {
      case 'silent':
        return null;
      case 'accept':
        return this.#sameToAll(votes, true);
      case 'reject':
        return this.#sameToAll(votes, false);
      case 'random':
        return this.#sameToAll(votes, this.#unit() < 0.5);
    }
  }

  #sameToAll(votes: Int32Array, isYes: boolean): Int32Array {
    for (let i = 0; i < votes.length; i += 2) {
      votes[i] = isYes ? -1 : 0;
      votes[i + 1] = -1;
    }
    return votes;
  }
}
