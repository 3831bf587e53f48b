/**
 * The shape of the DAG a workload asks for: how many parents the next vertex wants, how many tips stay open.
 * Owns: the two numbers per shape. Does not own: which vertices are eligible parents (node/core).
 */
import type { Workload } from '#campaigns/run-spec.ts';
import { below } from '#node/core/random.ts';

type Parents = Workload['parents'];

/** The protocol's bound on parents of one vertex. */
export const mostParents = 8;

/** Tips a `wide` DAG keeps open. Source: requirements 2.1, "wide (10+)". */
export const wideTips = 10;

/** Parents the next vertex asks for, 1..8. `random` is a 32-bit draw of the stream of this vertex. */
export function parentsWanted(parents: Parents, random: number): number {
  switch (parents.kind) {
    case 'count':
      return parents.least + below(random, parents.most - parents.least + 1);
    case 'chain':
    case 'wide':
      return 1;
    case 'random':
      return 1 + below(random, mostParents);
  }
}

/**
 * Tips that must stay open: with fewer strongly preferred tips than this the vertex takes a parent that is not a tip
 * (a finalised one), so that the DAG widens. 0 = no such rule.
 */
export function tipsToKeep(parents: Parents): number {
  return parents.kind === 'wide' ? wideTips : 0;
}
