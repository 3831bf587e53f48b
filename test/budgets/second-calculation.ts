/**
 * The forecast calculated a second time, from docs/forecast.md, the raw JSON of the price sheet and plain numbers.
 * Imports nothing of the product; the stacks are written down here once more, by hand.
 */

interface RawSheet {
  readonly instances: readonly {
    readonly provider: string;
    readonly region: string;
    readonly sku: string;
    readonly onDemand: { readonly usdPerHour: string } | null;
    readonly spot: {
      readonly usdPerHour: string;
      readonly minUsdPerHour?: string;
      readonly maxUsdPerHour?: string;
      readonly date: string | null;
    } | null;
  }[];
  readonly unitPrices: readonly { readonly id: string; readonly usd: string | null }[];
}

interface RawHistory {
  readonly rows: readonly {
    readonly quotes: readonly { readonly usdPerHour: string; readonly date: string }[];
  }[];
}

export interface SecondRow {
  readonly scenario: string;
  readonly nodes: number;
  readonly repetitions: number;
  readonly runHours: number;
}

interface SecondStack {
  readonly deployHours: number;
  readonly xl: boolean;
  readonly observabilityGiB: number;
  readonly logGigabytes: number;
  readonly egressGigabytes: number;
}

const small = { deployHours: 0.5, xl: false, observabilityGiB: 100, logGigabytes: 0.5, egressGigabytes: 0.2 };
const stacks: Readonly<Record<string, SecondStack>> = {
  phase1: small,
  phase2: small,
  phase3: { deployHours: 37 / 60, xl: true, observabilityGiB: 250, logGigabytes: 2, egressGigabytes: 1 },
  phase4: { deployHours: 0.75, xl: true, observabilityGiB: 500, logGigabytes: 4, egressGigabytes: 2 },
};

/** 7,910 m allocatable on 8 vCPUs, 350 m for DaemonSets, 500 m per node. */
const NODES_PER_VM = 15;
const RESET_HOURS = 0.05;
const PROBABILITIES = [0, 0.1, 0.5, 0.9, 1];

/** A number between 0 and 1 for a stream and the index of a draw. */
export type Chance = (stream: number, index: number) => number;

function mix(word: number): number {
  let h = word >>> 0;
  for (const [shift, factor] of [
    [16, 0x85ebca6b],
    [13, 0xc2b2ae35],
  ] as const) {
    h = Math.imul((h ^ (h >>> shift)) >>> 0, factor) >>> 0;
  }
  return (h ^ (h >>> 16)) >>> 0;
}

/** As documented, with the seed 1. */
export const documentedChance: Chance = (stream, index) =>
  (mix(mix(mix(mix(1 + 0x9e3779b9) + stream + 0x7f4a7c15) + index + 0x165667b1)) + 0.5) / 2 ** 32;

/** Numerical Recipes' 64-bit linear congruential generator, upper half: chance that owes nothing to the documented mixing. */
export function otherChance(): Chance {
  let state = 2_026n;
  return () => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & ((1n << 64n) - 1n);
    return (Number(state >> 33n) + 0.5) / 2 ** 31;
  };
}

/** P10, P50 and P90 in dollars. */
export type Quantiles = readonly [p10: number, p50: number, p90: number];

export interface SecondResult {
  readonly rows: readonly {
    /** Dollars of one repetition at the quoted prices. */
    readonly quoted: number;
    /** One repetition, in the window and deployed alone; all repetitions. */
    readonly perRun: Quantiles;
    readonly alone: Quantiles;
    readonly all: Quantiles;
  }[];
  /** All runs of a scenario. */
  readonly scenarios: ReadonlyMap<string, Quantiles>;
  /** Deploy and teardown, at quoted prices and drawn. */
  readonly quotedOverhead: number;
  readonly overhead: Quantiles;
  /** The whole window. */
  readonly total: Quantiles;
}

