/**
 * What a host is made of and what it tells: options, parts, listeners, figures.
 * Owns: the shapes that the rest of a node process builds on. Does not own: any behaviour (host.ts).
 *
 * Times are microseconds of the injected clock. Ids are 32 bytes and must not be written to.
 */
import type { AttackChoice, WorkloadShape } from '#node/agent-protocol.ts';
import type { NodeEvent } from '#node/agent-push.ts';
import type { ConsensusParams, ReputationRules } from '#node/core/params.ts';
import type { Transaction } from '#node/core/vertex.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';
import type { Clock } from './clock.ts';
import type { Identity } from './identity.ts';
import type { Log } from './log.ts';
import type { Measurements } from './metrics/measurements.ts';
import type { Archive } from './store/archive.ts';
import type { Member, Transport } from './transport/transport.ts';
import type { Verifier } from './verification/verifier.ts';

/** Each can be switched off to see what it is worth; a campaign runs with all of them. */
export interface Mechanisms {
  /** Phi-accrual detector: polls do not wait for peers that are most probably gone. */
  readonly failureDetector: boolean;
  /** A peer that fails to deliver bodies or transfers is left alone for a while. */
  readonly circuitBreaker: boolean;
  /** Waits follow the measured round trip; off: always the longest wait. */
  readonly adaptiveTimeouts: boolean;
  /** Votes before bodies before transfers; off: first come, first served. */
  readonly priorities: boolean;
  /** Sheds work by severity when the node cannot keep up. */
  readonly degradedMode: boolean;
  /** A node that is behind by much takes batches and snapshots; off: vertex by vertex, as others name them. */
  readonly transfers: boolean;
  /** Nodes compare what they decided and name to each other what the other lacks; off: only a start asks. */
  readonly reconciliation: boolean;
}

export const allMechanisms: Mechanisms = {
  failureDetector: true,
  circuitBreaker: true,
  adaptiveTimeouts: true,
  priorities: true,
  degradedMode: true,
  transfers: true,
  reconciliation: true,
};

export interface TimeoutBounds {
  readonly initialUs: number;
  readonly leastUs: number;
  readonly mostUs: number;
}

/** The bounds that the simulator uses for the same profile. */
export function timeoutBounds(network: NetworkProfile, pollIntervalUs: number): TimeoutBounds {
  const most = network.oneWayUs[1];
  const initialUs = 4 * most + 4 * pollIntervalUs;
  return { initialUs, leastUs: Math.max(10_000, 2 * most), mostUs: 10 * initialUs };
}

/** Bounds of everything that could grow. */
export interface HostLimits {
  /** Batches that wait to be issued; one more is refused. */
  readonly queuedBatches: number;
  /** Frames that wait for the event loop; one more of its class is dropped and counted. */
  readonly inboxFrames: number;
  /** Frames handled before the loop yields, and the time after which it does with any number. */
  readonly framesPerTurn: number;
  /**
   * Nodes of one process share a loop: what each of them may hold it is what a vote to any of them waits for, several times in a
   * poll. 75 nodes with 64 vertices each at hand held it for seconds.
   */
  readonly turnUs: number;
  /** Vertices whose parents or bodies are missing. */
  readonly waitingVertices: number;
  /** Vertices in the consensus core. */
  readonly liveVertices: number;
  /** Decided vertices that keep their slot, so that twins and late questions still find them. */
  readonly retainedDecided: number;
  /** Decided vertices that stay on disk with their bodies, and are known by id; what they settle and spend stays for ever. */
  readonly storedDecided: number;
  /**
   * Decided vertices known by id when they are on disk no more, here or anywhere. More than the difference between the orders at
   * which members prune: else one that comes back polls vertices that some of them cannot vote on.
   */
  readonly rememberedDecided: number;
}

export const defaultLimits: HostLimits = {
  queuedBatches: 10_000,
  inboxFrames: 8_192,
  framesPerTurn: 64,
  turnUs: 5_000,
  waitingVertices: 4_096,
  liveVertices: 16_384,
  retainedDecided: 512,
  storedDecided: 1_000_000,
  rememberedDecided: 50_000,
};

export interface HostOptions {
  /** Own member number. */
  readonly number: number;
  readonly consensus: ConsensusParams;
  readonly seed: number;
  readonly timeout: TimeoutBounds;
  /** Leave convicted peers out of samples. */
  readonly exclusion: boolean;
  /** Left out: misbehaviour convicts, for good. */
  readonly reputation?: ReputationRules;
  /** Attacks are refused unless this is set. */
  readonly isCampaign: boolean;
  /** Attack from the start; 'none' for an honest node. */
  readonly attack: AttackChoice;
  /** Clusters of the collusion attack. */
  readonly clusters: number;
  /** Number shared by the identities of one Sybil operator; else the own number. */
  readonly operator: number;
  /** How many parents a new vertex asks for. */
  readonly parents: WorkloadShape['parents'];
  readonly mechanisms: Mechanisms;
  readonly limits: HostLimits;
}

