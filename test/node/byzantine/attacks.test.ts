// Goal: each attack rewrites an honest answer the way its definition says. Method: a small vertex table with conflicts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attack, attackDecorator, attackNames } from '#node/byzantine/attacks.ts';
import { halfOf } from '#node/byzantine/equivocation.ts';
import { sybilOperator } from '#node/byzantine/sybil.ts';
import { answerLate, answerNever, answerNow } from '#node/core/answer.ts';
import { mix } from '#node/core/random.ts';
import { Suspicion } from '#node/core/suspicion.ts';
import { genesis, VertexTable } from '#node/core/vertex-table.ts';

const words = 2;

/** Slots 0..39: 2 and 33 conflict (33 came later), 5, 6 and 7 share an input; all others stand alone. */
function tableWithConflicts(): VertexTable {
  const table = new VertexTable(10, 10, 64);
  for (let slot = 0; slot < 40; slot += 1) {
    const inputs = slot === 2 || slot === 33 ? [77] : slot >= 5 && slot <= 7 ? [88] : [];
    const facts = { creator: slot % 10, sequence: 1 + slot, parents: [genesis], inputs, idOrder: slot };
    assert.equal(table.register(facts), slot);
  }
  return table;
}

const table = tableWithConflicts();
/** The querier asks about all but slot 1. */
const scope = Int32Array.of(0, 0, 0, ~2, 0xff);
const scopeAt = 3;

interface Decorated {
  readonly when: number;
  readonly yes: readonly number[];
  readonly known: readonly number[];
}

/** Honest answer: knows slots 0..31 of the scope, says yes to slots 0..15. */
function decorated(attack: Attack, node: number, querier: number, draw: number, clusters = 1): Decorated {
  const answer = Int32Array.of(9, 0xffff, -1, 0, 0, 9);
  const decorator = attackDecorator(attack, clusters);
  assert.equal(decorator.name, attack);
  const when = decorator.decorate({ table }, node, querier, draw, scope, scopeAt, words, answer, 1, 0);
  assert.deepEqual([answer[0], answer[5]], [9, 9], 'wrote outside its answer');
  const slots = (word: number): number[] => {
    const found: number[] = [];
    for (let slot = 0; slot < 40; slot += 1) {
      const bits = answer[1 + 2 * (slot >>> 5) + word]! & scope[scopeAt + (slot >>> 5)]!;
      if ((bits & (1 << (slot & 31))) !== 0) found.push(slot);
    }
    return found;
  };
  return { when, yes: slots(0), known: slots(1) };
}

const asked = Array.from({ length: 40 }, (_, slot) => slot).filter((slot) => slot !== 1);
const honestYes = asked.filter((slot) => slot < 16);
const contested = [2, 5, 6, 7, 33];

test('always-reject knows everything and says yes to nothing', () => {
  assert.deepEqual(decorated('always-reject', 1, 2, 3), { when: answerNow, yes: [], known: asked });
});

test('always-accept says yes to everything, unknown and conflicting vertices included', () => {
  assert.deepEqual(decorated('always-accept', 1, 2, 3), { when: answerNow, yes: asked, known: asked });
});

test('random says all yes or all no by a fair coin per answer', () => {
  let accepted = 0;
  for (let i = 0; i < 2_000; i += 1) {
    const { yes, known } = decorated('random', 1, 2, mix(4, 5, i));
    assert.deepEqual(known, asked);
    assert.ok(yes.length === 0 || yes.length === asked.length);
    if (yes.length > 0) accepted += 1;
  }
  assert.ok(Math.abs(accepted - 1_000) < 4 * Math.sqrt(500), `${accepted}`);
});

test('identities of one Sybil operator that share a draw give one answer', () => {
  for (let i = 0; i < 50; i += 1) {
    const draw = mix(8, 9, i);
    assert.deepEqual(decorated('sybil', 1, 7, draw), decorated('sybil', 4, 7, draw));
  }
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((rank) => sybilOperator(rank, 3)),
    [0, 0, 0, 1, 1, 1],
  );
  assert.deepEqual(
    [0, 1, 2].map((rank) => sybilOperator(rank, 0)),
    [0, 1, 2],
  );
});

