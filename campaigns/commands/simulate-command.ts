/**
 * `simulate`: one scenario of the catalogue or of a file on the simulator, with changes from the command line.
 * Owns: its options and its document. Does not own: the session (campaign-session.ts) or resolving (resolve.ts).
 */
import type { Command } from 'commander';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer, CommonOptions } from '#campaigns/commands/command-output.ts';
import {
  calibrationOption,
  choiceOption,
  countOption,
  durationOption,
  numberOption,
  runsFolder,
  scenarioName,
  shareOption,
} from '#campaigns/commands/option-values.ts';
import type { Calibration } from '#node/model/calibration.ts';

const tiers = ['auto', 'analytic', 'message'] as const;

interface SimulateOptions extends CommonOptions {
  readonly tier: (typeof tiers)[number];
  readonly nodes?: number;
  readonly byzantine?: number;
  readonly attack?: string;
  readonly network?: string;
  readonly consensus?: string;
  readonly duration?: number;
  readonly tps?: number;
  readonly seed?: number;
  readonly replications?: number;
  readonly calibration?: Calibration;
  readonly out?: string;
}

async function simulate(name: string, options: SimulateOptions): Promise<Answer> {
  const { defaultSeed, planScenario } = await import('#campaigns/commands/plan-request.ts');
  const { parseConsensusOption } = await import('#campaigns/schema/consensus.ts');
  const { createServices } = await import('#campaigns/services.ts');
  const { createCampaign } = await import('#campaigns/operator.ts');
  const { campaignAnswer, driveCampaign } = await import('#campaigns/commands/campaign-session.ts');
  const { simulationDocument, simulationText } = await import('#campaigns/commands/simulation-text.ts');
  const { readCampaign } = await import('#campaigns/results/reader.ts');
  const seed = options.seed ?? defaultSeed;
  const planned = planScenario(scenarioName(name), {
    seed,
    replications: options.replications,
    // The cheapest fidelity that is exact for every question of a scenario is the message tier.
    tier: options.tier === 'analytic' ? 'analytic' : 'message',
    nodes: options.nodes === undefined ? undefined : [options.nodes],
    byzantineShares: options.byzantine === undefined ? undefined : [options.byzantine],
    attacks: options.attack === undefined ? undefined : [options.attack],
    network: options.network,
    consensus: options.consensus === undefined ? undefined : parseConsensusOption(options.consensus),
    durationUs: options.duration,
    tps: options.tps,
    calibration: options.calibration,
  });
  const plan = planned.planOf(planned.name);
  const money = {
    limits: planned.limits,
    budgetGiven: false,
    approve: null,
    now: () => new Date().toISOString(),
  };
  const services = createServices(money, async () => {}); // `report RUN` writes them when they are wanted
  const folder = createCampaign(runsFolder(options.out), planned.name, (campaign) => ({ ...plan, campaign }));
  const end = await driveCampaign(folder, services);
  const answer = campaignAnswer(end, options, false);
  const record = readCampaign(folder);
  return {
    text: `${simulationText(record)}\n${answer.text}`,
    document: simulationDocument(record, end.verdict),
    exitCode: end.exitCode,
  };
}

function simulateOptions(command: Command): Command {
  return command
    .option('--tier <TIER>', `fidelity: ${tiers.join(', ')}`, choiceOption('--tier', tiers), 'auto')
    .option('--nodes <N>', 'size of the network', countOption('--nodes'))
    .option('--byzantine <SHARE>', 'share of attackers, 0.1 or 10%', shareOption('--byzantine'))
    .option('--attack <NAME>', 'what they do')
    .option('--network <NAME>', 'network profile')
    .option('--consensus <LIST>', 'parameters that replace the scenario’s: k=50,alpha=40,beta=15,rounds=100')
    .option('--duration <TIME>', 'measured window: 250ms, 10m, 24h', durationOption('--duration'))
    .option('--tps <N>', 'highest load in transactions per second', numberOption('--tps'))
    .option('--seed <N>', 'seed, 0 to 4294967295 (default 1)', countOption('--seed'))
    .option('--replications <N>', 'repetitions of each row', countOption('--replications'))
    .option('--calibration <FILE>', 'figures of your own node implementation', calibrationOption)
    .option('--out <DIR>', 'folder that holds the campaigns (default runs)');
}

export function addSimulateCommand(program: Command, holder: ExitHolder): void {
  addCommand<SimulateOptions>(program, holder, {
    name: 'simulate',
    summary: 'one scenario on the simulator',
    arguments: [{ name: '<ID|file>', about: 'id of the catalogue or a scenario file' }],
    options: simulateOptions,
    examples: [
      'npm run campaign simulate -- CT-003 --nodes 150 --byzantine 20% --attack random',
      'npm run campaign simulate -- LT-001 --nodes 100 --consensus k=30,alpha=24,beta=20,rounds=100 --seed 7 --json',
      'npm run campaign simulate -- ./my-scenario.yaml --replications 1',
    ],
    run: ([name = ''], options) => simulate(name, options),
  });
}
