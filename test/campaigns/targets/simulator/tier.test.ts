// Goal: every fidelity says which runs it answers, and the target refuses the others with that reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSimulator } from '#campaigns/targets/simulator/target.ts';
import { tierNames, tiers } from '#campaigns/targets/simulator/tier.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { type SmallChanges, smallSpec } from './small-run.ts';

test('the list carries every fidelity under its own name', () => {
  for (const name of tierNames) assert.equal(tiers[name].name, name);
});

test('the target refuses a run with the reason of its fidelity', () => {
  const { refuses } = createSimulator().capabilities;
  for (const tier of tierNames) {
    const spec = smallSpec({ tier });
    assert.equal(refuses?.(spec), tiers[tier].supports(spec));
  }
});

const calibration = weightless(defaultCalibration);
const lan = networkNamed('lan');

test('the poll fidelity takes a run in which nothing queues', () => {
  assert.equal(tiers.poll.supports(smallSpec({ calibration })), null);
});

const refused: ReadonlyArray<readonly [what: string, changes: SmallChanges, says: RegExp]> = [
  ['service times of queries', { calibration: defaultCalibration }, /cost CPU .*use --tier message/],
  ['limited bandwidth', { network: { ...lan, bandwidthBitsPerSecond: 1e9 } }, /limited bandwidth/],
  ['delays that belong to pairs', { network: { ...lan, spread: 'pair' } }, /pairs of nodes/],
  ['duplicated messages', { network: { ...lan, duplication: 0.01 } }, /duplicated/],
  ['messages that are held back', { network: { ...lan, reorder: 0.01 } }, /held back/],
  ['messages that take no time', { network: networkNamed('ideal') }, /less than a tick/],
  ['concurrent polls', { consensus: { concurrentPolls: 2 } }, /concurrent polls/],
  ['silent attackers', { byzantine: { attack: 'silent', share: 0.1 } }, /"silent" attackers/],
  ['late attackers', { byzantine: { attack: 'late', share: 0.1 } }, /"late" attackers/],
  ['a fault', { faults: [{ kind: 'loss', loss: 0.1, atUs: 0, forUs: 1_000_000 }] }, /the fault "loss"/],
];

for (const [what, changes, says] of refused) {
  test(`the poll fidelity refuses ${what}`, () => {
    assert.match(tiers.poll.supports(smallSpec({ calibration, ...changes })) ?? 'taken', says);
  });
}

test('a ramp with an end is for the message fidelity alone', () => {
  const shape = { batch: 1, payloadBytes: 1, parents: { kind: 'chain' }, conflictShare: 0 } as const;
  const workload = {
    ...shape,
    kind: 'ramp',
    fromTps: 1,
    toTps: 10,
    steps: 2,
    until: { cpuShare: 0.9 },
  } as const;
  for (const tier of ['lumped', 'spliced', 'poll'] as const)
    assert.match(tiers[tier].supports(smallSpec({ calibration, workload, tier })) ?? '', /load falls/);
  assert.equal(tiers.message.supports(smallSpec({ workload })), null);
});
