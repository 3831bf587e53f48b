/**
 * What a campaign of the cloud deploys after its approval: the rows it measures there, and the networks they run on.
 * Owns: these rows, grouping their cells into deployments. Does not own: the plan that they follow from (plan.ts), deploying
 * (targets/kubernetes), the order of steps (next-action.ts).
 *
 * A pure function of plan.json: an approval that is bound to the plan is bound to this, too.
 */
import { deployedCriteria, isComparison } from '#campaigns/analysis/comparison-row.ts';
import { cellId } from '#campaigns/plan.ts';
import {
  type Plan,
  type PlannedCell,
  type PlannedRow,
  plannedOnly,
  targetOf,
} from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { planRealTime } from '#campaigns/targets/processes/real-window.ts';

/** One network: created, used for its cells one after the other, destroyed. */
export interface PlannedDeployment {
  /** "d1", "d2": part of names and tags in the cloud. */
  readonly name: string;
  readonly nodes: number;
  readonly nodesPerProcess: number;
  readonly cells: readonly PlannedCell[];
}

/** The suffix is part of the row's name: every table shows where it ran. */
export const clusterSuffix = 'cluster';

/** Node processes that cannot be ended or frozen from the conductor's pod, which has no right to do anything. */
const wholeProcessFaults: ReadonlySet<string> = new Set(['stall']);

/** Why a network of pods cannot run a specification; null when it can. */
export function clusterRefuses(spec: RunSpec): string | null {
  for (const { kind } of spec.faults)
    if (wholeProcessFaults.has(kind))
      return `the cluster cannot run the fault "${kind}": nobody may freeze a pod from inside`;
  if (spec.workload.kind === 'single')
    return 'the workload "single" waits for every node after every vertex, which reports in batches do not show in time';
  return null;
}

function clusterRow(row: PlannedRow, plan: Plan): PlannedRow {
  const cells = row.cells.map(({ spec }): PlannedCell => {
    const packed = { ...spec, nodesPerProcess: spec.nodesPerProcess ?? 1 };
    return { id: cellId(packed, plan.codeVersion, 'kubernetes'), spec: packed };
  });
  const refusals = row.cells.map(({ spec }) => clusterRefuses(spec)).filter((reason) => reason !== null);
  return {
    ...row,
    ...deployedCriteria(plan, row),
    rowId: `${row.rowId}${row.rowId.includes('/') ? ',' : '/'}${clusterSuffix}`,
    cells,
    skip: row.skip ?? refusals[0] ?? null,
    target: 'kubernetes',
    predictedBy: row.rowId,
  };
}

const rowsOfPlan = new WeakMap<Plan, readonly PlannedRow[]>();
const deploymentsOfPlan = new WeakMap<Plan, readonly PlannedDeployment[]>();

/** A row for each that was simulated for the cloud; what overlaps with this machine is measured here, what is only compared with nowhere. */
export function clusterRows(plan: Plan): readonly PlannedRow[] {
  const known = rowsOfPlan.get(plan);
  if (known !== undefined) return known;
  const predictors = new Set(plan.rows.map(({ predictedBy }) => predictedBy));
  const rows =
    plan.target !== 'kubernetes'
      ? []
      : plannedOnly(plan)
          .rows.filter(
            (row) => targetOf(row) === 'simulator' && !predictors.has(row.rowId) && !isComparison(row),
          )
          .map((row) => clusterRow(row, plan));
  rowsOfPlan.set(plan, rows);
  return rows;
}

/** Of a deployment's life for its runs; the rest is creating, gathering and removing. */
const runSecondsMost = 7_200;
/** Handing in, gathering, assigning and collecting of one run. */
const aroundRunSeconds = 60;

function secondsOf({ spec }: PlannedCell): number {
  const { warmupUs, measureUs, cooldownUs } = planRealTime(spec);
  return aroundRunSeconds + (warmupUs + measureUs + cooldownUs) / 1_000_000;
}

/** As many as fit into the life of a network; at least one in each. */
function inWindows(cells: readonly PlannedCell[]): PlannedCell[][] {
  const windows: PlannedCell[][] = [];
  let left = 0;
  for (const cell of cells) {
    const seconds = secondsOf(cell);
    if (windows.length === 0 || seconds > left) {
      windows.push([]);
      left = runSecondsMost;
    }
    windows.at(-1)!.push(cell);
    left -= seconds;
  }
  return windows;
}

/** Networks by size, small ones first: a mistake shows before it is expensive. */
export function deploymentsOf(plan: Plan): readonly PlannedDeployment[] {
  const known = deploymentsOfPlan.get(plan);
  if (known !== undefined) return known;
  const groups = new Map<string, PlannedCell[]>();
  for (const row of clusterRows(plan)) {
    if (row.skip !== null) continue;
    for (const cell of row.cells) {
      const size = `${cell.spec.nodes}/${cell.spec.nodesPerProcess ?? 1}`;
      const group = groups.get(size) ?? [];
      group.push(cell);
      groups.set(size, group);
    }
  }
  const deployments = [...groups.values()]
    .flatMap(inWindows)
    .map((cells) => {
      const { nodes, nodesPerProcess = 1 } = cells[0]!.spec;
      return { nodes, nodesPerProcess, cells };
    })
    .sort((a, b) => a.nodes - b.nodes || b.nodesPerProcess - a.nodesPerProcess)
    .map((deployment, index) => ({ name: `d${index + 1}`, ...deployment }));
  deploymentsOfPlan.set(plan, deployments);
  return deployments;
}

/** The plan with what is measured in the cloud, for everything that judges or reports a campaign that went there. */
export function withClusterRows(plan: Plan): Plan {
  return { ...plan, rows: [...plan.rows, ...clusterRows(plan)] };
}
