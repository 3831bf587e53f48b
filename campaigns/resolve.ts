/**
 * From a scenario or a phase to rows with fully resolved specs: the matrix, the defaults, the overrides, the seeds.
 * Owns: that resolution. Does not own: cell ids and the plan (plan.ts), parsing (schema.ts), feasibility.
 */
import { isRegressionMetric, regressionGroups } from '#campaigns/analysis/benchmark.ts';
import { ConfigError, optionProblem, type Problem } from '#campaigns/config-error.ts';
import { resolveConsensus } from '#campaigns/consensus-defaults.ts';
import { doublingsMost, extraSeconds } from '#campaigns/extra-repetitions.ts';
import { resolveFault } from '#campaigns/fault-schedule.ts';
import {
  extraSecondsAlone,
  phaseCoreShare,
  phaseCores,
  replicationsLeast,
  replicationsMost,
} from '#campaigns/limits.ts';
import { affordableShare, defaultMessageBudget, sharedMessageBudget } from '#campaigns/message-budget.ts';
import { applyOverrides, type Overrides } from '#campaigns/overrides.ts';
import type { Criterion, MoreRepetitions, OnlyOn, PlannedRow } from '#campaigns/plan-record.ts';
import { repetitionSeed } from '#campaigns/repetition-seed.ts';
import { readBaseline } from '#campaigns/results/baseline-file.ts';
import { type BenchmarkGroup, benchmarkGroups } from '#campaigns/results/benchmark-record.ts';
import type { AttackName, RunSpec } from '#campaigns/run-spec.ts';
import { idRemedy } from '#campaigns/scenario-checks.ts';
import { type CatalogueEntry, loadCatalogue, loadPhase } from '#campaigns/scenario-file.ts';
import { appliesTo } from '#campaigns/schema/criterion.ts';
import type { Phase } from '#campaigns/schema/phase.ts';
import type { RunScenario, Scenario } from '#campaigns/schema.ts';
import { simulatedCpuSeconds } from '#campaigns/simulation-cost.ts';
import { thisMachine } from '#campaigns/targets/benchmark/machine.ts';
import { benchmarkSpec } from '#campaigns/targets/benchmark/network-spec.ts';
import { chooseTier } from '#campaigns/targets/simulator/tier-choice.ts';
import { formatShare } from '#campaigns/units.ts';
import { violations } from '#node/core/params.ts';
import { type Calibration, defaultCalibration, weightless } from '#node/model/calibration.ts';

export type ResolvedRow = Omit<PlannedRow, 'cells'> & {
  readonly specs: readonly RunSpec[];
  readonly onlyOn?: OnlyOn;
};

export interface ResolveOptions extends Overrides {
  /** Of the campaign, unsigned 32 bits. */
  readonly seed: number;
  /** At least as many as the scenario demands unless given; then exactly these. */
  readonly replications?: number | undefined;
  readonly calibration?: Calibration | undefined;
  readonly tier?: RunSpec['tier'] | undefined;
  /** Of a phase: only these scenarios; empty or absent = all. */
  readonly scenarios?: readonly string[] | undefined;
  /** The folder of the campaigns, which holds the baselines of benchmarks. Left out: there is none. */
  readonly runs?: string | undefined;
}

type Conditions = Pick<Point, 'network' | 'topology' | 'resources'>;

interface Point {
  readonly nodes: number;
  readonly share: number;
  readonly attack: AttackName;
  readonly network: RunSpec['network'];
  readonly topology: RunSpec['topology'];
  readonly resources: RunSpec['resources'];
}

/** What surrounds the nodes: one entry for each row of one size and adversary. */
function conditions({ network, topology, resources }: RunScenario): readonly Conditions[] {
  return network.flatMap((net) =>
    topology.flatMap((shape) =>
      resources.map((limits) => ({ network: net, topology: shape, resources: limits })),
    ),
  );
}

/** The rows of a scenario's matrix, sizes outermost. Without attackers there is one row whatever the attacks. */
function matrix(scenario: RunScenario): readonly Point[] {
  const { share: shares, attack: attacks } = scenario.byzantine;
  return scenario.nodes.flatMap((nodes) =>
    conditions(scenario).flatMap((around) =>
      shares.flatMap((share): readonly Point[] =>
        share === 0
          ? [{ nodes, share, attack: 'none', ...around }]
          : attacks.map((attack) => ({ nodes, share, attack, ...around })),
      ),
    ),
  );
}

