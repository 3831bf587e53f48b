/** Messages of a conductor as tests need them: an assignment over made-up members. */
import type { Assignment, MemberRecord, OfferedNode } from '#node/agent-protocol.ts';

export function offeredNode(index: number): OfferedNode {
  const publicKey = Buffer.alloc(1_312, index + 1).toString('base64');
  return {
    index,
    publicKey,
    peerId: `12D3KooW${'A'.repeat(44)}`,
    addresses: [`/ip4/127.0.0.1/tcp/${4_000 + index}`],
  };
}

function memberNumber(number: number): MemberRecord {
  const { publicKey, peerId, addresses } = offeredNode(number % 250);
  return { number, publicKey, peerId, addresses };
}

/** `own`: numbers of the members that the agent carries; node `index` i is the i-th of them. */
export function assignmentFor(members: number, own: readonly number[], run = 'run-1'): Assignment {
  return {
    kind: 'assignment',
    run,
    seed: 7,
    members: Array.from({ length: members }, (_, number) => memberNumber(number)),
    own: own.map((number, index) => ({ index, number, attack: 'none' })),
    consensus: {
      k: 2,
      alphaPreference: 2,
      alphaConfidence: 2,
      beta: 3,
      threshold: 0.8,
      maxRounds: 50,
      pollIntervalUs: 50_000,
      concurrentPolls: 1,
      earlyEnd: false,
      maxUndecided: 100,
    },
    network: {
      name: 'ideal',
      oneWayUs: [0, 0],
      spread: 'message',
      loss: 0,
      duplication: 0,
      reorder: 0,
      bandwidthBitsPerSecond: null,
      source: 'test',
    },
    isNetworkShaped: true,
    byzantine: { clusters: 1, identities: 1, exclusion: false, halfLifeUs: 0, basis: 'misbehaviour' },
    workload: { batch: 2, payloadBytes: 10, parents: { kind: 'count', least: 1, most: 2 } },
    resources: { name: 'shared', cpuCores: 1, memoryBytes: 1_000_000, isEnforced: false },
    window: { startUs: 0, measureFromUs: 0, measureUntilUs: 1, endUs: 1 },
    push: { everyUs: 20_000, probeEveryUs: 100_000, decisions: true },
    orphanUs: 60_000_000,
  };
}
