/**
 * Ways back inside a limit, each with its computed figure: shorter, denser, smaller, cheaper type or region, fewer repetitions.
 * Owns: searching them with the same cost functions as the forecast. Does not own: deciding which one is taken.
 */
import { awsAllocatable, packOneVm, vmsFor } from '#budgets/capacity.ts';
import type { Estimate } from '#budgets/estimate.ts';
import { type ForecastInput, type ForecastRowInput, forecastTotal } from '#budgets/forecast.ts';
import type { Breach, Limits } from '#budgets/limits.ts';
import type { InstanceQuote } from '#budgets/price-sheet.ts';
import { lookupInstance } from '#budgets/prices.ts';
import { alonePrice, type Pricing, packingOf, pricingOf, runCost } from '#budgets/pricing.ts';
import { HOUR_US, MINUTE_US } from '#budgets/run-cost.ts';
import { type CloudStack, cloudStackFor } from '#budgets/stacks.ts';

export interface Lever {
  readonly lever: 'shorter' | 'denser' | 'smaller' | 'cheaper-type' | 'fewer-repetitions' | 'without';
  readonly text: string;
  /** Cost of the subject after pulling it. */
  readonly after: Estimate;
  /** P90 is inside the limit. */
  readonly inside: boolean;
  readonly risk: string;
}

function hoursText(us: number): string {
  return `${Number((us / HOUR_US).toFixed(2))} h`;
}

/** Largest whole number in 1..most for which `fits` holds, 0 when none does. `fits` must be monotone (true, then false). */
function largestFitting(most: number, fits: (value: number) => boolean): number {
  let least = 0;
  let above = most + 1;
  while (above - least > 1) {
    const middle = Math.floor((least + above) / 2);
    if (fits(middle)) least = middle;
    else above = middle;
  }
  return least;
}

/** Longest run in whole minutes whose P90 stays inside the limit per run; null when not even a minute does. */
function longestInside(
  stack: CloudStack,
  row: ForecastRowInput,
  input: ForecastInput,
  limits: Limits,
  vms = vmsFor(row.nodes, packingOf(stack)).vms,
) {
  const pricing = pricingOf(stack, input);
  const minutes = largestFitting(
    Math.floor(row.runUs / MINUTE_US),
    (candidate) => alonePrice(pricing, { ...row, runUs: candidate * MINUTE_US }, vms) <= limits.perRun,
  );
  return minutes === 0
    ? null
    : {
        runUs: minutes * MINUTE_US,
        vms,
        after: runCost(pricing, { ...row, runUs: minutes * MINUTE_US }, vms).alone,
      };
}

function shorter(
  stack: CloudStack,
  row: ForecastRowInput,
  input: ForecastInput,
  limits: Limits,
): Lever | null {
  const found = longestInside(stack, row, input, limits);
  if (found === null) return null;
  return {
    lever: 'shorter',
    text: `shorten the run from ${hoursText(row.runUs)} to ${hoursText(found.runUs)} on the same ${found.vms} VMs`,
    after: found.after,
    inside: true,
    risk: 'a criterion about the full duration stays unanswered',
  };
}

/** A VM that takes more than 1 % of the nodes with it distorts the measurement when it goes. */
function faultDomain(nodesPerVm: number, nodes: number): string {
  const percent = (Math.min(1, nodesPerVm / nodes) * 100).toFixed(1);
  const above = nodesPerVm * 100 > nodes ? ', above the 1 % aimed at' : '';
  return `one lost VM takes ${percent} % of the nodes${above}`;
}

/** Nodes that one VM may take with it before its loss distorts the measurement: 1 % of them. */
function faultDomainNodes(nodes: number): number {
  return Math.max(1, Math.floor(nodes / 100));
}

/**
 * As many nodes per VM as the limit demands, but never more than the fault domain allows: where that is not enough, the run is
 * shortened as well. Null when the packing is at the fault domain already, or not even a minute fits.
 */
