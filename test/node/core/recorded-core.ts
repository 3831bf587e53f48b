/**
 * A core with ports that record: the host of the tests. Time is a number that the test moves.
 * Owns: records of every port call, answers built from a vote table. Does not own: any expectation.
 */
import { Core, type CoreOptions } from '#node/core/core.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import type { CorePorts } from '#node/core/ports.ts';
import { genesis } from '#node/core/vertex-table.ts';

export type Vote = 'yes' | 'no' | 'unknown';

export interface SentQuery {
  readonly poll: number;
  readonly slot: number;
  readonly attempt: number;
  readonly peer: number;
}

export const someParams: ConsensusParams = {
  k: 5,
  alphaPreference: 3,
  alphaConfidence: 4,
  beta: 3,
  threshold: 0.9,
  maxRounds: 20,
  pollIntervalUs: 100,
  concurrentPolls: 1,
  earlyEnd: false,
  maxUndecided: 4096,
};

export interface Overrides extends Partial<Omit<CoreOptions, 'params'>> {
  readonly params?: Partial<ConsensusParams>;
}

/** Records what the core asks of its host. */
export class RecordingPorts implements CorePorts {
  queries: SentQuery[] = [];
  readonly begun: { node: number; poll: number; vertices: number }[] = [];
  readonly ended: { node: number; poll: number; vertices: number; chits: number }[] = [];
  readonly wakes: { node: number; atUs: number }[] = [];
  timeouts: { poll: number; sequence: number; atUs: number }[] = [];
  readonly requests: { node: number; slot: number; peer: number }[] = [];
  readonly finalisations: { node: number; slot: number; rounds: number; confidence: number }[] = [];
  readonly rejections: { node: number; slot: number; cause: number }[] = [];
  readonly limits: { node: number; slot: number }[] = [];
  readonly convictions: { node: number; peer: number }[] = [];
  readonly releases: number[] = [];
  onBegun: (poll: number) => void = () => {};
  onEnded: (poll: number) => void = () => {};

  query(poll: number, slot: number, attempt: number, peer: number): void {
    this.queries.push({ poll, slot, attempt, peer });
  }
  pollBegun(node: number, poll: number, vertices: number): void {
    this.begun.push({ node, poll, vertices });
    this.onBegun(poll);
  }
  pollEnded(node: number, poll: number, vertices: number, chits: number): void {
    this.ended.push({ node, poll, vertices, chits });
    this.onEnded(poll);
  }
  wakeAt(node: number, atUs: number): void {
    this.wakes.push({ node, atUs });
  }
  timeoutAt(poll: number, sequence: number, atUs: number): void {
    this.timeouts.push({ poll, sequence, atUs });
  }
  request(node: number, slot: number, peer: number): void {
    this.requests.push({ node, slot, peer });
  }
  finalised(node: number, slot: number, rounds: number, confidence: number): void {
    this.finalisations.push({ node, slot, rounds, confidence });
  }
  rejected(node: number, slot: number, cause: number): void {
    this.rejections.push({ node, slot, cause });
  }
  undecidedAtLimit(node: number, slot: number): void {
    this.limits.push({ node, slot });
  }
  convicted(node: number, peer: number): void {
    this.convictions.push({ node, peer });
  }
  released(slot: number): void {
    this.releases.push(slot);
  }
}

/** Counter, score, rounds, confidence. */
type Counts = readonly [number, number, number, number];

export class RecordedCore {
  readonly #decided = new Map<string, Counts>();
  readonly ports = new RecordingPorts();
  readonly core: Core;
  readonly params: ConsensusParams;
  nowUs = 1000;
  #sequence = 0;

  constructor(overrides: Overrides = {}) {
    const { params, ...rest } = overrides;
    this.params = { ...someParams, ...params };
    this.core = new Core(
      {
        members: 40,
        first: 0,
        hosted: 1,
        seed: 7,
        slots: 64,
        timeout: { initialUs: 5000, leastUs: 500, mostUs: 50_000 },
        exclusion: false,
        ...rest,
        params: this.params,
      },
      this.ports,
    );
    this.#rememberCounts();
  }

