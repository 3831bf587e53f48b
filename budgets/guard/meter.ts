/**
 * The live meter: what a campaign has cost so far and costs per hour, from the inventory and the prices of each poll.
 * Owns: accrual in whole micro-dollars, never understated: a new resource pays from its launch, one that vanished pays until
 * now, a price that moved counts at the dearer end of the interval. Does not own: limits (decide.ts).
 */
import type { MeteredKind, MeteredResource, Observation } from '#budgets/guard/observation.ts';
import { allocate, divide, sum, type UsdMicros, usdMicros, ZERO_USD } from '#budgets/money.ts';

const HOUR_MS = 3_600_000n;
/** Providers bill a machine for at least a minute. */
const LEAST_BILLED_MS = 60_000;

export interface MeteredLine {
  readonly resource: MeteredResource;
  readonly perHour: UsdMicros;
  /** Paid for until this moment of the cloud's clock. */
  readonly paidUntilMs: number;
}

export interface Meter {
  /** The cloud's clock as far as it is known; never goes back. Null before the first answer. */
  readonly nowMs: number | null;
  readonly monotonicMs: number;
  readonly accrued: UsdMicros;
  /** `accrued` by kind, to the micro-dollar: what the ledger keeps. */
  readonly byKind: ReadonlyMap<MeteredKind, UsdMicros>;
  /** What that was paid for, by kind: units x milliseconds, of a machine its running time. */
  readonly unitMsByKind: ReadonlyMap<MeteredKind, number>;
  readonly lines: ReadonlyMap<string, MeteredLine>;
  /** Sum of the lines per hour. */
  readonly burn: UsdMicros;
  /** Stamp of the last answer that was new. */
  readonly stampMs: number | null;
  /** Everything before this moment is in `accrued` already: a guard that was started again does not charge it twice. */
  readonly paidBeforeMs: number;
  /** Items that have no price and are counted at the worst of their kind. */
  readonly unpriced: readonly string[];
}

export function newMeter(monotonicMs: number): Meter {
  return {
    nowMs: null,
    monotonicMs,
    accrued: ZERO_USD,
    byKind: new Map(),
    unitMsByKind: new Map(),
    lines: new Map(),
    burn: ZERO_USD,
    stampMs: null,
    paidBeforeMs: 0,
    unpriced: [],
  };
}

/** Goes on where an earlier guard stopped: what it had accrued up to `untilMs` of the cloud's clock. */
export function resumedMeter(
  monotonicMs: number,
  { byKind, unitMsByKind }: Pick<Meter, 'byKind' | 'unitMsByKind'>,
  untilMs: number,
): Meter {
  const accrued = sum([...byKind.values()]);
  return { ...newMeter(monotonicMs), accrued, byKind, unitMsByKind, paidBeforeMs: untilMs };
}

export interface Reading {
  readonly meter: Meter;
  /** Why this poll saw nothing it can rely on; null = it saw everything. */
  readonly blind: string | null;
}

function microsFor(perHour: UsdMicros, ms: number): bigint {
  return ms <= 0 ? 0n : BigInt(perHour) * BigInt(ms);
}

/** Without an answer: everything that was there goes on costing what it did. */
function runOn(meter: Meter, nowMs: number | null, monotonicMs: number): Meter {
  if (nowMs === null) return { ...meter, monotonicMs };
  const owed = new Owed();
  const lines = new Map<string, MeteredLine>();
  for (const [id, line] of meter.lines) {
    owed.add(line.resource, microsFor(line.perHour, nowMs - line.paidUntilMs), nowMs - line.paidUntilMs);
    lines.set(id, { ...line, paidUntilMs: Math.max(nowMs, line.paidUntilMs) });
  }
  return { ...meter, nowMs, monotonicMs, lines, ...owed.addedTo(meter) };
}

/** What one poll adds, in micro-dollars x milliseconds per hour, and for how many unit-milliseconds, by kind. */
class Owed {
  readonly #byKind = new Map<MeteredKind, bigint>();
  readonly #unitMs = new Map<MeteredKind, number>();

