/**
 * What providers and their services are called on a bill, and where FOCUS files each component of a forecast.
 * Owns: those names. Does not own: rows (focus-row.ts) or which component a bill's line belongs to (ledger/focus-import.ts).
 */
import type { Provider } from '#budgets/price-sheet.ts';
import type { CostComponent } from '#budgets/stacks.ts';

/** ProviderName, as each provider writes it in its own FOCUS export. */
export const providerNames: Readonly<Record<Provider, string>> = {
  aws: 'AWS',
  gcp: 'Google Cloud',
  azure: 'Microsoft',
};

type Billed = 'machine' | 'storage' | 'control-plane' | 'network' | 'observability';

const services: Readonly<Record<Provider, Readonly<Record<Billed, string>>>> = {
  aws: {
    machine: 'Amazon Elastic Compute Cloud',
    storage: 'Amazon Elastic Block Store',
    'control-plane': 'Amazon Elastic Kubernetes Service',
    network: 'Amazon Virtual Private Cloud',
    observability: 'Amazon CloudWatch',
  },
  gcp: {
    machine: 'Compute Engine',
    storage: 'Persistent Disk',
    'control-plane': 'Kubernetes Engine',
    network: 'Networking',
    observability: 'Cloud Logging',
  },
  azure: {
    machine: 'Virtual Machines',
    storage: 'Managed Disks',
    'control-plane': 'Azure Kubernetes Service',
    network: 'Virtual Network',
    observability: 'Azure Monitor',
  },
};

/** A bill does not know why a machine ran. Null: what sampling adds or takes is no provider's service. */
function billedAs(component: CostComponent): Billed | null {
  switch (component) {
    case 'compute':
    case 'system':
    case 'redeploys':
    case 're-runs':
      return 'machine';
    case 'storage':
    case 'control-plane':
    case 'network':
    case 'observability':
      return component;
    case 'risk':
      return null;
  }
}

/** ServiceName of a component at a provider. */
export function serviceOf(provider: Provider, component: CostComponent): string {
  const billed = billedAs(component);
  return billed === null ? 'Forecast risk' : services[provider][billed];
}

const focusCategories: Readonly<Record<string, readonly [category: string, subcategory: string]>> = {
  compute: ['Compute', 'Virtual Machines'],
  system: ['Compute', 'Virtual Machines'],
  redeploys: ['Compute', 'Virtual Machines'],
  're-runs': ['Compute', 'Virtual Machines'],
  storage: ['Storage', 'Block Storage'],
  'control-plane': ['Compute', 'Containers'],
  network: ['Networking', 'Network Infrastructure'],
  observability: ['Management and Governance', 'Observability'],
};

/** ServiceCategory and ServiceSubcategory of a charge's component, also of one that a bill brought ("tax", "other"). */
export function focusCategory(component: string): readonly [category: string, subcategory: string] {
  return focusCategories[component] ?? ['Other', 'Other (Other)'];
}
