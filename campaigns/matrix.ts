/**
 * The rows of a scenario and of a phase: which sizes, adversaries and surroundings, what each row is called, how often it is repeated.
 * Owns: that list, and the options it depends on. Does not own: what a repetition computes (resolve.ts) or costs (phase-outline.ts).
 */

import { comparisonReason } from '#campaigns/analysis/comparison-row.ts';
import { ConfigError, optionProblem, type Problem } from '#campaigns/config-error.ts';
import { replicationsLeast, replicationsMost } from '#campaigns/limits.ts';
import { applyOverrides, type Overrides } from '#campaigns/overrides.ts';
import type { AttackName, RunSpec } from '#campaigns/run-spec.ts';
import { idRemedy } from '#campaigns/scenario-checks.ts';
import type { CatalogueEntry } from '#campaigns/scenario-file.ts';
import type { Phase } from '#campaigns/schema/phase.ts';
import type { RunScenario, Scenario } from '#campaigns/schema.ts';
import { formatShare } from '#campaigns/units.ts';

/** Seed of a campaign when none is given: the same command gives the same runs. */
export const defaultSeed = 1;

/** What decides which rows there are. */
export interface MatrixOptions extends Overrides {
  /** Of the campaign, unsigned 32 bits. */
  readonly seed: number;
  /** At least as many as the scenario demands unless given; then exactly these. */
  readonly replications?: number | undefined;
  /** Of a phase: only these scenarios; empty or absent = all. */
  readonly scenarios?: readonly string[] | undefined;
}

type Conditions = Pick<Point, 'network' | 'topology' | 'resources'>;

export interface Point {
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
export function matrix(scenario: RunScenario): readonly Point[] {
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
export function rowIdOf(base: RunScenario, point: Point): string {
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
export function seedsOf(base: RunScenario, point: Point): string {
  const calm = { ...point, share: 0, attack: 'none' as const };
  return rowIdOf({ ...base, byzantine: { ...base.byzantine, share: [0] } }, calm);
}

/** Topology and resources are only said where the scenario compares several. */
export function labelOf(scenario: RunScenario, { nodes, share, attack, ...around }: Point): string {
  const parts = [`${nodes} nodes`, around.network.name];
  if (scenario.topology.length > 1) parts.push(around.topology.kind);
  if (scenario.resources.length > 1) parts.push(`${around.resources.name} resources`);
  if (attack !== 'none' && share > 0) parts.push(`${attack} ${formatShare(share).replace('%', ' %')}`);
  return parts.join(', ');
}

/** Source of the least number of repetitions: requirements 2.5. Throws ConfigError for numbers that are none. */
export function repetitionsOf(scenario: Scenario, options: MatrixOptions): number {
  return options.replications ?? Math.max(replicationsLeast, scenario.repetitions.at_least);
}

export function checkOptions(options: MatrixOptions): void {
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

/** The scenarios that were asked for, in capitals; empty = all. Throws ConfigError for one that the phase does not carry. */
export function wantedOf(phase: Phase, options: MatrixOptions): readonly string[] {
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

export interface OverlapEntry {
  readonly base: Scenario;
  readonly nodesPerProcess: number | null;
}

/** The overlap scenarios of a phase, in order. `wanted`: ids in capitals; empty = all. */
export function overlapEntries(
  phase: Phase,
  catalogue: readonly CatalogueEntry[],
  wanted: readonly string[],
): readonly OverlapEntry[] {
  return phase.overlap.flatMap(({ scenario, nodes_per_process }): OverlapEntry[] => {
    const base = catalogue.find(({ id }) => id === scenario)?.scenario;
    if (base === undefined || (wanted.length > 0 && !wanted.includes(scenario))) return [];
    return [{ base, nodesPerProcess: nodes_per_process ?? null }];
  });
}

export interface PhaseEntry {
  readonly base: Scenario;
  /** With what the phase and the options change. */
  readonly scenario: Scenario;
  readonly reason: string | null;
  /** Sizes that are simulated to compare these with (comparison-row.ts). */
  readonly isComparison: boolean;
}

/** The scenarios of a phase in the order it lists them, sizes to compare with after what they are compared to. `wanted`: ids in capitals; empty = all. Throws ConfigError. */
export function phaseEntries(
  phase: Phase,
  catalogue: readonly CatalogueEntry[],
  options: MatrixOptions,
  wanted: readonly string[],
): readonly PhaseEntry[] {
  return phase.scenarios.flatMap((row): PhaseEntry[] => {
    if (wanted.length > 0 && !wanted.includes(row.scenario)) return [];
    const base = catalogue.find(({ id }) => id === row.scenario)?.scenario;
    if (base === undefined) return []; // readPhase refused it
    const ofPhase = applyOverrides(base, {
      nodes: row.nodes,
      byzantineShares: row.byzantine,
      attacks: row.attack,
    });
    const scenario = applyOverrides(ofPhase, options);
    const entry = { base, scenario, reason: row.reason ?? null, isComparison: false };
    const judged = scenario.kind === 'run' ? scenario.nodes : [];
    const others = (row.compared_with ?? []).filter((nodes) => !judged.includes(nodes));
    if (others.length === 0) return [entry];
    const smaller = applyOverrides(scenario, { nodes: others });
    return [entry, { base, scenario: smaller, reason: comparisonReason(judged), isComparison: true }];
  });
}