  add({ kind, units }: MeteredResource, microMs: bigint, ms: number): void {
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0n) + microMs);
    this.#unitMs.set(kind, (this.#unitMs.get(kind) ?? 0) + units * Math.max(0, ms));
  }

  /** Rounded up once, over everything; the kinds share it exactly. */
  addedTo({ accrued, byKind, unitMsByKind }: Meter): Pick<Meter, 'accrued' | 'byKind' | 'unitMsByKind'> {
    const total = [...this.#byKind.values()].reduce((all, one) => all + one, 0n);
    const unitMs = new Map(unitMsByKind);
    for (const [kind, ms] of this.#unitMs) unitMs.set(kind, (unitMs.get(kind) ?? 0) + ms);
    if (total === 0n) return { accrued, byKind, unitMsByKind: unitMs };
    const added = usdMicros(divide(total, HOUR_MS, 'up'));
    // Millionths of the whole: exact as numbers, and finer than any price.
    const weights = [...this.#byKind.values()].map((one) => Number((one * 1_000_000n) / total));
    const parts = allocate(added, weights);
    const kinds = new Map(byKind);
    for (const [i, kind] of [...this.#byKind.keys()].entries())
      kinds.set(kind, usdMicros((kinds.get(kind) ?? 0) + (parts[i] ?? 0)));
    return { accrued: usdMicros(accrued + added), byKind: kinds, unitMsByKind: unitMs };
  }
}

interface PricedNow {
  readonly resource: MeteredResource;
  readonly perHour: UsdMicros;
}

/** Null: an item has no price and nothing of its kind has one either. */
function priced(
  observation: Observation,
): { all: readonly PricedNow[]; unpriced: readonly string[] } | string {
  const { inventory, prices } = observation;
  if (!inventory.seen) return `inventory: ${inventory.why}`;
  if (!prices.known) return `prices: ${prices.why}`;
  const all: PricedNow[] = [];
  const unpriced = new Set<string>();
  for (const resource of inventory.resources) {
    const own = Object.hasOwn(prices.perHour, resource.item) ? prices.perHour[resource.item] : undefined;
    const each = own ?? prices.worst[resource.kind];
    if (each === undefined || each < 0)
      return `prices: nothing of the kind ${resource.kind} has one (${resource.item})`;
    if (own === undefined) unpriced.add(resource.item);
    all.push({ resource, perHour: usdMicros(BigInt(each) * BigInt(resource.units)) });
  }
  return { all, unpriced: [...unpriced] };
}

/** What one resource owes for the time since it last paid; `meter`: as of the poll before. */
function charge(
  before: MeteredLine | undefined,
  now: PricedNow,
  nowMs: number,
  meter: Meter,
): { owed: bigint; paidMs: number; line: MeteredLine } {
  const { resource, perHour } = now;
  if (before === undefined) {
    const from = Math.max(Math.min(resource.launchedMs, nowMs), meter.paidBeforeMs);
    const until = Math.max(nowMs, from + LEAST_BILLED_MS);
    const paidMs = until - from;
    return { owed: microsFor(perHour, paidMs), paidMs, line: { resource, perHour, paidUntilMs: until } };
  }
  const paidUntilMs = Math.max(nowMs, before.paidUntilMs);
  const rise = perHour > before.perHour ? usdMicros(perHour - before.perHour) : ZERO_USD;
  const dearer = usdMicros(before.perHour + rise);
  // The first minute was paid ahead at a price that no longer holds.
  const ahead = microsFor(rise, before.paidUntilMs - (meter.nowMs ?? nowMs));
  const owed = microsFor(dearer, nowMs - before.paidUntilMs) + ahead;
  return { owed, paidMs: nowMs - before.paidUntilMs, line: { resource, perHour, paidUntilMs } };
}

/** One poll. Pure; the cost of a poll is linear in the resources seen. */
export function readMeter(meter: Meter, observation: Observation): Reading {
  const { inventory, monotonicMs } = observation;
  const passed = Math.max(0, monotonicMs - meter.monotonicMs);
  const guessed = meter.nowMs === null ? null : meter.nowMs + passed;
  const isOld = inventory.seen && meter.stampMs !== null && inventory.stampMs <= meter.stampMs;
  const found = isOld ? 'inventory: the answer is the same old one' : priced(observation);
  if (typeof found === 'string' || !inventory.seen)
    return {
      meter: runOn(meter, guessed, monotonicMs),
      blind: typeof found === 'string' ? found : 'inventory',
    };
  const nowMs = Math.max(meter.nowMs ?? inventory.stampMs, inventory.stampMs);
  const lines = new Map<string, MeteredLine>();
  const owed = new Owed();
  let burn = 0n;
  for (const one of found.all) {
    const { owed: due, paidMs, line } = charge(meter.lines.get(one.resource.id), one, nowMs, meter);
    owed.add(one.resource, due, paidMs);
    burn += BigInt(one.perHour);
    lines.set(one.resource.id, line);
  }
  for (const [id, line] of meter.lines)
    if (!lines.has(id)) {
      const ms = nowMs - line.paidUntilMs;
      owed.add(line.resource, microsFor(line.perHour, ms), ms);
    }
  const { unpriced } = found;
  return {
    meter: {
      nowMs,
      monotonicMs,
      ...owed.addedTo(meter),
      lines,
      burn: usdMicros(burn),
      stampMs: inventory.stampMs,
      paidBeforeMs: meter.paidBeforeMs,
      unpriced,
    },
    blind: null,
  };
}