  /** Registers an honest vertex of member 1 (a new sequence each time) without delivering it. */
  register(parents: readonly number[] = [genesis], inputs: readonly number[] = [], creator = 1): number {
    this.#sequence += 1;
    return this.core.register({ creator, sequence: this.#sequence, parents, inputs });
  }

  /** Registers and delivers a vertex to hosted node 0. */
  add(parents: readonly number[] = [genesis], inputs: readonly number[] = []): number {
    const slot = this.register(parents, inputs);
    this.core.deliver(0, slot, -1, this.nowUs);
    return slot;
  }

  status(slot: number, node = 0): 'unknown' | 'undecided' | 'finalised' | 'rejected' {
    const { standing } = this.core;
    if (standing.has(standing.finalised, node, slot)) return 'finalised';
    if (standing.has(standing.rejected, node, slot)) return 'rejected';
    return standing.has(standing.undecided, node, slot) ? 'undecided' : 'unknown';
  }

  isPreferred(slot: number, node = 0): boolean {
    const { standing } = this.core;
    return standing.has(standing.preferred, node, slot);
  }

  saysYes(slot: number, node = 0): boolean {
    return this.core.standing.saysYes(node, slot);
  }

  counter(slot: number, node = 0): number {
    return this.#counts(slot, node)[0];
  }

  score(slot: number, node = 0): number {
    return this.#counts(slot, node)[1];
  }

  rounds(slot: number, node = 0): number {
    return this.#counts(slot, node)[2];
  }

  confidence(slot: number, node = 0): number {
    return this.#counts(slot, node)[3];
  }

  /** As they stand, of a decided vertex as they stood when it was decided: the core clears them then. */
  #counts(slot: number, node: number): Counts {
    const { standing } = this.core;
    const cell = node * standing.capacity + slot;
    const { counter, score, rounds, confidence } = standing;
    const now: Counts = [counter[cell]!, score[cell]!, rounds[cell]!, confidence[cell]!];
    return standing.has(standing.undecided, node, slot) ? now : (this.#decided.get(`${node}/${slot}`) ?? now);
  }

  #rememberCounts(): void {
    const { standing } = this.core;
    const decide = standing.decide.bind(standing);
    standing.decide = (node, slot, finalised) => {
      this.#decided.set(`${node}/${slot}`, this.#counts(slot, node));
      decide(node, slot, finalised);
    };
  }

  /** Every vertex that the poll asks about. */
  scope(poll = 0): number[] {
    const { polls } = this.core;
    return slotsOf(polls.scope, poll * polls.words, polls.scopeWords(poll));
  }

  /** An answer in the layout of answer.ts: the listed vertices as voted, every other unknown. */
  votes(table: ReadonlyMap<number, Vote>): Int32Array {
    return encode(table, this.core.standing.words);
  }

  answer(poll: number, slot: number, table: ReadonlyMap<number, Vote>, attempt = 0): void {
    this.core.receive(poll, slot, attempt, this.votes(table), 0, this.nowUs);
  }

  /** Moves the clock to the next poll of node 0 and starts it. */
  wake(): void {
    this.nowUs += this.params.pollIntervalUs;
    this.core.wake(0, this.nowUs);
  }

  /**
   * One whole poll of node 0: vertex v gets yes from the first `yes.get(v)` slots and no from the others
   * (no vertex of the scope that is not listed gets a yes).
   */
  poll(yes: ReadonlyMap<number, number>): void {
    if (!this.core.polls.isOpen(0)) this.wake();
    const scope = this.scope();
    const ended = this.ports.ended.length;
    for (let slot = 0; slot < this.params.k && this.ports.ended.length === ended; slot++) {
      const table = new Map<number, Vote>();
      for (const vertex of scope) table.set(vertex, slot < (yes.get(vertex) ?? 0) ? 'yes' : 'no');
      this.answer(0, slot, table);
    }
  }
}

export function slotsOf(words: Int32Array, at: number, count: number): number[] {
  const found: number[] = [];
  for (let slot = 0; slot < count * 32; slot++) {
    if ((words[at + (slot >>> 5)]! & (1 << (slot & 31))) !== 0) found.push(slot);
  }
  return found;
}

export function encode(table: ReadonlyMap<number, Vote>, words: number): Int32Array {
  const answer = new Int32Array(2 * words);
  for (const [slot, vote] of table) {
    const word = 2 * (slot >>> 5);
    if (vote === 'yes') answer[word]! |= 1 << (slot & 31);
    if (vote !== 'unknown') answer[word + 1]! |= 1 << (slot & 31);
  }
  return answer;
}
