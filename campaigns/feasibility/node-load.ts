/**
 * What one node has to do in a run, computed from the specification alone: polls, bytes, CPU, memory.
 * Owns: the model that feasibility and the analytic fidelity share. Does not own: verdicts about it.
 * Everything is a mean over nodes in steady state; bytes and service times are those of the run's calibration.
 */
import { finality } from '#campaigns/analytic/finality.ts';
import type { RoundTrip } from '#campaigns/analytic/poll-time.ts';
import { adaptiveTimeout, expectedPollTime } from '#campaigns/analytic/poll-time.ts';
import type { RunSpec, Workload } from '#campaigns/run-spec.ts';
import { expectedHops, expectedRelayMessages } from '#campaigns/targets/simulator/topology.ts';
import { meanTps } from '#campaigns/workloads/load-profile.ts';
import { nodeMemoryBytes } from '#node/model/calibration.ts';
import { attackerCount, attackModel, offlineShare } from './attackers.ts';

export interface NodeLoad {
  readonly byzantine: number;
  readonly expectedRounds: number;
  /** Expected duration of a poll, and from the start of one poll to the start of the next. */
  readonly pollUs: number;
  readonly spacingUs: number;
  /** From creation to an average node: signature, disk, hops, verification. */
  readonly disseminationUs: number;
  /** beta polls in a row without a failure, with dissemination and nothing else. */
  readonly floorUs: number;
  /** Expected time from submission to finality at an average node; Infinity when nothing can finalise. */
  readonly finalityUs: number;
  readonly verticesPerSecond: number;
  readonly vertexBytes: number;
  /** Vertices named by a query. */
  readonly scopeVertices: number;
  /** Share of the time in which something is undecided: nodes poll only then. */
  readonly busyShare: number;
  readonly exchangesPerSecond: number;
  readonly exchangeBytes: number;
  /** One copy of every vertex; announcements at most; queries and answers. Sent per node. */
  readonly uniqueMbps: number;
  readonly announcementMbps: number;
  readonly pollMbps: number;
  /** CPU seconds per second of the event loop (polls, handling) and of signature workers. */
  readonly loopCores: number;
  readonly signatureCores: number;
  readonly cpuPercent: number;
  /** Base, peers and undecided vertices; the window of decided vertices comes on top. */
  readonly memoryMb: number;
}

const microseconds = 1_000_000;

/** The round trip of the profile: each way is drawn on its own. */
export function roundTripOf(spec: RunSpec): RoundTrip {
  const [least, most] = spec.network.oneWayUs;
  return { kind: 'two-uniform', least, most };
}

/** Expected poll times by their inputs: searches ask for the same ones again and again. */
export type PollTimes = Map<string, number>;

function pollTimeUs(spec: RunSpec, intervalUs: number, known: PollTimes): number {
  const { k, alphaConfidence, earlyEnd } = spec.consensus;
  const [least, most] = spec.network.oneWayUs;
  if (most === 0) return intervalUs;
  const byzantine = attackerCount(spec.byzantine, spec.nodes);
  const model = attackModel(spec.byzantine.attack);
  const voter = model.exact ? model.voter : 'accept';
  const key = [
    spec.nodes,
    byzantine,
    voter,
    k,
    alphaConfidence,
    earlyEnd,
    least,
    most,
    spec.network.loss,
    intervalUs,
  ].join();
  const found = known.get(key);
  if (found !== undefined) return found;
  const trip = roundTripOf(spec);
  const value = expectedPollTime(
    {
      nodes: spec.nodes,
      byzantine,
      voter,
      k,
      alpha: alphaConfidence,
      loss: spec.network.loss,
      offlineShare: 0,
      retry: true,
      earlyEnd,
      trip,
      timeoutUs: adaptiveTimeout(trip),
    },
    intervalUs,
  );
  known.set(key, value);
  return value;
}

/** From the start of one poll to the start of the next: the interval, the poll, or the CPU that polls take. */
function spacingUs(spec: RunSpec, pollUs: number, known: PollTimes): number {
  const { pollIntervalUs, concurrentPolls, k } = spec.consensus;
  const { askQuery, answerQuery } = spec.calibration.serviceTimesUs;
  const paced =
    concurrentPolls === 1
      ? pollTimeUs(spec, pollIntervalUs, known)
      : Math.max(pollIntervalUs, pollUs / concurrentPolls);
  return Math.max(paced, k * (askQuery + answerQuery));
}

function disseminationUs(spec: RunSpec, vertexBytes: number): number {
  const { serviceTimesUs: times } = spec.calibration;
  const hops = expectedHops(spec.topology.kind, spec.topology.degree, spec.nodes).mean;
  const oneWayUs = (spec.network.oneWayUs[0] + spec.network.oneWayUs[1]) / 2;
  const bits = spec.network.bandwidthBitsPerSecond;
  const sendUs = bits === null ? 0 : (8 * vertexBytes * microseconds) / bits;
  const verifyUs = times.verifyVertex + (times.hashPerKilobyte * vertexBytes) / 1_024;
  return times.signVertex + times.syncDisk + hops * (oneWayUs + sendUs + times.handleVertex + verifyUs);
}

function meanParents(workload: Workload): number {
  switch (workload.parents.kind) {
    case 'count':
      return (workload.parents.least + workload.parents.most) / 2;
    case 'chain':
      return 1;
    case 'wide':
      return 8;
    case 'random':
      return 4.5;
  }
}

