/**
 * Which repetitions are the same simulation, whichever entry of the catalogue asks for them: simulated once, judged by each.
 * Owns: what of a specification the simulator reads, as a key; whose run a repetition takes over; that run under its own name.
 * Does not own: seeds (resolve.ts gives rows that differ by nothing else the same), when a cell runs (next-action.ts, operator.ts).
 */
import { sha256Hex } from '#budgets/sha256.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { determinismKey, testRunId } from '#campaigns/measure/run-figures.ts';
import { type Plan, type PlannedCell, type PlannedRow, targetOf } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { planWindow } from '#campaigns/targets/simulator/window.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';

const keys = new WeakMap<RunSpec, string>();
/** What repetitions of one row have in common is looked at once. */
const times = new Map<string, string>();

/**
 * Equal for specifications that the simulator cannot tell apart. Who asks, why at this fidelity, for which time a window stands, and
 * what only other attacks read does not count.
 */
export function simulationKey(spec: RunSpec): string {
  const known = keys.get(spec);
  if (known !== undefined) return known;
  const { scenarioId: _id, label: _label, tierReason: _reason, repetition: _number, ...named } = spec;
  const { seed, duration, messageBudget, byzantine, ...rest } = named;
  const read = canonicalJson({ ...rest, byzantine: attackersRead(byzantine) });
  const asked = canonicalJson({ read, duration, messageBudget });
  const time = times.get(asked) ?? canonicalJson(timeRead(spec));
  times.set(asked, time);
  const key = sha256Hex(canonicalJson({ read, time, seed }));
  keys.set(spec, key);
  return key;
}

/** Clusters are those of colluders, identities those of Sybil operators. */
function attackersRead({ clusters, identities, ...byzantine }: RunSpec['byzantine']): object {
  const { attack, share } = byzantine;
  if (attack === 'none' || share === 0) return { exclusion: byzantine.exclusion };
  return {
    ...byzantine,
    ...(attack === 'collusion' && { clusters }),
    ...(attack === 'sybil' && { identities }),
  };
}

const periodic: ReadonlySet<string> = new Set(['burst', 'chaos', 'sine']);

/** A window alone is what was planned; only periods of a load and times of faults know which time it stands for. */
function timeRead(spec: RunSpec): object {
  const { tier, duration, messageBudget, workload, faults } = spec;
  if (tier !== 'message' && tier !== 'poll') return { duration, messageBudget };
  const { warmupUs, measureUs, cooldownUs, decisions, bins, finalityUs } = planWindow(spec);
  const requested = periodic.has(workload.kind) || faults.length > 0 ? { duration } : {};
  return { warmupUs, measureUs, cooldownUs, decisions, bins, finalityUs, ...requested };
}

/** Equal for rows that draw load, delays and samples alike when their seeds are the same (matrix.ts, `seedsOf`): attackers do not count. */
export function calmKey(spec: RunSpec): string {
  const { scenarioId: _id, label: _label, tierReason: _reason, repetition: _number, ...named } = spec;
  const { seed: _seed, tier: _tier, messageBudget: _budget, byzantine: _attackers, ...calm } = named;
  const { duration, ...rest } = calm;
  const requested = periodic.has(calm.workload.kind) || calm.faults.length > 0 ? { duration } : {};
  return sha256Hex(canonicalJson({ ...rest, ...requested }));
}

/** A cell whose run others take over. */
export interface Twin {
  readonly rowId: string;
  readonly cell: PlannedCell;
}

function isSimulated(row: PlannedRow): boolean {
  return row.skip === null && targetOf(row) === 'simulator';
}

/** By cell id: the first cell of the plan with the same simulation, for all but that one. */
export function twinsOf(plan: Plan): ReadonlyMap<string, Twin> {
  const firsts = new Map<string, Twin>();
  const twins = new Map<string, Twin>();
  for (const row of plan.rows) {
    if (!isSimulated(row)) continue;
    for (const cell of row.cells) {
      const key = simulationKey(cell.spec);
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, { rowId: row.rowId, cell });
      else twins.set(cell.id, first);
    }
  }
  return twins;
}

/** The row all of whose planned repetitions are runs of another one; null when it has runs of its own. */
export function sameAs(row: PlannedRow, twins: ReadonlyMap<string, Twin>): string | null {
  const owners = new Set(row.cells.map(({ id }) => twins.get(id)?.rowId ?? null));
  const [owner] = owners;
  return owners.size === 1 && owner !== undefined ? owner : null;
}

/** What a stored run of the twin is as a run of `spec`: the same figures, named and explained as its own. */
export function takenOver(
  { scenarioId, label, ...spec }: RunSpec,
  { rowId, cell }: Twin,
  { result, series, events }: RunOutcome,
): RunOutcome {
  const own: RunSpec = { scenarioId, label, ...spec };
  const id = testRunId(own);
  const { tier, tierReason } = own;
  const reason = tierReason === undefined ? [] : [`fidelity ${tier}: ${tierReason}`];
  const { notes } = planWindow(own);
  const replaced = new Set([...planWindow(cell.spec).notes, ...notes]);
  const others = result.anomalies.filter(
    (text) => !text.startsWith(`fidelity ${tier}: `) && !replaced.has(text),
  );
  const stretch = own.duration.measureUs / cell.spec.duration.measureUs;
  const shared = `same simulation as ${rowId}, repetition ${cell.spec.repetition + 1}: run once, judged here by other criteria`;
  return {
    result: {
      ...result,
      test_run_id: id,
      configuration: { ...result.configuration, scenario_id: scenarioId, label },
      window: {
        ...result.window,
        requested_s: result.window.requested_s * stretch,
        compression: result.window.compression * stretch,
      },
      anomalies: [...reason, shared, ...notes, ...others],
      determinism: { ...result.determinism, key: determinismKey(own) },
    },
    series: { ...series, test_run_id: id },
    events,
  };
}
