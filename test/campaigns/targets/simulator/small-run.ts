/**
 * Small runs of the simulator for tests: 40 nodes, seconds of virtual time, a fraction of a second of CPU each.
 * Owns: the specification they start from, running one, and what a test reads most often from its outcome.
 * Does not own: any expectation.
 */
import type { RunResult } from '#campaigns/results/schema.ts';
import type { RunSpec, Workload } from '#campaigns/run-spec.ts';
import { runSplicedTier } from '#campaigns/targets/simulator/lumped/spliced-run.ts';
import { outcomeOf } from '#campaigns/targets/simulator/outcome.ts';
import { assemble, execute, type Makers, runAssembled } from '#campaigns/targets/simulator/run.ts';
import type { RunParts } from '#campaigns/targets/simulator/run-parts.ts';
import { VirtualDisk } from '#campaigns/targets/simulator/virtual-disk.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { runSpecExample } from '#test/support/run-spec-example.ts';

const load = {
  kind: 'constant',
  tps: 100,
  batch: 2,
  payloadBytes: 100,
  parents: { kind: 'count', least: 2, most: 4 },
  conflictShare: 0,
} as const satisfies Workload;

/** What a test may change of the constant load; another kind of load is given whole. */
interface LoadChanges {
  readonly kind?: never;
  readonly tps?: number;
  readonly batch?: number;
  readonly conflictShare?: number;
}

/** What a test may change: whole fields, and single parameters of the nested records. */
export type SmallChanges = Partial<Omit<RunSpec, 'consensus' | 'byzantine' | 'workload'>> & {
  readonly consensus?: Partial<RunSpec['consensus']>;
  readonly byzantine?: Partial<RunSpec['byzantine']>;
  readonly workload?: LoadChanges | Workload;
};

const example = runSpecExample();

function loadOf(changes: LoadChanges | Workload): Workload {
  return changes.kind === undefined
    ? {
        ...load,
        tps: changes.tps ?? load.tps,
        batch: changes.batch ?? load.batch,
        conflictShare: changes.conflictShare ?? load.conflictShare,
      }
    : changes;
}

/** 40 nodes on the LAN profile, k = 20, 50 vertices a second of two transactions, a window of 6 s, no attack, no fault. */
export function smallSpec(changes: SmallChanges = {}): RunSpec {
  const { consensus, byzantine, workload, ...rest } = changes;
  return {
    ...example,
    nodes: 40,
    duration: { warmupUs: 300_000, measureUs: 6_000_000, cooldownUs: 1_000_000 },
    messageBudget: 4_000_000,
    ...rest,
    consensus: {
      ...example.consensus,
      k: 20,
      alphaPreference: 15,
      alphaConfidence: 15,
      beta: 10,
      ...consensus,
    },
    byzantine: { ...example.byzantine, ...byzantine },
    workload: loadOf(workload ?? {}),
  };
}

/** `replaced`: makers used instead of the product's. */
export function runSpec(spec: RunSpec, replaced: Partial<Makers> = {}): RunOutcome {
  return runAssembled(assemble(spec, replaced), () => undefined, new AbortController().signal);
}

export function smallRun(changes: SmallChanges = {}): RunResult {
  return runSpec(smallSpec(changes)).result;
}

/** The facts of one line of events.jsonl. */
export function eventOf(outcome: RunOutcome, name: string): Readonly<Record<string, unknown>> {
  for (const line of outcome.events) {
    const event: unknown = JSON.parse(line);
    if (typeof event === 'object' && event !== null && 'event' in event && event.event === name) {
      return { ...event };
    }
  }
  throw new RangeError(`no event ${name}`);
}

/** A decision when it became durable at a node. Status: 1 finalised, 2 rejected. */
export interface Decided {
  readonly node: number;
  readonly serial: number;
  readonly status: number;
  readonly atUs: number;
}

/** At the spliced fidelity, whatever the specification names. */
export function runSpliced(spec: RunSpec): RunOutcome {
  return runSplicedTier({ ...spec, tier: 'spliced' }, () => undefined, new AbortController().signal);
}

export interface LoggedRun {
  readonly parts: RunParts;
  readonly outcome: RunOutcome;
  readonly decisions: readonly Decided[];
}

/** As `runSpec`, with every decision and the parts to look into. */
export function loggedRun(spec: RunSpec): LoggedRun {
  const decisions: Decided[] = [];
  const parts = assemble(spec, {
    disk: (nodes, syncUs, sink) =>
      new VirtualDisk(nodes, syncUs, {
        decided: (node, slot, serial, status, rounds, confidence, atUs) => {
          decisions.push({ node, serial, status, atUs });
          sink.decided(node, slot, serial, status, rounds, confidence, atUs);
        },
      }),
  });
  const endedUs = execute(parts, () => undefined, new AbortController().signal);
  return { parts, outcome: outcomeOf(parts, endedUs, 0, false), decisions };
}
