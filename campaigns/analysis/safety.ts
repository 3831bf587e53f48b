/**
 * The safety checker: reads recorded decisions of honest nodes and nothing else.
 * Owns: the rules (protocol definition, "What is measured") and naming every violation with serials and nodes.
 * Does not own: recording. Shares no code with the consensus core, so that a defect there cannot hide itself here.
 */
import {
  type DecisionRecord,
  finalised,
  genesis,
  rejected,
  type VertexRecord,
} from '#campaigns/analysis/decision-record.ts';

export type SafetyRule =
  | 'conflict' // two conflicting vertices finalised, at one node or at two
  | 'reversal' // a vertex finalised here and rejected there, or both at one node
  | 'order' // a vertex finalised before one of its parents at the same node
  | 'repetition' // a vertex decided twice by one node
  | 'honest-equivocation' // an honest creator has two vertices with one sequence
  | 'divergence' // two nodes finalised different sets although the network has healed
  | 'record'; // a decision about a node or vertex that does not exist

export interface SafetyReport {
  /** At most 20 plain sentences; `total` says how many there are. */
  readonly violations: readonly string[];
  readonly total: number;
  readonly byRule: Readonly<Record<SafetyRule, number>>;
  /** Decisions of honest nodes that were looked at: a report about none proves nothing. */
  readonly decisionsChecked: number;
  readonly finalisedVertices: number;
}

const reportedMost = 20;

/** Counts every violation and keeps the first sentences. */
class Findings {
  readonly sentences: string[] = [];
  readonly byRule: Record<SafetyRule, number> = {
    conflict: 0,
    reversal: 0,
    order: 0,
    repetition: 0,
    'honest-equivocation': 0,
    divergence: 0,
    record: 0,
  };
  total = 0;

  /** The sentence is built only while there is room for it. */
  add(rule: SafetyRule, sentence: () => string): void {
    this.byRule[rule] += 1;
    this.total += 1;
    if (this.sentences.length < reportedMost) this.sentences.push(sentence());
  }

  report(decisionsChecked: number, finalisedVertices: number): SafetyReport {
    const { sentences: violations, total, byRule } = this;
    return { violations, total, byRule, decisionsChecked, finalisedVertices };
  }
}

/**
 * Checks every rule that needs no knowledge of healing, over all honest nodes. O(decisions + parents + keys) time;
 * memory: 4 bytes per decision plus about 30 per vertex. One violation is counted per vertex (conflict, reversal,
 * honest-equivocation), per node and vertex (order, repetition) or per decision (record).
 */
export function checkSafety(record: DecisionRecord): SafetyReport {
  const findings = new Findings();
  const vertices = record.vertices.length;
  const order = decisionsByNode(record, findings);
  const finalisedAt = new Int32Array(vertices).fill(-1); // first honest node in node order, -1 = nowhere
  const rejectedAt = new Int32Array(vertices).fill(-1);
  checkNodes(record, order, finalisedAt, rejectedAt, findings);
  let finalisedVertices = 0;
  for (let serial = 0; serial < vertices; serial += 1) {
    if (finalisedAt[serial]! < 0) continue;
    finalisedVertices += 1;
    if (rejectedAt[serial]! >= 0) {
      findings.add(
        'reversal',
        () =>
          `vertex ${serial} is finalised at node ${finalisedAt[serial]} and rejected at node ${rejectedAt[serial]}`,
      );
    }
  }
  checkConflicts(record.vertices, finalisedAt, findings);
  checkHonestCreators(record.vertices, findings);
  return findings.report(order.packed.length, finalisedVertices);
}

/** Decisions of honest nodes, grouped by node, in recorded order within a node. */
interface DecisionOrder {
  /** Serial x 2, plus 1 when rejected: one sequential read in the loops that follow. */
  readonly packed: Uint32Array;
  /** Where the group of a node starts; one more entry than nodes. */
  readonly starts: Uint32Array;
}

function decisionsByNode(record: DecisionRecord, findings: Findings): DecisionOrder {
  const { nodes, honest, decisions } = record;
  const { node, serial, status, count } = decisions;
  const starts = new Uint32Array(nodes + 1);
  for (let index = 0; index < count; index += 1) {
    if (!exists(record, index)) {
      findings.add(
        'record',
        () =>
          `decision ${index} (node ${node[index]}, vertex ${serial[index]}, status ${status[index]}) names nothing that exists`,
      );
    } else if (honest[node[index]!] === 1) starts[node[index]! + 1]! += 1;
  }
  for (let at = 0; at < nodes; at += 1) starts[at + 1]! += starts[at]!;
  const next = starts.slice();
  const packed = new Uint32Array(starts[nodes]!);
  for (let index = 0; index < count; index += 1) {
    if (!exists(record, index) || honest[node[index]!] !== 1) continue;
    packed[next[node[index]!]!] = serial[index]! * 2 + (status[index] === rejected ? 1 : 0);
    next[node[index]!]! += 1;
  }
  return { packed, starts };
}

function exists({ nodes, vertices, decisions }: DecisionRecord, index: number): boolean {
  const status = decisions.status[index]!;
  const known = decisions.node[index]! < nodes && decisions.serial[index]! < vertices.length;
  return known && (status === finalised || status === rejected);
}

