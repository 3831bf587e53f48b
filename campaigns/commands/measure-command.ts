/**
 * `measure`: one scenario as real node processes on this machine, beside its simulation, with the error of every figure.
 * Owns: its options and its document. Does not own: the session (campaign-session.ts) or the comparison (analysis/overlap.ts).
 */
import type { Command } from 'commander';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import {
  calibrationOption,
  countOption,
  durationOption,
  numberOption,
  runsFolder,
  scenarioName,
  shareOption,
} from '#campaigns/commands/option-values.ts';
import type { Calibration } from '#node/model/calibration.ts';

interface MeasureOptions extends CommonOptions {
  readonly nodes?: number;
  readonly byzantine?: number;
  readonly attack?: string;
  readonly network?: string;
  readonly consensus?: string;
  readonly duration?: number;
  readonly tps?: number;
  readonly nodesPerProcess?: number;
  readonly alone?: boolean;
  readonly seed?: number;
  readonly replications?: number;
  readonly calibration?: Calibration;
  readonly out?: string;
}

async function measure(name: string, options: MeasureOptions): Promise<Answer> {
  const { defaultSeed, planMeasurement } = await import('#campaigns/commands/plan-request.ts');
  const { parseConsensusOption } = await import('#campaigns/schema/consensus.ts');
  const { createServices } = await import('#campaigns/services.ts');
  const { createCampaign } = await import('#campaigns/operator.ts');
  const { campaignAnswer, driveCampaign } = await import('#campaigns/commands/campaign-session.ts');
  const { readCampaign } = await import('#campaigns/results/reader.ts');
  const resolve = {
    seed: options.seed ?? defaultSeed,
    replications: options.replications,
    tier: 'message' as const,
    nodes: options.nodes === undefined ? undefined : [options.nodes],
    byzantineShares: options.byzantine === undefined ? undefined : [options.byzantine],
    attacks: options.attack === undefined ? undefined : [options.attack],
    network: options.network,
    consensus: options.consensus === undefined ? undefined : parseConsensusOption(options.consensus),
    durationUs: options.duration,
    tps: options.tps,
    calibration: options.calibration,
  };
  const packing = options.nodesPerProcess ?? null;
  const planned = planMeasurement(scenarioName(name), resolve, packing, options.alone ?? false);
  const plan = planned.planOf(planned.name);
  const money = {
    limits: planned.limits,
    budgetGiven: false,
    approve: null,
    now: () => new Date().toISOString(),
  };
  const services = createServices(money, async () => {});
  const folder = createCampaign(runsFolder(options.out), planned.name, (campaign) => ({ ...plan, campaign }));
  const end = await driveCampaign(folder, services);
  const answer = campaignAnswer(end, options, false);
  const runs = [...readCampaign(folder).results.values()].map(({ result }) => result);
  return {
    text: answer.text,
    document: { ...Object(answer.document), runs },
    exitCode: end.exitCode,
  };
}

function measureOptions(command: Command): Command {
  return command
    .option('--nodes <N>', 'size of the network', countOption('--nodes'))
    .option('--byzantine <SHARE>', 'share of attackers, 0.1 or 10%', shareOption('--byzantine'))
    .option('--attack <NAME>', 'what they do')
    .option('--network <NAME>', 'network profile')
    .option(
      '--consensus <LIST>',
      'parameters that replace the scenario’s: k=10,alpha=8,beta=12,pollInterval=60ms',
    )
    .option('--duration <TIME>', 'measured window in real time: 20s', durationOption('--duration'))
    .option('--tps <N>', 'highest load in transactions per second', numberOption('--tps'))
    .option('--nodes-per-process <N>', 'nodes that share a process', countOption('--nodes-per-process'))
    .option('--alone', 'measure only, without the simulation beside it')
    .option('--seed <N>', 'seed, 0 to 4294967295 (default 1)', countOption('--seed'))
    .option('--replications <N>', 'repetitions of each row', countOption('--replications'))
    .option(
      '--calibration <FILE>',
      'figures the simulation uses: npm run calibrate writes them',
      calibrationOption,
    )
    .option('--out <DIR>', 'folder that holds the campaigns (default runs)');
}

export function addMeasureCommand(program: Command, holder: ExitHolder): void {
  addCommand<MeasureOptions>(program, holder, {
    name: 'measure',
    summary: 'one scenario as real node processes on this machine, beside its simulation',
    arguments: [{ name: '<ID|file>', about: 'id of the catalogue or a scenario file' }],
    options: measureOptions,
    examples: [
      'npm run campaign measure -- OV-001',
      'npm run campaign measure -- OV-001 --calibration calibration.yaml --replications 3',
      'npm run campaign measure -- OV-002 --nodes 50 --nodes-per-process 25',
    ],
    run: ([name = ''], options) => measure(name, options),
  });
}
