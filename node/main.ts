#!/usr/bin/env node
/**
 * The program of a node process. Owns: the configuration's errors, the exit code. Does not own: the process itself
 * (host/node-process.ts), which is loaded only when there is something to run.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';
import { helpText, nodeExitCodes, readConfig } from '#node/config.ts';
import { ConfigError } from '#node/config-problem.ts';

/**
 * Compiling and stripping some hundred modules takes a second of CPU; the next process finds them done. Kept beside the
 * packages and removed with them; a read-only installation goes on without.
 */
const compileCache = path.join(import.meta.dirname, '..', 'node_modules', '.cache', 'bft-scale');

async function main(): Promise<number> {
  const request = readConfig(process.argv.slice(2), process.env);
  if (request.kind === 'help') {
    process.stdout.write(`${helpText()}\n`);
    return nodeExitCodes.stopped;
  }
  enableCompileCache(compileCache);
  const { runNodeProcess } = await import('#node/host/node-process.ts');
  // Now, not at the end: a node is as likely to be killed as to stop.
  flushCompileCache();
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
