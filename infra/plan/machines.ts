/**
 * Which machines the measured pool may consist of, how many pods one holds, how many are bought, and in which groups.
 * Owns: choosing among the priced types of a region, the price cap of a VM, cutting VMs into groups.
 * Does not own: allocatable figures (budgets/capacity.ts), prices (budgets/prices.ts), what a month or a run costs.
 */
import {
  type Allocatable,
  allocatableOf,
  checkPacking,
  packingPolicy,
  packOneVm,
} from '#budgets/capacity.ts';
import { formatUnitPrice, type UsdMicros } from '#budgets/money.ts';
import type { InstanceQuote, PriceSheet } from '#budgets/price-sheet.ts';
import { lookupInstance } from '#budgets/prices.ts';
import { configError, nearestOf, type StackConfig } from '#infra/config.ts';

export interface MachineType {
  readonly sku: string;
  readonly family: string;
  readonly vcpu: number;
  readonly memGiB: number;
  readonly podsPerVm: number;
  /** What one VM may cost per hour at most: the price it is bid with (AWS), its list price (GCP). */
  readonly capPerHour: UsdMicros;
}

/** A group of equal VMs with a hard upper size. */
export interface Group {
  readonly name: string;
  readonly vms: number;
  readonly zoneIndex: number;
  /** On AWS every type may fill the group, cheapest first; on GCP it is one. */
  readonly types: readonly MachineType[];
}

export interface MachinePlan {
  readonly provider: 'aws' | 'gcp';
  readonly region: string;
  readonly architecture: 'amd64' | 'arm64';
  readonly types: readonly MachineType[];
  /** Of the smallest type: every VM holds as many, so that one lost VM takes equally many pods with it. */
  readonly podsPerVm: number;
  /** The dearest hour that any VM of the pool may cost. */
  readonly capPerHour: UsdMicros;
  readonly vms: number;
  readonly vcpu: number;
  readonly diskGiB: number;
  readonly groups: readonly Group[];
  readonly arithmetic: string;
}

/** Larger groups meet limits of managed pools and take longer to fill; below, one failed group is a small loss. */
export const VMS_PER_GROUP_MOST = 200;

interface Defaults {
  readonly region: string;
  readonly size: string;
  readonly families: Readonly<Record<'amd64' | 'arm64', readonly string[]>>;
}

/** Whole cores of one shape, many families: a shortage of one is no shortage of all. Burstable and flex types are no yardstick. */
export const machineDefaults: Readonly<Record<'aws' | 'gcp', Defaults>> = {
  aws: {
    region: 'us-west-2',
    size: '2xlarge',
    families: { amd64: ['c6i', 'c6a', 'c7i', 'c7a', 'c5', 'm6i'], arm64: ['c7g', 'c6g', 'c8g', 'm7g'] },
  },
  gcp: {
    region: 'us-central1',
    size: '8',
    families: {
      amd64: ['c3d-highcpu', 'n2d-standard', 't2d-standard'],
      arm64: ['n4a-highcpu', 'c4a-highcpu'],
    },
  },
};

