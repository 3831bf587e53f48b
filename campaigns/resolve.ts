/**
 * From a scenario or a phase to rows with fully resolved specs: the defaults, the fidelity, the message budget, the seeds.
 * Owns: that resolution. Does not own: which rows there are (matrix.ts), cell ids and the plan (plan.ts), parsing (schema.ts).
 */
import { isRegressionMetric, regressionGroups } from '#campaigns/analysis/benchmark.ts';
import { resolveConsensus } from '#campaigns/consensus-defaults.ts';
import { doublingsMost, extraSeconds } from '#campaigns/extra-repetitions.ts';
import { resolveFault } from '#campaigns/fault-schedule.ts';
import { extraSecondsAlone, extraShare, phaseCoreShare, phaseCores } from '#campaigns/limits.ts';
import {
  checkOptions,
  labelOf,
  type MatrixOptions,
  matrix,
  overlapEntries,
  type Point,
  phaseEntries,
  repetitionsOf,
  rowIdOf,
  seedsOf,
  wantedOf,
} from '#campaigns/matrix.ts';
import { affordableShare, defaultMessageBudget, sharedMessageBudget } from '#campaigns/message-budget.ts';
import { applyOverrides } from '#campaigns/overrides.ts';
import type { Criterion, MoreRepetitions, OnlyOn, PlannedRow } from '#campaigns/plan-record.ts';
import { repetitionSeed } from '#campaigns/repetition-seed.ts';
import { readBaseline } from '#campaigns/results/baseline-file.ts';
import { type BenchmarkGroup, benchmarkGroups } from '#campaigns/results/benchmark-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { calmKey, simulationKey } from '#campaigns/same-simulation.ts';
import { type CatalogueEntry, loadCatalogue, loadPhase } from '#campaigns/scenario-file.ts';
import { appliesTo } from '#campaigns/schema/criterion.ts';
import type { Phase } from '#campaigns/schema/phase.ts';
import type { RunScenario, Scenario } from '#campaigns/schema.ts';
import { plannedCpuSeconds } from '#campaigns/simulation-cost.ts';
import { thisMachine } from '#campaigns/targets/benchmark/machine.ts';
import { benchmarkSpec } from '#campaigns/targets/benchmark/network-spec.ts';
import { chooseTier } from '#campaigns/targets/simulator/tier-choice.ts';
import { catalogueName } from '#campaigns/whole-catalogue.ts';
import { violations } from '#node/core/params.ts';
import { type Calibration, defaultCalibration, weightless } from '#node/model/calibration.ts';

export type ResolvedRow = Omit<PlannedRow, 'cells'> & {
  readonly specs: readonly RunSpec[];
  readonly onlyOn?: OnlyOn;
};

export interface ResolveOptions extends MatrixOptions {
  readonly calibration?: Calibration | undefined;
  readonly tier?: RunSpec['tier'] | undefined;
  /** The folder of the campaigns, which holds the baselines of benchmarks. Left out: there is none. */
  readonly runs?: string | undefined;
}

function specOf(
  scenario: RunScenario,
  point: Point,
  options: ResolveOptions,
): Omit<RunSpec, 'seed' | 'repetition'> {
  const { nodes, network, topology, resources } = point;
  const { workload } = scenario;
  const { warmup, measure, cooldown } = scenario.duration;
  const calibration = options.calibration ?? defaultCalibration;
  const spec = {
    scenarioId: scenario.id,
    label: labelOf(scenario, point),
    tier: options.tier ?? ('message' as const),
    nodes,
    consensus: resolveConsensus(scenario.consensus, nodes, network),
    network,
    topology,
    byzantine: {
      share: point.share,
      attack: point.attack,
      clusters: scenario.byzantine.clusters,
      identities: scenario.byzantine.identities,
      exclusion: scenario.byzantine.exclusion,
      ...(scenario.byzantine.half_life === undefined ? {} : { halfLifeUs: scenario.byzantine.half_life }),
      ...(scenario.byzantine.conviction === undefined ? {} : { conviction: scenario.byzantine.conviction }),
    },
    workload,
    faults: scenario.faults.map((fault) => resolveFault(fault, nodes, measure)),
    duration: { warmupUs: warmup, measureUs: measure, cooldownUs: cooldown },
    resources,
    calibration: scenario.service_times === 'none' ? weightless(calibration) : calibration,
  };
  return { ...spec, messageBudget: scenario.message_budget ?? defaultMessageBudget(spec) };
}

/** The cheapest fidelity that is exact for the criteria, and why. */
function withTier<T extends Omit<RunSpec, 'seed' | 'repetition'>>(
  spec: T,
  criteria: readonly Criterion[],
  // A budget from the command line buys another window, not another fidelity: a row of a phase, whose budget is shared, runs again as it was.
  messageBudget: number,
): T {
  // What does not fit the network is refused later, with the inequality it violates.
  if (violations(spec.consensus, spec.nodes).length > 0) return spec;
  const { tier, reason } = chooseTier({ ...spec, messageBudget, seed: 0, repetition: 0 }, criteria);
  return { ...spec, tier, tierReason: reason };
}

