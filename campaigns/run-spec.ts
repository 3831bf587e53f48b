/**
 * One repetition of one cell, fully resolved: every default filled in, every name replaced by its figures.
 * Owns: the record that the planner hands to a target, that is hashed into the cell id and stored as spec.json.
 * Does not own: parsing (schema.ts) or defaults (resolve.ts). JSON-serialisable, integers in microseconds/bytes.
 */
import type { BenchmarkBaseline, BenchmarkGroup, Machine } from '#campaigns/results/benchmark-record.ts';
import { type ConsensusParams, lastingConvictions, type ReputationRules } from '#node/core/params.ts';
import type { Calibration } from '#node/model/calibration.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';

export type AttackName =
  | 'none'
  | 'random'
  | 'always-reject'
  | 'always-accept'
  | 'collusion'
  | 'sybil'
  | 'silent'
  | 'late'
  | 'equivocation'
  | 'minority-balance'
  | 'informed-split'
  | 'descendant-poison'
  | 'evidence-evasion'
  | 'reputation-cycling'
  | 'selective-silence'
  | 'late-flip';

/** Fidelities of the simulator: campaigns/targets/simulator/tier.ts. */
export type TierName = 'analytic' | 'lumped' | 'spliced' | 'poll' | 'message';

export type TopologyKind = 'full' | 'ring' | 'star' | 'mesh' | 'hierarchical' | 'random';

/** What ends a ramp before its top; so does a step of which clearly less was finalised than offered. */
export interface RampEnd {
  /** CPU of the busiest node, of its resource profile, 0..1. */
  readonly cpuShare: number;
}

/** Load in transactions per second as a function of time; the engine is campaigns/workloads. */
export type Workload = {
  /** Transactions in one vertex (a client submits them together). */
  readonly batch: number;
  /** Bytes of one transaction. */
  readonly payloadBytes: number;
  /** Shape of the DAG: parents a new vertex asks for. `wide` keeps at least ten tips open. */
  readonly parents:
    | { readonly kind: 'count'; readonly least: number; readonly most: number }
    | { readonly kind: 'chain' }
    | { readonly kind: 'wide' }
    | { readonly kind: 'random' };
  /** Share of vertices that spend an input which another vertex spends too, 0..1. */
  readonly conflictShare: number;
} & (
  | { readonly kind: 'constant'; readonly tps: number }
  | { readonly kind: 'open-loop'; readonly tps: number } // Poisson arrivals
  | {
      readonly kind: 'ramp';
      readonly fromTps: number;
      readonly toTps: number;
      readonly steps: number;
      /** The load falls back to the first step when a step was too much, and the rest is watched. Left out: it climbs to its end. */
      readonly until?: RampEnd;
    }
  | {
      readonly kind: 'burst';
      readonly tps: number;
      readonly burstTps: number;
      readonly everyUs: number;
      readonly forUs: number;
    }
  | { readonly kind: 'chaos'; readonly leastTps: number; readonly mostTps: number; readonly everyUs: number }
  | { readonly kind: 'sine'; readonly leastTps: number; readonly mostTps: number; readonly periodUs: number }
  | { readonly kind: 'single' } // one vertex in flight at a time: the next is issued when all honest nodes decided
);

