/**
 * What answering an entry of the catalogue takes: which target can, at which fidelity, how long and for how much.
 * Owns: the estimates that `list` shows. Does not own: capabilities (targets), fidelities (tier-choice.ts), prices (budgets).
 */
import { forecastTotal } from '#budgets/forecast.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { cloudStackFor } from '#budgets/stacks.ts';
import { withCapabilities } from '#campaigns/commands/plan-request.ts';
import { clusterRefuses } from '#campaigns/deployment-plan.ts';
import { forecastInputOf } from '#campaigns/forecast-plan.ts';
import { defaultSeed } from '#campaigns/matrix.ts';
import { measuredRow } from '#campaigns/overlap.ts';
import { buildPlan } from '#campaigns/plan.ts';
import { type ResolvedRow, resolveScenario } from '#campaigns/resolve.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Scenario } from '#campaigns/schema.ts';
import { expectedCpuSeconds } from '#campaigns/simulation-time.ts';
import { capabilities as processes } from '#campaigns/targets/processes/capabilities.ts';
import { capabilities as simulator } from '#campaigns/targets/simulator/capabilities.ts';

export interface EntryAnswers {
  /** Targets that can answer it; empty for a benchmark, which is a target by itself. */
  readonly answered_by: readonly ('simulator' | 'processes' | 'kubernetes')[];
  /** Why targets cannot, where they cannot: those of this machine, and what no cluster does whatever it costs. */
  readonly not_by: Readonly<Record<string, string>>;
  /** Fidelities that its rows take on the simulator. */
  readonly fidelity: readonly string[];
  /** CPU-seconds of all rows and repetitions on the simulator, an estimate; null when it cannot answer. */
  readonly simulated_cpu_seconds: number | null;
  /** All rows and repetitions on rented machines, P50, micro-dollars, FORECAST; null when nothing is deployed or no stack is large enough. */
  readonly cluster_usd_micros: number | null;
  /** Time of all rows and repetitions one after the other in real time, set-up left out; null for a benchmark. */
  readonly real_time_us: number | null;
}

/** Largest network that a stack is defined for. */
const clusterNodesMost = 10_000;

function realUs({ duration }: RunSpec): number {
  return duration.warmupUs + duration.measureUs + duration.cooldownUs;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function clusterCost(scenario: Scenario, rows: readonly ResolvedRow[], sheet: PriceSheet): number | null {
  const largest = Math.max(...rows.flatMap(({ specs }) => specs.map(({ nodes }) => nodes)));
  if (!(largest <= clusterNodesMost)) return null;
  const stack = cloudStackFor(largest);
  const plan = buildPlan({
    campaign: scenario.id,
    phase: stack.name,
    stack: stack.name,
    target: 'kubernetes',
    codeVersion: '',
    nodeVersion: '',
    seed: defaultSeed,
    rows,
  });
  return Number(forecastTotal({ ...forecastInputOf(plan, null, sheet, sheet.date), stack }).p50.usdMicros);
}

function skipOn(rows: readonly ResolvedRow[], target: 'simulator' | 'processes'): string | null {
  const able = target === 'simulator' ? simulator : processes;
  const placed = target === 'simulator' ? rows : rows.map((row) => measuredRow(row, null, null));
  return placed.map((row) => withCapabilities(row, able).skip).find((skip) => skip !== null) ?? null;
}

/** An entry is answered by a target that can run all of its rows. `pace`: seconds of this machine for an expected second. */
export function answersOf(scenario: Scenario, pace: number, sheet: PriceSheet): EntryAnswers {
  const rows = resolveScenario(scenario, { seed: defaultSeed });
  const specs = rows.flatMap((row) => row.specs);
  if (rows[0]?.target === 'benchmark') {
    const skip = 'a benchmark measures this machine and has no network';
    const none = { fidelity: [], simulated_cpu_seconds: null, cluster_usd_micros: null, real_time_us: null };
    return { answered_by: [], not_by: { simulator: skip, processes: skip }, ...none };
  }
  const reasons = { simulator: skipOn(rows, 'simulator'), processes: skipOn(rows, 'processes') };
  const here = (['simulator', 'processes'] as const).filter((target) => reasons[target] === null);
  const only = rows[0]?.onlyOn?.targets;
  const refusal = specs.map(clusterRefuses).find((reason) => reason !== null) ?? null;
  const mayDeploy = refusal === null && (only === undefined || only.includes('kubernetes'));
  const cost = mayDeploy ? clusterCost(scenario, rows, sheet) : null;
  const simulated = reasons.simulator === null;
  return {
    answered_by: cost === null ? here : [...here, 'kubernetes'],
    not_by: Object.fromEntries(
      Object.entries({ ...reasons, kubernetes: refusal }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      ),
    ),
    fidelity: simulated ? [...new Set(specs.map(({ tier }) => tier))] : [],
    simulated_cpu_seconds: simulated ? Math.ceil(pace * sum(specs.map(expectedCpuSeconds))) : null,
    cluster_usd_micros: cost,
    real_time_us: sum(specs.map(realUs)),
  };
}
