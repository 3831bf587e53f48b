/**
 * A small network of cores: one node of a core that hosts all N behaves exactly like a core that hosts only it and is given
 * the same inputs; and the network as a whole keeps the promises of the protocol.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Core, type CoreOptions } from '#node/core/core.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import type { CorePorts } from '#node/core/ports.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { someParams } from './recorded-core.ts';
import { type Inputs, SmallNetwork } from './small-network.ts';

guardDeterminism();

const members = 14;

function optionsFor(params: Partial<ConsensusParams>, seed: number): CoreOptions {
  return {
    params: {
      ...someParams,
      k: 7,
      alphaPreference: 4,
      alphaConfidence: 5,
      beta: 5,
      pollIntervalUs: 700,
      earlyEnd: true,
      ...params,
    },
    members,
    first: 0,
    hosted: members,
    seed,
    slots: 64,
    timeout: { initialUs: 4000, leastUs: 1000, mostUs: 60_000 },
    exclusion: true,
  };
}

/** Writes down what a lone core asks of its host, in the words of the network's log. */
function scribe(lines: string[]): CorePorts {
  return {
    query: (poll, slot, attempt, peer) => lines.push(`query ${poll} ${slot} ${attempt} ${peer}`),
    pollBegun: (_node, poll, vertices) => lines.push(`begun ${poll} ${vertices}`),
    pollEnded: (_node, poll, vertices, chits) => lines.push(`ended ${poll} ${vertices} ${chits}`),
    wakeAt: (_node, atUs) => lines.push(`wake ${atUs}`),
    timeoutAt: (poll, sequence, atUs) => lines.push(`timeout ${poll} ${sequence} ${atUs}`),
    request: (_node, slot, peer) => lines.push(`request ${slot} ${peer}`),
    finalised: (_node, slot, rounds, confidence) => lines.push(`finalised ${slot} ${rounds} ${confidence}`),
    rejected: (_node, slot, cause) => lines.push(`rejected ${slot} ${cause}`),
    undecidedAtLimit: (_node, slot) => lines.push(`limit ${slot}`),
    convicted: (_node, peer) => lines.push(`convicted ${peer}`),
    released: () => {},
  };
}

/** The inputs of one member, given to a core of its own. After each the logs and the answers must be the same. */
class Shadow implements Inputs {
  readonly lines: string[] = [];
  readonly core: Core;
  compared = 0;
  readonly #network: SmallNetwork;
  readonly #member: number;
  readonly #polls: number;

  constructor(network: SmallNetwork, options: CoreOptions, member: number) {
    this.#network = network;
    this.#member = member;
    this.#polls = options.params.concurrentPolls;
    this.core = new Core({ ...options, first: member, hosted: 1 }, scribe(this.lines));
  }

  #owns(poll: number): boolean {
    return Math.floor(poll / this.#polls) === this.#member;
  }

