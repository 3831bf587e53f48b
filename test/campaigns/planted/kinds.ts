/**
 * A cause of failure for each kind of criterion, for any entry of the catalogue: configurations, nothing edited afterwards.
 * Owns: the table, and which kinds an entry can fail by. Does not own: causes of single entries (plants.ts), running (planted-run.ts).
 */
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { RunScenario } from '#campaigns/schema.ts';
import type { Variant } from './planted-run.ts';

export interface Kind {
  readonly name: string;
  /** Metrics of which at least one must be judged FAILED. */
  readonly metrics: RegExp;
  readonly planted: Variant;
}

function attackers(share: number, attack: RunScenario['byzantine']['attack'][number]): Partial<RunScenario> {
  return { byzantine: { share: [share], attack: [attack], clusters: 1, identities: 10, exclusion: false } };
}

/** Few messages answer these: a network that decides nothing, or decides both. */
const cheap = { message_budget: 60_000 };

/** Records as defective nodes would leave them: no configuration makes the simulator's nodes forget to recover, or leak. */
function late({ result, series }: RunRecord): RunRecord {
  const slow = (us: number | null): number => Math.max(us ?? 0, 90_000_000);
  const faults = result.faults.map((fault) => ({
    ...fault,
    recovery_us: slow(fault.recovery_us),
    rejoin_us: slow(fault.rejoin_us),
  }));
  return { series, result: { ...result, faults } };
}

function greedy({ result, series }: RunRecord): RunRecord {
  const resource_usage = {
    ...result.results.resource_usage,
    peak_memory_mb: 8_192,
    memory_growth_percent: 40,
    avg_cpu_percent: 99,
    avg_network_mbps: 1_000,
  };
  return { series, result: { ...result, results: { ...result.results, resource_usage } } };
}

export const kinds: readonly Kind[] = [
  {
    name: 'safety: one successful poll of six in ten finalises, and two attackers in five tell each half its side',
    metrics: /^safety[.]/,
    planted: {
      scenario: {
        ...cheap,
        ...attackers(0.4, 'equivocation'),
        consensus: { k: 10, alpha: 6, beta: 1, rounds: 60 },
      },
      spec: (spec) => ({ ...spec, workload: { ...spec.workload, conflictShare: 0.5 } }),
    },
  },
  {
    name: 'decisions: six nodes in ten refuse everything, and no fault gives them a reason',
    metrics: /^(liveness|throughput|latency|rounds)[.]/,
    planted: { scenario: { ...cheap, ...attackers(0.6, 'always-reject'), faults: [] } },
  },
  {
    name: 'detection: attackers that give no evidence',
    metrics: /^byzantine[.](detection_accuracy|detected_share)$/,
    planted: { scenario: { ...cheap, ...attackers(0.2, 'silent') } },
  },
  {
    name: 'recovery: nodes that need a minute and a half after every fault',
    metrics: /^recovery[.]/,
    // A window that holds its faults and what recovers from them.
    planted: { scenario: { message_budget: 4_000_000 }, record: late },
  },
  {
    name: 'resources: nodes that use more than any entry grants, and ever more',
    metrics: /^resources[.](memory|memory_growth|cpu|bandwidth)$/,
    planted: { record: greedy },
  },
];

/** Kinds of which the entry has a criterion. */
export function kindsOf(entry: RunScenario): Kind[] {
  return kinds.filter(({ metrics }) =>
    entry.criteria.some(({ criterion }) => metrics.test(criterion.metric)),
  );
}

/** The entry at one point of what it varies: which point a cause breaks does not matter. */
export function onePoint(entry: RunScenario): RunScenario {
  return {
    ...entry,
    network: entry.network.slice(0, 1),
    topology: entry.topology.slice(0, 1),
    resources: entry.resources.slice(0, 1),
  };
}

/** The cascade takes down more nodes than a small variant has. */
export const larger: Readonly<Record<string, Variant>> = { 'COV-CHAOS-05': { scenario: { nodes: [150] } } };

/** Kinds that an entry names and need not fail by, with the reason. */
export const exempt: Readonly<Record<string, { readonly kind: RegExp; readonly why: string }>> = {
  'BL-001': { kind: /^decisions/, why: 'its criteria hold up to 15 % of attackers only' },
  'CT-003': { kind: /^decisions/, why: 'its criteria hold up to 30 % of attackers only' },
  'PRSM-PROGRESSION': { kind: /^decisions/, why: 'its criteria hold up to 20 % of attackers only' },
  'PRSM-BYZANTINE': { kind: /^decisions/, why: 'its criteria hold up to 30 % of attackers only' },
  'COV-INF-03': { kind: /^resources/, why: 'it asks that there are figures, not that they are small' },
  'RP-001': { kind: /^de/, why: 'it expects that nothing is decided and nobody detected' },
  'RP-004': { kind: /^detection/, why: 'it expects that nobody is detected' },
  'COV-SOAK-04': {
    kind: /^decisions/,
    why: 'its criteria speak about twelve hours, a network that is not live is watched for seconds',
  },
  'COV-SOAK-08': {
    kind: /^decisions/,
    why: 'its criteria speak about twelve hours, a network that is not live is watched for seconds',
  },
};
