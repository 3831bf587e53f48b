// Goal: the law of yes votes against exact enumeration for every voter, and against sampling with losses and retries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PollSetting, Voter } from '#campaigns/analytic/yes-votes.ts';
import { yesVotes } from '#campaigns/analytic/yes-votes.ts';
import { choose, hypergeometricExact, relativeError, toNumber } from './exact.ts';

const plain = { loss: 0, offlineShare: 0, retry: false } as const;

test('rejecting attackers leave a hypergeometric law over the other N-1 nodes', () => {
  const law = yesVotes({ ...plain, nodes: 150, byzantine: 15, voter: 'reject', k: 30 });
  for (let x = 0; x <= 30; x += 1) {
    assert.ok(relativeError(law.atLeast(x), toNumber(hypergeometricExact(149, 134, 30, x, 30))) < 1e-13);
  }
});

test('silent attackers without a retry count as rejecting ones, accepting ones as honest', () => {
  const reject = yesVotes({ ...plain, nodes: 80, byzantine: 20, voter: 'reject', k: 20 });
  const silent = yesVotes({ ...plain, nodes: 80, byzantine: 20, voter: 'silent', k: 20 });
  for (let x = 0; x <= 20; x += 1) assert.ok(Math.abs(silent.pmf(x) - reject.pmf(x)) < 1e-14);
  assert.equal(yesVotes({ ...plain, nodes: 80, byzantine: 20, voter: 'accept', k: 20 }).atLeast(20), 1);
});

test('random voters: the mixture of hypergeometric and fair coins, exactly', () => {
  const law = yesVotes({ ...plain, nodes: 41, byzantine: 12, voter: 'random', k: 10 });
  for (let votes = 0; votes <= 10; votes += 1) {
    let over = 0n;
    for (let h = 0; h <= votes; h += 1) {
      const coins = 10 - h;
      over += choose(28, h) * choose(12, coins) * choose(coins, votes - h) * 2n ** BigInt(h);
    }
    assert.ok(relativeError(law.pmf(votes), toNumber({ over, under: choose(40, 10) * 2n ** 10n })) < 1e-12);
  }
});

test('a silent slot is asked again at a fresh peer, exactly', () => {
  const law = yesVotes({ ...plain, retry: true, nodes: 31, byzantine: 10, voter: 'silent', k: 8 });
  for (let votes = 0; votes <= 8; votes += 1) {
    let expected = 0;
    for (let h = 0; h <= votes; h += 1) {
      const again = 8 - h;
      const second = choose(20 - h, votes - h) * choose(2 + h, again - (votes - h));
      expected += toNumber({
        over: choose(20, h) * choose(10, 8 - h) * second,
        under: choose(30, 8) * choose(22, again),
      });
    }
    assert.ok(relativeError(law.pmf(votes), expected) < 1e-12);
  }
});

test('losses without a retry thin the votes by (1 - loss)^2', () => {
  const loss = 0.25;
  const law = yesVotes({ ...plain, loss, nodes: 60, byzantine: 12, voter: 'reject', k: 12 });
  const kept = (1 - loss) ** 2;
  for (let votes = 0; votes <= 12; votes += 1) {
    let expected = 0;
    for (let h = votes; h <= 12; h += 1) {
      const chance = toNumber(hypergeometricExact(59, 47, 12, h, h));
      expected += chance * Number(choose(h, votes)) * kept ** votes * (1 - kept) ** (h - votes);
    }
    assert.ok(relativeError(law.pmf(votes), expected) < 1e-10);
  }
});

test('offline nodes act as a share f + c (1 - f) of silent ones', () => {
  const law = yesVotes({ ...plain, offlineShare: 0.2, nodes: 101, byzantine: 1, voter: 'reject', k: 20 });
  for (let x = 0; x <= 20; x += 1) {
    assert.ok(Math.abs(law.atLeast(x) - toNumber(hypergeometricExact(100, 79, 20, x, 20))) < 1e-13);
  }
});

/** A small multiplicative generator: independent of the product's own random streams. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** One poll, acted out. */
function playPoll(setting: PollSetting, random: () => number): number {
  const peers = setting.nodes - 1;
  const honest = setting.nodes - setting.byzantine - 1;
  const deck = Array.from({ length: peers }, (_, i) => i);
  let asked = 0;
  const next = (): number => {
    const chosen = asked + Math.floor(random() * (peers - asked));
    [deck[asked], deck[chosen]] = [deck[chosen]!, deck[asked]!];
    return deck[asked++]!;
  };
  const answer = (peer: number): 'yes' | 'no' | 'none' => {
    if (random() < setting.loss || random() < setting.loss) return 'none';
    if (peer < honest || setting.voter === 'accept') return 'yes';
    if (setting.voter === 'silent') return 'none';
    return setting.voter === 'random' && random() < 0.5 ? 'yes' : 'no';
  };
  const first = Array.from({ length: setting.k }, next).map(answer);
  const again = first.filter((vote) => vote === 'none').map(() => (asked < peers ? answer(next()) : 'none'));
  return [...first, ...again].filter((vote) => vote === 'yes').length;
}