/** Order and repetition within every node; fills where each vertex was finalised and rejected first. */
function checkNodes(
  record: DecisionRecord,
  order: DecisionOrder,
  finalisedAt: Int32Array,
  rejectedAt: Int32Array,
  findings: Findings,
): void {
  const parents = flatParents(record.vertices);
  const decidedBy = new Int32Array(record.vertices.length).fill(-1); // node that decided it last
  const finalisedBy = new Int32Array(record.vertices.length).fill(-1); // node that finalised it last
  for (let node = 0; node < record.nodes; node += 1) {
    for (let at = order.starts[node]!; at < order.starts[node + 1]!; at += 1) {
      const packed = order.packed[at]!;
      const vertex = packed >>> 1;
      if (decidedBy[vertex] === node) {
        findings.add('repetition', () => `node ${node} decided vertex ${vertex} twice`);
      }
      decidedBy[vertex] = node;
      if ((packed & 1) === 1) {
        if (rejectedAt[vertex]! < 0) rejectedAt[vertex] = node;
        continue;
      }
      if (finalisedAt[vertex]! < 0) finalisedAt[vertex] = node;
      checkParents(parents, vertex, finalisedBy, node, findings);
      finalisedBy[vertex] = node;
    }
  }
}

interface Parents {
  readonly serials: Int32Array;
  readonly starts: Uint32Array;
}

function flatParents(vertices: readonly VertexRecord[]): Parents {
  const starts = new Uint32Array(vertices.length + 1);
  vertices.forEach((vertex, serial) => {
    starts[serial + 1] = starts[serial]! + vertex.parents.length;
  });
  const serials = new Int32Array(starts[vertices.length]!);
  vertices.forEach((vertex, serial) => {
    serials.set(vertex.parents, starts[serial]!);
  });
  return { serials, starts };
}

function checkParents(
  parents: Parents,
  vertex: number,
  finalisedBy: Int32Array,
  node: number,
  findings: Findings,
): void {
  for (let at = parents.starts[vertex]!; at < parents.starts[vertex + 1]!; at += 1) {
    const parent = parents.serials[at]!;
    // A parent outside the record reads as undefined, which is no node: it counts as not finalised.
    if (parent === genesis || finalisedBy[parent] === node) continue;
    findings.add('order', () => `node ${node} finalised vertex ${vertex} before its parent ${parent}`);
    return;
  }
}

/** A finalised vertex that shares a key with an earlier finalised one, wherever each was finalised. */
function checkConflicts(
  vertices: readonly VertexRecord[],
  finalisedAt: Int32Array,
  findings: Findings,
): void {
  const firstWithKey = new Map<number, number>();
  vertices.forEach((vertex, serial) => {
    if (finalisedAt[serial]! < 0) return;
    let clash: { earlier: number; key: number } | null = null;
    for (const key of vertex.keys) {
      const earlier = firstWithKey.get(key);
      if (earlier === undefined) firstWithKey.set(key, serial);
      else if (earlier !== serial) clash ??= { earlier, key };
    }
    if (clash === null) return;
    const { earlier, key } = clash;
    findings.add(
      'conflict',
      () =>
        `vertices ${earlier} and ${serial} conflict (key ${key}) and both are finalised, at node ${finalisedAt[earlier]} and at node ${finalisedAt[serial]}`,
    );
  });
}

function checkHonestCreators(vertices: readonly VertexRecord[], findings: Findings): void {
  const firstOfCreator = new Map<number, Map<number, number>>();
  vertices.forEach((vertex, serial) => {
    if (!vertex.createdByHonest) return;
    const sequences = firstOfCreator.get(vertex.creator) ?? new Map<number, number>();
    firstOfCreator.set(vertex.creator, sequences);
    const earlier = sequences.get(vertex.sequence);
    if (earlier === undefined) sequences.set(vertex.sequence, serial);
    else {
      findings.add(
        'honest-equivocation',
        () =>
          `honest creator ${vertex.creator} has two vertices with sequence ${vertex.sequence}: ${earlier} and ${serial}`,
      );
    }
  });
}

/**
 * Whether the honest nodes of `nodes` finalised one and the same set. `considered` (1 = yes, one entry per vertex)
 * leaves out vertices whose decision was still due when the run ended; without it every vertex counts.
 * One violation per node that differs from the first honest node of the list.
 */
export function sameSetAfterHeal(
  record: DecisionRecord,
  nodes: readonly number[],
  considered?: Uint8Array,
): SafetyReport {
  const findings = new Findings();
  const order = decisionsByNode(record, findings);
  const members = nodes.filter((node) => record.honest[node] === 1);
  const reference = members[0];
  if (reference === undefined) return findings.report(0, 0);
  const expected = finalisedSet(record, order, reference, considered);
  const expectedSize = count(expected);
  let checked = order.starts[reference + 1]! - order.starts[reference]!;
  for (const node of members.slice(1)) {
    checked += order.starts[node + 1]! - order.starts[node]!;
    const actual = finalisedSet(record, order, node, considered);
    const differs = actual.findIndex((is, serial) => is !== expected[serial]);
    if (differs < 0) continue;
    const [holder, other] = actual[differs] === 1 ? [node, reference] : [reference, node];
    findings.add(
      'divergence',
      () =>
        `after healing node ${holder} has finalised vertex ${differs} and node ${other} has not (${count(actual)} vertices finalised at node ${node}, ${expectedSize} at node ${reference})`,
    );
  }
  return findings.report(checked, expectedSize);
}

function finalisedSet(
  record: DecisionRecord,
  order: DecisionOrder,
  node: number,
  considered?: Uint8Array,
): Uint8Array {
  const set = new Uint8Array(record.vertices.length);
  for (let at = order.starts[node]!; at < order.starts[node + 1]!; at += 1) {
    const packed = order.packed[at]!;
    const vertex = packed >>> 1;
    if ((packed & 1) === 0 && (considered === undefined || considered[vertex] === 1)) set[vertex] = 1;
  }
  return set;
}

function count(set: Uint8Array): number {
  return set.reduce((sum, value) => sum + value, 0);
}
