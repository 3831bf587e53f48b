// Goal: each attack does to a run what it is meant to, no attack makes it unsafe, and no honest node is convicted.
// Method: small runs without loss, so that no answer of an honest node can look wrong; figures against the calm run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalised } from '#campaigns/analysis/decision-record.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import type { AttackName } from '#campaigns/run-spec.ts';
import { attackNames } from '#node/byzantine/attacks.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import {
  eventOf,
  type LoggedRun,
  loggedRun,
  runSpec,
  type SmallChanges,
  smallRun,
  smallSpec,
} from './small-run.ts';

const network = { ...networkNamed('lan'), loss: 0 };

function attacked(attack: AttackName, share: number, changes: SmallChanges = {}): SmallChanges {
  const byzantine = { attack, share, clusters: 2, identities: 2, ...changes.byzantine };
  return { network, ...changes, byzantine };
}

const calm = smallRun({ network });
const calmRounds = calm.results.consensus_metrics.rounds.mean!;

/** Honest vertices that some honest node has not finalised and that have no vertex of an attacker in their past. */
function stuckOnTheirOwn({ parts, decisions }: LoggedRun): number[] {
  const { recorder, honest, honestCount } = parts;
  const tainted: boolean[] = [];
  const finalisedBy = recorder.vertices.map(() => 0);
  for (const { serial, node, status } of decisions) {
    if (status === finalised && honest[node] === 1) finalisedBy[serial]! += 1;
  }
  recorder.vertices.forEach(({ parents, createdByHonest }) => {
    tainted.push(!createdByHonest || parents.some((parent) => parent >= 0 && tainted[parent]!));
  });
  return [...tainted.keys()].filter(
    (serial) => !tainted[serial]! && !recorder.isContested(serial) && finalisedBy[serial]! < honestCount,
  );
}

for (const attack of attackNames) {
  test(`a tenth of the nodes with ${attack}: nothing unsafe, nothing stuck, nobody wrongly convicted`, () => {
    const run = loggedRun(smallSpec(attacked(attack, 0.1, { workload: { conflictShare: 0.1 } })));
    const { result } = run.outcome;
    assert.equal(result.test_status, 'PASSED', result.reason);
    assert.equal(result.configuration.byzantine_nodes, 4);
    const { consensus_metrics: metrics } = result.results;
    assert.deepEqual(metrics.safety_violations, []);
    assert.equal(metrics.conflicts_finalized, 0);
    assert.deepEqual(stuckOnTheirOwn(run), []);
    if (attack !== 'equivocation') assert.equal(metrics.all_honest_share, 1);
    assert.equal(metrics.false_positives, 0);
    assert.equal(run.parts.detection.honest.size, 0);
    assert.ok(metrics.rejected_vertices > 0, 'conflicts were decided');
  });
}

for (const attack of ['always-reject', 'random', 'sybil'] as const) {
  test(`every node with ${attack} is detected, and no other`, () => {
    const metrics = smallRun(attacked(attack, 0.2)).results.consensus_metrics;
    assert.equal(metrics.byzantine_detected, 8);
    assert.equal(metrics.false_positives, 0);
    assert.ok(metrics.time_to_detect_ms! > 0);
  });
}

test('every node that issued two vertices with one sequence is detected, and no honest one', () => {
  const { parts, outcome } = loggedRun(smallSpec(attacked('equivocation', 0.2)));
  assert.ok(parts.conduct.twinsIssued > 8);
  const issuers = new Set(
    parts.recorder.vertices.filter((vertex) => !vertex.createdByHonest).map(({ creator }) => creator),
  );
  for (const creator of issuers) assert.ok(parts.detection.attackers.has(creator), `${creator}`);
  assert.equal(outcome.result.results.consensus_metrics.false_positives, 0);
});

test('whoever says yes to both sides of conflicts is detected', () => {
  const spec = attacked('always-accept', 0.1, { workload: { conflictShare: 0.6 } });
  const metrics = smallRun(spec).results.consensus_metrics;
  assert.equal(metrics.byzantine_detected, 4);
  assert.equal(metrics.false_positives, 0);
});