/** Which groups of figures the criteria are about. */
function groupsOf(criteria: readonly Criterion[]): readonly BenchmarkGroup[] {
  const named = criteria.map(({ metric }) => (isRegressionMetric(metric) ? regressionGroups[metric] : null));
  return benchmarkGroups.filter((group) => named.includes(null) || named.includes(group));
}

/** Each repetition carries the baseline as it is now: whatever happens until it runs, all are compared with the same one. */
function benchmarkRow(
  scenario: Extract<Scenario, { kind: 'benchmark' }>,
  options: ResolveOptions,
): ResolvedRow {
  const criteria = scenario.criteria.map(({ criterion }) => criterion);
  const groups = groupsOf(criteria);
  const machine = thisMachine();
  const baseline = options.runs === undefined ? null : readBaseline(options.runs, machine);
  const words = groups.map((group) => (group === 'vertex' ? 'vertex creation' : group));
  const label = `benchmark against the baseline of this machine: ${words.join(', ')}`;
  const spec = {
    ...benchmarkSpec(),
    scenarioId: scenario.id,
    label,
    benchmark: { groups, machine, baseline },
  };
  return {
    rowId: scenario.id,
    scenarioId: scenario.id,
    title: scenario.title,
    source: scenario.source,
    label,
    criteria,
    specs: Array.from({ length: repetitionsOf(scenario, options) }, (_, repetition) => ({
      ...spec,
      seed: repetitionSeed(options.seed, scenario.id, repetition),
      repetition,
    })),
    skip: null,
    target: 'benchmark',
  };
}

/** What the seeds of a configuration are derived from, by its calm key: entries that differ by attackers or criteria alone have the same. */
type SeedBook = Map<string, string>;

function rowsOf(
  base: Scenario,
  scenario: Scenario,
  options: ResolveOptions,
  reason: string | null,
  seeds: SeedBook | null = null,
): readonly ResolvedRow[] {
  if (scenario.kind === 'benchmark' || base.kind === 'benchmark') {
    return scenario.kind === 'benchmark' ? [benchmarkRow(scenario, options)] : [];
  }
  const repetitions = repetitionsOf(scenario, options);
  return matrix(scenario).map((point): ResolvedRow => {
    const rowId = rowIdOf(base, point);
    const resolved = specOf(scenario, point, options);
    const seedsFrom = seedsFromBook(seeds, resolved, seedsOf(base, point));
    const criteria = scenario.criteria
      .filter((criterion) => appliesTo(criterion, point.nodes, point.share))
      .map(({ criterion }) => criterion);
    const ownBudget = base.message_budget ?? defaultMessageBudget(resolved);
    const spec = options.tier === undefined ? withTier(resolved, criteria, ownBudget) : resolved;
    return {
      rowId,
      scenarioId: scenario.id,
      title: scenario.title,
      source: scenario.source,
      label: reason === null ? spec.label : `${spec.label} (${reason})`,
      criteria,
      specs: Array.from({ length: repetitions }, (_, repetition) => ({
        ...spec,
        seed: repetitionSeed(options.seed, seedsFrom, repetition),
        repetition,
      })),
      skip: null,
      ...(options.replications === undefined && { more: moreOf(spec, repetitions, seedsFrom) }),
      ...(scenario.only_on === undefined ? {} : { onlyOn: scenario.only_on }),
    };
  });
}

/** The first row of a configuration names the seeds of all. */
function seedsFromBook(
  seeds: SeedBook | null,
  spec: Omit<RunSpec, 'seed' | 'repetition'>,
  own: string,
): string {
  if (seeds === null) return own;
  const key = calmKey({ ...spec, seed: 0, repetition: 0 });
  const known = seeds.get(key) ?? own;
  seeds.set(key, known);
  return known;
}

/** A row that belongs to no phase may take as long again as its planned repetitions take, and nobody waits for it. */
function moreOf(
  spec: Omit<RunSpec, 'seed' | 'repetition'>,
  repetitions: number,
  seedsFrom: string,
): MoreRepetitions {
  const isValid = violations(spec.consensus, spec.nodes).length === 0;
  const seconds = isValid ? repetitions * plannedCpuSeconds({ ...spec, seed: 0, repetition: 0 }) : 0;
  const most = repetitions * 2 ** doublingsMost;
  return { most, coreSeconds: Math.min(extraSecondsAlone, seconds), seedsFrom };
}

/** The rows of one scenario, overrides applied. Throws ConfigError when they do not fit together. */
export function resolveScenario(scenario: Scenario, options: ResolveOptions): readonly ResolvedRow[] {
  checkOptions(options);
  return rowsOf(scenario, applyOverrides(scenario, options), options, null);
}