/** "c6i.2xlarge" is family c6i, size 2xlarge; "n2d-standard-8" is family n2d-standard, size 8. */
function split(provider: string, sku: string): { readonly family: string; readonly size: string } {
  const at = provider === 'aws' ? sku.indexOf('.') : sku.lastIndexOf('-');
  return { family: sku.slice(0, at), size: sku.slice(at + 1) };
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

/** Every quoted machine of the region, size and architecture that the configuration allows. */
function offered(stack: string, config: StackConfig, provider: 'aws' | 'gcp', sheet: PriceSheet) {
  const defaults = machineDefaults[provider];
  const region = config.region ?? defaults.region;
  const ofProvider = sheet.instances.filter((one) => one.provider === provider);
  const here = ofProvider.filter((one) => one.region === region);
  if (here.length === 0) {
    const known = unique(ofProvider.map((one) => one.region));
    throw configError(stack, 'region', `no prices are known for "${region}"`, nearestOf(region, known));
  }
  const size = config.pool.size ?? defaults.size;
  const ofSize = here.filter((one) => split(provider, one.sku).size === size);
  if (ofSize.length === 0) {
    const known = unique(here.map((one) => split(provider, one.sku).size));
    throw configError(
      stack,
      'pool.size',
      `no machine of size "${size}" is known in ${region}`,
      nearestOf(size, known),
    );
  }
  const { architecture } = config.pool;
  const ofArchitecture = ofSize.filter((one) => one.arch === architecture);
  const families = unique(ofArchitecture.map((one) => split(provider, one.sku).family));
  const wanted =
    config.pool.families ?? defaults.families[architecture].filter((one) => families.includes(one));
  for (const family of wanted) {
    if (families.includes(family)) continue;
    const where = `${architecture} machine of size ${size} in ${region}`;
    throw configError(
      stack,
      'pool.families',
      `"${family}" is no known ${where}`,
      nearestOf(family, families),
    );
  }
  const quotes = wanted.flatMap((family) =>
    ofArchitecture.filter((one) => split(provider, one.sku).family === family),
  );
  return { region, quotes };
}

/** The most one VM may cost per hour: spot at its upper estimate on AWS, the list price on GCP, which has no bid. */
function capOf(quote: InstanceQuote, sheet: PriceSheet, asOf: string): UsdMicros | null {
  const option = quote.provider === 'aws' ? 'spot' : 'on-demand';
  const price = lookupInstance(sheet, { ...quote, option }, asOf);
  return price.status === 'priced' ? price.high : null;
}

function machineType(
  stack: string,
  config: StackConfig,
  quote: InstanceQuote,
  sheet: PriceSheet,
  asOf: string,
): MachineType | null {
  const capPerHour = capOf(quote, sheet, asOf);
  const allocatable: Allocatable | null = allocatableOf(quote);
  if (capPerHour === null || allocatable === null) return null;
  const provider = quote.provider === 'gcp' ? 'gcp' : 'aws';
  const policy = packingPolicy(provider, { ...config.pod, nodesPerPod: config.nodesPerProcess });
  const most = packOneVm(quote.sku, allocatable, policy);
  const asked = config.pool.podsPerVm;
  if (asked !== undefined) {
    const check = checkPacking(quote.sku, allocatable, asked, policy);
    if (!check.fits)
      throw configError(
        stack,
        'pool.podsPerVm',
        check.why,
        `write at most ${check.mostPods}, or leave it out`,
      );
  }
  return {
    sku: quote.sku,
    family: split(provider, quote.sku).family,
    vcpu: quote.vcpu,
    memGiB: quote.memGiB,
    podsPerVm: asked ?? most.podsPerVm,
    capPerHour,
  };
}

/** Types whose upper price is above a written cap would never start; none left is an error. */
function underCap(
  stack: string,
  types: readonly MachineType[],
  cap: UsdMicros | undefined,
): readonly MachineType[] {
  if (cap === undefined) return types;
  const inside = types.filter((type) => type.capPerHour <= cap);
  if (inside.length > 0) return inside;
  const cheapest = types.reduce((best, type) => (type.capPerHour < best.capPerHour ? type : best));
  throw configError(
    stack,
    'pool.priceCapUsdPerHour',
    `no machine is to be had for ${formatUnitPrice(cap)} per hour`,
    `${cheapest.sku} may cost ${formatUnitPrice(cheapest.capPerHour)}`,
  );
}

/** Equal groups of at most 200 VMs, spread over the zones in turn. */
export function cutGroups(
  vms: number,
  zones: number,
  types: readonly MachineType[],
  provider: 'aws' | 'gcp',
): readonly Group[] {
  const atLeast = Math.max(Math.ceil(vms / VMS_PER_GROUP_MOST), zones, provider === 'gcp' ? types.length : 1);
  const count = Math.min(vms, Math.ceil(atLeast / zones) * zones);
  const width = String(count - 1).length;
  return Array.from({ length: count }, (_, index): Group => {
    const own = types[index % types.length];
    return {
      name: `nodes-${String(index).padStart(width, '0')}`,
      vms: Math.floor(vms / count) + (index < vms % count ? 1 : 0),
      zoneIndex: index % zones,
      types: provider === 'aws' || own === undefined ? types : [own],
    };
  });
}

/** Throws ConfigError for an unknown region, size or family and for pods that do not fit; BudgetError when none fits. */
export function planMachines(
  stack: string,
  config: StackConfig,
  provider: 'aws' | 'gcp',
  sheet: PriceSheet,
  asOf: string,
): MachinePlan {
  const { region, quotes } = offered(stack, config, provider, sheet);
  const priced = quotes
    .map((quote) => machineType(stack, config, quote, sheet, asOf))
    .filter((type) => type !== null);
  if (priced.length === 0) {
    throw configError(
      stack,
      'pool',
      `no machine in ${region} has a usable price`,
      'refresh the price sheet or widen pool.families',
    );
  }
  const cap = provider === 'aws' ? config.pool.priceCapUsdPerHour : undefined;
  const types = [...underCap(stack, priced, cap)].sort(
    (a, b) => a.capPerHour - b.capPerHour || (a.sku < b.sku ? -1 : 1),
  );
  const podsPerVm = Math.min(...types.map((type) => type.podsPerVm));
  const pods = Math.ceil(config.nodes / config.nodesPerProcess);
  const vms = Math.ceil(pods / podsPerVm);
  const dearest = types.reduce((worst, type) => (type.capPerHour > worst.capPerHour ? type : worst));
  return {
    provider,
    region,
    architecture: config.pool.architecture,
    types,
    podsPerVm,
    capPerHour: cap ?? dearest.capPerHour,
    vms,
    vcpu: vms * Math.max(...types.map((type) => type.vcpu)),
    diskGiB: config.pool.diskGiB,
    groups: cutGroups(vms, config.pool.zones, types, provider),
    arithmetic: `${pods} pods / ${podsPerVm} per VM = ${vms} VMs of ${types.map((type) => type.sku).join(', ')}`,
  };
}
