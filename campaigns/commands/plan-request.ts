/**
 * From the words of a command to a plan: a phase, a scenario of the catalogue or a file.
 * Owns: which limits, stack and target go with it. Does not own: resolving (resolve.ts) or building plans (plan.ts).
 */
import { defaultLimits, type Limits } from '#budgets/limits.ts';
import type { UsdMicros } from '#budgets/money.ts';
import { isComparison } from '#campaigns/analysis/comparison-row.ts';
import { codeVersion } from '#campaigns/code-version.ts';
import { measuredRow, overlapPair } from '#campaigns/overlap.ts';
import { phaseLimits } from '#campaigns/phase-outline.ts';
import { buildPlan, type RowToPlan } from '#campaigns/plan.ts';
import { type Plan, type RunTarget, targetOf } from '#campaigns/plan-record.ts';
import {
  type OverlapRow,
  type ResolvedRow,
  type ResolveOptions,
  resolveOverlap,
  resolvePhase,
  resolveScenario,
} from '#campaigns/resolve.ts';
import { findScenario, loadPhase, phaseNames } from '#campaigns/scenario-file.ts';
import { capabilities as benchmark } from '#campaigns/targets/benchmark/capabilities.ts';
import { capabilities as processes } from '#campaigns/targets/processes/capabilities.ts';
import { capabilities as simulator } from '#campaigns/targets/simulator/capabilities.ts';
import type { Capabilities } from '#campaigns/targets/target.ts';
import { benchmarkSkip, catalogueName } from '#campaigns/whole-catalogue.ts';

export interface PlannedCampaign {
  /** Folder name, before a suffix makes it unique. */
  readonly name: string;
  readonly planOf: (campaign: string) => Plan;
  readonly limits: Limits;
}

function utcStamp(now: Date): string {
  return now.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
}

/** A row that the target cannot run is SKIPPED with the reason; an analytic row injects nothing. */
export function withCapabilities(row: RowToPlan, capabilities: Capabilities): RowToPlan {
  const [spec] = row.specs;
  if (row.skip !== null || spec === undefined) return row;
  const { onlyOn } = row;
  if (onlyOn?.targets.every((name) => name !== capabilities.name))
    return { ...row, skip: `only ${onlyOn.targets.join(' or ')} can answer it: ${onlyOn.why}` };
  if (spec.tier === 'analytic') return row;
  const missing: string[] = [];
  for (const { kind } of spec.faults) if (!capabilities.faults.has(kind)) missing.push(`the fault "${kind}"`);
  if (spec.byzantine.attack !== 'none' && !capabilities.attacks.has(spec.byzantine.attack)) {
    missing.push(`the attack "${spec.byzantine.attack}"`);
  }
  if (spec.nodes > capabilities.nodesMost)
    missing.push(`${spec.nodes} nodes (at most ${capabilities.nodesMost})`);
  const refusal = capabilities.refuses?.(spec) ?? null;
  if (missing.length === 0 && refusal !== null) return { ...row, skip: refusal };
  return missing.length === 0
    ? row
    : { ...row, skip: `the ${capabilities.name} cannot run ${[...new Set(missing)].join(', ')}` };
}

interface Head {
  readonly name: string;
  readonly phase: string;
  readonly stack: string;
  readonly target: Plan['target'];
  readonly seed: number;
  readonly limits: Limits;
  readonly simulatedWithinUs?: number | undefined;
  readonly withinUs?: number | undefined;
}

function planned(head: Head, rows: readonly RowToPlan[]): PlannedCampaign {
  const capabilities: Readonly<Record<Exclude<RunTarget, 'kubernetes'>, Capabilities>> = {
    simulator,
    processes,
    benchmark,
  };
  const runnable = rows.map((row) => {
    const target = targetOf(row);
    return withCapabilities(row, capabilities[target === 'kubernetes' ? 'simulator' : target]);
  });
  const { phase, stack, target, seed, limits, simulatedWithinUs, withinUs } = head;
  const planOf = (campaign: string): Plan =>
    buildPlan({
      campaign,
      phase,
      stack,
      target,
      codeVersion: codeVersion(),
      nodeVersion: process.version,
      seed,
      simulatedWithinUs,
      withinUs,
      rows: runnable,
    });
  return { name: `${head.name}-${utcStamp(new Date())}`, planOf, limits };
}