test('silent never answers, late gives the honest answer at the last moment', () => {
  assert.equal(decorated('silent', 1, 2, 3).when, answerNever);
  const late = decorated('late', 1, 2, 3);
  assert.equal(late.when, answerLate);
  assert.deepEqual(late.yes, honestYes);
});

test('one cluster of colluders backs the last of every conflict and is honest elsewhere', () => {
  for (const node of [0, 1, 2]) {
    const { when, yes } = decorated('collusion', node, 5, 6);
    assert.equal(when, answerNow);
    const expected = [...honestYes.filter((slot) => !contested.includes(slot)), 7, 33].sort((a, b) => a - b);
    assert.deepEqual(yes, expected);
  }
});

test('two clusters back opposite sides', () => {
  const side = (node: number): number[] =>
    decorated('collusion', node, 5, 6, 2).yes.filter((slot) => contested.includes(slot));
  assert.deepEqual(side(0), [7, 33]);
  assert.deepEqual(side(1), [2, 5]);
  assert.deepEqual(side(2), side(0));
});

test('colluders follow conflicts that come and go, and slots that the table gains', () => {
  const own = new VertexTable(10, 10, 32);
  const decorator = attackDecorator('collusion', 1);
  const add = (sequence: number, input: number): number => {
    if (own.full) own.grow();
    return own.register({ creator: 1, sequence, parents: [genesis], inputs: [input] });
  };
  const backed = (): number[] => {
    const answer = new Int32Array(8);
    decorator.decorate({ table: own }, 0, 5, 6, Int32Array.of(-1, -1, 0, 0), 0, own.highWord, answer, 0, 0);
    return Array.from({ length: 64 }, (_, slot) => slot).filter(
      (slot) => ((answer[2 * (slot >>> 5)]! >>> (slot & 31)) & 1) === 1,
    );
  };
  for (let sequence = 0; sequence < 32; sequence += 1) add(sequence, sequence);
  assert.deepEqual(backed(), []);
  const rival = add(40, 3);
  assert.deepEqual(backed(), [rival]);
  const youngest = add(41, 3);
  assert.deepEqual(backed(), [youngest]);
  own.release(youngest, false);
  assert.deepEqual(backed(), [rival]);
  own.release(rival, false);
  assert.deepEqual(backed(), []);
});

test('a colluder claims to know what it votes on', () => {
  assert.ok(decorated('collusion', 0, 5, 6).known.includes(33));
});

test('equivocators tell each half that its side of a conflict wins, and every querier one story', () => {
  for (let querier = 0; querier < 40; querier += 1) {
    const first = decorated('equivocation', 3, querier, mix(1, 1, querier));
    const again = decorated('equivocation', 3, querier, mix(1, 2, querier));
    assert.deepEqual(again, first);
    const backed = first.yes.filter((slot) => contested.includes(slot));
    assert.deepEqual(backed, halfOf(querier) === 0 ? [2, 5] : [7, 33]);
  }
});

test('equivocators give an uncontested vertex yes or no by who asks', () => {
  let accepted = 0;
  for (let querier = 0; querier < 400; querier += 1) {
    if (decorated('equivocation', 3, querier, 0).yes.includes(20)) accepted += 1;
  }
  assert.ok(Math.abs(accepted - 200) < 50, `${accepted}`);
});

test('the halves are equal', () => {
  const upper = Array.from({ length: 100 }, (_, member) => halfOf(member)).filter((half) => half === 1);
  assert.equal(upper.length, 50);
});

test('minority balancing backs in every conflict the side that its own node does not prefer', () => {
  const { yes } = decorated('minority-balance', 1, 2, 3);
  // Its node says yes to 2, 5, 6 and 7: the youngest of each conflict is backed, one side of each only.
  assert.deepEqual(
    yes.filter((slot) => contested.includes(slot)),
    [7, 33],
  );
  assert.deepEqual(
    yes.filter((slot) => !contested.includes(slot)),
    honestYes.filter((slot) => !contested.includes(slot)),
  );
});

