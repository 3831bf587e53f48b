/**
 * The core against the naive node: random DAGs with conflicts, random order of delivery, random votes, pruning, table growth.
 * After every step status, score, counter, rounds, confidence, preference and vote of every vertex must be the same.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rejectedByConflict } from '#node/core/ports.ts';
import { genesis, lost } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { RecordedCore, type Vote } from './recorded-core.ts';
import { ReferenceNode } from './reference-node.ts';

guardDeterminism();
const seed = 20_261_121;

type Step =
  | {
      readonly kind: 'register';
      readonly parents: readonly number[];
      readonly twinOf: number;
      readonly inputs: readonly number[];
      readonly deliver: boolean;
    }
  | { readonly kind: 'deliver'; readonly pick: number }
  | { readonly kind: 'poll'; readonly favour: number; readonly answers: readonly number[] }
  | { readonly kind: 'release'; readonly count: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('register' as const),
        parents: fc.array(fc.nat(5), { maxLength: 3 }),
        twinOf: fc.nat(9),
        inputs: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
        deliver: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('deliver' as const), pick: fc.nat(20) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('poll' as const),
        favour: fc.nat(3),
        answers: fc.array(fc.nat(59), { minLength: 1, maxLength: 5, size: 'max' }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), count: fc.nat(3) }) },
  ),
  { minLength: 30, maxLength: 90, size: 'max' },
);

/** A small deterministic shuffle key. */
function scramble(a: number, b: number): number {
  let h = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 7, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

class Pair {
  readonly host: RecordedCore;
  readonly node: ReferenceNode;
  /** Slot of each id while the core still holds it, else -1. */
  readonly slots: number[] = [];
  readonly #creatorOf: (readonly [creator: number, sequence: number])[] = [];
  readonly #counts = new Map<number, Map<number, number>>();
  /** Slots of each poll that are answered. */
  readonly #answered = new Map<number, number>();
  #sequence = 0;

  constructor(concurrentPolls: number, earlyEnd: boolean) {
    this.host = new RecordedCore({
      slots: 32,
      params: { beta: 2, threshold: 0.8, concurrentPolls, earlyEnd, maxRounds: 50 },
    });
    this.node = new ReferenceNode(this.host.params);
    const { ports } = this.host;
    ports.onBegun = (poll) => {
      this.#counts.set(poll, new Map(this.node.undecided.map((id) => [id, 0])));
      this.#answered.set(poll, 0);
    };
    ports.onEnded = (poll) => {
      this.node.complete(this.#counts.get(poll)!);
      this.#counts.delete(poll);
    };
  }

  idAt(slot: number): number {
    return this.slots.indexOf(slot);
  }

  apply(step: Step): void {
    if (step.kind === 'register') this.#register(step);
    else if (step.kind === 'deliver') this.#deliver(step.pick % Math.max(1, this.slots.length));
    else if (step.kind === 'poll') this.#poll(step.favour, step.answers);
    else this.#release(step.count);
  }

  #register(step: Step & { kind: 'register' }): void {
    const newest = this.slots.length - 1;
    const parents = [...new Set(step.parents.map((back) => newest - back).filter((id) => id >= 0))];
    const twin = newest - step.twinOf;
    const [creator, sequence] = step.twinOf > 6 && twin >= 0 ? this.#creatorOf[twin]! : [2, ++this.#sequence];
    const inputs = [...new Set(step.inputs)].filter((input) => input > 2);
    const id = this.node.register(parents, [`${creator}/${sequence}`, ...inputs.map((i) => `input ${i}`)]);
    this.#creatorOf[id] = [creator, sequence];
    this.slots[id] = this.host.core.register({
      creator,
      sequence,
      parents: parents.length === 0 ? [genesis] : parents.map((parent) => this.#reference(parent)),
      inputs,
    });
    if (step.deliver) this.#deliver(id);
  }

  /** How a new vertex refers to a parent: by slot, or by what became of it. */
  #reference(id: number): number {
    const slot = this.slots[id]!;
    if (slot >= 0) return slot;
    return this.node.at(id).status === 'finalised' ? genesis : lost;
  }

  #deliver(id: number): void {
    const slot = this.slots[id] ?? -1;
    if (slot < 0) return;
    this.node.deliver(id);
    this.host.core.deliver(0, slot, 3, this.host.nowUs);
    this.#adoptArrivals();
  }

  /** Vertices that waited for one parent enter together; their order among themselves is the core's affair. */
  #adoptArrivals(): void {
    const { seen } = this.host.core.standing;
    const known = [...this.slots.keys()].filter((id) => this.slots[id]! >= 0 && this.node.isKnown(id));
    for (const id of known) {
      const own = seen[this.slots[id]!]!;
      this.node.at(id).seen = own;
      for (const parent of this.node.at(id).parents)
        if (this.slots[parent]! >= 0) assert.ok(seen[this.slots[parent]!]! < own, 'parents enter first');
    }
  }

  /** Some more answers for every open poll, so that polls overlap. */
  #poll(favour: number, answers: readonly number[]): void {
    const { host } = this;
    host.wake();
    for (const answer of answers) {
      const open = [...this.#counts.keys()];
      const poll = open[answer % open.length];
      if (poll === undefined) continue;
      const slot = this.#answered.get(poll)!;
      this.#answered.set(poll, slot + 1);
      host.answer(poll, slot, this.#vote(poll, favour, (answer / 3) | 0));
    }
  }

  /** A peer says yes to a set without conflicts, mostly in the order that the poll favours; some know little. */
  #vote(poll: number, favour: number, mood: number): Map<number, Vote> {
    const { node } = this;
    const counts = this.#counts.get(poll)!;
    const key = mood < 3 ? mood : Math.max(1, favour);
    const order = [...counts.keys()].toSorted((a, b) => scramble(a, key) - scramble(b, key));
    const yes: number[] = [];
    for (const id of order) if (!yes.some((other) => node.conflict(id, other))) yes.push(id);
    const table = new Map<number, Vote>();
    for (const id of order) {
      if (node.at(id).status !== 'undecided') continue;
      const vote = mood === 18 ? 'unknown' : yes.includes(id) && mood !== 19 ? 'yes' : 'no';
      if (vote === 'yes') counts.set(id, counts.get(id)! + 1);
      table.set(this.slots[id]!, vote);
    }
    return table;
  }

  #release(count: number): void {
    const { decisions } = this.host.core;
    const released = decisions.releasable.slice(0, count);
    decisions.release(released.length);
    for (const slot of released) this.slots[this.idAt(slot)] = -1;
    assert.deepEqual(this.host.ports.releases.slice(-released.length || this.host.ports.releases.length), [
      ...released,
    ]);
  }

  compare(): void {
    const { host, node, slots } = this;
    for (const [id, slot] of slots.entries()) {
      if (slot < 0) continue;
      const v = node.at(id);
      const known = v.status === 'pending' ? 'unknown' : v.status;
      const label = `vertex ${id} in slot ${slot}`;
      assert.equal(host.status(slot), known, label);
      assert.equal(host.saysYes(slot), node.saysYes(id), `${label}: strongly preferred or finalised`);
      if (known !== 'undecided') continue;
      assert.equal(host.isPreferred(slot), node.isPreferred(id), `${label}: preferred`);
      assert.deepEqual(
        [host.score(slot), host.counter(slot), host.rounds(slot), host.confidence(slot)],
        [v.score, v.counter, v.rounds, v.confidence],
        label,
      );
    }
    assert.equal(host.core.standing.undecidedCount[0], node.undecided.length);
  }

  /** Causes of rejection as they were reported, for vertices that are still in the table. */
  compareCauses(): void {
    const latest = new Map(this.host.ports.rejections.map(({ slot, cause }) => [slot, cause]));
    for (const [id, slot] of this.slots.entries()) {
      if (slot < 0 || this.node.at(id).status !== 'rejected') continue;
      const cause = latest.get(slot) === rejectedByConflict ? 'conflict' : 'parent';
      const expected = this.node.at(id).cause;
      // What only descends from two conflicting vertices may be reported either way: its own transactions are valid.
      if (expected !== 'invalid') assert.equal(cause, expected, `vertex ${id}: cause of the rejection`);
    }
  }
}

function play(concurrentPolls: number, earlyEnd: boolean, script: readonly Step[]): Pair {
  const pair = new Pair(concurrentPolls, earlyEnd);
  for (const step of script) {
    pair.apply(step);
    pair.compare();
    pair.compareCauses();
  }
  return pair;
}

for (const [concurrentPolls, earlyEnd] of [
  [1, false],
  [1, true],
  [2, false],
  [3, true],
] as const) {
  test(`the core agrees with the naive node (${concurrentPolls} polls at once, early end ${earlyEnd})`, () => {
    let [finalised, rejected] = [0, 0];
    fc.assert(
      fc.property(steps, (script) => {
        const pair = play(concurrentPolls, earlyEnd, script);
        finalised += pair.host.ports.finalisations.length;
        rejected += pair.host.ports.rejections.length;
      }),
      { seed, numRuns: 250 },
    );
    assert.ok(
      finalised > 250 && rejected > 250,
      `the runs decide: ${finalised} finalised, ${rejected} rejected`,
    );
  });
}
