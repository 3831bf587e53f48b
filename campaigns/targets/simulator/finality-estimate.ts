/**
 * Expected time to finality and expected message rate of a run, before it is simulated.
 * Owns: the estimate that sizes windows, gaps between faults and the message budget. It is exact in its law of rounds and rough
 * (tens of percent) in time; no verdict rests on it. Does not own: feasibility, which shows its arithmetic (campaigns/feasibility.ts).
 * Only + - * / and Math.sqrt: windows must have the same bytes on every machine.
 */
import { pollSuccess } from '#campaigns/analytic/finality.ts';
import { type Chance, expectedRounds, SuccessRun } from '#campaigns/analytic/run-length.ts';
import type { Voter } from '#campaigns/analytic/yes-votes.ts';
import { attackerCountOf } from '#campaigns/cast.ts';
import { type AttackName, type RunSpec, rampEndOf, type Workload } from '#campaigns/run-spec.ts';
import { meanTps, rampStepTps } from '#campaigns/workloads/load-profile.ts';
import { strikesOfMajority } from './lumped/counted-detection.ts';
import { expectedHops, expectedRelayMessages } from './topology.ts';

/** What of a run decides about its time to finality. */
export type RunLoad = Pick<
  RunSpec,
  'nodes' | 'consensus' | 'network' | 'topology' | 'byzantine' | 'workload' | 'resources' | 'calibration'
>;

export interface FinalityEstimate {
  /** Polls until finality: E[T] by the run-length law, never more than twice the round limit. */
  readonly rounds: number;
  /** Whether at most one in twenty (node, vertex) pairs is undecided at the round limit, by the run-length law. */
  readonly isLive: boolean;
  /** From the start of one poll to the start of the next. */
  readonly roundUs: number;
  /** From creation until most nodes have the vertex, verified. */
  readonly disseminationUs: number;
  /** Submission to finality at an average honest node. */
  readonly finalityUs: number;
  /** Whether vertices and polls overfill links at some level of the load: finality is then a fit, not a law. */
  readonly isQueued: boolean;
  /** Queries, answers and relayed vertices per virtual second, all nodes together. */
  readonly messagesPerSecond: number;
  /** Vertices issued per virtual second of the load, as much of it as is expected to be offered. */
  readonly verticesPerSecond: number;
  /** Of one vertex from creation to finality everywhere, when it is alone. */
  readonly messagesPerDecision: number;
  /** Share of the steps of a ramp with an end that are expected to be offered; 1 for every other load. */
  readonly climbShare: number;
  /** Undecided vertices at a node, on average. */
  readonly undecidedVertices: number;
  /** Cost of a message and of its part in the vertices of the time, 1 = a query or an answer alone. */
  readonly workPerMessage: number;
}

/** With more pairs than this undecided at the round limit a network counts as not live. */
const mostLate = 0.05;

/**
 * What a vertex costs at one node from its first copy until it is finalised, in queries or answers. Fitted to the growth with load in
 * docs/bench.md (10 to 1,000 vertices a second at 1,000 nodes, rest 15 %) and to networks of 1,000 nodes on a WAN, up to 1,400 undecided vertices.
 */
const messagesPerVertexAndNode = 40;
/** A message carries votes about every undecided vertex: this many more double its cost. Seen only where thousands are undecided. */
const verticesThatDoubleAMessage = 1_000;

const halfRefusing: ReadonlySet<AttackName> = new Set<AttackName>([
  'random',
  'sybil',
  'equivocation',
  'descendant-poison',
  'late-flip',
]);

/** Share of an attacker's answers about an honest vertex that are no. */
function refusingShare(attack: AttackName): number {
  if (attack === 'always-reject' || attack === 'evidence-evasion') return 1;
  return halfRefusing.has(attack) ? 0.5 : 0;
}

/** Share of its queries that an attacker leaves unanswered, or answers at the last moment. */
function muteShare(attack: AttackName): number {
  if (attack === 'selective-silence') return 0.5;
  return attack === 'silent' || attack === 'late' ? 1 : 0;
}

/** Attacks whose every answer about an old vertex is a strike, or every other. */
const convictable: ReadonlySet<AttackName> = new Set<AttackName>(['always-reject', 'random']);

/** Times that a pair must meet within a half-life, or what it holds against a peer is forgotten as fast as it adds up. */
const meetingsPerHalfLife = 4;

