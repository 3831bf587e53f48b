// Goal: the protocol's switches do in whole runs what they are for: polls at once, early end, two thresholds, limits, re-issue.
// Method: small runs that differ in one switch; every decision where it matters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalised } from '#campaigns/analysis/decision-record.ts';
import { assemble, runAssembled } from '#campaigns/targets/simulator/run.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { defaultPollIntervalUs } from '#node/model/network-profile.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { type LoggedRun, loggedRun, type SmallChanges, smallRun, smallSpec } from './small-run.ts';

const lossless = { ...networkNamed('lan'), loss: 0 };

test('four polls at a time shorten the latency of a wide-area network to less than half', () => {
  const network = networkNamed('wan');
  const pollIntervalUs = defaultPollIntervalUs(network);
  const p50 = (concurrentPolls: number): number => {
    const result = smallRun({
      network,
      consensus: { concurrentPolls, pollIntervalUs },
      workload: { tps: 20 },
    });
    assert.equal(result.results.consensus_metrics.all_honest_share, 1);
    assert.equal(result.configuration.consensus_params.concurrent_polls, concurrentPolls);
    return result.results.latency.p50_ms!;
  };
  const [one, four] = [p50(1), p50(4)];
  assert.ok(four < 0.5 * one, `${one} ms and ${four} ms`);
  assert.ok(four > 0.2 * one);
});

test('without the early end the same is finalised in as many rounds, by longer polls', () => {
  const of = (earlyEnd: boolean) => smallRun({ network: lossless, consensus: { earlyEnd } }).results;
  const [early, full] = [of(true), of(false)];
  assert.equal(early.consensus_metrics.finalized_share, 1);
  assert.equal(full.consensus_metrics.finalized_share, 1);
  assert.ok(Math.abs(early.consensus_metrics.rounds.mean! - full.consensus_metrics.rounds.mean!) < 0.05);
  assert.ok(full.latency.p50_ms! > 1.15 * early.latency.p50_ms!, `${full.latency.p50_ms}`);
  assert.ok(full.simulation.polls < early.simulation.polls);
});

interface Pairs {
  readonly pairs: number;
  /** One of the two is finalised at every node. */
  readonly resolved: number;
}

/** Conflict pairs of a run; fails when both of one were finalised anywhere. */
function pairsOf({ parts, decisions }: LoggedRun): Pairs {
  const byKey = new Map<number, number[]>();
  parts.recorder.vertices.forEach(({ keys }, serial) => {
    const key = keys[0]!;
    if (key > 0) byKey.set(key, [...(byKey.get(key) ?? []), serial]);
  });
  const nodesOf = new Map<number, Set<number>>();
  for (const { node, serial, status } of decisions) {
    if (status !== finalised) continue;
    const nodes = nodesOf.get(serial) ?? new Set<number>();
    nodesOf.set(serial, nodes.add(node));
  }
  let resolved = 0;
  for (const rivals of byKey.values()) {
    const winners = rivals.filter((serial) => nodesOf.has(serial));
    assert.ok(winners.length <= 1, `two of ${rivals.join(', ')} are finalised`);
    if (winners.length === 1 && nodesOf.get(winners[0]!)!.size === parts.spec.nodes) resolved += 1;
  }
  return { pairs: byKey.size, resolved };
}

function contested(alphaPreference: number, seed: number): Pairs {
  const changes: SmallChanges = {
    seed,
    network: lossless,
    consensus: { alphaPreference, alphaConfidence: 17 },
    workload: { conflictShare: 0.5 },
  };
  return pairsOf(loggedRun(smallSpec(changes)));
}

test('two thresholds resolve every honest conflict; one alone leaves some open', (context) => {
  const seeds = [1, 2, 3, 4];
  const total = (alphaPreference: number): Pairs =>
    seeds
      .map((seed) => contested(alphaPreference, seed))
      .reduce((sum, one) => ({ pairs: sum.pairs + one.pairs, resolved: sum.resolved + one.resolved }));
  const two = total(11);
  const single = total(17);
  context.diagnostic(
    `two thresholds: ${two.resolved} of ${two.pairs}, one: ${single.resolved} of ${single.pairs}`,
  );
  assert.ok(two.pairs > 100);
  assert.equal(two.resolved, two.pairs);
  assert.ok(single.resolved < single.pairs);
  assert.ok(single.resolved > 0.9 * single.pairs);
});