  #compare(): void {
    const expected = this.#network.log[this.#member]!;
    for (; this.compared < expected.length; this.compared++)
      assert.equal(this.lines[this.compared], expected[this.compared], `line ${this.compared}`);
    assert.equal(this.lines.length, expected.length);
  }

  register(facts: Parameters<Inputs['register']>[0]): void {
    this.core.register(facts);
  }

  deliver(node: number, slot: number, from: number, nowUs: number): void {
    if (node !== this.#member) return;
    this.core.deliver(0, slot, from, nowUs);
    this.#compare();
  }

  answer(node: number, scope: Int32Array, words: number): void {
    if (node !== this.#member) return;
    const [own, other] = [new Int32Array(2 * words), new Int32Array(2 * words)];
    assert.equal(
      this.core.answer(0, scope, 0, words, own, 0),
      this.#network.core.answer(node, scope, 0, words, other, 0),
    );
    assert.deepEqual(own, other);
  }

  requestMissing(node: number, querier: number, scope: Int32Array, words: number, nowUs: number): void {
    if (node !== this.#member) return;
    this.core.requestMissing(0, querier, scope, 0, words, nowUs);
    this.#compare();
  }

  receive(poll: number, slot: number, attempt: number, votes: Int32Array, nowUs: number): void {
    if (!this.#owns(poll)) return;
    this.core.receive(poll % this.#polls, slot, attempt, votes, 0, nowUs);
    this.#compare();
  }

  receiveLate(poll: number, sequence: number, slot: number, attempt: number, nowUs: number): void {
    if (this.#owns(poll)) this.core.receiveLate(poll % this.#polls, sequence, slot, attempt, nowUs);
  }

  timeout(poll: number, sequence: number, nowUs: number): void {
    if (!this.#owns(poll)) return;
    this.core.timeout(poll % this.#polls, sequence, nowUs);
    this.#compare();
  }

  wake(node: number, nowUs: number): void {
    if (node !== this.#member) return;
    this.core.wake(0, nowUs);
    this.#compare();
  }

  crash(node: number): void {
    if (node === this.#member) this.core.crash(0, () => true);
  }

  restart(node: number, nowUs: number): void {
    if (node !== this.#member) return;
    this.core.restart(0, nowUs);
    this.#compare();
  }
}

/** A load of vertices with some double spends and one equivocation; the shadowed member is down for a while. */
function live(network: SmallNetwork, victim: number, vertices: number): void {
  const sequences = new Array<number>(members).fill(0);
  for (let i = 0; i < vertices; i++) {
    const creator = (i * 5) % members;
    if (network.core.active[creator] !== 0) {
      sequences[creator]! += 1;
      network.issue(creator, sequences[creator]!, i % 10 < 2 ? [1 + Math.floor(i / 10)] : []);
      if (i === 23) network.issue(creator, sequences[creator]!, [777]);
    }
    if (i === 40) network.crash(victim);
    if (i === 50) network.restart(victim);
    network.runUntil(network.nowUs + 400);
  }
  network.runUntil(network.nowUs + 400_000);
}

for (const [name, params, member] of [
  ['one poll at a time', {}, 5],
  ['three polls at once', { concurrentPolls: 3 }, 13],
  ['no early end, one threshold', { earlyEnd: false, alphaPreference: 5 }, 1],
] as const) {
  test(`a hosted node in lockstep with a core of its own: ${name}`, () => {
    const options = optionsFor(params, 3);
    const network = new SmallNetwork(options);
    const shadow = new Shadow(network, options, member);
    network.mirror = shadow;
    live(network, member, 120);
    const kinds = new Set(shadow.lines.map((line) => line.split(' ')[0]));
    for (const kind of ['query', 'ended', 'timeout', 'request', 'finalised', 'rejected', 'convicted'])
      assert.ok(kinds.has(kind), `the run has a ${kind}`);
    assert.ok(shadow.compared > 300, `${shadow.compared} port calls compared`);
    assert.ok(shadow.core.retries > 0);
  });
}

test('the same seed gives the same run, another seed another one', () => {
  const logOf = (seed: number): string => {
    const network = new SmallNetwork(optionsFor({}, seed));
    live(network, 2, 80);
    return network.log.flat().join('\n');
  };
  const first = logOf(11);
  assert.equal(logOf(11), first);
  assert.notEqual(logOf(12), first);
});

for (const concurrentPolls of [1, 2]) {
  test(`a network with losses and conflicts agrees on everything (${concurrentPolls} polls at once)`, () => {
    const network = new SmallNetwork(optionsFor({ concurrentPolls, maxRounds: 400 }, 21));
    live(network, 4, 150);
    const { standing, table } = network.core;
    let decided = 0;
    for (let slot = 0; slot < table.registered; slot++) {
      const nodes = Array.from({ length: members }, (_, node) => node);
      const finalised = nodes.filter((node) => standing.has(standing.finalised, node, slot)).length;
      const rejected = nodes.filter((node) => standing.has(standing.rejected, node, slot)).length;
      assert.ok(
        finalised === 0 || rejected === 0,
        `vertex ${slot}: ${finalised} finalised, ${rejected} rejected`,
      );
      if (finalised + rejected === members) decided += 1;
      for (const node of nodes) {
        if (!standing.has(standing.finalised, node, slot)) continue;
        for (const parent of table.parents.subarray(slot * 8, slot * 8 + table.parentCount[slot]!))
          assert.ok(
            parent < 0 || standing.has(standing.finalised, node, parent),
            'finalised sets are closed',
          );
        for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge))
          assert.ok(!standing.has(standing.finalised, node, table.conflictAt(edge)), 'one of two rivals');
      }
    }
    assert.ok(decided / table.registered > 0.8, `${decided} of ${table.registered} decided everywhere`);
    const convicted = [...network.core.suspicion.convictedBy.entries()].filter(([, nodes]) => nodes > 0);
    const equivocator = (23 * 5) % members;
    assert.deepEqual(
      convicted.map(([member]) => member),
      [equivocator],
      'only the equivocator is convicted',
    );
  });
}