/** "CT-003/nodes=150,byzantine=10%": names each axis that the scenario varies or that differs from what it says. */
function rowIdOf(base: RunScenario, point: Point): string {
  const parts: string[] = [];
  const named = <T>(axis: readonly T[], value: T): boolean => axis.length > 1 || !axis.includes(value);
  const names = <T extends string>(axis: readonly { readonly [key in T]: string }[], key: T): string[] =>
    axis.map((one) => one[key]);
  const { nodes, share, attack, network, topology, resources } = point;
  if (named(base.nodes, nodes)) parts.push(`nodes=${nodes}`);
  if (named(base.byzantine.share, share)) parts.push(`byzantine=${formatShare(share)}`);
  if (attack !== 'none' && named(base.byzantine.attack, attack)) parts.push(`attack=${attack}`);
  if (named(names(base.network, 'name'), network.name)) parts.push(`network=${network.name}`);
  if (named(names(base.topology, 'kind'), topology.kind)) parts.push(`topology=${topology.kind}`);
  if (named(names(base.resources, 'name'), resources.name)) parts.push(`resources=${resources.name}`);
  return parts.length === 0 ? base.id : `${base.id}/${parts.join(',')}`;
}

/**
 * Rows that differ by their attackers alone have the same seeds: load, delays and samples are then drawn alike, and what the attackers
 * change is compared repetition by repetition.
 */
function seedsOf(base: RunScenario, point: Point): string {
  const calm = { ...point, share: 0, attack: 'none' as const };
  return rowIdOf({ ...base, byzantine: { ...base.byzantine, share: [0] } }, calm);
}

/** Topology and resources are only said where the scenario compares several. */
function labelOf(scenario: RunScenario, { nodes, share, attack, ...around }: Point): string {
  const parts = [`${nodes} nodes`, around.network.name];
  if (scenario.topology.length > 1) parts.push(around.topology.kind);
  if (scenario.resources.length > 1) parts.push(`${around.resources.name} resources`);
  if (attack !== 'none' && share > 0) parts.push(`${attack} ${formatShare(share).replace('%', ' %')}`);
  return parts.join(', ');
}

/** Source of the least number of repetitions: requirements 2.5. Throws ConfigError for numbers that are none. */
function repetitionsOf(scenario: Scenario, options: ResolveOptions): number {
  return options.replications ?? Math.max(replicationsLeast, scenario.repetitions.at_least);
}

