/**
 * The forecast calculated a second time, by other means: raw JSON of the price sheet, plain numbers, its own random generator.
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

/** A year for a quote without a date, and the day that an approval holds; 668 days lie between the recorded ones. */
const DRIFT_SCALE = Math.sqrt(366 / 668);

export interface SecondRow {
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

const stacks: Readonly<Record<string, SecondStack>> = {
  phase2: { deployHours: 0.5, xl: false, observabilityGiB: 100, logGigabytes: 0.5, egressGigabytes: 0.2 },
  phase3: { deployHours: 37 / 60, xl: true, observabilityGiB: 250, logGigabytes: 2, egressGigabytes: 1 },
  phase4: { deployHours: 0.75, xl: true, observabilityGiB: 500, logGigabytes: 4, egressGigabytes: 2 },
};

/** 7,910 m allocatable on 8 vCPUs, 350 m for DaemonSets, 500 m per node. */
const NODES_PER_VM = 15;
const RESET_HOURS = 0.05;

/** Numerical Recipes' 64-bit linear congruential generator, upper half. */
function generator(seed: bigint): () => number {
  let state = seed;
  return () => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & ((1n << 64n) - 1n);
    return (Number(state >> 33n) + 0.5) / 2 ** 31;
  };
}

export interface SecondResult {
  /** Dollars of one repetition at the quoted prices, per row. */
  readonly quoted: readonly number[];
  /** Of deploy and teardown. */
  readonly overhead: number;
  /** Dollars of the whole window. */
  readonly p50: number;
  readonly p90: number;
}

interface Prices {
  readonly stack: SecondStack;
  readonly spot: number;
  readonly onDemand: number;
  /** Dollars at probability 0, 0.1, 0.5, 0.9 and 1. */
  readonly points: readonly number[];
  /** Logarithms of how far prices moved while the quote grew old. */
  readonly moves: readonly number[];
  /** Dollars per hour of the whole stack. */
  readonly hour: (vms: number, vmPrice: number) => number;
}

const vmsOf = (row: SecondRow): number => Math.ceil(row.nodes / NODES_PER_VM);

function movesOf(historyText: string): number[] {
  const history = JSON.parse(historyText) as RawHistory;
  return history.rows.flatMap(({ quotes: [first, second] }) => {
    if (first === undefined || second === undefined) return [];
    if (Date.parse(second.date) - Date.parse(first.date) !== 668 * 86_400_000) throw new Error(second.date);
    return [DRIFT_SCALE * Math.log(Number(second.usdPerHour) / Number(first.usdPerHour))];
  });
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
  const system = Number(quote('m6i.2xlarge')?.onDemand?.usdPerHour);
  const perHour =
    4 * system +
    unit('aws.eks.standard') +
    (stack.xl ? unit('aws.eks.tier-xl') : 0) +
    7 * unit('aws.endpoint.hour') +
    stack.logGigabytes * unit('aws.logs.ingest') +
    stack.egressGigabytes * unit('aws.transfer.egress');
  const disks = (vms: number) => ((vms * 30 + 90 + stack.observabilityGiB) / 730) * unit('aws.ebs.gp3');
  const hour = (vms: number, vmPrice: number) => vms * vmPrice + perHour + disks(vms);
  const points = [
    Number(pool?.spot?.minUsdPerHour) * 0.75,
    Number(pool?.spot?.minUsdPerHour),
    spot,
    Number(pool?.spot?.maxUsdPerHour),
    2 * Number(pool?.spot?.maxUsdPerHour) - spot,
  ];
  if (pool?.spot?.date !== null) throw new Error('the quote has a date');
  const moves = movesOf(historyText);
  return { stack, spot, onDemand: Number(pool.onDemand?.usdPerHour), points, moves, hour };
}

class Chance {
  private readonly random = generator(2_026n);

  uniform(): number {
    return this.random();
  }

  between(values: readonly number[]): number {
    const u = this.random();
    const at = [0, 0.1, 0.5, 0.9, 1];
    const i = u <= 0.1 ? 0 : u <= 0.5 ? 1 : u <= 0.9 ? 2 : 3;
    const part = (u - (at[i] ?? 0)) / ((at[i + 1] ?? 1) - (at[i] ?? 0));
    return (values[i] ?? 0) * (1 - part) + (values[i + 1] ?? 0) * part;
  }

  again(share: number): number {
    let count = 0;
    while (count < 3 && this.random() < share) count += 1;
    return count;
  }

  events(mean: number): number {
    if (mean > 50) {
      const normal = Math.sqrt(-2 * Math.log(this.random())) * Math.cos(2 * Math.PI * this.random());
      return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
    }
    let count = 0;
    for (let product = this.random(); product > Math.exp(-mean); product *= this.random()) count += 1;
    return count;
  }
}

function drawTotal(
  { stack, points, moves, onDemand, hour }: Prices,
  rows: readonly SecondRow[],
  chance: Chance,
): number {
  const fallback = chance.uniform() < 0.1 ? chance.uniform() * 0.5 : 0;
  const move = (moves[Math.floor(chance.uniform() * moves.length)] ?? 0) * (chance.uniform() < 0.5 ? -1 : 1);
  const spot = Math.min(onDemand, chance.between(points) * Math.exp(move));
  const price = spot * (1 - fallback) + onDemand * fallback;
  const frequency = (1 - fallback) * (0.15 + 0.05 * chance.uniform());
  const stretch = chance.between([76.5, 85, 100, 150, 225]) / 100;
  const most = Math.max(...rows.map(vmsOf));
  let total = hour(most, price) * stack.deployHours * stretch * (1 + chance.again(0.05));
  for (const row of rows) {
    const billed = row.runHours + RESET_HOURS;
    const base = hour(vmsOf(row), price) * billed;
    for (let repetition = 0; repetition < row.repetitions; repetition += 1) {
      const lost = chance.events((vmsOf(row) * row.runHours * frequency) / 730);
      const each = 0.2 * price + (Math.min(0.25, row.runHours) / billed) * base;
      total += base * (1 + chance.again(0.05)) + lost * each;
    }
  }
  return total;
}

export function secondCalculation(
  sheetText: string,
  historyText: string,
  phase: string,
  rows: readonly SecondRow[],
  draws: number,
): SecondResult {
  const prices = pricesOf(sheetText, historyText, phase);
  const { hour, spot, stack } = prices;
  const quoted = rows.map((row) => {
    const billed = row.runHours + RESET_HOURS;
    const base = hour(vmsOf(row), spot) * billed;
    const interruptions = (vmsOf(row) * row.runHours * 0.175) / 730;
    return base + interruptions * (0.2 * spot + (Math.min(0.25, row.runHours) / billed) * base);
  });
  const most = Math.max(...rows.map(vmsOf));
  const chance = new Chance();
  const totals = Array.from({ length: draws }, () => drawTotal(prices, rows, chance)).sort((a, b) => a - b);
  return {
    quoted,
    overhead: hour(most, spot) * stack.deployHours,
    p50: totals[Math.ceil(draws * 0.5) - 1] ?? 0,
    p90: totals[Math.ceil(draws * 0.9) - 1] ?? 0,
  };
}