test('losses, silence and retries agree with acted-out polls', () => {
  const random = generator(20_261_121);
  const polls = 30_000;
  for (const voter of ['reject', 'silent', 'random', 'accept'] satisfies Voter[]) {
    for (const k of [12, 24]) {
      const setting = { nodes: 40, byzantine: 11, voter, k, loss: 0.1, offlineShare: 0, retry: true };
      const law = yesVotes(setting);
      const counts = new Float64Array(k + 1);
      for (let i = 0; i < polls; i += 1) counts[playPoll(setting, random)]! += 1;
      for (let x = 0; x <= k; x += 1) {
        const expected = law.pmf(x);
        const deviation = Math.sqrt((expected * (1 - expected)) / polls) + 1 / polls;
        assert.ok(Math.abs(counts[x]! / polls - expected) < 5 * deviation, `${voter} k=${k} x=${x}`);
      }
    }
  }
});

test('a sample larger than the network is refused', () => {
  assert.throws(() => yesVotes({ ...plain, nodes: 10, byzantine: 0, voter: 'reject', k: 10 }), RangeError);
});

test('identities of one operator vote alike: as the mixture over what its coin shows', () => {
  const setting = { ...plain, nodes: 41, byzantine: 12, k: 10 } as const;
  const accept = yesVotes({ ...setting, voter: 'accept' });
  const reject = yesVotes({ ...setting, voter: 'reject' });
  const alone = yesVotes({ ...setting, voter: 'random' });
  const one = yesVotes({ ...setting, voter: 'random', identities: 12 });
  for (let votes = 0; votes <= 10; votes += 1) {
    const mixed = (accept.pmf(votes) + reject.pmf(votes)) / 2;
    assert.ok(Math.abs(one.pmf(votes) - mixed) < 1e-12, `${votes}`);
    const single = yesVotes({ ...setting, voter: 'random', identities: 1 }).pmf(votes);
    assert.equal(single, alone.pmf(votes));
  }
  // Two operators of five and a last one of two: the mean is that of twelve coins, the spread lies between theirs and that of one coin.
  const five = yesVotes({ ...setting, voter: 'random', identities: 5 });
  const moments = (law: typeof five): readonly [mean: number, variance: number] => {
    let [mean, square] = [0, 0];
    for (let votes = 0; votes <= 10; votes += 1) {
      mean += votes * law.pmf(votes);
      square += votes * votes * law.pmf(votes);
    }
    return [mean, square - mean * mean];
  };
  assert.ok(Math.abs(moments(five)[0] - moments(alone)[0]) < 1e-9);
  assert.ok(moments(five)[1] > moments(alone)[1] && moments(five)[1] < moments(one)[1]);
});

test('a law is looked up only where everything that it follows from is the same', () => {
  const setting: PollSetting = {
    nodes: 60,
    byzantine: 18,
    voter: 'random',
    k: 12,
    loss: 0.05,
    offlineShare: 0.2,
    retry: true,
    identities: 3,
  };
  const law = yesVotes(setting);
  assert.equal(yesVotes({ ...setting }), law);
  const changes: readonly Partial<PollSetting>[] = [
    ...[{ nodes: 61 }, { byzantine: 17 }, { voter: 'reject' as const }, { k: 11 }],
    ...[{ loss: 0.06 }, { offlineShare: 0.3 }, { retry: false }, { identities: 4 }],
  ];
  assert.equal(changes.length, Object.keys(setting).length);
  for (const change of changes) {
    const other = yesVotes({ ...setting, ...change });
    assert.notEqual(other.pmf(10).toPrecision(12), law.pmf(10).toPrecision(12), JSON.stringify(change));
  }
  // A search that asks for hundreds of laws makes them all be forgotten, and the same law comes again.
  for (let nodes = 100; nodes < 700; nodes += 1)
    yesVotes({ ...plain, nodes, byzantine: 1, voter: 'reject', k: 1 });
  assert.notEqual(yesVotes(setting), law);
  for (let x = 0; x <= 12; x += 1) assert.equal(yesVotes(setting).pmf(x), law.pmf(x));
});
