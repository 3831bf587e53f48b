/**
 * The draws of whole polls in WebAssembly: the same samples and the same ends of polls as slot by slot, and that the module was
 * made from the source that lies beside it.
 * Does not own: that a run is the same at every fidelity (poll-exchange.prop.test.ts, golden-trace.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArrivalOrder } from '#campaigns/targets/simulator/arrival-order.ts';
import { FollowedDraws } from '#campaigns/targets/simulator/followed-draws.ts';
import { Foresight } from '#campaigns/targets/simulator/foresight.ts';
import { finerThan, Network } from '#campaigns/targets/simulator/network.ts';
import { compiled, loadPollDraws, PollDraws, roomFor } from '#campaigns/targets/simulator/poll-draws.ts';
import { builtFromSha256, builtWith, wasmBase64 } from '#campaigns/targets/simulator/poll-draws-wasm.ts';
import { PollRecords } from '#campaigns/targets/simulator/poll-records.ts';
import { VectorSampler } from '#campaigns/targets/simulator/vector-sampler.ts';
import { plainArrays } from '#node/core/arrays.ts';
import { answerNoToAll, answerYesToAll } from '#node/core/exceptions.ts';
import { PollBook } from '#node/core/poll-book.ts';
import { Sampler } from '#node/core/sampler.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import { RecordedCore } from '#test/node/core/recorded-core.ts';
import { compareFreshBuild } from '#test/support/fresh-wasm.ts';
import { pollDraws, sourceSha256 } from '../../../../scripts/wasm-modules.ts';

const committed = Uint8Array.from(Buffer.from(wasmBase64, 'base64'));
const attacker = 0x80000000 | 0;
const profile = networkProfiles.find(({ name }) => name === 'wan')!;

interface Case {
  readonly members: number;
  readonly k: number;
  readonly alpha: number;
  readonly preference: number;
  readonly earlyEnd: boolean;
  readonly loss: number;
  readonly attackerEvery: number;
  readonly refuse: boolean;
  /** Answers take almost the same time: many arrive in one tick. */
  readonly isTight: boolean;
  readonly keys: readonly number[];
}

const cases = fc
  .record({
    k: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 71, max: 1023 })),
    more: fc.integer({ min: 1, max: 600 }),
    alphaShare: fc.double({ min: 0, max: 1, noNaN: true }),
    preferenceShare: fc.double({ min: 0, max: 1, noNaN: true }),
    earlyEnd: fc.boolean(),
    loss: fc.constantFrom(0, 0.001, 0.05, 0.9),
    attackerEvery: fc.integer({ min: 1, max: 12 }),
    refuse: fc.boolean(),
    isTight: fc.boolean(),
    keys: fc.array(fc.integer(), { minLength: 1, maxLength: 20 }),
  })
  .map(({ k, more, alphaShare, preferenceShare, ...rest }): Case => {
    const alpha = 1 + Math.floor(alphaShare * (k - 1));
    return {
      ...rest,
      k,
      members: 2 * k + more,
      alpha,
      preference: 1 + Math.floor(preferenceShare * (alpha - 1)),
    };
  });

/** What was found out about a poll. */
function foreseen(foresight: Foresight, polls: PollBook, node: number): unknown {
  const { end, answers, late, lostQueries, lostAnswers } = foresight;
  const { k } = polls;
  const odd = Array.from({ length: polls.oddCount(node) }, (_, n) => [
    polls.oddSlot(node, n),
    polls.oddKind(node, n),
  ]);
  // What stands behind the sample is not the sample's.
  const peers = [...polls.peers.subarray(node * k, (node + 1) * k + 8)];
  const votes = polls.yesVotes(node, 0);
  return { end, answers, late, lostQueries, lostAnswers, odd, peers, votes, filled: polls.filled(node) };
}