function checkOptions(options: ResolveOptions): void {
  const problems: Problem[] = [];
  const { seed, replications } = options;
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    problems.push(optionProblem('--seed', `${seed} is not a whole number from 0 to 4294967295`));
  }
  if (
    replications !== undefined &&
    !(Number.isInteger(replications) && replications >= 1 && replications <= replicationsMost)
  ) {
    problems.push(
      optionProblem('--replications', `${replications} is not a whole number from 1 to ${replicationsMost}`),
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
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
): T {
  // What does not fit the network is refused later, with the inequality it violates.
  if (violations(spec.consensus, spec.nodes).length > 0) return spec;
  const { tier, reason } = chooseTier({ ...spec, seed: 0, repetition: 0 }, criteria);
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

function rowsOf(
  base: Scenario,
  scenario: Scenario,
  options: ResolveOptions,
  reason: string | null,
): readonly ResolvedRow[] {
  if (scenario.kind === 'benchmark' || base.kind === 'benchmark') {
    return scenario.kind === 'benchmark' ? [benchmarkRow(scenario, options)] : [];
  }
  const repetitions = repetitionsOf(scenario, options);
  return matrix(scenario).map((point): ResolvedRow => {
    const rowId = rowIdOf(base, point);
    const seedsFrom = seedsOf(base, point);
    const resolved = specOf(scenario, point, options);
    const criteria = scenario.criteria
      .filter((criterion) => appliesTo(criterion, point.nodes, point.share))
      .map(({ criterion }) => criterion);
    const spec = options.tier === undefined ? withTier(resolved, criteria) : resolved;
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

/** A row that belongs to no phase may take as long again as its planned repetitions take, and nobody waits for it. */
function moreOf(
  spec: Omit<RunSpec, 'seed' | 'repetition'>,
  repetitions: number,
  seedsFrom: string,
): MoreRepetitions {
  const isValid = violations(spec.consensus, spec.nodes).length === 0;
  const seconds = isValid ? repetitions * simulatedCpuSeconds({ ...spec, seed: 0, repetition: 0 }) : 0;
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
  return phase.overlap.flatMap(({ scenario, nodes_per_process }) => {
    const base = catalogue.find(({ id }) => id === scenario)?.scenario;
    if (base === undefined || (wanted.length > 0 && !wanted.includes(scenario))) return [];
    // Real processes have no fidelity to choose.
    const rows = rowsOf(base, applyOverrides(base, options), { ...options, tier: 'message' }, null);
    return rows.map((row) => ({ row, nodesPerProcess: nodes_per_process ?? null }));
  });
}

/** The scenarios that were asked for, in capitals; empty = all. Throws ConfigError for one that the phase does not carry. */
function wantedOf(phase: Phase, options: ResolveOptions): readonly string[] {
  const wanted = (options.scenarios ?? []).map((id) => id.toUpperCase());
  const carried = [...new Set([...phase.scenarios, ...phase.overlap].map((row) => row.scenario))];
  const strangers = wanted.filter((id) => !carried.includes(id));
  if (strangers.length === 0) return wanted;
  throw new ConfigError(
    strangers.map((id) =>
      optionProblem('--scenario', `${id.slice(0, 60)} is not in ${phase.id}`, idRemedy(id, carried)),
    ),
  );
}

function phaseRows(
  phase: Phase,
  catalogue: readonly CatalogueEntry[],
  options: ResolveOptions,
): readonly ResolvedRow[] {
  const wanted = wantedOf(phase, options);
  const rows = rowsOfPhase(phase, catalogue, options, wanted);
  const { share, extra } = timeOf(phase, catalogue, options);
  const fitted =
    share === 1 || options.messageBudget !== undefined ? rows : rows.map((row) => shared(row, share));
  return fitted.map(({ more, ...row }) => {
    const coreSeconds = extra.get(row.rowId) ?? 0;
    return more === undefined || !(coreSeconds > 0) ? row : { ...row, more: { ...more, coreSeconds } };
  });
}

interface PhaseShares {
  /** Of what rows get beyond their least budgets (message-budget.ts). */
  readonly share: number;
  /** Seconds of one core for further repetitions, by row. */
  readonly extra: ReadonlyMap<string, number>;
}

/** Of all rows of the phase, whichever are wanted: a row alone is the same cells as among the others. */
function timeOf(phase: Phase, catalogue: readonly CatalogueEntry[], options: ResolveOptions): PhaseShares {
  if (phase.simulated_within === undefined) return { share: 1, extra: new Map() };
  const plain = { seed: options.seed, ...(options.calibration && { calibration: options.calibration }) };
  const simulated = rowsOfPhase(phase, catalogue, plain, []).filter(({ target }) => target === undefined);
  const costs = simulated.flatMap(({ specs: [spec, ...others] }) =>
    spec === undefined ? [] : [{ spec, repetitions: 1 + others.length }],
  );
  const allSeconds = (phaseCores * phaseCoreShare * phase.simulated_within) / 1_000_000;
  const share = affordableShare(costs, allSeconds);
  const rowSeconds = costs.map(
    ({ spec, repetitions }) =>
      repetitions * simulatedCpuSeconds({ ...spec, messageBudget: sharedMessageBudget(spec, share) }),
  );
  const extra = extraSeconds({ rowSeconds, allSeconds });
  return { share, extra: new Map(simulated.map(({ rowId }, index) => [rowId, extra[index] ?? 0])) };
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
): readonly ResolvedRow[] {
  return phase.scenarios.flatMap((row) => {
    if (wanted.length > 0 && !wanted.includes(row.scenario)) return [];
    const base = catalogue.find(({ id }) => id === row.scenario)?.scenario;
    if (base === undefined) return []; // readPhase refused it
    const ofPhase = applyOverrides(base, {
      nodes: row.nodes,
      byzantineShares: row.byzantine,
      attacks: row.attack,
    });
    return rowsOf(base, applyOverrides(ofPhase, options), options, row.reason ?? null);
  });
}
