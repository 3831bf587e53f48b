// Goal: a run whose network was not there is found out, and a busy machine is not mistaken for one.
// Method: probe figures as nodes report them, against the LAN profile; planted: a shim that is off, losses that do not happen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkProblem, type ProbeSum, ProbeTally } from '#campaigns/conductor/probe-tally.ts';
import { saturationNote, untrustedFigures } from '#campaigns/conductor/trust.ts';
import type { ProbeFigure } from '#node/agent-push.ts';
import { networkProfiles } from '#node/model/network-profile.ts';

const lan = networkProfiles.find(({ name }) => name === 'lan')!;
const poor = networkProfiles.find(({ name }) => name === 'poor')!;

function figure(meanUs: number, changes: Partial<ProbeFigure> = {}): ProbeFigure {
  return {
    node: 0,
    peer: 1,
    sent: 100,
    answered: 100,
    roundTripUs: { least: meanUs, mean: meanUs, most: meanUs },
    orderedOneWayUs: [1_000, 10_000],
    orderedLoss: 0,
    isCut: false,
    ...changes,
  };
}

function sumOf(...figures: ProbeFigure[]): ProbeSum {
  const tally = new ProbeTally();
  tally.add(1_000, figures);
  tally.add(9_000_000, [figure(1)]); // outside of the window
  return tally.sum(0, 2_000);
}

test('the ordered delay was seen', () => {
  assert.equal(networkProblem(sumOf(figure(11_000)), lan), null);
});

test('a shim that is off is found out', () => {
  assert.match(networkProblem(sumOf(figure(300)), lan) ?? '', /mean round trip 0.30 ms, ordered 11.00 ms/);
});

test('longer delays are no missing network', () => {
  assert.equal(networkProblem(sumOf(figure(80_000)), lan), null);
});

test('without answers nothing is proven', () => {
  assert.match(networkProblem(sumOf(), lan) ?? '', /0 of 0 probes/);
  const silent = figure(0, { answered: 0, roundTripUs: null });
  assert.match(networkProblem(sumOf(silent), lan) ?? '', /0 of 100 probes/);
});

test('ordered losses must happen, as far as they can be told from chance', () => {
  const slow = { orderedOneWayUs: [200_000, 500_000] as [number, number], orderedLoss: 0.02 };
  const whole = figure(700_000, { ...slow, sent: 1_000, answered: 1_000 });
  assert.match(networkProblem(sumOf(whole), poor) ?? '', /losses not observed: 0 of 1000 probes, about 40/);
  assert.equal(networkProblem(sumOf({ ...whole, answered: 962 }), poor), null);
  assert.equal(
    networkProblem(sumOf({ ...whole, sent: 100, answered: 100 }), poor),
    null,
    'four might be none',
  );
});

test('links that a partition cut count apart', () => {
  const cut = figure(0, { isCut: true, answered: 0, roundTripUs: null });
  const sum = sumOf(figure(11_000), cut);
  assert.deepEqual([sum.sent, sum.answered, sum.cutSent, sum.cutAnswered], [100, 100, 100, 0]);
});

test('a busy host spoils times first, then rates, and says so', () => {
  assert.deepEqual(untrustedFigures(0.5), []);
  assert.deepEqual(untrustedFigures(0.7), ['latency', 'recovery and rejoin times']);
  assert.ok(untrustedFigures(0.95).includes('throughput'));
  assert.equal(saturationNote(0.5, 0.6, 2), null);
  assert.match(saturationNote(0.93, 1, 2) ?? '', /CPU saturated: the host used 93 % of its 2 cores/);
});
