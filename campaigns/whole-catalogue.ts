/**
 * The whole catalogue as one campaign on the simulator: every entry at every size, planned, journalled and resumed like a phase.
 * Owns: that phase, which no file holds. Does not own: what entries are (scenario-file.ts) or how a phase runs (operator.ts).
 */
import type { Phase } from '#campaigns/schema/phase.ts';
import { nodesMost } from './limits.ts';

export const catalogueName = 'catalogue';

/** Nothing is bought: these only have to be there. */
const budget = { campaign: 10_000_000_000, run: 1_000_000_000, alerts: [] };

/** What the whole catalogue is meant to take. Least windows alone take longer, so that every row gets the least. */
const withinUs = 30 * 60 * 1_000_000;

export function cataloguePhase(catalogue: readonly { readonly id: string }[]): Phase {
  return {
    id: catalogueName,
    title: 'the whole catalogue on the simulator',
    source: 'the catalogue',
    stack: 'local',
    nodes: [2, nodesMost],
    vms: [0, 0],
    target: 'simulator',
    simulated_within: withinUs,
    budget,
    scenarios: catalogue.map(({ id }) => ({ scenario: id })),
    overlap: [],
  };
}

/** A benchmark is no simulation, and nothing may run beside it. */
export function benchmarkSkip(id: string): string {
  return `it measures this machine: npm run campaign measure -- ${id}`;
}
