/**
 * What is held against a peer and how it is forgotten: a penalty halves in every half-life.
 * Owns: the law of forgetting, and one penalty per (node, peer) with the time of its last change.
 * Does not own: what earns a penalty (evidence.ts) or how much of it convicts (suspicion.ts).
 */

/** 2^(-1/2), 2^(-1/4), ...: square roots are exactly specified, powers are not. */
const binaryRoots = rootsOfAHalf(24);
/** After this many half-lives nothing is left. */
const forgottenAfter = 64;

/** Members a row has room for at first. */
const firstRoom = 64;

/** 2^(-elapsed / half-life): the part of a penalty that is left. A half-life of 0 forgets nothing. */
export function remembered(elapsedUs: number, halfLifeUs: number): number {
  if (halfLifeUs <= 0 || elapsedUs <= 0) return 1;
  const halvings = elapsedUs / halfLifeUs;
  if (halvings >= forgottenAfter) return 0;
  let left = 1;
  let rest = halvings;
  for (; rest >= 1; rest -= 1) left /= 2;
  for (const root of binaryRoots) {
    rest *= 2;
    if (rest < 1) continue;
    rest -= 1;
    left *= root;
  }
  return left;
}

function rootsOfAHalf(count: number): readonly number[] {
  const roots: number[] = [];
  let root = 0.5;
  for (let i = 0; i < count; i++) {
    root = Math.sqrt(root);
    roots.push(root);
  }
  return roots;
}

interface Row {
  amount: Float32Array;
  changedUs: Float64Array;
}

export class Penalties {
  readonly halfLifeUs: number;
  /** A row appears with the first penalty of a node and grows with the peers it names. */
  readonly #rows: (Row | undefined)[] = [];

  constructor(halfLifeUs: number) {
    this.halfLifeUs = halfLifeUs;
  }

  /** What is held against the peer now. */
  of(node: number, peer: number, nowUs: number): number {
    const row = this.#rows[node];
    if (row === undefined || peer >= row.amount.length) return 0;
    const amount = row.amount[peer]!;
    if (amount === 0 || amount === Number.POSITIVE_INFINITY) return amount;
    return amount * remembered(nowUs - row.changedUs[peer]!, this.halfLifeUs);
  }

  /** Adds to it; returns what is held against the peer from now on. An infinite penalty is never forgotten. */
  add(node: number, peer: number, penalty: number, nowUs: number): number {
    const after = this.of(node, peer, nowUs) + penalty;
    const row = this.#room(node, peer);
    row.amount[peer] = after;
    row.changedUs[peer] = nowUs;
    return after;
  }

  #room(node: number, peer: number): Row {
    let row = this.#rows[node];
    if (row === undefined || peer >= row.amount.length) {
      const room = Math.max(firstRoom, 2 * peer);
      const grown = { amount: new Float32Array(room), changedUs: new Float64Array(room) };
      if (row !== undefined) {
        grown.amount.set(row.amount);
        grown.changedUs.set(row.changedUs);
      }
      row = grown;
      this.#rows[node] = row;
    }
    return row;
  }
}