/** Whether attackers are found and not asked any more: from then on the network is one of its honest nodes. */
function leavesThemOut({ byzantine, nodes, consensus }: RunLoad, pollUs: number): boolean {
  const { exclusion, attack, share, halfLifeUs, conviction } = byzantine;
  if (!exclusion || conviction === 'outcome' || !convictable.has(attack)) return false;
  if (nodes - attackerCountOf(share, nodes) <= consensus.k) return false;
  return halfLifeUs === undefined || halfLifeUs >= meetingsPerHalfLife * (nodes / consensus.k) * pollUs;
}

/** A round trip of a profile is two uniform draws; the adaptive timeout sits near four deviations above the mean. */
const timeoutOverMean = 1.75;

/** Polls of the warm-up of a network that is not live: it begins empty, and no vertex leaves it. */
const stuckWarmup = 10;
/** Polls with load in its window: as many as make vertices enough for a share, at least; then the share of the round limit. */
const stuckLoadLeast = 20;
const stuckLoadShare = 0.25;

/**
 * Strikes, mean over pairs, with which a majority convicts (lumped/counted-detection.ts), and a factor: polls that fail end early, and
 * what comes later does not count. 172 polls of 1,000 nodes found no attacker of 30 %, and 14 % of those of 33 %.
 */
const strikesToFind = 2.4 * strikesOfMajority;
/** In round limits, what a network that is not live is watched at most to find its attackers. */
const longestWatch = 4;

/** What of a run decides about its time when it is not live. */
type StuckRun = Pick<RunLoad, 'nodes' | 'consensus' | 'byzantine'>;

/** Polls until most honest nodes met an attacker often enough to convict it; 0 where its answers convict nobody for good. */
function pollsToFind({ nodes, consensus, byzantine }: StuckRun): number {
  const { share, attack, halfLifeUs, conviction } = byzantine;
  if (share === 0 || !convictable.has(attack)) return 0;
  if (halfLifeUs !== undefined || conviction === 'outcome') return 0;
  return Math.ceil((strikesToFind * nodes) / consensus.k / refusingShare(attack));
}

/**
 * How a network that is not live is watched, in polls: under load until there are vertices enough, then without until each of them
 * reached the round limit. Under load for longer it holds more of the same vertices, which costs most of the time and shows nothing
 * new, unless attackers take longer to be met: a node that has decided all it knows does not poll.
 */
export function stuckRounds(run: StuckRun): {
  readonly warmup: number;
  readonly measure: number;
  readonly cooldown: number;
} {
  const { maxRounds } = run.consensus;
  const least = Math.min(maxRounds, Math.max(stuckLoadLeast, Math.ceil(stuckLoadShare * maxRounds)));
  const found = pollsToFind(run) - stuckWarmup;
  const measure = found > least + maxRounds ? maxRounds : least;
  const watch = Math.min(longestWatch * maxRounds, found - measure);
  return { warmup: stuckWarmup, measure, cooldown: Math.max(maxRounds, watch) };
}

/** Of the time of such a run, the share under load; and the polls that a vertex is open, averaged over the whole time and all vertices. */
function stuckLoad(run: StuckRun): { readonly share: number; readonly roundsOpen: number } {
  const { warmup, measure, cooldown } = stuckRounds(run);
  const loaded = warmup + measure;
  const all = loaded + cooldown;
  return { share: loaded / all, roundsOpen: (loaded * (loaded / 2 + cooldown)) / all };
}

