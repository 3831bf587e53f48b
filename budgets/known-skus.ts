/**
 * Which machine types and unit prices there are, and the refusal of a sheet that prices others: a misspelt row would price nothing,
 * and the row it was meant to replace would be missing without a word.
 * Owns: that check, and of rows that stand twice. Does not own: which names are known (the shipped sheets, sheet-store.ts), prices.
 */
import type { JsonPath } from '#budgets/json-line.ts';
import { nearestName } from '#budgets/nearest-name.ts';
import type { InstanceQuote, PriceSheet, Provider } from '#budgets/price-sheet.ts';

export interface KnownSkus {
  readonly machines: ReadonlyMap<Provider, ReadonlySet<string>>;
  readonly units: ReadonlySet<string>;
}

interface Names {
  readonly instances: readonly Pick<InstanceQuote, 'provider' | 'sku'>[];
  readonly unitPrices: readonly { readonly id: string }[];
}

export function knownSkus(sheets: readonly Names[]): KnownSkus {
  const machines = new Map<Provider, Set<string>>();
  for (const { provider, sku } of sheets.flatMap(({ instances }) => instances)) {
    machines.set(provider, (machines.get(provider) ?? new Set()).add(sku));
  }
  return {
    machines,
    units: new Set(sheets.flatMap(({ unitPrices }) => unitPrices.map(({ id }) => id))),
  };
}

export interface SheetFault {
  readonly path: JsonPath;
  readonly message: string;
}

/** 'nearest known: "c6i.2xlarge"', or how many names there are. */
function remedy(name: string, known: ReadonlySet<string>): string {
  const nearest = nearestName(name, known);
  return nearest === null ? `none of the ${known.size} known ones is like it` : `nearest known: "${nearest}"`;
}

/** The first row of an unknown name, or that stands twice; null when there is none. */
export function skuFault(sheet: PriceSheet, known: KnownSkus): SheetFault | null {
  const seen = new Map<string, number>();
  for (const [i, { provider, region, sku }] of sheet.instances.entries()) {
    const names = known.machines.get(provider) ?? new Set<string>();
    if (!names.has(sku)) {
      const message = `unknown SKU "${sku}" of ${provider}; ${remedy(sku, names)}`;
      return { path: ['instances', i, 'sku'], message };
    }
    const item = `${provider} ${region} ${sku}`;
    const first = seen.get(item);
    if (first !== undefined)
      return { path: ['instances', i], message: `${item} stands twice, first as instances.${first}` };
    seen.set(item, i);
  }
  for (const [i, { id }] of sheet.unitPrices.entries()) {
    if (known.units.has(id)) continue;
    return { path: ['unitPrices', i, 'id'], message: `unknown SKU "${id}"; ${remedy(id, known.units)}` };
  }
  return null;
}
