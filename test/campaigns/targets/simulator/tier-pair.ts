/**
 * One specification at message and at poll fidelity, and random specifications that the poll fidelity answers.
 * Owns: running both, what may differ between them, the generator. Does not own: any expectation.
 */
import fc from 'fast-check';
import type { RunSpec, TierName } from '#campaigns/run-spec.ts';
import type { Makers } from '#campaigns/targets/simulator/run.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { runSpec, smallSpec } from './small-run.ts';

/** Everything a run hands back but the name of its fidelity, the time of day and CPU time. */
export interface Comparable {
  readonly messages: number;
  readonly text: string;
}

/** `replaced`: makers used instead of the product's. */
export function comparable(spec: RunSpec, tier: TierName, replaced: Partial<Makers> = {}): Comparable {
  const { result, series, events } = runSpec({ ...spec, tier }, replaced);
  const { timestamp: _now, tier: _tier, ...rest } = result;
  const { cpu_seconds: _cpu, messages_per_cpu_second: _rate, ...work } = rest.results.simulation;
  const anomalies = rest.anomalies.filter((note) => !note.startsWith('poll fidelity'));
  const results = { ...rest.results, simulation: work };
  return {
    messages: work.messages,
    text: JSON.stringify({ ...rest, anomalies, results, series, events }, null, 1),
  };
}

/** Service times of signatures and disks stay; queries and answers cost nothing, as the poll fidelity demands. */
const lightQueries = {
  ...defaultCalibration,
  serviceTimesUs: { ...defaultCalibration.serviceTimesUs, askQuery: 0, answerQuery: 0 },
};

const second = 1_000_000;

const consensusArb = fc
  .record({
    nodes: fc.integer({ min: 4, max: 24 }),
    peers: fc.double({ min: 0.1, max: 1, noNaN: true }),
    quorum: fc.double({ min: 0.55, max: 1, noNaN: true }),
    beta: fc.integer({ min: 1, max: 5 }),
    isTwofold: fc.boolean(),
    earlyEnd: fc.boolean(),
  })
  .map(({ nodes, peers, quorum, beta, isTwofold, earlyEnd }) => {
    const k = Math.max(1, Math.floor(peers * (nodes - 1)));
    const alphaConfidence = Math.max(Math.floor(k / 2) + 1, Math.ceil(quorum * k));
    const alphaPreference = isTwofold ? Math.floor(k / 2) + 1 : alphaConfidence;
    return { nodes, consensus: { k, alphaConfidence, alphaPreference, beta, earlyEnd, maxRounds: 12 } };
  });

const networkArb = fc.record({
  name: fc.constantFrom('lan', 'wan', 'local', 'poor'),
  loss: fc.constantFrom(0, 0.001, 0.05, 0.3, 1),
  isSteady: fc.boolean(),
});

/** Random runs of about `seconds` virtual seconds on a LAN, longer on slower networks. */
export const pollSpecArb: fc.Arbitrary<RunSpec> = fc
  .record({
    seed: fc.integer({ min: 0, max: 0xffff_ffff }),
    size: consensusArb,
    network: networkArb,
    attack: fc.constantFrom(
      'none',
      'random',
      'always-reject',
      'always-accept',
      'collusion',
      'sybil',
      'equivocation',
    ),
    share: fc.constantFrom(0.05, 0.2, 0.4),
    exclusion: fc.boolean(),
    isSingle: fc.boolean(),
    conflictShare: fc.constantFrom(0, 0, 0.2),
    isWeightless: fc.boolean(),
    topology: fc.constantFrom('full', 'mesh', 'ring'),
    isSkewed: fc.boolean(),
  })
  .map(({ seed, size, network, attack, share, exclusion, isSingle, conflictShare, ...more }) => {
    const profile = networkNamed(network.name);
    const [least, most] = profile.oneWayUs;
    const roundTripUs = least + most;
    const windowUs = 20 * roundTripUs;
    return smallSpec({
      seed,
      nodes: size.nodes,
      consensus: { ...size.consensus, pollIntervalUs: Math.max(1_000, Math.round(roundTripUs / 4)) },
      network: { ...profile, loss: network.loss, oneWayUs: network.isSteady ? [most, most] : [least, most] },
      byzantine: attack === 'none' ? {} : { attack, share, exclusion, clusters: 2, identities: 3 },
      workload: isSingle
        ? {
            kind: 'single',
            batch: 1,
            payloadBytes: 100,
            parents: { kind: 'count', least: 1, most: 1 },
            conflictShare: 0,
          }
        : { tps: (6 * second) / roundTripUs, conflictShare },
      calibration: more.isWeightless ? weightless(defaultCalibration) : lightQueries,
      topology: { kind: more.topology, degree: Math.min(6, size.nodes - 1) },
      duration: { warmupUs: roundTripUs, measureUs: windowUs, cooldownUs: 4 * roundTripUs },
      messageBudget: 20_000,
      faults: more.isSkewed
        ? [{ kind: 'clock-skew', ppm: 50_000, share: 0.3, atUs: roundTripUs, forUs: 5 * roundTripUs }]
        : [],
    });
  });