function denser(
  stack: CloudStack,
  row: ForecastRowInput,
  input: ForecastInput,
  limits: Limits,
): Lever | null {
  const pricing = pricingOf(stack, input);
  const packing = packingOf(stack);
  const now = vmsFor(row.nodes, packing).vms;
  const least = Math.ceil(row.nodes / faultDomainNodes(row.nodes));
  if (least >= now) return null;
  const fits = (candidate: number): boolean => alonePrice(pricing, row, candidate) <= limits.perRun;
  const vms = Math.max(least, largestFitting(now, fits));
  const nodesPerVm = Math.ceil(row.nodes / vms);
  const used = Math.ceil(row.nodes / nodesPerVm);
  const factor = (nodesPerVm / packing.nodesPerVm).toFixed(1);
  const cpuMilli = Math.floor((packing.podsPerVm * stack.packing.nodeCpuMilli) / nodesPerVm);
  const text = `pack ${nodesPerVm} nodes per VM instead of ${packing.nodesPerVm} (${factor} x denser, ${cpuMilli} m CPU per node): ${used} VMs`;
  const risk = `needs a measured CPU per node of at most ${cpuMilli} m; ${faultDomain(nodesPerVm, row.nodes)}`;
  if (fits(used))
    return { lever: 'denser', text, after: runCost(pricing, row, used).alone, inside: true, risk };
  const found = longestInside(stack, row, input, limits, used);
  if (found === null) return null;
  return {
    lever: 'denser',
    text: `${text}, and shorten the run to ${hoursText(found.runUs)}: more nodes per VM would make one lost VM take over 1 % of them`,
    after: found.after,
    inside: true,
    risk: `${risk}; a criterion about the full duration stays unanswered`,
  };
}

/** The stack of that scale, whose control plane and metrics cost less, with the same VMs. */
function scaledStack(stack: CloudStack, nodes: number): CloudStack {
  const { region, zones, pool, packing } = stack;
  const own = cloudStackFor(nodes);
  return own.provider === stack.provider ? { ...own, region, zones, pool, packing } : stack;
}

/** The largest network that runs as long inside the limit; null when that is none, or all of it. */
function smaller(
  stack: CloudStack,
  row: ForecastRowInput,
  input: ForecastInput,
  limits: Limits,
): Lever | null {
  const packing = packingOf(stack);
  const vmsOf = (nodes: number): number => vmsFor(nodes, packing).vms;
  const pricings = new Map<string, Pricing>();
  const pricingFor = (nodes: number): Pricing => {
    const scaled = scaledStack(stack, nodes);
    const pricing = pricings.get(scaled.name) ?? pricingOf(scaled, input);
    pricings.set(scaled.name, pricing);
    return pricing;
  };
  const fits = (nodes: number): boolean =>
    alonePrice(pricingFor(nodes), { ...row, nodes }, vmsOf(nodes)) <= limits.perRun;
  const nodes = largestFitting(row.nodes, fits);
  if (nodes === 0 || nodes === row.nodes) return null;
  return {
    lever: 'smaller',
    text: `run ${nodes} nodes instead of ${row.nodes} for the same ${hoursText(row.runUs)}: ${vmsOf(nodes)} VMs`,
    after: runCost(pricingFor(nodes), { ...row, nodes }, vmsOf(nodes)).alone,
    inside: true,
    risk: `says nothing about ${row.nodes} nodes: simulate those`,
  };
}

interface Candidate {
  readonly stack: CloudStack;
  readonly quote: InstanceQuote;
}

/** The same stack on every other AWS type and region with known capacity and a usable spot quote. */
export function otherTypes(stack: CloudStack, input: ForecastInput): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const quote of input.sheet.instances) {
    if (quote.provider !== stack.provider || quote.provider !== 'aws') continue;
    if (quote.region === stack.region && quote.sku === stack.pool.sku) continue;
    const allocatable = awsAllocatable(quote.sku, quote.vcpu, quote.memGiB);
    if (allocatable === null) continue;
    if (lookupInstance(input.sheet, { ...quote, option: 'spot' }, input.asOf).status === 'unpriced') continue;
    try {
      packOneVm(quote.sku, allocatable, stack.packing);
    } catch {
      continue; // too small for one node: not a candidate
    }
    const pool = {
      ...stack.pool,
      sku: quote.sku,
      vcpu: quote.vcpu,
      memGiB: quote.memGiB,
      option: 'spot' as const,
    };
    found.push({ quote, stack: { ...stack, region: quote.region, pool } });
  }
  return found;
}

/** How many of hundreds of types are forecast in full. */
const MOST_CANDIDATES = 6;

/** The few with the lowest quoted high for a pool of so many nodes, cheapest first. */
export function cheapestByQuote(
  candidates: readonly Candidate[],
  nodes: number,
  { sheet, asOf }: Pick<ForecastInput, 'sheet' | 'asOf'>,
): readonly Candidate[] {
  return candidates
    .map((candidate) => {
      const quote = lookupInstance(sheet, { ...candidate.quote, option: 'spot' }, asOf);
      const { vms } = vmsFor(nodes, packingOf(candidate.stack));
      return { candidate, rank: quote.status === 'priced' ? vms * quote.high : Number.POSITIVE_INFINITY };
    })
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST_CANDIDATES)
    .map(({ candidate }) => candidate);
}

export function candidateText({ quote }: Candidate): string {
  const range =
    quote.spot?.maxUsdPerHour === undefined ? 'one 30-day figure, re-quote' : 'range over zones known';
  return `${quote.sku} spot in ${quote.region} (${range})`;
}

