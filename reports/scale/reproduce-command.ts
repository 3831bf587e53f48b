/**
 * The one command that runs a row again.
 * Owns: which options it needs. Does not own: the command line itself (campaigns/cli.ts).
 */
import { type Plan, type PlannedRow, targetOf } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';

/** Quoted for a POSIX shell only where it must be. */
function word(text: string): string {
  return /^[A-Za-z0-9_.,=%+:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Plans the same cells again: same scenario, size, attackers, campaign seed and number of repetitions give the same
 * cell ids. A campaign of `simulate` may have replaced parameters and duration of the scenario, so these are named too.
 */
export function reproduceCommand(plan: Plan, row: PlannedRow): string {
  const spec = row.cells[0]?.spec;
  if (spec === undefined) return `npm run campaign ${plan.phase} -- --scenario ${word(row.scenarioId)}`;
  if (targetOf(row) === 'benchmark')
    return `npm run campaign measure -- ${word(row.scenarioId)} --seed ${plan.seed} --replications ${row.cells.length}`;
  // Its entries share seeds, which an entry alone knows nothing of.
  if (plan.phase === 'catalogue')
    return `npm run campaign catalogue -- --scenario ${word(row.scenarioId)} --seed ${plan.seed}`;
  const { byzantine, network } = spec;
  const isMeasured = targetOf(row) === 'processes';
  const attack =
    byzantine.attack === 'none' || byzantine.share === 0
      ? []
      : ['--byzantine', `${Number((byzantine.share * 100).toPrecision(6))}%`, '--attack', byzantine.attack];
  return [
    `npm run campaign ${isMeasured ? 'measure' : 'simulate'} --`,
    word(row.scenarioId),
    ...(isMeasured ? ['--alone'] : []),
    ...(spec.tierReason === undefined && !isMeasured ? [`--tier ${spec.tier}`] : []),
    '--nodes',
    spec.nodes,
    ...(spec.nodesPerProcess === undefined ? [] : ['--nodes-per-process', spec.nodesPerProcess]),
    ...attack,
    // The row's name says so when the network is not the one of the scenario.
    ...(row.rowId.includes('network=') ? ['--network', word(network.name)] : []),
    ...(plan.phase === 'simulate' ? changes(spec) : []),
    // A phase shares its time among its rows: alone, a row would get another budget.
    ...(isMeasured ? [] : ['--message-budget', spec.messageBudget]),
    '--seed',
    plan.seed,
    '--replications',
    row.cells.length,
  ].join(' ');
}

function changes({ consensus, duration }: RunSpec): string[] {
  const parameters = [
    `k=${consensus.k}`,
    `alpha=${consensus.alphaConfidence}`,
    `beta=${consensus.beta}`,
    `rounds=${consensus.maxRounds}`,
    `alphaPreference=${consensus.alphaPreference}`,
    `threshold=${consensus.threshold}`,
    `pollInterval=${consensus.pollIntervalUs / 1e3}ms`,
    `concurrentPolls=${consensus.concurrentPolls}`,
  ].join(',');
  return ['--consensus', word(parameters), '--duration', `${duration.measureUs / 1e6}s`];
}
