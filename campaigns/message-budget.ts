/**
 * How many messages one repetition may deliver when its scenario does not say.
 * Owns: the arithmetic between the least window that says anything and the time a campaign may take.
 * Does not own: the constants (limits.ts) or spending the budget (targets).
 */
import { pollSuccess } from '#campaigns/analytic/finality.ts';
import { expectedRounds } from '#campaigns/analytic/run-length.ts';
import { attackerCount, attackModel } from '#campaigns/feasibility/attackers.ts';
import {
  disseminationMessagesPerVertexAndNode,
  finalityTimesBesideWindow,
  finalityTimesLeast,
  finalityTimesWanted,
  messageBudgetMost,
  messagesAlways,
  messagesUsuallyMost,
} from '#campaigns/limits.ts';
import type { RunSpec, Workload } from '#campaigns/run-spec.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import { medianRoundTripUs, type NetworkProfile } from '#node/model/network-profile.ts';

export interface BudgetFacts {
  readonly nodes: number;
  readonly consensus: ConsensusParams;
  readonly network: NetworkProfile;
  readonly workload: Workload;
  readonly byzantine: Pick<RunSpec['byzantine'], 'share' | 'attack'>;
}

/** Mean transactions per second; of a burst the burst, because the window may fall into it. */
export function heaviestTps(workload: Workload): number {
  switch (workload.kind) {
    case 'constant':
    case 'open-loop':
      return workload.tps;
    case 'ramp':
      return workload.toTps;
    case 'burst':
      return Math.max(workload.tps, workload.burstTps);
    case 'chaos':
    case 'sine':
      return workload.mostTps;
    case 'single':
      return 0;
  }
}

/**
 * Polls until a vertex is final: beta at least, more where attackers or losses make polls fail (run-length law), at most
 * twice the round limit: a network that is not live is watched that long.
 */
export function pollsPerFinalityTime({ nodes, consensus, network, byzantine }: BudgetFacts): number {
  const { voter, exact } = attackModel(byzantine.attack);
  const success = pollSuccess(
    {
      nodes,
      byzantine: Math.min(nodes - 1, attackerCount(byzantine, nodes)),
      voter: exact ? voter : 'accept', // these attacks contest conflicts, not plain vertices
      k: consensus.k,
      loss: network.loss,
      offlineShare: 0,
      retry: true,
    },
    consensus.alphaConfidence,
  );
  const polls = expectedRounds(success, consensus.beta);
  return Math.max(consensus.beta, Math.min(polls, 2 * consensus.maxRounds));
}

/**
 * Messages of the whole network during one finality time: its polls at every node, 2k messages each (query and answer),
 * and the vertices that are issued meanwhile, each reaching every node.
 */
export function messagesPerFinalityTime(facts: BudgetFacts): number {
  const { nodes, consensus, network, workload } = facts;
  const pollUs = Math.max(consensus.pollIntervalUs, medianRoundTripUs(network));
  const polls = pollsPerFinalityTime(facts);
  const vertices = ((heaviestTps(workload) / workload.batch) * polls * pollUs) / 1e6;
  return nodes * (polls * 2 * consensus.k + disseminationMessagesPerVertexAndNode * vertices);
}

/** The smallest budget with which a window can hold 20 finality times, warm-up and cool-down beside it. */
export function leastMessageBudget(facts: BudgetFacts): number {
  const budget = (finalityTimesLeast + finalityTimesBesideWindow) * messagesPerFinalityTime(facts);
  return Math.min(messageBudgetMost, Math.ceil(budget));
}

/**
 * The default: 60 finality times, at least 60 M and at most 150 M messages, and never below the least budget.
 *
 * Arithmetic, at 10 M messages per CPU-second and two cores (20 M per second):
 *   N = 500    k 50,  beta 15:  0.75 M per finality time ->  60 M
 *   N = 1,000  k 50,  beta 15:  1.5 M  -> 60 x 1.5 =  90 M
 *   N = 5,000  k 100, beta 10:  10 M   -> 24 x 10  = 240 M (the least)
 *   N = 10,000 k 100, beta 10:  20 M   -> 24 x 20  = 480 M (the least)
 * phase1: 13 rows x 3 repetitions x 60 M = 2.3 G = 2 minutes; phase2: 17 x 3 x 90 M, and two rows
 * that are hardly live 3 x 500 M more each, = 8 G = 7 minutes;
 * phase3: 6 x 3 x 240 M = 4.3 G = 4 minutes; phase4: 5 x 3 x 480 M = 7.2 G = 6 minutes. Half the speed still fits into the
 * time a campaign may take.
 */
export function defaultMessageBudget(facts: BudgetFacts): number {
  const least = leastMessageBudget(facts);
  const wanted = Math.ceil(finalityTimesWanted * messagesPerFinalityTime(facts));
  return Math.max(least, Math.min(messagesUsuallyMost, Math.max(messagesAlways, wanted)));
}
