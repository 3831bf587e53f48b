#!/usr/bin/env node
/**
 * The program of a conductor that stands alone (in a cluster: the conductor's pod).
 * Owns: help, signals, exit codes. Does not own: options (conductor/conductor-config.ts) or anything it does, which is loaded only
 * when there is something to do.
 */
import { conductorHelp, readConductorConfig } from '#campaigns/conductor/conductor-config.ts';
import { exitCodes } from '#campaigns/exit-code.ts';
import { ConfigError } from '#node/config-problem.ts';

const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);

async function main(): Promise<number> {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${conductorHelp()}\n`);
    return exitCodes.passed;
  }
  const config = readConductorConfig(process.env);
  const { codeVersion } = await import('#campaigns/code-version.ts');
  const { StandingConductor } = await import('#campaigns/conductor/standing-conductor.ts');
  const { planRealTime } = await import('#campaigns/targets/processes/real-window.ts');
  const conductor = new StandingConductor(config, { codeVersion: codeVersion(), planOf: planRealTime, log });
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve);
  });
  await conductor.start();
  log(`listening at ${conductor.url} for ${config.agents} agents`);
  await stopped;
  await conductor.stop();
  return exitCodes.passed;
}

try {
  process.exit(await main());
} catch (error) {
  const isConfiguration = error instanceof ConfigError;
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${isConfiguration ? '' : 'could not start: '}${text}\n`);
  if (isConfiguration) process.stderr.write('see: node campaigns/conductor-main.ts --help\n');
  process.exit(isConfiguration ? exitCodes.invalid : exitCodes.deployFailed);
}
