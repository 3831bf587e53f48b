/**
 * How a node answers a query: the layout of an answer and the seam where Byzantine behaviour is put on top.
 * Owns: the interface of an answer decorator. Does not own: the honest answer (standing.ts) or any attack.
 *
 * An answer covers the first `words` words (32 slots each) of the vertex table. It is interleaved: word 2w holds the yes
 * votes (finalised or strongly preferred here), word 2w+1 the known vertices. Known and not yes is a no; not known is unknown.
 */
import type { VertexTable } from './vertex-table.ts';

/** When an answer leaves. */
export const answerNow = 0;
/** No answer is sent. */
export const answerNever = 1;
/** The answer is held back until just before the querier's timeout. */
export const answerLate = 2;

/** What an attacker may look at: facts of the vertices, and its operator's other identities by their number. */
export interface AnswerView {
  readonly table: VertexTable;
  /** What the members hosted here think, numbered from 0; of an informed attacker only. */
  readonly standing?: { readonly nodes: number; saysYes(node: number, slot: number): boolean };
}

/** Rewrites an honest answer in place. One object serves all attackers of a run; it must not keep state per message, only per pair of nodes. */
export interface AnswerDecorator {
  readonly name: string;
  /** What it says to everything, whoever asks and whatever is known; left out when that depends on something. */
  readonly constant?: 'yes' | 'no';
  /** Whether an answer with this draw says yes to everything; else it says no to everything. Left out when single vertices matter. */
  readonly saysYesToAll?: (draw: number) => boolean;
  /** It changes votes about vertices that conflict, and no others. */
  readonly onlyContested?: true;
  /**
   * @param node member number of the answering attacker
   * @param querier member number of the asking node
   * @param draw a random 32-bit integer, the stream of (attacker, querier, poll); identities of one Sybil operator share it
   * @param scope the querier's undecided vertices: scope[scopeAt + w], w < words
   * @param answer the honest answer, answer[answerAt + 2w] yes and answer[answerAt + 2w + 1] known, rewritten in place
   * @param nowUs when it is asked
   * @returns answerNow, answerNever or answerLate
   */
  decorate(
    view: AnswerView,
    node: number,
    querier: number,
    draw: number,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    answer: Int32Array,
    answerAt: number,
    nowUs: number,
  ): number;
}