/** Throws RangeError when k does not fit the network; node/core/params.ts names the violated inequality. */
export function nodeLoad(spec: RunSpec, known: PollTimes = new Map()): NodeLoad {
  const { nodes, consensus, workload, calibration } = spec;
  const { beta } = consensus;
  const byzantine = attackerCount(spec.byzantine, nodes);
  const rounds = expectedRoundsOf(spec, byzantine);
  const wire = calibration.wireBytes;
  const vertexBytes =
    wire.vertexFixed + meanParents(workload) * wire.vertexPerParent + workload.batch * workload.payloadBytes;
  const pollUs = pollTimeUs(spec, 0, known);
  const spacing = spacingUs(spec, pollUs, known);
  const arrivalUs = disseminationUs(spec, vertexBytes);
  const lastPollUs = Math.max(pollUs, Math.min(spacing, consensus.k * calibration.serviceTimesUs.askQuery));
  const floorUs = arrivalUs + (beta - 1) * spacing + lastPollUs;
  const finalityUs = arrivalUs + spacing / 2 + (rounds - 1) * spacing + lastPollUs;
  const verticesPerSecond =
    workload.kind === 'single' ? microseconds / finalityUs : meanTps(workload) / workload.batch;
  const undecided = Math.min(consensus.maxUndecided, (verticesPerSecond * finalityUs) / microseconds);
  const busyShare = workload.kind === 'single' ? 1 : -Math.expm1(-undecided);
  const scopeVertices = busyShare === 0 ? 0 : undecided / busyShare;
  return {
    byzantine,
    expectedRounds: rounds,
    pollUs,
    spacingUs: spacing,
    disseminationUs: arrivalUs,
    floorUs,
    finalityUs,
    verticesPerSecond,
    vertexBytes,
    scopeVertices,
    busyShare,
    ...traffic(spec, { spacing, busyShare, scopeVertices, verticesPerSecond, vertexBytes }),
  };
}

/** E[T] under the attack; at least beta. Attacks that may vote yes are taken to do so: what follows is a floor. */
function expectedRoundsOf(spec: RunSpec, byzantine: number): number {
  const { k, alphaConfidence: alpha, beta, maxRounds } = spec.consensus;
  const share = Math.min(offlineShare(spec.faults, spec.nodes), 0.5);
  const model = attackModel(spec.byzantine.attack);
  const voter = model.exact ? model.voter : 'accept';
  const { loss } = spec.network;
  const setting = {
    nodes: spec.nodes,
    byzantine,
    voter,
    k,
    alpha,
    beta,
    maxRounds,
    loss,
    offlineShare: share,
    retry: true,
  };
  return finality(setting).expectedRounds;
}

interface Rates {
  readonly spacing: number;
  readonly busyShare: number;
  readonly scopeVertices: number;
  readonly verticesPerSecond: number;
  readonly vertexBytes: number;
}

type Traffic = Pick<
  NodeLoad,
  | 'exchangesPerSecond'
  | 'exchangeBytes'
  | 'uniqueMbps'
  | 'announcementMbps'
  | 'pollMbps'
  | 'loopCores'
  | 'signatureCores'
  | 'cpuPercent'
  | 'memoryMb'
>;

/** Queries asked equal queries answered on average, so an exchange costs a node one query and one answer. */
function traffic(spec: RunSpec, rates: Rates): Traffic {
  const { nodes, consensus, calibration, topology } = spec;
  const { serviceTimesUs: times, wireBytes: wire } = calibration;
  const exchangesPerSecond = (consensus.k * rates.busyShare * microseconds) / rates.spacing;
  const exchangeBytes = wire.queryFixed + wire.queryPerVertex * rates.scopeVertices + wire.answerFixed;
  const mbps = (bytesPerSecond: number): number => (8 * bytesPerSecond) / microseconds;
  const unique = (rates.verticesPerSecond * rates.vertexBytes * (nodes - 1)) / nodes;
  const copies = expectedRelayMessages(topology.kind, topology.degree, nodes) / (nodes - 1);
  const verifyUs = times.verifyVertex + (times.hashPerKilobyte * rates.vertexBytes) / 1_024;
  const loopUs =
    rates.verticesPerSecond * times.handleVertex + exchangesPerSecond * (times.askQuery + times.answerQuery);
  const signatureUs = rates.verticesPerSecond * (verifyUs + times.signVertex / nodes);
  const memoryBytes = nodeMemoryBytes(calibration, nodes, rates.scopeVertices * rates.busyShare, 0);
  return {
    exchangesPerSecond,
    exchangeBytes,
    uniqueMbps: mbps(unique),
    // A body is asked for once; what comes beside it are announcements.
    announcementMbps: mbps(
      (rates.verticesPerSecond * (copies - 1) * wire.vertexAnnouncement * (nodes - 1)) / nodes,
    ),
    pollMbps: mbps(exchangesPerSecond * exchangeBytes),
    loopCores: loopUs / microseconds,
    signatureCores: signatureUs / microseconds,
    cpuPercent: (100 * (loopUs + signatureUs)) / microseconds / spec.resources.cpuCores,
    memoryMb: memoryBytes / 1_048_576,
  };
}