export interface HostParts {
  /** In order of their numbers, the own one included. */
  readonly members: readonly Member[];
  /** Not started: the host starts and stops it. */
  readonly transport: Transport;
  /** Open; its owner closes the store after `stop` or `crash`. */
  readonly archive: Archive;
  readonly identity: Identity;
  readonly verifier: Verifier;
  readonly clock: Clock;
  readonly log: Log;
  /** Counters of this node; the host writes those that concern consensus. */
  readonly measurements: Measurements;
}

/** Transactions that travel together: one batch becomes one vertex. */
export interface SubmittedBatch {
  readonly transactions: readonly Transaction[];
  /** When it was due: latency counts from here, also through re-issues. */
  readonly dueUs: number;
  /** Load items or a receipt number; told again with the vertex that carries it. */
  readonly items: readonly number[];
}

export type SubmitResult =
  | { readonly kind: 'accepted' }
  /** `queue-full` and `overloaded`: submit again later. `stopped`: not this node. `invalid`: never. */
  | {
      readonly kind: 'refused';
      readonly reason: 'queue-full' | 'overloaded' | 'stopped' | 'invalid';
      readonly text: string;
    };

/** A vertex as this node came to know it, told before any decision about it. */
export interface VertexNews {
  readonly id: Uint8Array;
  readonly creator: number;
  readonly sequence: number;
  /** Ids; the genesis id among them stands for genesis. */
  readonly parents: readonly Uint8Array[];
  /** Conflict keys that it spends, without (creator, sequence). */
  readonly inputs: readonly number[];
  readonly transactions: number;
  /** Of an own vertex: the items of its batch. */
  readonly items: readonly number[];
  /** Of an own vertex that issues the transactions of a rejected one again: that one's id. */
  readonly replaces: Uint8Array | null;
}

/** A decision that is durable. */
export interface DecisionNews {
  readonly vertex: VertexNews;
  readonly status: 'finalised' | 'rejected';
  /** Polls that counted it; 0 for a rejected one. */
  readonly rounds: number;
  readonly confidence: number;
  /** When the node knew that it was durable. */
  readonly atUs: number;
  /** Of an own vertex: when its transactions were due; else null. */
  readonly dueUs: number | null;
  /** Read back from disk at a start, not made anew. */
  readonly isRecovered: boolean;
}

/** Every method is optional to implement by way of `quietListener`. Called on the host's loop; must not throw. */
export interface HostListener {
  vertex(news: VertexNews): void;
  decided(news: DecisionNews): void;
  /** Polled beyond the round limit; polling goes on. */
  undecidedAtLimit(vertex: VertexNews, atUs: number): void;
  convicted(peer: number, atUs: number): void;
  event(event: NodeEvent['event'], atUs: number, tookUs: number, figure: number, text: string): void;
}

export const quietListener: HostListener = {
  vertex: () => {},
  decided: () => {},
  undecidedAtLimit: () => {},
  convicted: () => {},
  event: () => {},
};

export interface PeerFigures {
  readonly member: number;
  readonly isConnected: boolean;
  readonly isConvicted: boolean;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Suspicion level; null before the peer was heard. */
  readonly phi: number | null;
  readonly roundTripUs: number | null;
}

/** Current values and totals of one life. */
export interface HostFigures {
  readonly isUp: boolean;
  readonly finalised: number;
  readonly rejected: number;
  readonly undecided: number;
  readonly waitingVertices: number;
  readonly queuedBatches: number;
  readonly queuedTransactions: number;
  readonly inboxFrames: number;
  readonly inboxDropped: number;
  readonly answersDecorated: number;
  readonly twinsIssued: number;
  readonly requestsSent: number;
  readonly requestsRepeated: number;
  readonly earlyRetries: number;
  readonly retries: number;
  readonly ignoredAnswers: number;
  readonly commits: number;
  /** Vertices that came with transfers, and summaries sent to reconcile. */
  readonly transferredVertices: number;
  readonly summariesSent: number;
  readonly degradedLevel: number;
  readonly openBreakers: number;
  readonly suspectedPeers: number;
  readonly attack: AttackChoice;
  /** Time from `start` until everything that the network had decided by then was decided here; null while that is open. */
  readonly rejoinUs: number | null;
  readonly storeFailure: string | null;
}
