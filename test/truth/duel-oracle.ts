/**
 * Two conflicting vertices in a handful of nodes that poll in synchronous rounds, by exact enumeration of the whole network.
 * Owns: what a node remembers of the duel, every order in which its peers may be drawn, every joint outcome of a round, in integers
 * over one denominator. Shares no code with the product. Attackers refuse both (`reject`) or toss a coin for both (`random`).
 */
import { type Rational, rational } from './rational.ts';

export interface DuelCase {
  /** Honest nodes that saw A first, and those that saw B first. */
  readonly first: readonly [a: number, b: number];
  readonly byzantine: number;
  readonly voter: 'reject' | 'random';
  readonly k: number;
  readonly alphaPreference: number;
  readonly alphaConfidence: number;
  readonly beta: number;
  readonly rounds: number;
}

/** What one honest node knows: lead of A over B by score, both runs of successes, what it saw first, its decision. */
interface Mind {
  readonly lead: number;
  readonly runA: number;
  readonly runB: number;
  readonly first: 'A' | 'B';
  readonly decided: 'A' | 'B' | null;
}

const write = ({ lead, runA, runB, first, decided }: Mind): string =>
  `${lead},${runA},${runB},${first},${decided ?? '-'}`;

function read(text: string): Mind {
  const [lead, runA, runB, first, decided] = text.split(',');
  return {
    lead: Number(lead),
    runA: Number(runA),
    runB: Number(runB),
    first: first === 'A' ? 'A' : 'B',
    decided: decided === 'A' || decided === 'B' ? decided : null,
  };
}

function sideOf({ decided, lead, first }: Mind): 'A' | 'B' {
  if (decided !== null) return decided;
  return lead === 0 ? first : lead > 0 ? 'A' : 'B';
}

/** Ways to draw k peers in order, by yes votes for A and for B; attackers of kind `random` have two faces each. */
function pollWays(duel: DuelCase, a: number, b: number): Map<string, bigint> {
  const ways = new Map<string, bigint>();
  const follow = (
    left: readonly [number, number, number],
    votes: readonly [number, number],
    drawn: number,
    count: bigint,
  ): void => {
    if (drawn === duel.k) {
      const key = votes.join();
      ways.set(key, (ways.get(key) ?? 0n) + count);
      return;
    }
    const [la, lb, lz] = left;
    const [ya, yb] = votes;
    if (la > 0) follow([la - 1, lb, lz], [ya + 1, yb], drawn + 1, count * BigInt(2 * la));
    if (lb > 0) follow([la, lb - 1, lz], [ya, yb + 1], drawn + 1, count * BigInt(2 * lb));
    if (lz > 0 && duel.voter === 'reject') follow([la, lb, lz - 1], votes, drawn + 1, count * BigInt(2 * lz));
    if (lz > 0 && duel.voter === 'random') {
      follow([la, lb, lz - 1], votes, drawn + 1, count * BigInt(lz));
      follow([la, lb, lz - 1], [ya + 1, yb + 1], drawn + 1, count * BigInt(lz));
    }
  };
  follow([a, b, duel.byzantine], [0, 0], 0, 1n);
  return ways;
}

function after(duel: DuelCase, mind: Mind, yesA: number, yesB: number): Mind {
  const { alphaPreference, alphaConfidence, beta } = duel;
  const lead = mind.lead + (yesA >= alphaPreference ? 1 : 0) - (yesB >= alphaPreference ? 1 : 0);
  const runA = yesA >= alphaConfidence ? mind.runA + 1 : 0;
  const runB = yesB >= alphaConfidence ? mind.runB + 1 : 0;
  if (runA >= beta && runB >= beta)
    throw new RangeError('both sides ripe at once: not a case of this oracle');
  const decided = runA >= beta ? 'A' : runB >= beta ? 'B' : null;
  return decided === null ? { ...mind, lead, runA, runB } : { ...mind, lead: 0, runA: 0, runB: 0, decided };
}

/** P(a nodes decided A and b decided B after the rounds), by "a,b". */
export function duelTruth(duel: DuelCase): Map<string, Rational> {
  const fresh = (first: 'A' | 'B'): string => write({ lead: 0, runA: 0, runB: 0, first, decided: null });
  const start = [
    ...Array<string>(duel.first[0]).fill(fresh('A')),
    ...Array<string>(duel.first[1]).fill(fresh('B')),
  ];
  let states = new Map<string, bigint>([[start.sort().join(' '), 1n]]);
  let under = 1n;
  const honest = duel.first[0] + duel.first[1];
  let perNode = 1n;
  for (let i = 0; i < duel.k; i += 1) perNode *= BigInt(2 * (honest + duel.byzantine - 1 - i));
  for (let round = 0; round < duel.rounds; round += 1) {
    states = played(duel, states, perNode);
    under *= perNode ** BigInt(honest);
  }
  const ends = new Map<string, bigint>();
  for (const [state, ways] of states) {
    const minds = state.split(' ').map(read);
    const count = (side: 'A' | 'B'): number => minds.filter(({ decided }) => decided === side).length;
    const key = `${count('A')},${count('B')}`;
    ends.set(key, (ends.get(key) ?? 0n) + ways);
  }
  return new Map([...ends].map(([key, ways]) => [key, rational(ways, under)]));
}

function played(duel: DuelCase, states: ReadonlyMap<string, bigint>, perNode: bigint): Map<string, bigint> {
  const next = new Map<string, bigint>();
  for (const [state, ways] of states) {
    const minds = state.split(' ').map(read);
    const forA = minds.filter((mind) => sideOf(mind) === 'A').length;
    const asked = {
      A: pollWays(duel, forA - 1, minds.length - forA),
      B: pollWays(duel, forA, minds.length - forA - 1),
    };
    let joint = new Map<string, bigint>([['', ways]]);
    for (const mind of minds) {
      const outcomes =
        mind.decided === null
          ? outcomesOf(duel, mind, asked[sideOf(mind)])
          : new Map([[write(mind), perNode]]);
      const grown = new Map<string, bigint>();
      for (const [before, count] of joint)
        for (const [outcome, chance] of outcomes) {
          const key = (before === '' ? [outcome] : [...before.split(' '), outcome]).sort().join(' ');
          grown.set(key, (grown.get(key) ?? 0n) + count * chance);
        }
      joint = grown;
    }
    for (const [key, count] of joint) next.set(key, (next.get(key) ?? 0n) + count);
  }
  return next;
}

function outcomesOf(duel: DuelCase, mind: Mind, polls: ReadonlyMap<string, bigint>): Map<string, bigint> {
  const outcomes = new Map<string, bigint>();
  for (const [votes, count] of polls) {
    const [yesA = 0, yesB = 0] = votes.split(',').map(Number);
    const key = write(after(duel, mind, yesA, yesB));
    outcomes.set(key, (outcomes.get(key) ?? 0n) + count);
  }
  return outcomes;
}