/** The rows of a phase in the order it lists them. Throws ConfigError. */
export function resolvePhase(phaseName: string, options: ResolveOptions): readonly ResolvedRow[] {
  checkOptions(options);
  const catalogue = loadCatalogue();
  const phase = loadPhase(phaseName, catalogue);
  return phaseRows(phase, catalogue, options);
}

export interface OverlapRow {
  readonly row: ResolvedRow;
  /** null: the target chooses. */
  readonly nodesPerProcess: number | null;
}

/** The rows of a phase that are small enough to be measured on this machine, too. Throws ConfigError. */
export function resolveOverlap(phaseName: string, options: ResolveOptions): readonly OverlapRow[] {
  checkOptions(options);
  const catalogue = loadCatalogue();
  const phase = loadPhase(phaseName, catalogue);
  const wanted = wantedOf(phase, options);
  return overlapEntries(phase, catalogue, wanted).flatMap(({ base, nodesPerProcess }) => {
    // Real processes have no fidelity to choose.
    const rows = rowsOf(base, applyOverrides(base, options), { ...options, tier: 'message' }, null);
    return rows.map((row) => ({ row, nodesPerProcess }));
  });
}

function phaseRows(
  phase: Phase,
  catalogue: readonly CatalogueEntry[],
  options: ResolveOptions,
): readonly ResolvedRow[] {
  const wanted = wantedOf(phase, options);
  // Entries that ask the same of a network have their own criteria: simulated once, when all are asked. A phase names its rows' seeds itself.
  const seeds: SeedBook | null = phase.id === catalogueName ? new Map() : null;
  // Of all rows of the phase, whichever are wanted: a row alone is the same cells as among the others.
  const plain = { seed: options.seed, ...(options.calibration && { calibration: options.calibration }) };
  const { share, extra } = timeOf(phase, rowsOfPhase(phase, catalogue, plain, [], seeds));
  const rows = rowsOfPhase(phase, catalogue, options, wanted, seeds);
  const fitted =
    share === 1 || options.messageBudget !== undefined ? rows : rows.map((row) => shared(row, share));
  return fitted.map(({ more, ...row }) => {
    if (more === undefined) return row;
    return { ...row, more: { ...more, coreSeconds: extra.get(row.rowId) ?? 0 } };
  });
}

interface PhaseShares {
  /** Of what rows get beyond their least budgets (message-budget.ts). */
  readonly share: number;
  /** Seconds of one core for further repetitions, by row. */
  readonly extra: ReadonlyMap<string, number>;
}

/** What is simulated for another row, too, costs once. */
function timeOf({ simulated_within }: Phase, rows: readonly ResolvedRow[]): PhaseShares {
  if (simulated_within === undefined) return { share: 1, extra: new Map() };
  const seen = new Set<string>();
  const costs = rows.flatMap(({ rowId, specs, target }) => {
    const [spec] = specs;
    if (spec === undefined || target !== undefined) return [];
    const key = simulationKey(spec);
    const repetitions = seen.has(key) ? 0 : specs.length;
    seen.add(key);
    return [{ rowId, spec, repetitions }];
  });
  const allSeconds = (phaseCores * phaseCoreShare * simulated_within) / 1_000_000;
  const share = affordableShare(costs, allSeconds * (1 - extraShare));
  const rowSeconds = costs.map(
    ({ spec, repetitions }) =>
      repetitions * plannedCpuSeconds({ ...spec, messageBudget: sharedMessageBudget(spec, share) }),
  );
  const extra = extraSeconds({ rowSeconds, allSeconds });
  return { share, extra: new Map(costs.map(({ rowId }, index) => [rowId, extra[index] ?? 0])) };
}

function shared(row: ResolvedRow, share: number): ResolvedRow {
  if (row.target !== undefined) return row;
  return {
    ...row,
    specs: row.specs.map((spec) => ({ ...spec, messageBudget: sharedMessageBudget(spec, share) })),
  };
}

/** `wanted`: scenarios; empty = all. */
function rowsOfPhase(
  phase: Phase,
  catalogue: readonly CatalogueEntry[],
  options: ResolveOptions,
  wanted: readonly string[],
  seeds: SeedBook | null,
): readonly ResolvedRow[] {
  return phaseEntries(phase, catalogue, options, wanted).flatMap(
    ({ base, scenario, reason, isComparison }) => {
      const rows = rowsOf(base, scenario, options, reason, seeds);
      return isComparison ? rows.map(comparisonRow) : rows;
    },
  );
}

/** Its fidelity is that of the judged sizes, its window the least that says anything, its repetitions those of the plan. */
function comparisonRow({ more: _never, specs, ...row }: ResolvedRow): ResolvedRow {
  const shortest = specs.map((spec) => ({ ...spec, messageBudget: sharedMessageBudget(spec, 0) }));
  return { ...row, specs: shortest, criteria: [], comparison: true };
}
