/**
 * `simulate`: one scenario of the catalogue or of a file on the simulator, with changes from the command line.
 * Owns: its options and its document. Does not own: the session (campaign-session.ts) or resolving (resolve.ts).
 */
import type { Command } from 'commander';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer } from '#campaigns/commands/command-output.ts';
import { choiceOption, countOption, scenarioName } from '#campaigns/commands/option-values.ts';
import {
  addScenarioOptions,
  resolveOptionsOf,
  runScenario,
  type ScenarioOptions,
} from '#campaigns/commands/scenario-options.ts';
import type { TierName } from '#campaigns/run-spec.ts';
import { tierNames } from '#campaigns/targets/simulator/tier.ts';

const choices = ['auto', ...tierNames] as const;

interface SimulateOptions extends ScenarioOptions {
  readonly tier: 'auto' | TierName;
  readonly messageBudget?: number;
}

async function simulate(name: string, options: SimulateOptions): Promise<Answer> {
  const { planScenario } = await import('#campaigns/commands/plan-request.ts');
  const { campaignAnswer } = await import('#campaigns/commands/campaign-session.ts');
  const { simulationDocument, simulationText } = await import('#campaigns/commands/simulation-text.ts');
  const { readCampaign } = await import('#campaigns/results/reader.ts');
  const tier = options.tier === 'auto' ? undefined : options.tier;
  const resolved = await resolveOptionsOf(options, tier);
  const planned = planScenario(scenarioName(name), { ...resolved, messageBudget: options.messageBudget });
  const end = await runScenario(planned, options.out);
  const answer = campaignAnswer(end, options, false);
  const record = readCampaign(end.folder);
  return {
    text: `${simulationText(record)}\n${answer.text}`,
    document: simulationDocument(record, end.verdict),
    exitCode: end.exitCode,
  };
}

function simulateOptions(command: Command): Command {
  const tiered = command
    .option('--tier <TIER>', `fidelity: ${choices.join(', ')}`, choiceOption('--tier', choices), 'auto')
    .option(
      '--message-budget <N>',
      'messages one repetition may cost: its window is what they buy (default: 24 to 60 times to finality)',
      countOption('--message-budget'),
    );
  return addScenarioOptions(tiered, {
    consensus: 'k=50,alpha=40,beta=15,rounds=100',
    duration: 'measured window: 250ms, 10m, 24h',
    calibration: 'figures of your own node implementation',
  });
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
