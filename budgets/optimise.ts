/**
 * What a plan could cost instead: each lever alone with its saving, ranked; the cheapest plan that still answers every question; and
 * for a run that breaks its limit, whether any price on the sheet could bring it inside.
 * Owns: the search and its proposal. Does not own: the cost functions (forecast.ts) or ways back inside a limit (levers.ts).
 */
import { vmsFor } from '#budgets/capacity.ts';
import type { Estimate } from '#budgets/estimate.ts';
import { type ForecastInput, forecastTotal } from '#budgets/forecast.ts';
import { type Impossibility, impossibleRuns } from '#budgets/least-run.ts';
import { candidateRisk, candidateText, cheapestByQuote, otherTypes } from '#budgets/levers.ts';
import type { Limits } from '#budgets/limits.ts';
import { type UsdMicros, usdMicros } from '#budgets/money.ts';
import { packingOf, pricingOf, runCost } from '#budgets/pricing.ts';
import type { CloudStack } from '#budgets/stacks.ts';

export interface Option {
  readonly lever:
    | 'region'
    | 'family'
    | 'architecture'
    | 'type and region'
    | 'packing'
    | 'windows'
    | 'repetitions';
  readonly text: string;
  readonly after: Estimate;
  /** P50 against the plan as it is; negative: dearer. */
  readonly saved: UsdMicros;
  /** Every row still has its nodes, its duration and enough repetitions for an interval. */
  readonly answersEverything: boolean;
  readonly risk: string;
}

export interface Optimisation {
  readonly now: Estimate;
  /** Largest saving first. */
  readonly options: readonly Option[];
  readonly proposal: {
    readonly text: string;
    readonly total: Estimate;
    readonly saved: UsdMicros;
    /** Rows whose run, deployed alone, is above the limit at P50 even so. */
    readonly stillOver: readonly { readonly rowId: string; readonly alone: Estimate }[];
    readonly isInsideCampaign: boolean;
  };
  readonly impossible: readonly Impossibility[];
}

/** Least repetitions that the analysis gives a 95 % interval for without a caveat. */
const LEAST_REPETITIONS = 3;
/** Half-width of a 95 % interval of the mean over the standard deviation: Student's t at n - 1 over the root of n. */
const HALF_WIDTH: Readonly<Record<number, string>> = {
  2: '8.98',
  3: '2.48',
  4: '1.59',
  5: '1.24',
  6: '1.05',
  8: '0.84',
  10: '0.72',
};

type Candidate = ReturnType<typeof otherTypes>[number];
type CloudInput = ForecastInput & { readonly stack: CloudStack };

function bestOf(
  candidates: readonly Candidate[],
  input: CloudInput,
): { readonly candidate: Candidate; readonly after: Estimate } | null {
  const nodes = Math.max(...input.rows.map((row) => row.nodes));
  let best: { readonly candidate: Candidate; readonly after: Estimate } | null = null;
  for (const candidate of cheapestByQuote(candidates, nodes, input)) {
    const after = forecastTotal({ ...input, stack: candidate.stack });
    if (best === null || after.p90.usdMicros < best.after.p90.usdMicros) best = { candidate, after };
  }
  return best;
}

function typeOptions(
  input: CloudInput,
  now: Estimate,
): { readonly options: readonly Option[]; readonly best: ReturnType<typeof bestOf> } {
  const { stack } = input;
  const all = otherTypes(stack, input);
  const current = input.sheet.instances.find(
    (one) => one.provider === stack.provider && one.region === stack.region && one.sku === stack.pool.sku,
  );
  const here = (one: Candidate): boolean => one.stack.region === stack.region;
  const sameArch = (one: Candidate): boolean => one.quote.arch === (current?.arch ?? 'amd64');
  const groups: readonly (readonly [Option['lever'], (one: Candidate) => boolean])[] = [
    ['region', (one) => one.quote.sku === stack.pool.sku],
    ['family', (one) => here(one) && sameArch(one)],
    ['architecture', (one) => here(one) && !sameArch(one)],
  ];
  const found = groups.map(([lever, fits]) => ({ lever, best: bestOf(all.filter(fits), input) }));
  const best = bestOf(all, input);
  const options = [...found, { lever: 'type and region' as const, best }].flatMap(({ lever, best: one }) =>
    one === null
      ? []
      : [option(lever, candidateText(one.candidate), one.after, now, true, candidateRisk(one.candidate))],
  );
  return { options, best };
}

