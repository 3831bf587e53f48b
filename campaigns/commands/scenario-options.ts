/**
 * What the commands that run one scenario have in common: the options that change it, and the way from a plan to its end.
 * Owns: those options and that way. Does not own: what is planned (plan-request.ts) or the words of an answer.
 */
import type { Command } from 'commander';
import type { CommonOptions } from '#campaigns/commands/command-output.ts';
import {
  calibrationOption,
  countOption,
  durationOption,
  numberOption,
  runsFolder,
  shareOption,
} from '#campaigns/commands/option-values.ts';
import type { PlannedCampaign } from '#campaigns/commands/plan-request.ts';
import type { CampaignEnd } from '#campaigns/operator.ts';
import type { ResolveOptions } from '#campaigns/resolve.ts';
import type { TierName } from '#campaigns/run-spec.ts';
import type { Calibration } from '#node/model/calibration.ts';

/** Commander names a value after its option, which has no unit. */
type Microseconds = number;

export interface ScenarioOptions extends CommonOptions {
  readonly nodes?: number;
  readonly byzantine?: number;
  readonly attack?: string;
  readonly network?: string;
  readonly consensus?: string;
  readonly duration?: Microseconds;
  readonly tps?: number;
  readonly seed?: number;
  readonly replications?: number;
  readonly calibration?: Calibration;
  readonly out?: string;
}

/** Words that differ because a simulated window is virtual time and a measured one is not. */
export interface ScenarioHelp {
  readonly consensus: string;
  readonly duration: string;
  readonly calibration: string;
}

export function addScenarioOptions(command: Command, help: ScenarioHelp): Command {
  return command
    .option('--nodes <N>', 'size of the network', countOption('--nodes'))
    .option('--byzantine <SHARE>', 'share of attackers, 0.1 or 10%', shareOption('--byzantine'))
    .option('--attack <NAME>', 'what they do')
    .option('--network <NAME>', 'network profile')
    .option('--consensus <LIST>', `parameters that replace the scenario’s: ${help.consensus}`)
    .option('--duration <TIME>', help.duration, durationOption('--duration'))
    .option('--tps <N>', 'highest load in transactions per second', numberOption('--tps'))
    .option('--seed <N>', 'seed, 0 to 4294967295 (default 1)', countOption('--seed'))
    .option('--replications <N>', 'repetitions of each row', countOption('--replications'))
    .option('--calibration <FILE>', help.calibration, calibrationOption)
    .option('--out <DIR>', 'folder that holds the campaigns (default runs)');
}

export async function resolveOptionsOf(
  options: ScenarioOptions,
  /** undefined: the cheapest that is exact. */
  tier: TierName | undefined,
): Promise<ResolveOptions> {
  const { defaultSeed } = await import('#campaigns/matrix.ts');
  const { parseConsensusOption } = await import('#campaigns/schema/consensus.ts');
  return {
    seed: options.seed ?? defaultSeed,
    replications: options.replications,
    tier,
    nodes: options.nodes === undefined ? undefined : [options.nodes],
    byzantineShares: options.byzantine === undefined ? undefined : [options.byzantine],
    attacks: options.attack === undefined ? undefined : [options.attack],
    network: options.network,
    consensus: options.consensus === undefined ? undefined : parseConsensusOption(options.consensus),
    durationUs: options.duration,
    tps: options.tps,
    calibration: options.calibration,
    runs: runsFolder(options.out),
  };
}

/** Runs the plan to its end; `report RUN` writes reports when they are wanted. */
export async function runScenario(planned: PlannedCampaign, out: string | undefined): Promise<CampaignEnd> {
  const { createServices } = await import('#campaigns/services.ts');
  const { createCampaign } = await import('#campaigns/operator.ts');
  const { plannedMoney } = await import('#campaigns/forecast-plan.ts');
  const { driveCampaign } = await import('#campaigns/commands/campaign-session.ts');
  const plan = planned.planOf(planned.name);
  const money = {
    limits: planned.limits,
    budgetGiven: false,
    approve: null,
    now: () => new Date().toISOString(),
  };
  const services = createServices(money, async () => {});
  plannedMoney(plan, planned.limits); // so that an error of the price sheet shows before anything is written
  const folder = createCampaign(runsFolder(out), planned.name, (campaign) => ({ ...plan, campaign }));
  return driveCampaign(folder, services);
}