for (const attack of ['silent', 'late'] as const) {
  test(`${attack} nodes cost time and retries, not rounds, and are nobody's proof of misbehaviour`, () => {
    const outcome = runSpec(smallSpec(attacked(attack, 0.2)));
    const { consensus_metrics: metrics, latency } = outcome.result.results;
    assert.ok(Math.abs(metrics.rounds.mean! - calmRounds) < 0.2, `${metrics.rounds.mean} rounds`);
    assert.equal(metrics.all_honest_share, 1);
    assert.equal(metrics.byzantine_detected, 0);
    assert.equal(metrics.false_positives, 0);
    assert.ok(latency.p50_ms! > calm.results.latency.p50_ms! + 5);
    if (attack === 'silent') assert.ok(Number(eventOf(outcome, 'traffic')['retries']) > 1_000);
  });
}

test('a fifth of rejecting nodes more than doubles the rounds; exclusion restores those of an honest network', () => {
  const rounds = (exclusion: boolean): number =>
    smallRun(attacked('always-reject', 0.2, { byzantine: { exclusion } })).results.consensus_metrics.rounds
      .mean!;
  const without = rounds(false);
  assert.ok(without > 2 * calmRounds, `${without} rounds`);
  const excluded = rounds(true);
  assert.ok(Math.abs(excluded - calmRounds) < 0.1, `${excluded} rounds for ${calmRounds}`);
});

test('exclusion without attackers changes nothing', () => {
  const excluding = smallRun({ network, byzantine: { exclusion: true } });
  assert.equal(excluding.determinism.trace_hash, calm.determinism.trace_hash);
});

test('an equivocator holds up only vertices built on its twins; exclusion frees those, too', (context) => {
  const of = (exclusion: boolean) =>
    loggedRun(smallSpec(attacked('equivocation', 0.2, { byzantine: { exclusion } })));
  const [plain, excluding] = [of(false), of(true)];
  const share = ({ outcome }: LoggedRun): number => outcome.result.results.consensus_metrics.all_honest_share;
  context.diagnostic(
    `honest vertices finalised everywhere: ${share(plain)}, with exclusion ${share(excluding)}`,
  );
  assert.deepEqual(stuckOnTheirOwn(plain), []);
  assert.ok(share(plain) > 0.8);
  assert.equal(share(excluding), 1);
  for (const { outcome } of [plain, excluding]) {
    assert.deepEqual(outcome.result.results.consensus_metrics.safety_violations, []);
  }
});

test('attackers are the floor of the share, drawn anew with every seed', () => {
  const attackersOf = (seed: number): number[] => {
    const { parts } = loggedRun(smallSpec(attacked('silent', 0.13, { seed, messageBudget: 1 })));
    return [...parts.honest.keys()].filter((node) => parts.honest[node] === 0);
  };
  const [one, other] = [attackersOf(1), attackersOf(2)];
  assert.equal(one.length, 5);
  assert.equal(other.length, 5);
  assert.notDeepEqual(one, other);
});

const dead = { attack: 'always-reject', share: 0.3, exclusion: true } as const;

function judged(
  byzantine: NonNullable<SmallChanges['byzantine']>,
): RunResult['results']['consensus_metrics'] {
  return smallRun({ network, messageBudget: 400_000, byzantine }).results.consensus_metrics;
}

test('the bootstrap trap: where the outcome convicts nothing is decided and nobody found; misbehaviour is the way out', () => {
  const trapped = judged({ ...dead, conviction: 'outcome' });
  assert.deepEqual([trapped.finalized_share, trapped.byzantine_detected], [0, 0]);
  const out = judged(dead);
  assert.deepEqual([out.finalized_share, out.byzantine_detected, out.false_positives], [1, 12, 0]);
});

test('convictions that are forgotten within few polls are none; with a longer half-life peers come back and go again', () => {
  const forgetful = judged({ ...dead, halfLifeUs: 20_000 });
  assert.equal(forgetful.finalized_share, 0);
  const forgiving = judged({ ...dead, halfLifeUs: 500_000 });
  assert.deepEqual([forgiving.finalized_share, forgiving.byzantine_detected], [1, 12]);
  assert.ok(forgiving.readmissions! > 0);
});

test('reputation cycling evades conviction, and harms only where a half-life holds few polls of a pair', () => {
  const cycling = { ...dead, attack: 'reputation-cycling' } as const;
  const met = judged({ ...cycling, halfLifeUs: 500_000 });
  assert.deepEqual([met.finalized_share, met.byzantine_detected], [1, 0]);
  assert.equal(judged({ ...cycling, halfLifeUs: 20_000 }).finalized_share, 0);
});
