#!/usr/bin/env node
/**
 * The program of a node process. Owns: the configuration's errors, the exit code. Does not own: the process itself
 * (host/node-process.ts), which is loaded only when there is something to run.
 */
import { helpText, nodeExitCodes, readConfig } from '#node/config.ts';
import { ConfigError } from '#node/config-problem.ts';

async function main(): Promise<number> {
  const request = readConfig(process.argv.slice(2), process.env);
  if (request.kind === 'help') {
    process.stdout.write(`${helpText()}\n`);
    return nodeExitCodes.stopped;
  }
  const { runNodeProcess } = await import('#node/host/node-process.ts');
  return await runNodeProcess(request.config);
}

try {
  // Sockets of others may still close: nothing of ours is left to wait for.
  process.exit(await main());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\nsee: node node/main.ts --help\n`);
  process.exit(error.exitCode);
}
