#!/usr/bin/env node
/**
 * The program of a node process. Owns: the configuration's errors, the exit code, what makes a start cheap. Does not own: the process
 * itself (host/node-process.ts), which is loaded only when there is something to run.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';
import { countBuffersWithHeap } from '#node/buffer-limits.ts';
import { openModuleMap } from '#node/module-map.ts';

countBuffersWithHeap();

/**
 * Finding, stripping and compiling some thousand modules takes two seconds of CPU; the next process finds them done. Kept beside
 * the packages and removed with them; a read-only installation goes on without.
 */
const root = path.join(import.meta.dirname, '..');
const caches = path.join(root, 'node_modules', '.cache', 'bft-scale');
enableCompileCache(caches);
const modules = openModuleMap({ root, folder: caches });
const { helpText, nodeExitCodes, readConfig } = await import('#node/config.ts');
const { ConfigError } = await import('#node/config-problem.ts');

/** In place of options: fills the caches for many processes that are about to start, and does nothing else. */
const loadOnly = 'load-only';

async function loadNode(): Promise<typeof import('#node/host/node-process.ts')> {
  const loaded = await import('#node/host/node-process.ts');
  // Now, not at the end: a node is as likely to be killed as to stop.
  flushCompileCache();
  modules.remember();
  return loaded;
}

async function main(): Promise<number> {
  if (process.argv[2] === loadOnly) {
    await loadNode();
    return nodeExitCodes.stopped;
  }
  const request = readConfig(process.argv.slice(2), process.env);
  if (request.kind === 'help') {
    process.stdout.write(`${helpText()}\n`);
    return nodeExitCodes.stopped;
  }
  const { runNodeProcess } = await loadNode();
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
