/**
 * What a stack costs for a stretch of time: one line per component, each with its arithmetic in words.
 * Owns: quantity x price, rounded half-even once per line to a micro-dollar. Does not own: prices or how long a run is.
 */
import { addEstimates, type Estimate, estimate } from '#budgets/estimate.ts';
import { formatUnitPrice, multiply, type Ratio } from '#budgets/money.ts';
import type { Priced } from '#budgets/prices.ts';
import type { StackRates } from '#budgets/stack-rates.ts';
import type { CloudStack, CostComponent } from '#budgets/stacks.ts';

export interface CostLine {
  readonly component: CostComponent;
  readonly label: string;
  readonly amount: Estimate;
  /** P50 in words, so that a reader can redo it by hand. */
  readonly arithmetic: string;
  /** What a bill counts of it in each hour of the stretch; absent where nothing is counted. */
  readonly usage?: { readonly perHour: number; readonly unit: 'Hours' | 'GiB-Hours' | 'GB' };
}

/** How much of a stack is used: VMs of the node pool, nodes on them, for so long. Times in microseconds. */
export interface Usage {
  readonly vms: number;
  readonly nodes: number;
  readonly us: number;
  /** Sent per node, bytes per second. */
  readonly bytesPerNodeSecond: number;
}

export const HOUR_US = 3_600_000_000;
export const MINUTE_US = 60_000_000;
/** Whole microseconds, also for a fraction of a minute. */
export function minutesUs(minutes: number): number {
  return Math.round(minutes * MINUTE_US);
}

/** Hours of a billing month, as providers count. */
const MONTH_HOURS = 730n;

function price(rate: Priced, ratio: Ratio): Estimate {
  return estimate(multiply(rate.low, ratio), multiply(rate.expected, ratio), multiply(rate.high, ratio));
}

function ratio(times: readonly number[], over: bigint): Ratio {
  return { times: times.reduce((product, one) => product * BigInt(one), 1n), over };
}

/** "1.05", "24", "0.0333": for sentences only. */
export function plainHours(us: number): string {
  return String(Number((us / HOUR_US).toFixed(4)));
}

function grouped(value: number): string {
  const [whole = '', fraction] = String(value).split('.');
  const left = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? left : `${left}.${fraction}`;
}

function hourlyLines(stack: CloudStack, rates: StackRates, usage: Usage): CostLine[] {
  const { us, vms } = usage;
  const hour = BigInt(HOUR_US);
  const hours = plainHours(us);
  const line = (component: CostComponent, label: string, count: number, rate: Priced): CostLine => ({
    component,
    label,
    amount: price(rate, ratio([count, us], hour)),
    arithmetic: `${grouped(count)} x ${hours} h x ${formatUnitPrice(rate.expected)}`,
    usage: { perHour: count, unit: 'Hours' },
  });
  return [
    line('compute', `${stack.pool.sku} ${stack.pool.option}`, vms, rates.pool.price),
    ...stack.fixedVms.flatMap((group, i) => {
      const rate = rates.fixedVms[i];
      return rate === undefined
        ? []
        : [line(group.component, `${group.label}, ${group.sku}`, group.count, rate.price)];
    }),
    ...stack.hourly.flatMap((item, i) => {
      const rate = rates.hourly[i];
      return rate === undefined ? [] : [line(item.component, item.label, item.count, rate.price)];
    }),
  ];
}

function storageLine(stack: CloudStack, rates: StackRates, usage: Usage): CostLine {
  const fixedGiB = stack.fixedVms.reduce((total, group) => total + group.count * group.diskGiB, 0);
  const gib = usage.vms * stack.pool.diskGiB + fixedGiB;
  const rate = rates.disk.price;
  return {
    component: 'storage',
    label: 'gp3 root disks',
    amount: price(rate, ratio([gib, usage.us], MONTH_HOURS * BigInt(HOUR_US))),
    arithmetic:
      `(${grouped(usage.vms)} x ${stack.pool.diskGiB} + ${fixedGiB}) GiB x ${plainHours(usage.us)} h / 730 h ` +
      `x ${formatUnitPrice(rate.expected)}`,
    usage: { perHour: gib, unit: 'GiB-Hours' },
  };
}

function logLine(stack: CloudStack, rates: StackRates, usage: Usage): CostLine {
  const rate = rates.logs.price;
  return {
    component: 'observability',
    label: 'control-plane logs',
    amount: price(rate, ratio([stack.logMegabytesPerHour, usage.us], 1_000n * BigInt(HOUR_US))),
    arithmetic: `${stack.logMegabytesPerHour / 1_000} GB/h x ${plainHours(usage.us)} h x ${formatUnitPrice(rate.expected)}`,
    usage: { perHour: stack.logMegabytesPerHour / 1_000, unit: 'GB' },
  };
}

