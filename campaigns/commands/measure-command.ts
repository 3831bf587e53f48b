/**
 * `measure`: one scenario as real node processes on this machine, beside its simulation, with the error of every figure.
 * Owns: its options and its document. Does not own: the session (campaign-session.ts) or the comparison (analysis/overlap.ts).
 */
import type { Command } from 'commander';
import { addCommand, type ExitHolder } from '#campaigns/commands/command.ts';
import type { Answer } from '#campaigns/commands/command-output.ts';
import { countOption, scenarioName } from '#campaigns/commands/option-values.ts';
import {
  addScenarioOptions,
  resolveOptionsOf,
  runScenario,
  type ScenarioOptions,
} from '#campaigns/commands/scenario-options.ts';

interface MeasureOptions extends ScenarioOptions {
  readonly nodesPerProcess?: number;
  readonly alone?: boolean;
}

async function measure(name: string, options: MeasureOptions): Promise<Answer> {
  const { planMeasurement } = await import('#campaigns/commands/plan-request.ts');
  const { campaignAnswer } = await import('#campaigns/commands/campaign-session.ts');
  const { readCampaign } = await import('#campaigns/results/reader.ts');
  const planned = planMeasurement(
    scenarioName(name),
    await resolveOptionsOf(options, 'message'),
    options.nodesPerProcess ?? null,
    options.alone ?? false,
  );
  const end = await runScenario(planned, options.out);
  const answer = campaignAnswer(end, options, false);
  const runs = [...readCampaign(end.folder).results.values()].map(({ result }) => result);
  return {
    text: answer.text,
    document: { ...Object(answer.document), runs },
    exitCode: end.exitCode,
  };
}

function measureOptions(command: Command): Command {
  return addScenarioOptions(command, {
    consensus: 'k=10,alpha=8,beta=12,pollInterval=60ms',
    duration: 'measured window in real time: 20s',
    calibration: 'figures the simulation uses: npm run calibrate writes them',
  })
    .option('--nodes-per-process <N>', 'nodes that share a process', countOption('--nodes-per-process'))
    .option('--alone', 'measure only, without the simulation beside it');
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