export interface PhaseRequest extends ResolveOptions {
  /** Left out: the phase's own. What is deployed follows from the simulated rows. */
  readonly target?: Exclude<RunTarget, 'kubernetes' | 'benchmark'> | undefined;
  /** In place of the phase's own limit for the whole campaign. */
  readonly budget?: UsdMicros | undefined;
}

/** The limits of a stored plan: those of its phase; a scenario run for itself has the default ones. */
export function limitsOf(plan: Plan): Limits {
  return isPhase(plan.phase) ? phaseLimits(loadPhase(plan.phase), undefined) : defaultLimits;
}

/** Throws ConfigError or CampaignError (exit 20). */
export function planPhase(name: string, request: PhaseRequest): PlannedCampaign {
  const phase = loadPhase(name);
  const limits = phaseLimits(phase, request.budget);
  const target = request.target ?? phase.target;
  const head = {
    name: phase.id,
    phase: phase.id,
    stack: phase.stack,
    target,
    seed: request.seed,
    limits,
    simulatedWithinUs: phase.simulated_within,
    withinUs: phase.within,
  };
  return planned(head, phaseRows(name, request));
}

/** Every entry on the simulator; what only something else answers is SKIPPED. Throws ConfigError or CampaignError (exit 20). */
export function planCatalogue(request: ResolveOptions): PlannedCampaign {
  const { id, stack, simulated_within } = loadPhase(catalogueName);
  const rows = resolvePhase(id, request).map((row) =>
    row.target === 'benchmark' ? { ...row, skip: benchmarkSkip(row.scenarioId) } : row,
  );
  const { seed } = request;
  const limits = defaultLimits;
  const simulatedWithinUs = simulated_within;
  return planned({ name: id, phase: id, stack, target: 'simulator', seed, limits, simulatedWithinUs }, rows);
}

/** Without a target: everything simulated, and what overlaps measured, too. */
function phaseRows(name: string, request: PhaseRequest): readonly RowToPlan[] {
  const rows = (): readonly ResolvedRow[] => resolvePhase(name, request);
  const overlap = (): readonly OverlapRow[] => resolveOverlap(name, request);
  switch (request.target) {
    case 'simulator':
      return [...rows(), ...overlap().map(({ row }) => row)];
    case 'processes':
      return [
        ...rows()
          .filter((row) => !isComparison(row))
          .map((row) => measuredRow(row, null, null)),
        ...overlap().map(({ row, nodesPerProcess }) => measuredRow(row, nodesPerProcess, null)),
      ];
    case undefined:
      return [
        ...rows(),
        ...overlap().flatMap(({ row, nodesPerProcess }) => overlapPair(row, nodesPerProcess)),
      ];
  }
}

/** One scenario on the simulator. Throws ConfigError or CampaignError (exit 20). */
export function planScenario(idOrFile: string, options: ResolveOptions): PlannedCampaign {
  const scenario = findScenario(idOrFile);
  const name = `simulate-${scenario.id.replace(/[^A-Za-z0-9-]/g, '-')}`;
  const head: Head = {
    name,
    phase: 'simulate',
    stack: 'local',
    target: 'simulator',
    seed: options.seed,
    limits: defaultLimits,
  };
  return planned(head, resolveScenario(scenario, options));
}

/** One scenario, simulated and measured on this machine. Throws ConfigError or CampaignError (exit 20). */
export function planMeasurement(
  idOrFile: string,
  options: ResolveOptions,
  nodesPerProcess: number | null,
  isAlone: boolean,
): PlannedCampaign {
  const scenario = findScenario(idOrFile);
  const name = `measure-${scenario.id.replace(/[^A-Za-z0-9-]/g, '-')}`;
  const rows = resolveScenario(scenario, options);
  const { seed } = options;
  const limits = defaultLimits;
  const head: Head = { name, phase: 'simulate', stack: 'local', target: 'processes', seed, limits };
  return planned(
    head,
    rows.flatMap((row) =>
      isAlone ? [measuredRow(row, nodesPerProcess, null)] : overlapPair(row, nodesPerProcess),
    ),
  );
}

export function isPhase(name: string): boolean {
  return phaseNames().includes(name);
}
