/**
 * The single-vertex state machines as published: what avalanchego's snowball and snowflake tests state as facts, played
 * through whole polls of the core. Red and blue are two vertices of one sequence; red is seen first.
 * One difference is deliberate: of equal scores the protocol definition prefers the vertex seen first, avalanchego the one
 * that was preferred before; steps where this shows are marked.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { genesis } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { RecordedCore } from './recorded-core.ts';

guardDeterminism();

/** What a poll tells of one colour: 5 votes of 5, exactly alphaPreference, or nothing. */
type Step = 'red' | 'blue' | 'red preference' | 'blue preference' | 'none';

class Duel {
  readonly host: RecordedCore;
  readonly red: number;
  readonly blue: number;

  constructor(beta: number, alphaConfidence = 4) {
    this.host = new RecordedCore({ params: { beta, alphaConfidence, threshold: 0.5 } });
    const twin = { creator: 3, sequence: 1, parents: [genesis], inputs: [] };
    this.red = this.host.core.register(twin);
    this.blue = this.host.core.register(twin);
    this.host.core.deliver(0, this.red, 2, this.host.nowUs);
    this.host.core.deliver(0, this.blue, 2, this.host.nowUs);
    // The first poll was begun by red alone: let it pass without a vote, then forget it.
    this.host.poll(new Map());
  }

  play(step: Step): void {
    const { red, blue } = this;
    const votes = new Map<number, number>();
    if (step === 'red') votes.set(red, 5);
    if (step === 'blue') votes.set(blue, 5);
    if (step === 'red preference') votes.set(red, 3);
    if (step === 'blue preference') votes.set(blue, 3);
    this.host.poll(votes);
  }

  /** The vertex that the node would vote for. */
  get preference(): 'red' | 'blue' {
    assert.notEqual(this.host.saysYes(this.red), this.host.saysYes(this.blue));
    return this.host.saysYes(this.red) ? 'red' : 'blue';
  }

  get isFinalised(): boolean {
    const ends = [this.host.status(this.red), this.host.status(this.blue)].sort().join();
    assert.ok(ends === 'undecided,undecided' || ends === 'finalised,rejected', ends);
    return ends === 'finalised,rejected';
  }
}

interface Published {
  readonly name: string;
  readonly beta: number;
  /** [poll, preference after it, final after it] */
  readonly steps: ReadonlyArray<readonly [Step, 'red' | 'blue', boolean]>;
  /** Scores when it ends. */
  readonly scores: readonly [red: number, blue: number];
}

const published: readonly Published[] = [
  {
    name: 'binary snowball: a lead moves the preference, a tie goes to the first seen',
    beta: 2,
    steps: [
      ['blue', 'blue', false],
      ['red', 'red', false], // 1:1: red was seen first (avalanchego: still blue)
      ['blue', 'blue', false],
      ['blue', 'blue', true],
    ],
    scores: [1, 3],
  },
  {
    name: 'binary snowball: a poll with alphaPreference only moves the preference but not the counter',
    beta: 2,
    steps: [
      ['blue', 'blue', false],
      ['red', 'red', false], // 1:1 (avalanchego: still blue)
      ['red preference', 'red', false],
      ['red', 'red', false],
      ['red', 'red', true],
    ],
    scores: [4, 1],
  },
  {
    name: 'binary snowball: an unsuccessful poll starts the counter over',
    beta: 2,
    steps: [
      ['blue', 'blue', false],
      ['none', 'blue', false],
      ['blue', 'blue', false],
      ['blue', 'blue', true],
    ],
    scores: [0, 3],
  },
  {
    name: 'binary snowball: the finalised colour wins over the score',
    beta: 2,
    steps: [
      ['red', 'red', false],
      ['none', 'red', false],
      ['red', 'red', false],
      ['none', 'red', false],
      ['blue', 'red', false],
      ['blue', 'blue', true], // 2:2 by score, but blue has its two successes
    ],
    scores: [2, 2],
  },
  {
    name: 'binary snowball: a finalised colour is locked',
    beta: 1,
    steps: [
      ['red', 'red', true],
      ['none', 'red', true],
    ],
    scores: [1, 0],
  },
  {
    name: 'n-nary snowball: four later polls for the other colour change nothing once it is final',
    beta: 2,
    steps: [
      ['blue', 'blue', false],
      ['none', 'blue', false],
      ['blue', 'blue', false],
      ['blue', 'blue', true],
      ['none', 'blue', true],
      ['none', 'blue', true],
    ],
    scores: [0, 3],
  },
];

