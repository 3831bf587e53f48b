/**
 * What a class of nodes meets in a poll: how likely it succeeds and how long it takes, from who is up, reachable and attacks.
 * Owns: putting a specification and the state of its faults into the formulas. Does not own: the formulas (campaigns/analytic),
 * the chain (workload-chain.ts) or when faults act (course.ts).
 */
import { pollSuccess } from '#campaigns/analytic/finality.ts';
import { adaptiveTimeout, longestPollTime, pollOpenShare } from '#campaigns/analytic/poll-time.ts';
import type { Chance } from '#campaigns/analytic/run-length.ts';
import type { PollSetting } from '#campaigns/analytic/yes-votes.ts';
import { attackerCount, attackModel } from '#campaigns/feasibility/attackers.ts';
import { roundTripOf } from '#campaigns/feasibility/node-load.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { LatencyLaw } from './latency-law.ts';

/** Peers of a node as its polls find them; itself among the honest ones. */
export interface Surroundings {
  readonly honestReached: number;
  readonly attackersReached: number;
  /** Share of messages lost, each direction. */
  readonly loss: number;
}

export interface Conditions {
  readonly chance: Chance;
  readonly law: LatencyLaw;
}

/** What an attacker does to an honest, unconflicted vertex: colluders answer as honest nodes, a Sybil operator tosses one coin a poll. */
function voterOf({ byzantine }: RunSpec): Pick<PollSetting, 'voter' | 'identities'> {
  const { attack, identities } = byzantine;
  switch (attack) {
    case 'sybil':
      return { voter: 'random', identities };
    case 'collusion':
      return { voter: 'accept' };
    default:
      return { voter: attackModel(attack).voter };
  }
}

export class ConditionsOf {
  readonly #spec: RunSpec;
  readonly #known = new Map<string, Conditions>();
  readonly #arrivalUs: number;

  constructor(spec: RunSpec) {
    this.#spec = spec;
    this.#arrivalUs = spec.network.oneWayUs[1] === 0 ? 0 : estimateFinality(spec).disseminationUs;
  }

  /** Everybody up and reachable, the profile's own loss. */
  get calm(): Surroundings {
    const attackers = attackerCount(this.#spec.byzantine, this.#spec.nodes);
    const { nodes, network } = this.#spec;
    return { honestReached: nodes - attackers, attackersReached: attackers, loss: network.loss };
  }

  at({ honestReached, attackersReached, loss }: Surroundings): Conditions {
    const key = `${honestReached},${attackersReached},${loss}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#find({ honestReached, attackersReached, loss });
    this.#known.set(key, found);
    return found;
  }

  #find({ honestReached, attackersReached, loss }: Surroundings): Conditions {
    const spec = this.#spec;
    const { k, alphaConfidence: alpha, earlyEnd, pollIntervalUs, concurrentPolls } = spec.consensus;
    const honest = spec.nodes - attackersReached;
    const setting: PollSetting = {
      nodes: spec.nodes,
      byzantine: attackersReached,
      ...voterOf(spec),
      k,
      loss: Math.min(1, loss),
      // Whoever is down or cut off answers nothing, attackers too.
      offlineShare: (honest - honestReached) / honest,
      retry: true,
    };
    const trip = roundTripOf(spec);
    const times = { ...setting, alpha, earlyEnd, trip, timeoutUs: adaptiveTimeout(trip) };
    const { askQuery, answerQuery } = spec.calibration.serviceTimesUs;
    const loopUs = k * (askQuery + answerQuery);
    return {
      chance: pollSuccess(setting, alpha),
      law: new LatencyLaw({
        open: pollOpenShare(times),
        longestUs: trip.most === 0 ? 0 : longestPollTime(times),
        intervalUs: Math.max(pollIntervalUs, loopUs) / concurrentPolls,
        // The event loop takes one message at a time: a query, and its answer, wait for half of the others.
        serviceUs: askQuery + answerQuery + loopUs / 2,
        arrivalUs: this.#arrivalUs,
        startsAtOnce: spec.workload.kind === 'single',
      }),
    };
  }
}
