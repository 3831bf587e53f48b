/**
 * Forecast, metered, billed and invoiced side by side, line by line: differences with a tolerance, accruals, and how good the forecast was.
 * Owns: the comparison, its classes and the scores. Does not own: reading a ledger (ledger-file.ts) or a bill (focus-import.ts).
 * States stand in columns of their own and are never added; a state that has no entry is null, never zero.
 */
import type { Chain } from '#budgets/ledger/chain.ts';
import type { Accrual, Charge, LedgerState } from '#budgets/ledger/entry.ts';
import { sum, type UsdMicros, usdMicros } from '#budgets/money.ts';

/** |billed - metered| as a share of billed: <= 5 % noted, <= 10 % investigate, <= 20 % formal report, above: emergency review. */
export type VarianceClass =
  | 'equal'
  | 'note'
  | 'investigate'
  | 'formal-report'
  | 'emergency-review'
  | 'not-billed'
  | 'not-metered'
  | 'not-compared';

export interface ReconciledLine {
  readonly provider: string;
  readonly component: string;
  readonly forecastP50: UsdMicros | null;
  readonly forecastP90: UsdMicros | null;
  readonly metered: UsdMicros | null;
  readonly billed: UsdMicros | null;
  readonly invoiced: UsdMicros | null;
  /** billed - metered; null unless both are known. */
  readonly difference: UsdMicros | null;
  /** Of billed, one decimal. */
  readonly differencePercent: number | null;
  readonly variance: VarianceClass;
  readonly withinTolerance: boolean;
  /** Metered and not billed: what has to be accrued. */
  readonly accrual: UsdMicros;
}

export interface ForecastScore {
  readonly component: string;
  /** (actual - P50) / P50, per cent, one decimal. Actual: billed where known, else metered. */
  readonly errorPercent: number;
  readonly actualState: 'METERED' | 'BILLED';
  readonly insideP90: boolean;
  /** actual / P50: what the next forecast multiplies this component with. */
  readonly ratio: number;
}

export interface Reconciliation {
  readonly tolerancePercent: number;
  readonly lines: readonly ReconciledLine[];
  readonly scores: readonly ForecastScore[];
  /** Share of scored lines whose actual is at or below P90; null when none is scored. 90 % is right. */
  readonly coverage: number | null;
  readonly reconciled: boolean;
}

function charges(chain: Chain): readonly Charge[] {
  return chain.entries.flatMap(({ record }) => (record.type === 'charge' ? [record] : []));
}

function totalOf(
  of: readonly Charge[],
  state: LedgerState,
  pick: (one: Charge) => UsdMicros | null,
): UsdMicros | null {
  const amounts = of.filter((one) => one.state === state).map(pick);
  const known = amounts.filter((one) => one !== null);
  return known.length === 0 ? null : sum(known);
}

function percent(part: number, of: number): number | null {
  return of === 0 ? null : Math.round((part / of) * 1_000) / 10;
}

function classOf(metered: UsdMicros | null, billed: UsdMicros | null): VarianceClass {
  if (billed === null) return metered === null ? 'not-compared' : 'not-billed';
  if (metered === null) return 'not-metered';
  if (metered === billed) return 'equal';
  const share = Math.abs(billed - metered) / Math.abs(billed === 0 ? metered : billed);
  if (share <= 0.05) return 'note';
  if (share <= 0.1) return 'investigate';
  return share <= 0.2 ? 'formal-report' : 'emergency-review';
}

function lineOf(
  provider: string,
  component: string,
  of: readonly Charge[],
  tolerancePercent: number,
): ReconciledLine {
  const cost = (one: Charge): UsdMicros => one.usdMicros;
  const metered = totalOf(of, 'METERED', cost);
  const billed = totalOf(of, 'BILLED', cost);
  const difference = metered === null || billed === null ? null : usdMicros(billed - metered);
  const differencePercent = difference === null || billed === null ? null : percent(difference, billed);
  return {
    provider,
    component,
    forecastP50: totalOf(of, 'FORECAST', cost),
    forecastP90: totalOf(of, 'FORECAST', (one) => one.p90UsdMicros),
    metered,
    billed,
    invoiced: totalOf(of, 'INVOICED', cost),
    difference,
    differencePercent,
    variance: classOf(metered, billed),
    withinTolerance:
      difference !== null &&
      billed !== null &&
      Math.abs(difference) * 100 <= Math.abs(billed) * tolerancePercent,
    accrual: usdMicros(Math.max(0, (metered ?? 0) - (billed ?? 0))),
  };
}

