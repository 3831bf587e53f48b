/**
 * The nearest run specification that satisfies a condition.
 * Owns: the axes that may change, their steps and the distance. Does not own: the condition.
 * Distance: the sum of |ln(new / old)| over the changed figures. One axis is tried first, then pairs of axes.
 * A change of k or beta that makes an even split less safe than both the target and the present value is left out.
 */
import { splitBoundLog10 } from '#campaigns/analytic/safety.ts';
import { defaultSafetyTarget } from '#campaigns/analytic/tolerance.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { NearestChange } from './finding.ts';

export type Axis = 'pollInterval' | 'beta' | 'k' | 'batch' | 'delay' | 'nodes';

interface Step {
  readonly distance: number;
  readonly spec: RunSpec;
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, number>>;
}

/** Multipliers from nearly 1 to 100, both ways. */
const factors: readonly number[] = Array.from({ length: 47 }, (_, i) => 10 ** ((i + 1) / 23.5)).flatMap(
  (f) => [f, 1 / f],
);
const coarse: readonly number[] = [1.25, 1.6, 2, 3, 5, 10, 20, 50, 100].flatMap((f) => [f, 1 / f]);

/**
 * The closest change along `axes` for which `passes`; null when none is found within a factor of 100.
 * `passes` is called in order of distance and at most `callsMost` times.
 */
export function nearestSpec(
  spec: RunSpec,
  axes: readonly Axis[],
  passes: (candidate: RunSpec) => boolean,
  achieves: string,
  callsMost: number = 600,
): NearestChange | null {
  const leastSafe = Math.max(splitLog10(spec), Math.log10(defaultSafetyTarget));
  const acceptable = (candidate: RunSpec): boolean => splitLog10(candidate) <= leastSafe && passes(candidate);
  const single = ordered(axes.flatMap((axis) => steps(spec, axis, factors)));
  const found = first(single, acceptable, callsMost);
  if (found !== null) return described(found, achieves);
  const pairs: Step[] = [];
  for (const [i, axis] of axes.entries()) {
    for (const one of steps(spec, axis, coarse)) {
      for (const other of axes.slice(i + 1)) {
        for (const two of steps(one.spec, other, coarse)) pairs.push(joined(one, two));
      }
    }
  }
  const pair = first(ordered(pairs), acceptable, callsMost);
  return pair === null ? null : described(pair, achieves);
}

/** Share of attackers at which a change must stay safe, when the run itself has fewer. Source: requirements 2.5. */
const guardedShare = 0.3;

function splitLog10(spec: RunSpec): number {
  const { k, alphaPreference, alphaConfidence, beta, maxRounds } = spec.consensus;
  const byzantine = Math.floor(Math.max(guardedShare, spec.byzantine.share) * spec.nodes);
  return splitBoundLog10({
    nodes: spec.nodes,
    byzantine,
    k,
    alphaPreference,
    alphaConfidence,
    beta,
    maxRounds,
  });
}

function ordered(found: Step[]): Step[] {
  return found.sort((a, b) => a.distance - b.distance);
}

function first(
  candidates: readonly Step[],
  passes: (candidate: RunSpec) => boolean,
  most: number,
): Step | null {
  return candidates.slice(0, most).find((step) => passes(step.spec)) ?? null;
}

function joined(one: Step, two: Step): Step {
  return {
    distance: one.distance + two.distance,
    spec: two.spec,
    words: [...one.words, ...two.words],
    values: { ...one.values, ...two.values },
  };
}

function described(step: Step, achieves: string): NearestChange {
  return { change: step.words.join(' and '), values: step.values, achieves };
}

function steps(spec: RunSpec, axis: Axis, by: readonly number[]): Step[] {
  const seen = new Set<string>();
  return by.flatMap((factor) => {
    const step = moved(spec, axis, factor);
    if (step === null) return [];
    const key = JSON.stringify(step.values);
    if (seen.has(key)) return [];
    seen.add(key);
    return [step];
  });
}

function moved(spec: RunSpec, axis: Axis, factor: number): Step | null {
  const { consensus, workload, network } = spec;
  switch (axis) {
    case 'pollInterval': {
      const us = Math.round(consensus.pollIntervalUs * factor);
      const change = { ...spec, consensus: { ...consensus, pollIntervalUs: us } };
      return us < 1
        ? null
        : single(change, us / consensus.pollIntervalUs, `poll interval ${us / 1_000} ms`, {
            poll_interval_ms: us / 1_000,
          });
    }
    case 'beta': {
      const beta = Math.round(consensus.beta * factor);
      if (beta < 1 || beta === consensus.beta || beta > consensus.maxRounds) return null;
      return single({ ...spec, consensus: { ...consensus, beta } }, beta / consensus.beta, `beta ${beta}`, {
        beta,
      });
    }
    case 'k':
      return movedSample(spec, factor);
    case 'batch': {
      const batch = Math.round(workload.batch * factor);
      if (batch < 1 || batch === workload.batch) return null;
      return single(
        { ...spec, workload: { ...workload, batch } },
        batch / workload.batch,
        `${batch} transactions per vertex`,
        { batch },
      );
    }
    case 'delay': {
      if (factor >= 1 || network.oneWayUs[1] === 0) return null;
      const least = Math.round(network.oneWayUs[0] * factor);
      const most = Math.max(1, Math.round(network.oneWayUs[1] * factor));
      const words = `a network of ${least / 1_000}-${most / 1_000} ms one way`;
      const values = { one_way_least_ms: least / 1_000, one_way_most_ms: most / 1_000 };
      return single({ ...spec, network: { ...network, oneWayUs: [least, most] } }, factor, words, values);
    }
    case 'nodes': {
      const nodes = Math.round(spec.nodes * factor);
      if (factor >= 1 || nodes <= consensus.k) return null;
      return single({ ...spec, nodes }, factor, `${nodes} nodes`, { nodes });
    }
  }
}

/** A smaller or larger sample with the same share of yes votes. */
function movedSample(spec: RunSpec, factor: number): Step | null {
  const { consensus } = spec;
  const k = Math.round(consensus.k * factor);
  if (k < 2 || k === consensus.k || k >= spec.nodes || k > 1_023) return null;
  const alphaPreference = Math.max(
    Math.floor(k / 2) + 1,
    Math.round((consensus.alphaPreference * k) / consensus.k),
  );
  const alphaConfidence = Math.min(
    k,
    Math.max(alphaPreference, Math.round((consensus.alphaConfidence * k) / consensus.k)),
  );
  const changed = { ...spec, consensus: { ...consensus, k, alphaPreference, alphaConfidence } };
  return single(changed, k / consensus.k, `k ${k} with alpha ${alphaConfidence}`, {
    k,
    alpha: alphaConfidence,
  });
}

function single(spec: RunSpec, ratio: number, words: string, values: Readonly<Record<string, number>>): Step {
  return { distance: Math.abs(Math.log(ratio)), spec, words: [words], values };
}
