// Goal: counting nodes refuses, with the reason, every run whose nodes are not exchangeable or whose votes depend on each other,
// and the choice of a fidelity never takes one that refuses or that cannot see what is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { lumpedRefusal, splicedRefusal, waitsAtLinks } from '#campaigns/targets/simulator/lumped/refusal.ts';
import { tiers } from '#campaigns/targets/simulator/tier.ts';
import { chooseTier } from '#campaigns/targets/simulator/tier-choice.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { smallSpec } from '../small-run.ts';

const second = 1_000_000;
const during = { atUs: second, forUs: second } as const;

const refused: readonly [reason: RegExp, spec: RunSpec][] = [
  [/conflicting vertices/, smallSpec({ workload: { conflictShare: 0.1 } })],
  [/convicted itself/, smallSpec({ byzantine: { share: 0.1, attack: 'random', exclusion: true } })],
  [/different nodes different things/, smallSpec({ byzantine: { share: 0.1, attack: 'equivocation' } })],
  [/collusion is about conflicting/, smallSpec({ byzantine: { share: 0.1, attack: 'collusion' } })],
  [/vote alike/, smallSpec({ byzantine: { share: 0.1, attack: 'sybil', identities: 4 } })],
  [/overlap/, smallSpec({ consensus: { concurrentPolls: 3 } })],
  [/pair of nodes/, smallSpec({ network: { ...networkNamed('lan'), spread: 'pair' } })],
  [/of the link/, smallSpec({ network: { ...networkNamed('lan'), bandwidthBitsPerSecond: 100_000 } })],
  [/CPU/, smallSpec({ workload: { tps: 100_000 } })],
  [/latency: some nodes/, smallSpec({ faults: [{ kind: 'latency', addUs: 9, share: 0.2, ...during }] })],
  [/throttle: it acts/, smallSpec({ faults: [{ kind: 'throttle', factor: 2, share: 0.2, ...during }] })],
];

for (const [reason, spec] of refused) {
  test(`counting refuses: ${reason.source}`, () => assert.match(lumpedRefusal(spec) ?? 'nothing', reason));
}

test('what is exchangeable is counted: every constant voter, outages, losses, partitions', () => {
  for (const attack of ['none', 'random', 'always-reject', 'always-accept', 'silent'] as const)
    assert.equal(lumpedRefusal(smallSpec({ byzantine: { share: 0.1, attack } })), null, attack);
  const outage = { nodes: 2, everyUs: second, atUs: second, downUs: second, repeat: 1 };
  const faults: RunSpec['faults'] = [
    { kind: 'kill', disk: 'kept', ...outage },
    { kind: 'churn', ...outage },
    { kind: 'loss', loss: 0.1, ...during },
    { kind: 'partition', groups: [0.5, 0.5], ...during },
  ];
  assert.equal(lumpedRefusal(smallSpec({ faults })), null);
});

test('a message window carries the faults that counting does not', () => {
  const spec = smallSpec({ faults: [{ kind: 'latency', addUs: 9, share: 0.2, ...during }] });
  assert.equal(splicedRefusal(spec), null);
});

test('a message window carries conflicts and votes that depend on each other, and links that are busy but not full', () => {
  const carried = [
    smallSpec({ workload: { conflictShare: 0.1 } }),
    smallSpec({ byzantine: { share: 0.1, attack: 'collusion' } }),
    smallSpec({ byzantine: { share: 0.1, attack: 'sybil', identities: 4 } }),
  ];
  for (const spec of carried) assert.equal(splicedRefusal(spec), null);
  const links = Array.from({ length: 200 }, (_, step) =>
    smallSpec({
      network: { ...networkNamed('lan'), bandwidthBitsPerSecond: Math.round(1e8 * 0.95 ** step) },
    }),
  );
  const used = (spec: RunSpec): number =>
    Number(/(\d+) % of the link/.exec(lumpedRefusal(spec) ?? '')?.[1] ?? 0);
  for (const spec of links) {
    assert.equal(waitsAtLinks(spec), used(spec) > 0);
    if (used(spec) < 75) assert.equal(splicedRefusal(spec), null);
    if (used(spec) > 75) assert.match(splicedRefusal(spec) ?? '', /of the link/);
  }
  assert.ok(links.some((spec) => used(spec) > 50 && used(spec) < 75));
  assert.ok(links.some((spec) => used(spec) > 75) && links.some((spec) => used(spec) === 0));
});

test('more nodes than an event can name are counted, not enumerated', () => {
  const spec = smallSpec({ nodes: 1_000_000 });
  assert.match(tiers.message.supports(spec) ?? '', /1000000 nodes \(at most/);
  assert.equal(tiers.lumped.supports(spec), null);
});

function criterion(metric: string, overUs: number | null = null): Criterion {
  return { metric, comparator: 'at_least', limit: 0, written: '0', note: null, overUs, scope: 'row' };
}

const day = 86_400 * second;

test('auto: messages for what needs the code of nodes, counted time for days, counts alone where they are exact', () => {
  const long = { ...smallSpec(), duration: { warmupUs: 0, measureUs: day, cooldownUs: second } };
  assert.equal(chooseTier(smallSpec(), [criterion('safety.violations')]).tier, 'message');
  assert.equal(chooseTier(long, [criterion('safety.violations')]).tier, 'message');
  const spliced = chooseTier(long, [criterion('availability.uptime', day), criterion('safety.violations')]);
  assert.equal(spliced.tier, 'spliced');
  assert.match(spliced.reason, /1d/);
  const contested = { ...long, workload: { ...long.workload, conflictShare: 0.1 } };
  const refusedLong = chooseTier(contested, [criterion('availability.uptime', day)]);
  assert.equal(refusedLong.tier, 'message');
  assert.match(refusedLong.reason, /conflicting vertices/);
  const ideal = {
    ...smallSpec(),
    network: networkNamed('ideal'),
    calibration: weightless(defaultCalibration),
  };
  assert.equal(chooseTier(ideal, [criterion('liveness.finalized_share')]).tier, 'lumped');
  assert.equal(chooseTier(ideal, [criterion('safety.violations')]).tier, 'message');
});
