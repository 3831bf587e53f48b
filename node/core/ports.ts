/**
 * What the core asks of its host. The host owns sockets, disk and clocks; the core owns none of them.
 * Owns: the port interface and why a vertex was rejected. Does not own: any implementation.
 *
 * Persist before send: a host makes a decision or an own sequence durable before anything that depends on it leaves the node.
 */

/** The vertex conflicts with a finalised one, or contradicts itself. */
export const rejectedByConflict = 0;
/** A parent was rejected: the transactions are still valid and may be issued again. */
export const rejectedByParent = 1;

/** Nodes are hosted (local) numbers, peers are member numbers, times microseconds. */
export interface CorePorts {
  /** Send the query of this poll and slot to a peer. attempt 1 is the one retry to a fresh peer. */
  query(poll: number, slot: number, attempt: number, peer: number): void;
  /** Send the first queries of a poll that has just begun: slots 0 .. count - 1, to their peers in the poll book. */
  queryAll?(poll: number, count: number): void;
  /** A poll has begun; its queries follow. */
  pollBegun(node: number, poll: number, vertices: number): void;
  /** A poll is over: `chits` of its `vertices` succeeded. */
  pollEnded(node: number, poll: number, vertices: number, chits: number): void;
  /** Call `Core.wake` at that time. */
  wakeAt(node: number, atUs: number): void;
  /** Call `Core.timeout` for that poll and sequence at that time. */
  timeoutAt(poll: number, sequence: number, atUs: number): void;
  /** The node is about to read its round-trip estimate, or begins a poll: a host that observes samples late catches up. */
  roundTripRead?(node: number): void;
  /** The vertex is unknown here; ask the peer for it and its ancestors. */
  request(node: number, slot: number, peer: number): void;
  finalised(node: number, slot: number, rounds: number, confidence: number): void;
  rejected(node: number, slot: number, cause: number): void;
  /** It is polled beyond maxRounds: not decided within the limit; polling goes on. */
  undecidedAtLimit(node: number, slot: number): void;
  convicted(node: number, peer: number): void;
  /** What convicted the peer is forgotten: it is asked again. Never without a half-life. */
  readmitted?(node: number, peer: number): void;
  /** Every hosted node has decided the vertex and its slot is free again. */
  released(slot: number): void;
}
