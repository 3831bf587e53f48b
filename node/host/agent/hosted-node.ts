/**
 * A node as its agent and the admin API see it, and what it tells them.
 * Owns: the interfaces between the process (agent, admin) and the nodes that it carries. Does not own: any implementation
 * (carried-node.ts puts a real one together), and nothing of consensus.
 */
import type { Assignment, AttackChoice, FaultEffect, OfferedNode, OwnNode } from '#node/agent-protocol.ts';
import type { NodeEvent, ProbeFigure } from '#node/agent-push.ts';
import type { Finality, Submission, SubmittedTransaction } from '#node/host/admin/admin-port.ts';
import type { PeerFigures } from '#node/host/host-parts.ts';
import type { Measurements } from '#node/host/metrics/measurements.ts';
import type { NodeCondition } from './fault-board.ts';

/** A vertex as a node came to know it. */
export interface KnownVertex {
  /** Lower-case hexadecimal. */
  readonly id: string;
  readonly creator: number;
  readonly sequence: number;
  readonly parents: readonly string[];
  readonly keys: readonly number[];
  readonly transactions: number;
}

export type DecidedAs = 'finalised' | 'rejected' | 'undecidedAtLimit';

/** Times are microseconds of the agent's clock, whatever the skew of the node's own. */
export interface NodeListener {
  /**
   * A vertex became known; told before any decision about it. Of an own one: `items`: load that it carries; `replaces`: id of the
   * rejected vertex whose transactions it issues again.
   */
  vertex(node: number, vertex: KnownVertex, items: readonly number[], replaces: string | null): void;
  /** A decision is durable. `isRecovered`: read back at a restart. */
  decided(
    node: number,
    vertex: KnownVertex,
    as: DecidedAs,
    rounds: number,
    confidence: number,
    atUs: number,
    isRecovered: boolean,
  ): void;
  convicted(node: number, peer: number, atUs: number): void;
  event(event: Omit<NodeEvent, 'kind'>): void;
}

export interface LoadSubmission {
  /** Null for transactions of a client. */
  readonly item: number | null;
  readonly transactions: readonly SubmittedTransaction[];
  /** Agent's clock. */
  readonly dueUs: number;
}

export interface HostedNode {
  readonly number: number;
  readonly offered: OfferedNode;
  /** Of the current life. */
  readonly measurements: Measurements;
  /** Counts restarts. */
  readonly life: number;
  readonly isUp: boolean;
  readonly attack: AttackChoice;
  /** Resolves when it takes part. */
  start(): Promise<void>;
  /** Opens sessions to the others ahead of the load. Resolves when each was tried; those that failed are tried again later. */
  join(): Promise<void>;
  /** In order: everything is flushed. */
  stop(): Promise<void>;
  /** Reads what other parts count into `measurements`. */
  refresh(): void;
  submit(submission: LoadSubmission): Submission;
  setAttack(attack: AttackChoice): void;
  /** Crashing and starting again, when `down` says so, happens in the background. */
  apply(condition: NodeCondition): void;
  /** How often a fault of this kind has shown so far, and what is counted. */
  effects(kind: FaultEffect['kind']): { readonly count: number; readonly what: string };
  /** Since the last call. */
  takeProbes(): readonly ProbeFigure[];
  peers(): readonly PeerFigures[];
  finalityOfVertex(idHex: string): Promise<Finality>;
  finalityOfReceipt(receipt: string): Promise<Finality>;
}

/** Makes the nodes of this process. */
export interface NodeFactory {
  /** What the process offers: identities and addresses, known before any assignment. */
  readonly offers: readonly OfferedNode[];
  /** Makes one node ready to start. Throws with words for the conductor. */
  create(assignment: Assignment, own: OwnNode, listener: NodeListener): Promise<HostedNode>;
}