interface Prices {
  readonly stack: SecondStack;
  readonly spot: number;
  readonly onDemand: number;
  /** Dollars at the probabilities of a curve. */
  readonly points: readonly number[];
  /** Logarithms of how far prices moved while the quote grew old, ascending. */
  readonly moves: readonly number[];
  /** Dollars per hour of the whole stack. */
  readonly hour: (vms: number, vmPrice: number) => number;
}

const vmsOf = (row: SecondRow): number => Math.ceil(row.nodes / NODES_PER_VM);

/** A year for a quote without a date, and the day that an approval holds. */
function movesOf(historyText: string): number[] {
  const history = JSON.parse(historyText) as RawHistory;
  const moves = history.rows.flatMap(({ quotes }) =>
    quotes.slice(1).flatMap(({ usdPerHour, date }, i) => {
      const before = quotes[i];
      if (before === undefined) throw new Error(date);
      const days = (Date.parse(date) - Date.parse(before.date)) / 86_400_000;
      const move = Math.sqrt(366 / days) * Math.log(Number(usdPerHour) / Number(before.usdPerHour));
      return [move, -move];
    }),
  );
  return moves.sort((a, b) => a - b);
}

function pricesOf(sheetText: string, historyText: string, phase: string): Prices {
  const sheet = JSON.parse(sheetText) as RawSheet;
  const stack = stacks[phase];
  if (stack === undefined) throw new Error(phase);
  const quote = (sku: string) =>
    sheet.instances.find((one) => one.provider === 'aws' && one.region === 'us-west-2' && one.sku === sku);
  const unit = (id: string) => Number(sheet.unitPrices.find((one) => one.id === id)?.usd);
  const pool = quote('c6i.2xlarge');
  const spot = Number(pool?.spot?.usdPerHour);
  const [low, high] = [Number(pool?.spot?.minUsdPerHour), Number(pool?.spot?.maxUsdPerHour)];
  const system = Number(quote('m6i.2xlarge')?.onDemand?.usdPerHour);
  const perHour =
    4 * system +
    unit('aws.eks.standard') +
    (stack.xl ? unit('aws.eks.tier-xl') : 0) +
    7 * unit('aws.endpoint.hour') +
    stack.logGigabytes * unit('aws.logs.ingest') +
    stack.egressGigabytes * unit('aws.transfer.egress');
  const disks = (vms: number) => ((vms * 30 + 90 + stack.observabilityGiB) / 730) * unit('aws.ebs.gp3');
  if (pool?.spot?.date !== null) throw new Error('the quote has a date');
  const onDemand = Number(pool.onDemand?.usdPerHour);
  return {
    stack,
    spot,
    onDemand,
    points: [low * 0.75, low, spot, high, Math.max(high, Math.min(2 * high - spot, onDemand))],
    moves: movesOf(historyText),
    hour: (vms, vmPrice) => vms * vmPrice + perHour + disks(vms),
  };
}

function curve(values: readonly number[], u: number): number {
  const i = u <= 0.1 ? 0 : u <= 0.5 ? 1 : u <= 0.9 ? 2 : 3;
  const [from = 0, to = 1] = PROBABILITIES.slice(i, i + 2);
  const part = (u - from) / (to - from);
  return (values[i] ?? 0) * (1 - part) + (values[i + 1] ?? 0) * part;
}

function repeats(u: number): number {
  return [1, 2, 3].filter((count) => u <= 0.05 ** count).length;
}

/** Adds up probabilities of k events, each from its logarithm. No phase comes near the mean where the normal law takes over. */
function events(mean: number, u: number): number {
  if (mean > 400) throw new Error('the normal law');
  let logarithm = -mean;
  let below = Math.exp(logarithm);
  let count = 0;
  for (; below < u; below += Math.exp(logarithm)) {
    count += 1;
    logarithm += Math.log(mean / count);
  }
  return count;
}

interface Market {
  readonly price: number;
  /** Interruptions per VM and month. */
  readonly frequency: number;
  /** Deploy and teardown cost so many times their plan. */
  readonly deploys: number;
}