export function candidateRisk({ quote }: Candidate): string {
  const image = quote.arch === 'arm64' ? 'needs an arm64 image; ' : '';
  return `${image}${quote.interruption?.band ?? 'unknown share'} of VMs interrupted per month`;
}

function onType(candidate: Candidate, row: ForecastRowInput, input: ForecastInput, limits: Limits): Lever {
  const packing = packingOf(candidate.stack);
  const { vms } = vmsFor(row.nodes, packing);
  const after = runCost(pricingOf(candidate.stack, input), row, vms).alone;
  return {
    lever: 'cheaper-type',
    text: `${vms} x ${candidateText(candidate)}`,
    after,
    inside: after.p90.usdMicros <= limits.perRun,
    risk: `${candidateRisk(candidate)}; ${faultDomain(packing.nodesPerVm, row.nodes)}`,
  };
}

/** The two cheapest other types at P90, and the longest run that fits on the cheapest when it is still too dear. */
function cheaperTypes(
  stack: CloudStack,
  row: ForecastRowInput,
  input: ForecastInput,
  limits: Limits,
): readonly Lever[] {
  const packing = packingOf(stack);
  const { vms } = vmsFor(row.nodes, packing);
  const now = runCost(pricingOf(stack, input), row, vms).alone.p90.usdMicros;
  // A larger VM is no way when its loss would take more nodes with it than one does now, and too many.
  const most = Math.max(packing.nodesPerVm, faultDomainNodes(row.nodes));
  const types = otherTypes(stack, input).filter((one) => packingOf(one.stack).nodesPerVm <= most);
  const found = cheapestByQuote(types, row.nodes, input)
    .map((candidate) => ({ candidate, lever: onType(candidate, row, input, limits) }))
    .filter(({ lever }) => lever.after.p90.usdMicros < now)
    .sort((a, b) => a.lever.after.p90.usdMicros - b.lever.after.p90.usdMicros);
  const [best, second] = found;
  if (best === undefined) return [];
  const levers = second === undefined ? [best.lever] : [best.lever, second.lever];
  const both = best.lever.inside ? null : shorter(best.candidate.stack, row, input, limits);
  if (both === null) return levers;
  const text = `both: ${best.lever.text}, and ${both.text}`;
  return [...levers, { ...both, text, risk: `${both.risk}; ${best.lever.risk}` }];
}

/** Rows that break the limit per run, once each, shortened, or left out: what is left of the whole phase. */
function campaignLevers(
  breached: ReadonlySet<string>,
  input: ForecastInput,
  stack: CloudStack,
  limits: Limits,
): readonly Lever[] {
  if (breached.size === 0) return [];
  const names = [...breached].join(', ');
  const lever = (
    kind: Lever['lever'],
    text: string,
    rows: readonly ForecastRowInput[],
    risk: string,
  ): Lever => {
    const after = forecastTotal({ ...input, rows });
    return { lever: kind, text, after, inside: after.p90.usdMicros <= limits.campaign, risk };
  };
  const change = (alter: (row: ForecastRowInput) => ForecastRowInput): readonly ForecastRowInput[] =>
    input.rows.map((row) => (breached.has(row.rowId) ? alter(row) : row));
  const once = change((row) => ({ ...row, repetitions: 1 }));
  const short = change((row) => ({
    ...row,
    runUs: longestInside(stack, row, input, limits)?.runUs ?? row.runUs,
  }));
  const without = input.rows.filter((row) => !breached.has(row.rowId));
  const levers = [
    lever('fewer-repetitions', `one repetition of ${names}`, once, 'no confidence interval for these rows'),
    lever(
      'shorter',
      `all repetitions, each run of ${names} shortened to fit the limit per run`,
      short,
      'criteria about the full duration stay unanswered',
    ),
  ];
  if (without.length === 0) return levers;
  const risk = 'these rows stay unanswered on the cluster; simulate them';
  return [...levers, lever('without', `leave out ${names}`, without, risk)];
}

/** Levers for one breach, computed with the functions of the forecast. Empty on a local stack. */
export function leversFor(
  breach: Breach,
  all: readonly Breach[],
  input: ForecastInput,
  limits: Limits,
): readonly Lever[] {
  const { stack } = input;
  if (stack.kind === 'local') return [];
  if (breach.limit === 'campaign') {
    const runs = all.filter((one) => one.limit === 'per-run').map((one) => one.subject);
    return campaignLevers(new Set(runs), input, stack, limits);
  }
  const row = input.rows.find((one) => one.rowId === breach.subject);
  if (row === undefined) return [];
  const own = [shorter, denser, smaller].map((way) => way(stack, row, input, limits));
  return [...own.filter((lever) => lever !== null), ...cheaperTypes(stack, row, input, limits)];
}