export function estimateFinality(given: RunLoad): FinalityEstimate {
  const spec = { ...given, workload: offeredPart(given) };
  const { nodes, consensus } = spec;
  const byzantine = Math.min(attackerCountOf(spec.byzantine.share, nodes), nodes - 1);
  const honest = nodes - byzantine;
  const { pollIntervalUs, concurrentPolls } = consensus;
  const pollUs = pollTimeUs(spec, byzantine);
  const pacedUs = Math.max(pollIntervalUs, pollUs / concurrentPolls);
  const success = leavesThemOut(spec, pacedUs)
    ? successOf({ ...spec, nodes: honest }, 0)
    : successOf(spec, byzantine);
  const lawful = expectedRounds(success, consensus.beta);
  const rounds = Math.max(consensus.beta, Math.min(lawful, 2 * consensus.maxRounds));
  const verticesPerSecond = meanTps(spec.workload) / spec.workload.batch;
  const cpuUs = roundCpuUs(spec, verticesPerSecond);
  const roundUs = Math.max(pacedUs, cpuUs);
  const disseminationUs = disseminationTimeUs(spec, roundUs);
  // A vertex waits for the next poll to start; the last poll must end, not only start.
  const link = linkSlowdown(spec, roundUs);
  const finalityUs = Math.ceil(
    link.perTransaction *
      (disseminationUs + roundUs / 2 + (rounds - 1) * roundUs + Math.max(pollUs, roundUs)),
  );
  const relay = relayedBodies(spec);
  const exchanges = 2 * consensus.k * honest;
  // Nodes poll only while something is undecided: with sparse load a share of the time.
  const isSingle = spec.workload.kind === 'single';
  const busy = isSingle ? 1 : Math.min(1, (verticesPerSecond * finalityUs) / 1_000_000);
  const isLive = lateShare(success, consensus) <= mostLate;
  const stuck = stuckLoad(spec);
  const vertexRate = isSingle ? 1_000_000 / finalityUs : (isLive ? 1 : stuck.share) * verticesPerSecond;
  // What is not live piles up until the load ends.
  const roundsOpen = isLive ? finalityUs / Math.max(roundUs, 1) : stuck.roundsOpen;
  const undecidedVertices = isSingle ? 1 : undecidedOf(spec, roundsOpen, roundUs);
  const exchangesPerSecond = (exchanges * busy * 1_000_000) / (roundUs * link.perSecond);
  const bodiesPerSecond = vertexRate * relay;
  const messagesPerSecond = exchangesPerSecond + bodiesPerSecond;
  const crowd = undecidedVertices / verticesThatDoubleAMessage;
  const vertexWork = messagesPerVertexAndNode * vertexRate * nodes;
  return {
    rounds,
    isLive,
    roundUs,
    disseminationUs,
    finalityUs,
    isQueued: link.perTransaction > 1,
    messagesPerSecond,
    verticesPerSecond,
    messagesPerDecision: exchanges * rounds + relay,
    undecidedVertices,
    climbShare: climbShareOf(given.workload, spec.workload),
    workPerMessage: 1 + (crowd * exchangesPerSecond + vertexWork) / messagesPerSecond,
  };
}

/**
 * How much longer everything takes at links that vertices and polls overfill, averaged over time and over transactions: what waits in a
 * burst waits again behind it, so the overload counts squared, and for a transaction, which waits in every round, cubed (fitted to one
 * network: 10,000 nodes at 100 Mbps with bursts).
 */
function linkSlowdown(
  spec: RunLoad,
  roundUs: number,
): { readonly perSecond: number; readonly perTransaction: number } {
  const { network, workload, calibration, consensus, nodes } = spec;
  const { vertexFixed, vertexAnnouncement, queryFixed, answerFixed } = calibration.wireBytes;
  if (network.bandwidthBitsPerSecond === null || workload.kind === 'single')
    return { perSecond: 1, perTransaction: 1 };
  const announced = Math.max(0, relayedBodies(spec) / nodes - 1) * vertexAnnouncement;
  const vertexBits = 8 * (vertexFixed + workload.batch * workload.payloadBytes + announced);
  const pollBits = (8 * consensus.k * (queryFixed + answerFixed) * 1_000_000) / Math.max(1, roundUs);
  const levels = loadLevels(workload).map((tps) => {
    const overload = ((tps / workload.batch) * vertexBits + pollBits) / network.bandwidthBitsPerSecond!;
    const squared = overload * overload;
    return { tps, slower: Math.max(1, squared), later: Math.max(1, squared * overload) };
  });
  const offered = levels.reduce((sum, { tps }) => sum + tps, 0);
  return {
    // What has piled up in a burst takes as long to be worked off.
    perSecond: 1 + (2 * levels.reduce((sum, { slower }) => sum + slower - 1, 0)) / levels.length,
    perTransaction: levels.reduce((sum, { tps, later }) => sum + tps * later, 0) / Math.max(1e-9, offered),
  };
}

/** A node passes a vertex to neighbours that have not got it: about half of the links carry it, once. */
function relayedBodies({ nodes, topology }: RunLoad): number {
  const most = expectedRelayMessages(topology.kind, topology.degree, nodes);
  return (most + nodes - 1) / 2;
}

/** P(one poll about an unconflicted vertex succeeds). */
function successOf(spec: RunLoad, byzantine: number): Chance {
  const { k, alphaConfidence } = spec.consensus;
  return pollSuccess(
    {
      nodes: spec.nodes,
      byzantine,
      voter: voterOf(spec.byzantine.attack),
      k,
      loss: spec.network.loss,
      offlineShare: 0,
      retry: true,
    },
    alphaConfidence,
  );
}

