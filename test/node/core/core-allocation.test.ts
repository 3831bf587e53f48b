/**
 * The path of a query and of a vote allocates nothing: millions of them are driven through the core while the engine
 * counts every byte it allocates. What a poll itself needs is bounded too.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Core } from '#node/core/core.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import type { CorePorts } from '#node/core/ports.ts';
import { genesis } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { someParams } from './recorded-core.ts';

guardDeterminism();

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const members = 64;
const vertices = 96;
const answersWanted = 2_000_000;
const params: ConsensusParams = {
  ...someParams,
  k: 20,
  alphaPreference: 11,
  alphaConfidence: 15,
  beta: 60_000,
  maxRounds: 65_000,
  earlyEnd: true,
};

/** Answers every query of every node at once, as the simulator does: queries into a ring, answers from the core. */
class Loop implements CorePorts {
  readonly core: Core;
  answers = 0;
  polls = 0;
  /** Poll, slot and peer of each query. A node may begin its next poll while the queries of the one before are answered. */
  readonly #ring = new Int32Array(3 * 2 * members * params.k);
  #queued = 0;
  #nowUs = 0;
  readonly #votes: Int32Array;

  constructor() {
    this.core = new Core(
      {
        params,
        members,
        first: 0,
        hosted: members,
        seed: 5,
        slots: 128,
        timeout: { initialUs: 1e6, leastUs: 1e6, mostUs: 1e7 },
        exclusion: false,
      },
      this,
    );
    this.#votes = new Int32Array(2 * this.core.standing.words);
    for (let i = 0; i < vertices; i++) {
      const slot = this.core.register({
        creator: i % members,
        sequence: 1 + Math.floor(i / members),
        parents: [genesis],
        inputs: [],
      });
      for (let node = 0; node < members; node++) this.core.deliver(node, slot, -1, 0);
    }
  }

  /** One poll of every node. */
  round(): void {
    this.#nowUs += params.pollIntervalUs;
    for (let node = 0; node < members; node++) this.core.wake(node, this.#nowUs);
    const { polls } = this.core;
    for (let q = 0; q < this.#queued; q++) {
      const [poll, slot, peer] = [this.#ring[3 * q]!, this.#ring[3 * q + 1]!, this.#ring[3 * q + 2]!];
      if (!polls.isOpen(poll)) continue;
      this.core.answer(peer, polls.scope, poll * polls.words, polls.scopeWords(poll), this.#votes, 0);
      this.core.receive(poll, slot, 0, this.#votes, 0, this.#nowUs);
      this.answers += 1;
    }
    this.#queued = 0;
  }

  query(poll: number, slot: number, _attempt: number, peer: number): void {
    // A query that were lost would leave its node waiting for ever: there are no timeouts here.
    if (3 * this.#queued >= this.#ring.length) throw new RangeError('more queries than the ring holds');
    this.#ring[3 * this.#queued] = poll;
    this.#ring[3 * this.#queued + 1] = slot;
    this.#ring[3 * this.#queued + 2] = peer;
    this.#queued += 1;
  }

  pollEnded(): void {
    this.polls += 1;
  }

  pollBegun(): void {}
  wakeAt(): void {}
  timeoutAt(): void {}
  request(): void {}
  finalised(): void {}
  rejected(): void {}
  undecidedAtLimit(): void {}
  convicted(): void {}
  released(): void {}
}

function allocatedBytes(): number {
  return getHeapStatistics().total_allocated_bytes;
}

test('two million queries and answers allocate nothing, and leave nothing behind', (context) => {
  const loop = new Loop();
  for (let i = 0; i < 400; i++) loop.round(); // until the engine has compiled the loops
  collect();
  const heapBefore = process.memoryUsage().heapUsed;
  const [answers, polls, before] = [loop.answers, loop.polls, allocatedBytes()];
  while (loop.answers < answers + answersWanted) loop.round();
  const bytes = allocatedBytes() - before;
  const perAnswer = bytes / (loop.answers - answers);
  collect();
  const growth = process.memoryUsage().heapUsed - heapBefore;
  context.diagnostic(
    `${perAnswer.toFixed(3)} bytes per answer, ${(bytes / (loop.polls - polls)).toFixed(1)} per poll, heap grew by ${growth}`,
  );
  // The smallest object, a boxed number, has 16 bytes: one per answer would show as 16. What remains are the times that a poll
  // hands over when it begins and ends.
  assert.ok(perAnswer < 4, `${perAnswer} bytes per answer`);
  assert.equal((loop.polls - polls) % members, 0, 'every node polls in every round');
  assert.ok(growth < 1_000_000, `the heap grew by ${growth} bytes`);
});

test('the meter sees one small object per answer', () => {
  const kept: { answer: number }[] = new Array<{ answer: number }>(1000);
  const before = allocatedBytes();
  for (let i = 0; i < 100_000; i++) kept[i % 1000] = { answer: i };
  assert.ok((allocatedBytes() - before) / 100_000 >= 12);
  assert.equal(kept.length, 1000);
});
