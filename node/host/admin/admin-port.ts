/**
 * What the admin API may ask of the process that it belongs to.
 * Owns: the interface and its answers. Does not own: HTTP (admin-server.ts) or the nodes.
 */
import type { AttackChoice, FaultEffect } from '#node/agent-protocol.ts';
import type { PeerFigures } from '#node/host/host-parts.ts';

export interface NodeStatus {
  /** Member number. */
  readonly node: number;
  readonly isUp: boolean;
  /** Raw ML-DSA-44 public key in base64. */
  readonly publicKey: string;
  readonly peerId: string;
  readonly addresses: readonly string[];
  readonly attack: AttackChoice;
  /** 0 normal .. 4 worst. */
  readonly degradedLevel: number;
  readonly activeVertices: number;
  readonly finalised: number;
  readonly queuedTransactions: number;
  readonly connections: number;
}

export interface ProcessStatus {
  readonly name: string;
  readonly phase: string;
  readonly run: string | null;
  readonly isCampaign: boolean;
  readonly isConductorConnected: boolean;
  readonly members: number;
  readonly activeFaults: readonly number[];
  readonly nodes: readonly NodeStatus[];
}

export interface SubmittedTransaction {
  readonly inputs: readonly number[];
  readonly payload: Uint8Array;
}

/** `receipt`: names the transactions of one submission, however often they are issued again. */
export type Submission =
  | { readonly kind: 'accepted'; readonly receipt: string }
  /** Or overloaded: submit again later. */
  | { readonly kind: 'queue-full' }
  /** Never: `text` says why. */
  | { readonly kind: 'invalid'; readonly text: string }
  | { readonly kind: 'down' };

export interface Finality {
  readonly status: 'unknown' | 'queued' | 'undecided' | 'finalised' | 'rejected';
  /** Of the vertex that carries it; null while it is queued. */
  readonly vertex: string | null;
  readonly rounds: number | null;
  readonly confidence: number | null;
}

export interface AdminFault {
  /** Number by which it is reported and lifted. */
  readonly fault: number;
  /** Member numbers of this process. */
  readonly nodes: readonly number[];
  readonly forUs: number;
  readonly effect: FaultEffect;
}

export interface AdminPort {
  /** Null when every node may be used, else what is missing. */
  notReady(): string | null;
  status(): ProcessStatus;
  metrics(): Promise<string>;
  hasNode(node: number): boolean;
  peers(node: number): readonly PeerFigures[];
  submit(node: number, transactions: readonly SubmittedTransaction[]): Submission;
  finalityOfVertex(node: number, vertexIdHex: string): Promise<Finality>;
  finalityOfReceipt(node: number, receipt: string): Promise<Finality>;
  setAttack(node: number, attack: AttackChoice): void;
  /** Why this process cannot do it, or null: it is switched on, and lifts itself. */
  addFault(fault: AdminFault): string | null;
  lift(fault: number): void;
  /** Returns at once; the process ends in order afterwards. */
  shutdown(reason: string): void;
}
