/**
 * Builds the plan of a campaign: rows in ascending scale, one cell per repetition, each named by what it computes.
 * Owns: cell ids, order, the hash that an approval binds to. Does not own: resolving scenarios (resolve.ts), running.
 */
import { sha256Hex } from '#budgets/sha256.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { CampaignError } from '#campaigns/errors.ts';
import {
  type OnlyOn,
  type Plan,
  type PlannedRow,
  plannedOnly,
  type RunTarget,
  targetOf,
} from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';

/** A row as the resolver hands it over: one spec per repetition, seeds derived. */
export type RowToPlan = Omit<PlannedRow, 'cells'> & {
  readonly specs: readonly RunSpec[];
  /** Left out: every target can answer it. Once planned, `skip` says what follows from it. */
  readonly onlyOn?: OnlyOn;
};

export interface PlanRequest {
  readonly campaign: string;
  readonly phase: string;
  readonly stack: string;
  readonly target: Plan['target'];
  readonly codeVersion: string;
  readonly nodeVersion: string;
  readonly seed: number;
  readonly simulatedWithinUs?: number | undefined;
  readonly withinUs?: number | undefined;
  readonly rows: readonly RowToPlan[];
}

/** The same configuration, seed and code give the same id; criteria do not count: judging again needs no new run. */
export function cellId(
  spec: RunSpec,
  codeVersion: string,
  target: Plan['target'] | RunTarget = 'simulator',
): string {
  // A measured cell is another one than its simulated twin.
  const where = target === 'simulator' ? {} : { target };
  return sha256Hex(canonicalJson({ spec, codeVersion, ...where })).slice(0, 16);
}

/** A row that runs nothing comes last. */
function scaleOf(row: RowToPlan): number {
  if (row.specs.length === 0) return Number.MAX_SAFE_INTEGER;
  return Math.max(...row.specs.map((spec) => spec.nodes));
}

/** Throws CampaignError 'plan-empty' without rows. Small scales come first: a mistake shows before it is expensive. */
export function buildPlan(request: PlanRequest): Plan {
  if (request.rows.length === 0) {
    throw new CampaignError(
      'plan-empty',
      `${request.phase} has no row left to run`,
      'see what there is: npm run campaign list',
    );
  }
  const owners = new Map<string, string>();
  const ascending = request.rows
    .map((row, index) => ({ row, index, scale: scaleOf(row) }))
    .sort((a, b) => a.scale - b.scale || a.index - b.index);
  const rows = ascending.map(({ row: { specs, onlyOn: _onlyOn, ...row } }): PlannedRow => {
    const cells = specs.map((spec) => ({ id: cellId(spec, request.codeVersion, targetOf(row)), spec }));
    for (const cell of cells) {
      const owner = owners.get(cell.id);
      if (owner !== undefined)
        throw new CampaignError('usage', `${owner} and ${row.rowId} are the same run (cell ${cell.id})`);
      owners.set(cell.id, row.rowId);
    }
    return { ...row, cells };
  });
  const { campaign, phase, stack, target, codeVersion, nodeVersion, seed } = request;
  const { simulatedWithinUs, withinUs } = request;
  const within = {
    ...(simulatedWithinUs === undefined ? {} : { simulatedWithinUs }),
    ...(withinUs === undefined ? {} : { withinUs }),
  };
  return { version: 1, campaign, phase, stack, target, codeVersion, nodeVersion, seed, ...within, rows };
}

/** Hash of everything in the plan that decides what runs; the campaign's name is not part of it. */
export function planHash(plan: Plan): string {
  const { campaign: _campaign, ...decisive } = plannedOnly(plan);
  return sha256Hex(canonicalJson(decisive));
}