/** P(a vertex is undecided at the round limit) by the run-length law. */
function lateShare(success: Chance, { beta, maxRounds }: RunLoad['consensus']): number {
  const run = new SuccessRun(success, beta);
  for (let poll = 0; poll < maxRounds; poll += 1) run.advance();
  return run.undecided;
}

/** How an attack looks to a poll about an unconflicted vertex. */
function voterOf(attack: AttackName): Voter {
  switch (attack) {
    case 'none':
    case 'always-accept':
    case 'collusion':
    case 'late':
    case 'minority-balance':
    case 'informed-split':
    case 'selective-silence':
    case 'reputation-cycling':
      return 'accept';
    case 'always-reject':
    case 'evidence-evasion':
      return 'reject';
    case 'random':
    case 'sybil':
    case 'equivocation':
    case 'descendant-poison':
    case 'late-flip':
      return 'random';
    case 'silent':
      return 'silent';
  }
}

/** Expected time from the start of a poll to its end, microseconds. */
function pollTimeUs(spec: RunLoad, byzantine: number): number {
  const { k, alphaConfidence, earlyEnd } = spec.consensus;
  const { attack } = spec.byzantine;
  const [leastUs, mostUs] = spec.network.oneWayUs;
  const arrives = (1 - spec.network.loss) * (1 - spec.network.loss);
  const mute = muteShare(attack) * (byzantine / spec.nodes);
  const refusing = refusingShare(attack) * (byzantine / spec.nodes);
  const answering = k * arrives * (1 - mute);
  // With early end the poll is over at the answer that brings alpha yes votes, or more no votes than leave room for them.
  const needed = earlyEnd
    ? Math.min(alphaConfidence / (1 - refusing), (k - alphaConfidence + 1) / refusing)
    : k;
  // Who refuses answers in time: with the last of k answers the poll is over, and only a lost one keeps it open.
  const lacking = needed - answering - (refusing > 0 ? 1 : 0);
  const { answerQuery, askQuery } = spec.calibration.serviceTimesUs;
  // The event loop takes one message at a time: a query, and its answer, wait for half of the others.
  const serviceUs = answerQuery + askQuery + (k * (askQuery + answerQuery)) / 2;
  const timeoutUs = timeoutOverMean * (leastUs + mostUs);
  if (lacking > 0) return timeoutUs + (leastUs + mostUs) + serviceUs;
  return (
    roundTripQuantileUs(leastUs, mostUs, Math.min(needed, answering) / (answering + 1), spec.network.spread) +
    serviceUs
  );
}

/** Quantile of a round trip: a triangular law when each way draws anew, uniform when a pair keeps its delay. */
function roundTripQuantileUs(
  leastUs: number,
  mostUs: number,
  share: number,
  spread: 'message' | 'pair',
): number {
  const width = mostUs - leastUs;
  if (spread === 'pair') return 2 * (leastUs + width * share);
  return share <= 0.5
    ? 2 * leastUs + width * Math.sqrt(2 * share)
    : 2 * mostUs - width * Math.sqrt(2 * (1 - share));
}

/** CPU time of one poll round on the event loop of a node: own queries, those of others, vertices of that time. */
function roundCpuUs(spec: RunLoad, verticesPerSecond: number): number {
  const times = spec.calibration.serviceTimesUs;
  const left = Math.max(0.05, 1 - vertexShare(spec, verticesPerSecond));
  return (spec.consensus.k * (times.askQuery + times.answerQuery)) / left;
}

/**
 * Undecided vertices at a node, averaged over the levels of the load. Where vertices need more than the event loop or the
 * signature workers have, the backlog grows to its limit.
 */
function undecidedOf(spec: RunLoad, roundsToFinality: number, roundUs: number): number {
  const { maxUndecided } = spec.consensus;
  const levels = loadLevels(spec.workload);
  const atLevel = (tps: number): number => {
    const perSecond = tps / spec.workload.batch;
    if (vertexShare(spec, perSecond) >= 1) return maxUndecided;
    const slowedUs = Math.max(roundUs, roundCpuUs(spec, perSecond));
    return Math.min(maxUndecided, (perSecond * roundsToFinality * slowedUs) / 1_000_000);
  };
  return levels.reduce((sum, tps) => sum + atLevel(tps), 0) / levels.length;
}