describe('published duels', () => {
  for (const { name, beta, steps, scores } of published) {
    test(name, () => {
      const duel = new Duel(beta);
      for (const [index, [step, preference, final]] of steps.entries()) {
        if (duel.isFinalised) {
          duel.host.wake(); // nothing is undecided: no poll begins, so nothing can change
          assert.equal(duel.host.core.polls.isOpen(0), false);
        } else duel.play(step);
        assert.equal(duel.preference, preference, `preference after poll ${index + 1} (${step})`);
        assert.equal(duel.isFinalised, final, `final after poll ${index + 1} (${step})`);
      }
      assert.deepEqual([duel.host.score(duel.red), duel.host.score(duel.blue)], scores);
    });
  }

  test('the difference of colours: snowball keeps blue while the counter already runs for red', () => {
    const duel = new Duel(3);
    duel.play('blue preference');
    duel.play('blue');
    duel.play('red');
    assert.equal(duel.preference, 'blue');
    assert.deepEqual([duel.host.counter(duel.red), duel.host.counter(duel.blue)], [1, 0]);
  });

  test('switching choices: the counter of a colour starts over whenever its poll fails', () => {
    const duel = new Duel(9, 3);
    const plays: ReadonlyArray<readonly [red: number, blue: number, counters: readonly number[]]> = [
      [3, 0, [1, 0]],
      [0, 2, [0, 0]],
      [3, 0, [1, 0]],
      [0, 0, [0, 0]],
      [0, 3, [0, 1]],
      [0, 5, [0, 2]],
      [0, 5, [0, 3]],
    ];
    for (const [red, blue, counters] of plays) {
      duel.host.poll(
        new Map([
          [duel.red, red],
          [duel.blue, blue],
        ]),
      );
      assert.deepEqual([duel.host.counter(duel.red), duel.host.counter(duel.blue)], counters);
    }
  });
});

/** avalanchego's termination conditions with alphaPreference 3; here each is a configuration of its own. */
const conditions = [
  { alphaConfidence: 3, beta: 4, counters: [1, 2, 3, 4] },
  { alphaConfidence: 4, beta: 3, counters: [1, 2, 0, 1] },
  { alphaConfidence: 5, beta: 2, counters: [1, 0, 0, 1] },
] as const;

describe('an unconflicted vertex (unary snowflake and snowball)', () => {
  for (const { alphaConfidence, beta, counters } of conditions) {
    const name = `alphaConfidence ${alphaConfidence}, beta ${beta}`;

    test(`${name}: finalises at its beta-th success and not one before`, () => {
      const host = new RecordedCore({ params: { alphaConfidence, beta } });
      const v = host.add();
      for (let success = 1; success <= beta; success++) {
        assert.equal(host.status(v), 'undecided');
        host.poll(new Map([[v, alphaConfidence]]));
        assert.equal(host.counter(v), success);
      }
      assert.equal(host.status(v), 'finalised');
      assert.equal(host.ports.finalisations[0]!.rounds, beta);
    });

    test(`${name}: beta - 1 successes, a failure, then the whole beta again`, () => {
      const host = new RecordedCore({ params: { alphaConfidence, beta } });
      const v = host.add();
      for (let success = 1; success < beta; success++) host.poll(new Map([[v, alphaConfidence]]));
      host.poll(new Map([[v, alphaConfidence - 1]]));
      assert.equal(host.counter(v), 0);
      for (let success = 1; success < beta; success++) host.poll(new Map([[v, alphaConfidence]]));
      assert.equal(host.status(v), 'undecided');
      host.poll(new Map([[v, alphaConfidence]]));
      assert.equal(host.status(v), 'finalised');
      assert.equal(host.ports.finalisations[0]!.rounds, 2 * beta);
    });

    test(`${name}: polls with 5, 4, 3, 5 votes give counters ${counters.join(', ')}`, () => {
      const host = new RecordedCore({ params: { alphaConfidence, beta } });
      const v = host.add();
      const seen = [5, 4, 3, 5].map((votes) => {
        host.poll(new Map([[v, votes]]));
        return host.counter(v);
      });
      assert.deepEqual(seen, counters);
      assert.equal(host.status(v), alphaConfidence === 3 ? 'finalised' : 'undecided');
    });
  }

  test('score and counter go their own ways, and a late rival needs the higher score', () => {
    const host = new RecordedCore({ params: { beta: 2, threshold: 0.5 } });
    const twin = { creator: 3, sequence: 1, parents: [genesis], inputs: [] };
    const [old, rival] = [host.core.register(twin), host.core.register(twin)];
    host.core.deliver(0, old, 2, host.nowUs);
    const steps = [
      [5, 1, 1],
      [3, 2, 0],
      [5, 3, 1],
      [0, 3, 0],
      [5, 4, 1],
    ] as const;
    for (const [votes, score, counter] of steps) {
      host.poll(new Map([[old, votes]]));
      assert.deepEqual([host.score(old), host.counter(old)], [score, counter]);
    }
    host.core.deliver(0, rival, 2, host.nowUs);
    host.poll(new Map());
    for (let i = 0; i < 5; i++) {
      assert.ok(host.saysYes(old) && !host.saysYes(rival), `${i}:4 keeps the first`);
      assert.equal(host.status(rival), 'undecided');
      host.poll(new Map([[rival, 5]]));
      host.poll(new Map());
    }
    assert.ok(host.saysYes(rival) && !host.saysYes(old), '5:4 moves the preference');
    host.poll(new Map([[rival, 5]]));
    host.poll(new Map([[rival, 5]]));
    assert.deepEqual([host.status(rival), host.status(old)], ['finalised', 'rejected']);
  });
});
