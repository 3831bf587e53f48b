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
  const { tier, duration, messageBudget } = spec;
  if (tier !== 'message' && tier !== 'poll') return { duration, messageBudget };
  const { warmupUs, measureUs, cooldownUs, decisions, bins, finalityUs } = planWindow(spec);
  return { warmupUs, measureUs, cooldownUs, decisions, bins, finalityUs, ...requestedRead(spec) };
}

function requestedRead({
  duration,
  workload,
  faults,
}: Pick<RunSpec, 'duration' | 'workload' | 'faults'>): object {
  return periodic.has(workload.kind) || faults.length > 0 ? { duration } : {};
}

/** Equal for rows that draw load, delays and samples alike when their seeds are the same (matrix.ts, `seedsOf`): attackers do not count. */
export function calmKey(spec: RunSpec): string {
  const { scenarioId: _id, label: _label, tierReason: _reason, repetition: _number, ...named } = spec;
  const { seed: _seed, tier: _tier, messageBudget: _budget, byzantine: _attackers, ...calm } = named;
  const { duration: _duration, ...rest } = calm;
  return sha256Hex(canonicalJson({ ...rest, ...requestedRead(spec) }));
}

/** A cell whose run others take over. */
export interface Twin {
  readonly rowId: string;
  readonly cell: PlannedCell;
}

function isSimulated(row: PlannedRow): boolean {
  return row.skip === null && targetOf(row) === 'simulator';
}

/** The first cell of each simulation is run, the others take over its run. */
export class TwinBook {
  readonly #firsts = new Map<string, Twin>();
  readonly #twins = new Map<string, Twin>();

  /** By cell id: the first cell with the same simulation, for all but that one. */
  get twins(): ReadonlyMap<string, Twin> {
    return this.#twins;
  }

  add(row: PlannedRow, cells: readonly PlannedCell[]): void {
    if (!isSimulated(row)) return;
    for (const cell of cells) {
      const key = simulationKey(cell.spec);
      const first = this.#firsts.get(key);
      if (first === undefined) this.#firsts.set(key, { rowId: row.rowId, cell });
      else if (first.cell.id !== cell.id) this.#twins.set(cell.id, first);
    }
  }
}

/** Of all cells of a plan, in its order. */
export function twinsOf(plan: Plan): ReadonlyMap<string, Twin> {
  const book = new TwinBook();
  for (const row of plan.rows) book.add(row, row.cells);
  return book.twins;
}

/** The row all of whose planned repetitions are runs of another one; null when it has runs of its own. */
export function sameAs(row: PlannedRow, twins: ReadonlyMap<string, Twin>): string | null {
  const owners = new Set(row.cells.map(({ id }) => twins.get(id)?.rowId ?? null));
  const [owner] = owners;
  return owners.size === 1 && owner !== undefined ? owner : null;
}

/** What a stored run of the twin is as a run of `own`: the same figures, named and explained as its own. */
export function takenOver(
  own: RunSpec,
  { rowId, cell }: Twin,
  { result, series, events }: RunOutcome,
): RunOutcome {
  const id = testRunId(own);
  const { scenarioId, label, tier, tierReason } = own;
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