/** Loads that hold for equal parts of the window, transactions per second. */
function loadLevels(workload: Workload): number[] {
  switch (workload.kind) {
    case 'ramp': {
      const steps = Math.max(2, Math.min(50, workload.steps));
      return Array.from({ length: steps }, (_, step) => rampStepTps({ ...workload, steps }, step));
    }
    case 'chaos':
    case 'sine':
      return [workload.leastTps, (workload.leastTps + workload.mostTps) / 2, workload.mostTps];
    case 'burst': {
      const bursts = Math.round(20 * Math.min(1, workload.forUs / workload.everyUs));
      return Array.from({ length: 20 }, (_, part) => (part < bursts ? workload.burstTps : workload.tps));
    }
    case 'constant':
    case 'open-loop':
    case 'single':
      return [meanTps(workload)];
  }
}

function climbShareOf(given: Workload, offered: Workload): number {
  return given.kind === 'ramp' && offered.kind === 'ramp' ? offered.steps / given.steps : 1;
}

/** Of the CPU of a node, from where on some node has no time left: the step that was too much for 250 and 1,000 nodes is the first beyond it. */
const saturatedCpu = 0.85;

/** Of a ramp with an end the steps that are offered: up to the first that a node has no time for. */
function offeredPart(spec: RunLoad): Workload {
  const { workload, consensus, calibration } = spec;
  if (workload.kind !== 'ramp' || rampEndOf(workload) === null) return workload;
  const { askQuery, answerQuery } = calibration.serviceTimesUs;
  const byzantine = Math.min(attackerCountOf(spec.byzantine.share, spec.nodes), spec.nodes - 1);
  const pollUs = Math.max(
    consensus.pollIntervalUs,
    pollTimeUs(spec, byzantine) / consensus.concurrentPolls,
    1,
  );
  const polls = Math.min(1, (consensus.k * (askQuery + answerQuery)) / pollUs);
  for (let step = 1; step < workload.steps; step += 1) {
    const tps = rampStepTps(workload, step);
    if (polls + vertexShare(spec, tps / workload.batch) >= saturatedCpu)
      return { ...workload, toTps: tps, steps: step + 1 };
  }
  return workload;
}

/** Of the busier of event loop and signature workers, what vertices take; a single core does both. */
function vertexShare(spec: RunLoad, verticesPerSecond: number): number {
  const { handleVertex } = spec.calibration.serviceTimesUs;
  const { cpuCores } = spec.resources;
  if (cpuCores < 2) return (verticesPerSecond * (verifyUs(spec) + handleVertex)) / 1_000_000;
  return (verticesPerSecond * Math.max(handleVertex, verifyUs(spec) / (cpuCores - 1))) / 1_000_000;
}

/** Signature and hash of one vertex. */
function verifyUs(spec: RunLoad): number {
  const times = spec.calibration.serviceTimesUs;
  return (
    times.verifyVertex + times.hashPerKilobyte * ((spec.workload.batch * spec.workload.payloadBytes) / 1_024)
  );
}

function disseminationTimeUs(spec: RunLoad, roundUs: number): number {
  const { nodes, topology, network, workload, calibration, consensus } = spec;
  // Polls succeed once most nodes have the vertex, which is later than when the average one has it.
  const { mean, most } = expectedHops(topology.kind, topology.degree, nodes);
  const hops = (mean + most) / 2;
  const bytes = calibration.wireBytes.vertexFixed + workload.batch * workload.payloadBytes;
  const copies = Math.max(1, relayedBodies(spec) / nodes);
  const fanOut = topology.kind === 'full' ? nodes - 1 : copies;
  const sendUs =
    network.bandwidthBitsPerSecond === null
      ? 0
      : ((fanOut / 2) * bytes * 8 * 1_000_000) / network.bandwidthBitsPerSecond;
  const times = calibration.serviceTimesUs;
  const oneWayUs = (network.oneWayUs[0] + network.oneWayUs[1]) / 2;
  const relayedUs = hops * (oneWayUs + sendUs + times.handleVertex + verifyUs(spec));
  // Where relaying is slow (a ring), polls are faster: who is asked about a vertex it does not know asks the querier for it.
  const polledUs = pollsToSpread(nodes, consensus.k) * (roundUs + 2 * oneWayUs);
  const isFree = network.bandwidthBitsPerSecond === null;
  return times.signVertex + times.syncDisk + (isFree ? Math.min(relayedUs, polledUs) : relayedUs);
}

/** Rounds of polls until half of the nodes were asked about a vertex, and one more. */
function pollsToSpread(nodes: number, k: number): number {
  let rounds = 1;
  for (let reached = 1; reached < nodes / 2; reached *= 1 + k) rounds += 1;
  return rounds;
}
