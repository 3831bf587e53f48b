/**
 * The one command that runs a row again.
 * Owns: which options it needs. Does not own: the command line itself (campaigns/cli.ts).
 */
import type { Plan, PlannedRow } from '#campaigns/plan-record.ts';

/** Quoted for a POSIX shell only where it must be. */
function word(text: string): string {
  return /^[A-Za-z0-9_.,=%+:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function reproduceCommand(plan: Plan, row: PlannedRow): string {
  const spec = row.cells[0]?.spec;
  if (spec === undefined) return `npm run campaign ${plan.phase} -- --scenario ${word(row.scenarioId)}`;
  const { consensus } = spec;
  const parameters = [
    `k=${consensus.k}`,
    `alpha=${consensus.alphaConfidence}`,
    ...(consensus.alphaPreference === consensus.alphaConfidence
      ? []
      : [`alphaPreference=${consensus.alphaPreference}`]),
    `beta=${consensus.beta}`,
    `rounds=${consensus.maxRounds}`,
  ].join(',');
  const attack =
    spec.byzantine.attack === 'none'
      ? []
      : [
          '--byzantine',
          `${Number((spec.byzantine.share * 100).toPrecision(6))}%`,
          '--attack',
          spec.byzantine.attack,
        ];
  return [
    'npm run campaign simulate --',
    word(row.scenarioId),
    '--nodes',
    spec.nodes,
    ...attack,
    '--network',
    word(spec.network.name),
    '--consensus',
    word(parameters),
    '--seed',
    plan.seed,
    '--replications',
    row.cells.length,
  ].join(' ');
}