function marketOf({ points, moves, onDemand }: Prices, chance: Chance, index: number): Market {
  const u = (stream: number): number => chance(stream, index);
  const fallback = u(2) < 0.1 ? u(3) * 0.5 : 0;
  const at = u(7) * (moves.length - 1);
  const [before = 0, after = before] = moves.slice(Math.floor(at), Math.floor(at) + 2);
  const move = before + (at % 1) * (after - before);
  const spot = Math.min(onDemand, curve(points, u(1)) * Math.exp(move));
  return {
    price: spot * (1 - fallback) + onDemand * fallback,
    frequency: (1 - fallback) * (0.15 + 0.05 * u(4)),
    deploys: (curve([76.5, 85, 100, 150, 225], u(5)) / 100) * (1 + repeats(u(6))),
  };
}

function quantilesOf(draws: readonly number[]): Quantiles {
  const sorted = [...draws].sort((a, b) => a - b);
  const at = (percent: number): number => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? 0;
  return [at(10), at(50), at(90)];
}

/** Dollars of a run at every draw: in the market of that draw, with its own interruptions and repeats. */
function runDraws(
  { hour }: Prices,
  row: SecondRow,
  markets: readonly Market[],
  chance: Chance,
  run: number,
): number[] {
  const billed = row.runHours + RESET_HOURS;
  return markets.map(({ price, frequency }, index) => {
    const base = hour(vmsOf(row), price) * billed;
    const lost = events((vmsOf(row) * row.runHours * frequency) / 730, chance(16 + 4 * run, index));
    const each = 0.2 * price + (Math.min(0.25, row.runHours) / billed) * base;
    return base * (1 + repeats(chance(17 + 4 * run, index))) + lost * each;
  });
}

const added = (parts: readonly (readonly number[])[]): number[] =>
  (parts[0] ?? []).map((_, i) => parts.reduce((total, part) => total + (part[i] ?? 0), 0));

export function secondCalculation(
  sheetText: string,
  historyText: string,
  phase: string,
  rows: readonly SecondRow[],
  { draws, chance }: { readonly draws: number; readonly chance: Chance },
): SecondResult {
  const prices = pricesOf(sheetText, historyText, phase);
  const { hour, spot, stack } = prices;
  const markets = Array.from({ length: draws }, (_, index) => marketOf(prices, chance, index));
  const deploy = (vms: number): number[] =>
    markets.map(({ price, deploys }) => hour(vms, price) * stack.deployHours * deploys);
  let run = 0;
  const calculated = rows.map((row) => {
    const billed = row.runHours + RESET_HOURS;
    const base = hour(vmsOf(row), spot) * billed;
    const interruptions = (vmsOf(row) * row.runHours * 0.175) / 730;
    const quoted = base + interruptions * (0.2 * spot + (Math.min(0.25, row.runHours) / billed) * base);
    const runs = Array.from({ length: row.repetitions }, (_, i) =>
      runDraws(prices, row, markets, chance, run + i),
    );
    run += row.repetitions;
    return { row, quoted, runs };
  });
  const most = Math.max(...rows.map(vmsOf));
  return {
    rows: calculated.map(({ row, quoted, runs: [first = [], ...others] }) => ({
      quoted,
      perRun: quantilesOf(first),
      alone: quantilesOf(added([first, deploy(vmsOf(row))])),
      all: quantilesOf(added([first, ...others])),
    })),
    scenarios: new Map(
      rows.map(({ scenario }) => {
        const runs = calculated.filter(({ row }) => row.scenario === scenario).flatMap((one) => one.runs);
        return [scenario, quantilesOf(added(runs))];
      }),
    ),
    quotedOverhead: hour(most, spot) * stack.deployHours,
    overhead: quantilesOf(deploy(most)),
    total: quantilesOf(added([...calculated.flatMap(({ runs }) => runs), deploy(most)])),
  };
}