test('transactions of rejected vertices are issued again, all but those that lost their input', () => {
  const batch = 10;
  const { parts, outcome, decisions } = loggedRun(
    smallSpec({
      network: lossless,
      consensus: { alphaPreference: 11 },
      workload: { batch, tps: 400, conflictShare: 0.2 },
    }),
  );
  const { conduct, recorder } = parts;
  assert.equal(conduct.queuedTransactions, 0);
  const rejectedSerials = new Set(
    decisions.filter(({ status }) => status !== finalised).map(({ serial }) => serial),
  );
  const finalisedSerials = new Set(
    decisions.filter(({ status, node }) => status === finalised && node === 7).map(({ serial }) => serial),
  );
  assert.equal(finalisedSerials.size + rejectedSerials.size, recorder.vertices.length, 'all is decided');
  const transactions = [...finalisedSerials].reduce(
    (sum, serial) => sum + recorder.transactionsOf(serial),
    0,
  );
  const lostInputs = rejectedSerials.size - conduct.rejectedSubtrees;
  assert.ok(lostInputs > 5, `${lostInputs}`);
  assert.equal(conduct.reissued, rejectedSerials.size);
  assert.equal(transactions, conduct.dueTransactions - lostInputs);
  assert.ok(outcome.result.anomalies.some((note) => /vertices issued again after a rejection/.test(note)));
});

test('nothing is issued again within the rejection itself, however fast a node signs: its tips are about to be rejected, too', () => {
  const spec = smallSpec({
    network: lossless,
    calibration: weightless(defaultCalibration),
    consensus: { alphaPreference: 11 },
    workload: { batch: 10, tps: 400, conflictShare: 0.2 },
  });
  const parts = assemble(spec);
  const { conduct, simulation } = parts;
  const rejected = conduct.rejected.bind(conduct);
  const register = simulation.register.bind(simulation);
  let isRejecting = false;
  conduct.rejected = (...about) => {
    isRejecting = true;
    rejected(...about);
    isRejecting = false;
  };
  simulation.register = (vertex) => {
    assert.ok(!isRejecting, 'a vertex was issued while its ancestors were being rejected');
    return register(vertex);
  };
  runAssembled(parts, () => undefined, new AbortController().signal);
  assert.ok(conduct.reissued > 20, `${conduct.reissued} issued again`);
});

test('at the limit of undecided vertices clients wait: queued, reported, and waiting counts as latency', () => {
  const of = (maxUndecided: number) =>
    loggedRun(smallSpec({ network: lossless, consensus: { maxUndecided } })).outcome;
  const [tight, free] = [of(3), of(4_096)];
  const queued = Math.max(...tight.series.points.map((point) => point.queued_transactions));
  assert.ok(queued > 20, `${queued} queued`);
  assert.ok(free.series.points.every((point) => point.queued_transactions === 0));
  const [slow, fast] = [tight.result.results.latency, free.result.results.latency];
  assert.ok(slow.p95_ms! > 2 * fast.p95_ms!, `${slow.p95_ms} ms for ${fast.p95_ms}`);
  assert.deepEqual(tight.result.results.consensus_metrics.safety_violations, []);
});

test('what was due and never issued counts as undecided, so that an overload cannot look quick', () => {
  // Long enough that what was queued at the end of the whole run is near what was never issued in the window.
  const messageBudget = 12_000_000;
  const spec = smallSpec({
    network: lossless,
    consensus: { maxUndecided: 3 },
    workload: { tps: 2_000 },
    messageBudget,
  });
  const { outcome, parts } = loggedRun(spec);
  const { latency, throughput } = outcome.result.results;
  const { queuedTransactions: queued, dueTransactions: due } = parts.conduct;
  assert.ok(queued > 0.5 * due, `${queued} of ${due}`);
  assert.equal(throughput.queued_transactions, queued);
  assert.ok(outcome.result.anomalies.some((note) => /transactions waited at the end/.test(note)));
  assert.ok(Math.abs(latency.undecided_share - queued / due) < 0.05, `${latency.undecided_share}`);
  assert.equal(latency.p50_ms, null, 'the median transaction has no latency');
});

test('beyond the round limit a vertex counts as a failure and not as finalised', () => {
  const result = smallRun({
    network: lossless,
    byzantine: { attack: 'always-reject', share: 0.3 },
    consensus: { maxRounds: 30 },
    workload: { tps: 10 },
  });
  const { consensus_metrics: metrics } = result.results;
  assert.ok(metrics.liveness_failures > 0);
  assert.ok(metrics.finalized_share < 0.5);
  assert.ok(metrics.rounds.max === null || metrics.rounds.max <= 30);
  assert.deepEqual(metrics.safety_violations, []);
});

test('sampling is fair: the queries per member are those of uniform draws', () => {
  const z = smallRun({ network: lossless }).results.consensus_metrics.sampling_chi_square_z;
  assert.ok(Math.abs(z) < 4 && z !== 0, `${z}`);
});