/** Cost of the traffic if the pool spanned `zones` zones: (zones - 1) / zones of it crosses, billed on both sides. */
export function crossZoneCost(rates: StackRates, usage: Usage, zones: number): Estimate {
  const crossing = ratio(
    [usage.bytesPerNodeSecond, usage.nodes, usage.us, zones - 1, 2],
    BigInt(zones) * 1_000_000n * 1_000_000_000n,
  );
  return price(rates.crossZone.price, crossing);
}

function trafficLine(stack: CloudStack, rates: StackRates, usage: Usage): CostLine {
  const gigabytes = (usage.bytesPerNodeSecond * usage.nodes * usage.us) / 1e15;
  const sentPerHour = (usage.bytesPerNodeSecond * usage.nodes * 3_600) / 1e9;
  const amount = `${grouped(Number(gigabytes.toFixed(1)))} GB sent`;
  return {
    component: 'network',
    label: 'cross-zone traffic',
    amount: crossZoneCost(rates, usage, stack.zones),
    arithmetic:
      stack.zones === 1
        ? `${amount}, one zone: 0 GB cross a zone`
        : `${amount} x ${stack.zones - 1}/${stack.zones} x 2 sides x ${formatUnitPrice(rates.crossZone.price.expected)}`,
    usage: { perHour: (sentPerHour * (stack.zones - 1) * 2) / stack.zones, unit: 'GB' },
  };
}

function egressLine(stack: CloudStack, rates: StackRates, usage: Usage): CostLine {
  const rate = rates.egress.price;
  return {
    component: 'network',
    label: 'results and metrics leaving the region',
    amount: price(rate, ratio([stack.egressMegabytesPerHour, usage.us], 1_000n * BigInt(HOUR_US))),
    arithmetic: `${stack.egressMegabytesPerHour / 1_000} GB/h x ${plainHours(usage.us)} h x ${formatUnitPrice(rate.expected)}`,
    usage: { perHour: stack.egressMegabytesPerHour / 1_000, unit: 'GB' },
  };
}

/** Lines of time and traffic, without what interruptions add. */
export function stretchLines(stack: CloudStack, rates: StackRates, usage: Usage): readonly CostLine[] {
  return [
    ...hourlyLines(stack, rates, usage),
    storageLine(stack, rates, usage),
    logLine(stack, rates, usage),
    trafficLine(stack, rates, usage),
    egressLine(stack, rates, usage),
  ];
}

/**
 * What interruptions add to one run of `runUs` (the part of `usage.us` that is measured or warms up).
 * Expected interruptions = VM-hours x monthly frequency / 730 h. Each one buys a second VM for the redeploy time and
 * repeats the last `rerunMinutes` (never more than the run) on the whole stack.
 */
function interruptionLines(
  stack: CloudStack,
  rates: StackRates,
  usage: Usage,
  runUs: number,
  hourly: Estimate,
): readonly CostLine[] {
  const { interruptions: perMille, pool } = rates;
  const perVmHour = 1_000n * MONTH_HOURS;
  const redeployUs = minutesUs(stack.redeployMinutes);
  const rerunUs = Math.min(minutesUs(stack.rerunMinutes), runUs);
  const redeploy = (frequency: number): Ratio =>
    ratio([usage.vms, runUs, frequency, redeployUs], perVmHour * BigInt(HOUR_US) * BigInt(HOUR_US));
  const rerun = (frequency: number): Ratio =>
    ratio([usage.vms, runUs, frequency, rerunUs], perVmHour * BigInt(HOUR_US) * BigInt(usage.us));
  const expected = (usage.vms * runUs * perMille.expected) / (HOUR_US * 730_000);
  const count = `${expected.toFixed(3)} interruptions (${grouped(usage.vms)} VMs x ${plainHours(runUs)} h x ${perMille.expected / 10} % / 730 h)`;
  return [
    {
      component: 'redeploys',
      label: 'replacement VMs',
      amount: estimate(
        multiply(pool.price.low, redeploy(perMille.low)),
        multiply(pool.price.expected, redeploy(perMille.expected)),
        multiply(pool.price.high, redeploy(perMille.high)),
      ),
      arithmetic: `${count} x ${stack.redeployMinutes} min x ${formatUnitPrice(pool.price.expected)}`,
    },
    {
      component: 're-runs',
      label: 'repeated minutes',
      amount: estimate(
        multiply(hourly.low.usdMicros, rerun(perMille.low)),
        multiply(hourly.p50.usdMicros, rerun(perMille.expected)),
        multiply(hourly.p90.usdMicros, rerun(perMille.high)),
      ),
      arithmetic: `${count} x ${plainHours(rerunUs)} h of the lines above`,
    },
  ];
}

/** All lines of one run; `usage.us` is billed, `runUs` of it is the run itself. */
export function runLines(
  stack: CloudStack,
  rates: StackRates,
  usage: Usage,
  runUs: number,
): readonly CostLine[] {
  const lines = stretchLines(stack, rates, usage);
  const total = addEstimates(lines.map((line) => line.amount));
  return [...lines, ...interruptionLines(stack, rates, usage, runUs, total)];
}

export function totalOf(lines: readonly CostLine[]): Estimate {
  return addEstimates(lines.map((line) => line.amount));
}
