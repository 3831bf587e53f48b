/**
 * Cutting a network into shards of at most 100 pods: small StatefulSets, short lists of endpoints, a unit to sample by.
 * Owns: the cut and the names. Does not own: which objects a shard becomes.
 */

/** One StatefulSet of 5,000 pods starts about 6 pods per second, fifty of 100 about 120 (kubernetes/kubernetes#117071). */
export const PODS_PER_SHARD = 100;

export interface Shard {
  readonly index: number;
  readonly name: string;
  readonly pods: number;
  /** Number of the first protocol node in it; pod p holds nodes firstNode + p x nodesPerProcess and on. */
  readonly firstNode: number;
  readonly nodes: number;
  /** Its pods are scraped one by one; the others only push aggregates. */
  readonly sampled: boolean;
}

/** Scraping every pod is fine up to here; above, one shard in ten. */
const SCRAPED_PODS_MOST = 1_000;

export function planShards(nodes: number, nodesPerProcess: number): readonly Shard[] {
  const pods = Math.ceil(nodes / nodesPerProcess);
  const count = Math.ceil(pods / PODS_PER_SHARD);
  const width = String(count - 1).length;
  const every = pods <= SCRAPED_PODS_MOST ? 1 : 10;
  return Array.from({ length: count }, (_, index): Shard => {
    const firstPod = index * PODS_PER_SHARD;
    const firstNode = firstPod * nodesPerProcess;
    const podsHere = Math.min(PODS_PER_SHARD, pods - firstPod);
    return {
      index,
      name: `shard-${String(index).padStart(width, '0')}`,
      pods: podsHere,
      firstNode,
      nodes: Math.min(podsHere * nodesPerProcess, nodes - firstNode),
      sampled: index % every === 0,
    };
  });
}