test('an informed attacker tells a querier that what it prefers wins, an uninformed one tells its half', () => {
  const told = (querier: number, prefers: readonly number[]): readonly number[] => {
    const answer = new Int32Array(2 * words);
    const standing = { nodes: 10, saysYes: (_node: number, slot: number) => prefers.includes(slot) };
    const attack = attackDecorator('informed-split', 1);
    attack.decorate({ table, standing }, 1, querier, 0, scope, scopeAt, words, answer, 0, 0);
    return contested.filter((slot) => (answer[2 * (slot >>> 5)]! & (1 << (slot & 31))) !== 0);
  };
  assert.deepEqual(told(4, [2, 6]), [2, 6]);
  assert.deepEqual(told(4, [7, 33]), [7, 33]);
  assert.deepEqual(told(12, []), [2, 5]);
  assert.deepEqual(told(13, []), [7, 33]);
});

test('poison spares the roots of the query and refuses what stands on them', () => {
  const chain = new VertexTable(4, 4, 64);
  const [root, child] = [0, 1].map((slot) =>
    chain.register({
      creator: slot,
      sequence: 1,
      parents: [slot === 0 ? genesis : 0],
      inputs: [],
    }),
  );
  const answer = Int32Array.of(3, 3);
  const attack = attackDecorator('descendant-poison', 1);
  attack.decorate({ table: chain }, 1, 2, 0, Int32Array.of(3), 0, 1, answer, 0, 0);
  assert.deepEqual([root, child, ...answer], [0, 1, 1, 3]);
});

test('evasion knows nothing, so that nothing it says is a no', () => {
  assert.deepEqual(decorated('evidence-evasion', 1, 2, 3), { when: answerNow, yes: [], known: [] });
});

test('selective silence starves the same half of the queriers in every poll', () => {
  let silent = 0;
  for (let querier = 0; querier < 400; querier += 1) {
    const { when } = decorated('selective-silence', 3, querier, mix(1, 1, querier));
    assert.equal(decorated('selective-silence', 3, querier, mix(1, 2, querier)).when, when);
    if (when === answerNever) silent += 1;
  }
  assert.ok(Math.abs(silent - 200) < 50, `${silent}`);
});

test('a late flip says yes to the younger half and no to the older', () => {
  const { yes, known } = decorated('late-flip', 1, 2, 3);
  assert.deepEqual(known, asked);
  assert.deepEqual(
    yes,
    asked.filter((slot) => slot > 19),
  );
});

test('every attack has a decorator of its name', () => {
  for (const name of attackNames) assert.equal(attackDecorator(name, 2).name, name);
});

/** Times in milliseconds at which one querier, asking every 10 ms, is refused everything. */
function refusals(halfLifeMs: number, untilMs: number): number[] {
  const attack = attackDecorator('reputation-cycling', 1, 1_000 * halfLifeMs);
  const found: number[] = [];
  for (let ms = 0; ms < untilMs; ms += 10) {
    const answer = Int32Array.of(0xffff, -1, 0, 0);
    attack.decorate({ table }, 1, 2, 0, scope, scopeAt, words, answer, 0, 1_000 * ms);
    if (answer[0] === 0) found.push(ms);
  }
  return found;
}

test('a cycler refuses as often as a judge with the same half-life forgives, and is never convicted', () => {
  assert.deepEqual(refusals(0, 10_000), [0, 10], 'where nothing is forgotten');
  const times = refusals(1_000, 20_000);
  const judge = new Suspicion(10, 5, 1, true, 1_000_000);
  for (const ms of times) assert.equal(judge.strike(0, 1, 1, 1_000 * ms), false);
  const perHalfLife = times.length / 20;
  assert.ok(perHalfLife > 1.4 && perHalfLife < 1.8, `${perHalfLife}`);
});
