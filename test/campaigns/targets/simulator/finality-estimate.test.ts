// Goal: the estimate moves the right way with every parameter and agrees with published expectations where they exist.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { networkNamed, runSpecExample } from '#test/support/run-spec-example.ts';

const spec = runSpecExample();
const wan = runSpecExample({ network: networkNamed('wan') });

test('twenty polls of a wide-area network take as long as twenty waits for the alpha-th answer', () => {
  const { rounds, roundUs } = estimateFinality(wan);
  assert.ok(Math.abs(rounds - 20) < 0.01);
  // Round trip of two draws of 50-200 ms: the 24th of 30 answers comes near the 77 % quantile, 300 ms.
  assert.ok(roundUs > 280_000 && roundUs < 315_000, `${roundUs}`);
});

test('rejecting nodes lengthen finality by the run-length law', () => {
  const rejecting = (share: number): number =>
    estimateFinality({ ...spec, byzantine: { ...spec.byzantine, share, attack: 'always-reject' } }).rounds;
  // Published expectation for 150/30/24/20 with a tenth rejecting: 23.15 polls.
  assert.ok(Math.abs(rejecting(0.1) - 23.15) < 0.01, `${rejecting(0.1)}`);
  assert.ok(rejecting(0.15) > rejecting(0.1));
  assert.equal(rejecting(0.3), 2 * spec.consensus.maxRounds);
});

test('silent nodes cost time-outs, accepting ones nothing', () => {
  const attacked = (attack: 'silent' | 'always-accept' | 'none') =>
    estimateFinality({ ...wan, byzantine: { ...wan.byzantine, share: 0.25, attack } });
  assert.ok(attacked('silent').roundUs > 1.5 * attacked('none').roundUs);
  assert.equal(attacked('always-accept').rounds, attacked('none').rounds);
});

test('waiting for all answers takes longer than ending early', () => {
  const patient = { ...wan, consensus: { ...wan.consensus, earlyEnd: false } };
  assert.ok(estimateFinality(patient).roundUs > estimateFinality(wan).roundUs);
});

test('on an ideal network the poll interval or the event loop paces the rounds', () => {
  const ideal = runSpecExample({ network: networkNamed('ideal') });
  assert.equal(estimateFinality(ideal).roundUs, 5_000);
  const slow = {
    ...ideal,
    calibration: {
      ...ideal.calibration,
      serviceTimesUs: { ...ideal.calibration.serviceTimesUs, answerQuery: 500, askQuery: 500 },
    },
  };
  assert.ok(estimateFinality(slow).roundUs >= 30_000);
});

test('sparse load polls a share of the time, dense load always', () => {
  const at = (tps: number) =>
    estimateFinality({ ...spec, workload: { ...spec.workload, kind: 'constant', tps, batch: 1 } });
  const dense = at(100);
  const polls = (2 * 30 * 150 * 1_000_000) / dense.roundUs;
  assert.ok(Math.abs(dense.messagesPerSecond - (polls + 100 * 149)) < 1);
  assert.ok(at(1).messagesPerSecond < 0.5 * dense.messagesPerSecond);
});

test('a relay graph adds hops, a bandwidth limit adds sending time', () => {
  const ring = estimateFinality({ ...spec, topology: { kind: 'ring', degree: 2 } });
  const direct = estimateFinality(spec);
  assert.ok(ring.disseminationUs > 3 * direct.disseminationUs);
  // Polls spread what is relayed slowly: a ring of four times as many nodes needs no longer.
  const longer = estimateFinality({ ...spec, nodes: 4 * spec.nodes, topology: { kind: 'ring', degree: 2 } });
  assert.equal(longer.disseminationUs, ring.disseminationUs);
  const limited = estimateFinality({
    ...spec,
    network: { ...spec.network, bandwidthBitsPerSecond: 10_000_000 },
  });
  assert.ok(limited.disseminationUs > direct.disseminationUs + 100_000);
});

test('a pair that keeps its delay makes rounds shorter or longer than fresh draws, within the profile', () => {
  const pair = estimateFinality({ ...wan, network: { ...wan.network, spread: 'pair' } });
  assert.ok(pair.roundUs > 100_000 && pair.roundUs < 400_000);
  assert.notEqual(pair.roundUs, estimateFinality(wan).roundUs);
});