/** `at`/`for`/`every` in microseconds from the start of the measured window, before compression. */
export type Fault =
  | {
      readonly kind: 'partition';
      readonly groups: readonly number[];
      readonly atUs: number;
      readonly forUs: number;
    }
  | {
      readonly kind: 'kill';
      readonly nodes: number;
      readonly everyUs: number;
      readonly atUs: number;
      readonly downUs: number;
      readonly disk: 'kept' | 'lost';
      readonly repeat: number;
    }
  | {
      readonly kind: 'cascade';
      readonly firstNodes: number;
      readonly factor: number;
      readonly waves: number;
      readonly everyUs: number;
      readonly atUs: number;
      readonly downUs: number;
    }
  | {
      readonly kind: 'latency';
      readonly addUs: number;
      readonly share: number;
      readonly atUs: number;
      readonly forUs: number;
    }
  | { readonly kind: 'loss'; readonly loss: number; readonly atUs: number; readonly forUs: number }
  | {
      readonly kind: 'throttle';
      readonly factor: number;
      readonly share: number;
      readonly atUs: number;
      readonly forUs: number;
    }
  | {
      readonly kind: 'clock-skew';
      readonly ppm: number;
      readonly share: number;
      readonly atUs: number;
      readonly forUs: number;
    }
  | {
      readonly kind: 'disk';
      readonly nodes: number;
      readonly atUs: number;
      readonly forUs: number;
      /** Left out: writes and reads fail. */
      readonly mode?: 'full';
    }
  | { readonly kind: 'stall'; readonly nodes: number; readonly atUs: number; readonly forUs: number }
  | {
      readonly kind: 'memory';
      readonly share: number;
      readonly factor: number;
      readonly atUs: number;
      readonly forUs: number;
    }
  | {
      readonly kind: 'churn';
      readonly nodes: number;
      readonly everyUs: number;
      readonly downUs: number;
      readonly atUs: number;
      readonly repeat: number;
    };

export interface ResourceProfile {
  readonly name: string;
  readonly cpuCores: number;
  readonly memoryBytes: number;
}

export interface RunSpec {
  readonly scenarioId: string;
  /** Names the cell within the scenario: e.g. "1000 nodes, random 20 %". */
  readonly label: string;
  readonly tier: TierName;
  /** Why this fidelity, when it was chosen and not asked for. */
  readonly tierReason?: string;
  /** Unsigned 32-bit seed of this repetition. */
  readonly seed: number;
  /** 0-based. */
  readonly repetition: number;
  readonly nodes: number;
  readonly consensus: ConsensusParams;
  readonly network: NetworkProfile;
  readonly topology: { readonly kind: TopologyKind; readonly degree: number };
  readonly byzantine: {
    readonly share: number; // floor(share x nodes) attackers
    readonly attack: AttackName;
    readonly clusters: number; // collusion
    readonly identities: number; // Sybil: member identities per operator
    /** Convicted peers are left out of sampling. Off by default. */
    readonly exclusion: boolean;
    /** Half of what is held against a peer is forgotten in that time; left out = convictions are for good. */
    readonly halfLifeUs?: number;
    /** What convicts; left out = misbehaviour. */
    readonly conviction?: ReputationRules['basis'];
  };
  readonly workload: Workload;
  readonly faults: readonly Fault[];
  readonly duration: { readonly warmupUs: number; readonly measureUs: number; readonly cooldownUs: number };
  /** Messages this repetition may deliver; the measured window is what it buys, at least 20 finality times. */
  readonly messageBudget: number;
  readonly resources: ResourceProfile;
  readonly calibration: Calibration;
  /** Targets that start processes: how many nodes share one. Left out: the target chooses. */
  readonly nodesPerProcess?: number;
  /** Of a benchmark only: the machine it is planned on and what its figures are held against. */
  readonly benchmark?: {
    readonly groups: readonly BenchmarkGroup[];
    readonly machine: Machine;
    readonly baseline: BenchmarkBaseline | null;
  };
}

/** What ends the ramp of a workload before its top; null for every other load. */
export function rampEndOf(workload: Workload): RampEnd | null {
  return workload.kind === 'ramp' ? (workload.until ?? null) : null;
}

/** How the nodes of a run convict and forget. */
export function reputationOf({ byzantine }: Pick<RunSpec, 'byzantine'>): ReputationRules {
  const { halfLifeUs, conviction } = byzantine;
  return {
    halfLifeUs: halfLifeUs ?? lastingConvictions.halfLifeUs,
    basis: conviction ?? lastingConvictions.basis,
  };
}
