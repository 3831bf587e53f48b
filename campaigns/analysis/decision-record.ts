/**
 * What was recorded of a run for the safety checker: which vertices there were and who decided what, in order.
 * Owns: the shape of the record, in columns because a run may hold 20 million decisions.
 * Does not own: recording (targets) or checking (safety.ts). Shares nothing with the consensus core.
 */

/** Values of the status column. */
export const finalised = 1;
export const rejected = 2;

/** Serial number of genesis as a parent. */
export const genesis = -1;

export interface VertexRecord {
  readonly creator: number;
  readonly sequence: number;
  /** Serials of the parents; -1 is genesis, which is finalised from the start. */
  readonly parents: readonly number[];
  /** Conflict keys; two vertices conflict when they share one. (creator, sequence) is one of them. */
  readonly keys: readonly number[];
  /** The creator kept to the protocol when it made this vertex. */
  readonly createdByHonest: boolean;
}

/** Decisions in the order in which they were recorded; the order within one node is the order of its decisions. */
export interface DecisionColumns {
  readonly serial: Uint32Array;
  readonly node: Uint32Array;
  /** 1 finalised, 2 rejected. */
  readonly status: Uint8Array;
  /** Filled rows; the arrays may be longer. */
  readonly count: number;
}

export interface DecisionRecord {
  readonly nodes: number;
  /** One entry per node, 1 = honest. Decisions of other nodes are not checked. */
  readonly honest: Uint8Array;
  /** Index = serial. */
  readonly vertices: readonly VertexRecord[];
  readonly decisions: DecisionColumns;
}