function option(
  lever: Option['lever'],
  text: string,
  after: Estimate,
  now: Estimate,
  answersEverything: boolean,
  risk: string,
): Option {
  return {
    lever,
    text,
    after,
    saved: usdMicros(now.p50.usdMicros - after.p50.usdMicros),
    answersEverything,
    risk,
  };
}

function packingOption(input: CloudInput, now: Estimate): Option {
  const packing = { ...input.stack.packing, nodesPerPod: input.stack.packing.nodesPerPod * 2 };
  const after = forecastTotal({ ...input, stack: { ...input.stack, packing } });
  const half = Math.floor(packing.nodeCpuMilli / 2);
  return option(
    'packing',
    `${packing.nodesPerPod} nodes in the request of one: ${half} m CPU per node`,
    after,
    now,
    false,
    `only after a measured CPU per node of at most ${half} m; twice the fault domain`,
  );
}

/** What separate windows, one for each size of network, would cost: small rows would not hold a large pool. */
function windowOption(input: CloudInput, now: Estimate): Option | null {
  const sizes = [...new Set(input.rows.map((row) => row.nodes))];
  if (sizes.length < 2) return null;
  const parts = sizes.map((nodes) =>
    forecastTotal({ ...input, rows: input.rows.filter((row) => row.nodes === nodes) }),
  );
  const add = (pick: 'low' | 'p50' | 'p90') => ({
    ...now[pick],
    usdMicros: usdMicros(parts.reduce((sum, part) => sum + part[pick].usdMicros, 0)),
  });
  const after: Estimate = { low: add('low'), p50: add('p50'), p90: add('p90') };
  return option(
    'windows',
    `one window for each of ${sizes.length} sizes instead of one for all`,
    after,
    now,
    true,
    'more deployments that can fail; P90 as if all went wrong together',
  );
}

function repetitionOptions(input: CloudInput, now: Estimate): readonly Option[] {
  const most = Math.max(...input.rows.map((row) => row.repetitions));
  const wanted = [LEAST_REPETITIONS, most - 1].filter(
    (count, i, all) => count >= 1 && count < most && all.indexOf(count) === i,
  );
  return wanted.map((count) => {
    const rows = input.rows.map((row) => ({ ...row, repetitions: Math.min(row.repetitions, count) }));
    const after = forecastTotal({ ...input, rows });
    const width = (n: number): string => (HALF_WIDTH[n] === undefined ? 'none' : `${HALF_WIDTH[n]} s`);
    const text = `${count} instead of ${most} repetitions: half-width of the 95 % interval ${width(count)} instead of ${width(most)} (s = standard deviation)`;
    const enough = count >= LEAST_REPETITIONS;
    return option(
      'repetitions',
      text,
      after,
      now,
      enough,
      enough ? 'wider intervals' : 'too few repetitions for a verdict with an interval',
    );
  });
}

/** Null on a local stack, where nothing is bought. Throws what `forecast` throws. */
export function optimise(input: ForecastInput, limits: Limits): Optimisation | null {
  const { stack } = input;
  if (stack.kind === 'local' || input.rows.length === 0) return null;
  const cloud: CloudInput = { ...input, stack };
  const now = forecastTotal(cloud);
  const types = typeOptions(cloud, now);
  const options = [
    ...types.options,
    packingOption(cloud, now),
    windowOption(cloud, now),
    ...repetitionOptions(cloud, now),
  ]
    .filter((one) => one !== null)
    .sort((a, b) => b.saved - a.saved);
  const better =
    types.best !== null && types.best.after.p90.usdMicros < now.p90.usdMicros ? types.best : null;
  const chosen = better === null ? stack : better.candidate.stack;
  const total = better === null ? now : better.after;
  const pricing = pricingOf(chosen, input);
  const stillOver = input.rows
    .map((row) => ({
      rowId: row.rowId,
      alone: runCost(pricing, row, vmsFor(row.nodes, packingOf(chosen)).vms).alone,
    }))
    .filter(({ alone }) => alone.p50.usdMicros > limits.perRun);
  const text =
    better === null
      ? `the plan as it is: ${stack.pool.sku} ${stack.pool.option} in ${stack.region}`
      : `every row, duration and repetition on ${candidateText(better.candidate)}`;
  const saved = usdMicros(now.p50.usdMicros - total.p50.usdMicros);
  const isInsideCampaign = total.p90.usdMicros <= limits.campaign;
  return {
    now,
    options,
    proposal: { text, total, saved, stillOver, isInsideCampaign },
    impossible: impossibleRuns(cloud, limits),
  };
}
