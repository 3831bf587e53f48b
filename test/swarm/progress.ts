/**
 * What must have been finalised by every live honest node once the network has healed, and what still is not.
 * Owns: the requirement: every vertex without a conflict in itself and in its past, unless no live node holds it any more.
 * Does not own: time (seed-run.ts). Reads issued vertices and recorded decisions, and who holds a vertex.
 */
import { type DecisionColumns, finalised, type VertexRecord } from '#campaigns/analysis/decision-record.ts';

/** 1 = no other vertex shares a key with it, and so for all its ancestors. Serials are in order of issue. */
export function uncontested(vertices: readonly VertexRecord[]): Uint8Array {
  const holders = new Map<number, number>();
  for (const { keys } of vertices) for (const key of keys) holders.set(key, (holders.get(key) ?? 0) + 1);
  const clean = new Uint8Array(vertices.length);
  vertices.forEach(({ keys, parents }, serial) => {
    const alone = keys.every((key) => holders.get(key) === 1);
    clean[serial] = alone && parents.every((parent) => parent < 0 || clean[parent] === 1) ? 1 : 0;
  });
  return clean;
}

/** 1 = no node has it, or one of its ancestors: it went down with its only holders and nobody can finalise it. */
export function extinct(
  vertices: readonly VertexRecord[],
  isFinalSomewhere: (serial: number) => boolean,
  nodes: number,
  holds: (node: number, serial: number) => boolean,
): Uint8Array {
  const gone = new Uint8Array(vertices.length);
  vertices.forEach(({ parents }, serial) => {
    if (isFinalSomewhere(serial)) return;
    let held = false;
    for (let node = 0; node < nodes && !held; node += 1) held = holds(node, serial);
    gone[serial] = !held || parents.some((parent) => parent >= 0 && gone[parent] === 1) ? 1 : 0;
  });
  return gone;
}

/** Who finalised what, followed as the columns grow. */
export class FinalisedBy {
  readonly #nodes: number;
  readonly #pairs = new Set<number>();
  readonly #somewhere: boolean[] = [];
  #read = 0;

  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  follow(columns: DecisionColumns): void {
    for (; this.#read < columns.count; this.#read += 1) {
      if (columns.status[this.#read] !== finalised) continue;
      const serial = columns.serial[this.#read]!;
      this.#pairs.add(serial * this.#nodes + columns.node[this.#read]!);
      this.#somewhere[serial] = true;
    }
  }

  has(node: number, serial: number): boolean {
    return this.#pairs.has(serial * this.#nodes + node);
  }

  somewhere(serial: number): boolean {
    return this.#somewhere[serial] ?? false;
  }
}