/** One side of the comparison: polls one after the other, and what was found out about each. */
function polled(of: Case, draws: PollDraws | null, isSampledThere: boolean): unknown[] {
  const { members, k, alpha, preference, earlyEnd, loss, refuse, isTight } = of;
  const params = {
    k,
    alphaConfidence: alpha,
    alphaPreference: preference,
    beta: 5,
    maxRounds: 100,
    concurrentPolls: 1,
    pollIntervalUs: 1,
    earlyEnd,
    maxUndecided: 100,
    threshold: 0.99,
  };
  const oneWayUs: [number, number] = isTight ? [1_000, 1_005] : [...profile.oneWayUs];
  const tickUs = Math.ceil(oneWayUs[1] / finerThan);
  const network = new Network({ ...profile, oneWayUs, loss }, members, tickUs, 1);
  const polls = new PollBook(members, 1, params, draws ?? plainArrays);
  const constant = refuse ? answerNoToAll : answerYesToAll;
  const foresight = new Foresight(
    { polls, params },
    network,
    { constant, rewritten: () => constant << 2 },
    draws,
  );
  const asked = draws?.asked ?? new Int32Array(members);
  for (let member = 0; member < members; member += of.attackerEvery) asked[member] = attacker;
  const sampler = draws !== null && isSampledThere ? new VectorSampler(draws) : new Sampler(members);
  const followed = new FollowedDraws({ polls }, network, draws, new ArrivalOrder(k));
  const order = new Int32Array(members * k);
  const found: unknown[] = [];
  for (const [i, key] of of.keys.entries()) {
    const node = (i * 7) % members;
    polls.begin(node, Int32Array.of(1), 0, 1, key, 0);
    sampler.sample(node, k, key, node, polls.peers, node * k, null);
    if (i % 3 === 2) {
      const count = k - (i % Math.min(k, 5));
      const words = followed.draw(node, count, asked, order, node * k);
      found.push([...order.subarray(node * k, node * k + words)], [...followed.asks.subarray(0, count)]);
      found.push(followed.lostQueries, followed.lostAnswers);
      continue;
    }
    foresight.look(node, asked);
    found.push(foreseen(foresight, polls, node));
  }
  return [...found, [...asked]];
}

function agrees(module: object, runs: number): void {
  fc.assert(
    fc.property(cases, fc.boolean(), fc.boolean(), (of, isSampledThere, isRoomy) => {
      const room = isRoomy ? roomFor(of.members, of.members, of.k) : 0;
      const draws = new PollDraws(of.members, module, room);
      assert.deepEqual(polled(of, draws, isSampledThere), polled(of, null, false));
    }),
    { numRuns: runs },
  );
}

test('polls have the same peers, losses, refusals, orders and ends as slot by slot', () => {
  agrees(compiled(committed), 150);
});

test('the stamps of samples outlive their wrap', () => {
  const members = 40;
  const draws = loadPollDraws(members);
  assert.ok(draws !== null, 'this processor has vector instructions');
  const plain = new Sampler(members);
  const vector = new VectorSampler(draws);
  const [there, here] = [new Int32Array(15), new Int32Array(15)];
  for (let i = 0; i < 600; i++) {
    vector.sample(i % members, 15, i, 3, there, 0, null);
    plain.sample(i % members, 15, i, 3, here, 0, null);
    assert.deepEqual(there, here);
  }
});

test('a node that leaves peers out, or asks most of its peers, has the plain sample', () => {
  const members = 30;
  const vector = new VectorSampler(loadPollDraws(members)!);
  const plain = new Sampler(members);
  const exclusions = { count: () => 1, excludes: (_node: number, peer: number) => peer === 7 };
  const sampled = (sampler: Sampler, k: number, without: typeof exclusions | null): Int32Array => {
    const out = new Int32Array(k);
    sampler.sample(2, k, 99, 2, out, 0, without);
    return out;
  };
  assert.deepEqual(sampled(vector, 5, exclusions), sampled(plain, 5, exclusions));
  assert.deepEqual(sampled(vector, 25, null), sampled(plain, 25, null));
});

test('there is room for the peers and the records of all polls', () => {
  for (const [nodes, k] of [
    [4, 1],
    [1_000, 50],
    [3_000, 1_023],
  ] as const) {
    const arrays = loadPollDraws(nodes, roomFor(nodes, nodes, k))!;
    const params = { k, alphaConfidence: k, alphaPreference: k };
    const { core } = new RecordedCore({ params, members: nodes, hosted: nodes, arrays });
    assert.ok(arrays.addressOf(core.polls.peers) > 0, `${nodes} nodes, k = ${k}`);
    assert.ok(arrays.addressOf(new PollRecords(nodes, k, arrays).words) > 0, `${nodes} nodes, k = ${k}`);
  }
});

test('the module was made from the source that is committed', () => {
  assert.equal(builtFromSha256, sourceSha256(pollDraws), 'run: node scripts/wasm-modules.ts');
});

test('a fresh build of the source is the committed module', (context) => {
  compareFreshBuild(context, pollDraws, { builtWith, bytes: committed }, (fresh) =>
    agrees(compiled(fresh), 50),
  );
});

test('something else than the module is refused', () => {
  const empty = compiled(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  assert.throws(() => new PollDraws(10, empty), /not poll-draws/);
});