function scoreOf(line: ReconciledLine): ForecastScore | null {
  const actual = line.billed ?? line.metered;
  if (actual === null || line.forecastP50 === null || line.forecastP90 === null || line.forecastP50 <= 0)
    return null;
  return {
    component: line.component,
    errorPercent: percent(actual - line.forecastP50, line.forecastP50) ?? 0,
    actualState: line.billed === null ? 'METERED' : 'BILLED',
    insideP90: actual <= line.forecastP90,
    ratio: Math.round((actual / line.forecastP50) * 1e6) / 1e6,
  };
}

/** Compares everything in a ledger by provider and component. `tolerancePercent`: what metered and billed may differ by. */
export function reconcile(chain: Chain, tolerancePercent = 5): Reconciliation {
  const groups = new Map<string, Charge[]>();
  for (const one of charges(chain)) {
    const key = JSON.stringify([one.provider.toLowerCase(), one.component]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const lines = [...groups.values()]
    .map((of) => lineOf(of[0]?.provider.toLowerCase() ?? '', of[0]?.component ?? '', of, tolerancePercent))
    .sort((a, b) => (a.provider + a.component < b.provider + b.component ? -1 : 1));
  const scores = lines.map(scoreOf).filter((score) => score !== null);
  const compared = lines.filter((line) => line.metered !== null || line.billed !== null);
  return {
    tolerancePercent,
    lines,
    scores,
    coverage: scores.length === 0 ? null : scores.filter(({ insideP90 }) => insideP90).length / scores.length,
    reconciled: compared.length > 0 && compared.every((line) => line.withinTolerance),
  };
}

/** Charges of an import that the ledger does not hold yet: the same file twice adds nothing. */
export function newCharges(
  chain: Chain,
  imported: { readonly sha256: string; readonly charges: readonly Charge[] },
): readonly Charge[] {
  const known = charges(chain).some(({ sourceSha256 }) => sourceSha256 === imported.sha256);
  return known ? [] : imported.charges;
}

/**
 * Charges of a source that can be asked again for the same days: what the ledger holds of a day, service and usage type already is
 * not added twice, and what the provider changed since is an adjustment of the difference.
 */
export function changedCharges(chain: Chain, source: string, asked: readonly Charge[]): readonly Charge[] {
  const keyOf = (one: Charge): string => JSON.stringify([one.periodStart, one.service, one.sku]);
  const held = new Map<string, number>();
  for (const one of charges(chain)) {
    if (one.source === source) held.set(keyOf(one), (held.get(keyOf(one)) ?? 0) + one.usdMicros);
  }
  return asked.flatMap((one): Charge[] => {
    const before = held.get(keyOf(one));
    if (before === undefined) return [one];
    const difference = usdMicros(one.usdMicros - before);
    if (difference === 0) return [];
    const description = `${one.description}: billed anew`;
    return [
      { ...one, usdMicros: difference, category: 'adjustment', description, quantity: null, unit: null },
    ];
  });
}

/** What has to be accrued at the end of `period` ("2026-11"), per provider: metered in it and not billed in it. */
export function accrualsFor(chain: Chain, campaign: string, period: string): readonly Accrual[] {
  const inside = charges(chain).filter(({ periodStart }) => periodStart.startsWith(period));
  const providers = [...new Set(inside.map(({ provider }) => provider.toLowerCase()))].sort();
  return providers.flatMap((provider): Accrual[] => {
    const mine = inside.filter((one) => one.provider.toLowerCase() === provider);
    const metered = totalOf(mine, 'METERED', ({ usdMicros: micros }) => micros) ?? usdMicros(0);
    const billed = totalOf(mine, 'BILLED', ({ usdMicros: micros }) => micros) ?? usdMicros(0);
    const open = openAccrual(chain, provider, period);
    const wanted = Math.max(0, metered - billed);
    if (wanted === open) return [];
    const direction = wanted > open ? 'accrue' : 'reverse';
    const change = usdMicros(Math.abs(wanted - open));
    return [
      {
        type: 'accrual',
        campaign,
        direction,
        period,
        provider,
        service: 'all',
        usdMicros: change,
        metered,
        billed,
      },
    ];
  });
}

/** Accrued and not yet reversed. */
export function openAccrual(chain: Chain, provider: string, period: string): UsdMicros {
  let open = 0;
  for (const { record } of chain.entries) {
    if (record.type !== 'accrual' || record.provider !== provider || record.period !== period) continue;
    open += record.direction === 'accrue' ? record.usdMicros : -record.usdMicros;
  }
  return usdMicros(open);
}
