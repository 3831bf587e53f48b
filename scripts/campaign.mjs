/**
 * `npm run campaign`: the command line with Node's cache of compiled sources, without which half of a short command's time goes into
 * stripping types. Owns: switching the cache on before the program is loaded. Does not own: the program (campaigns/cli.ts).
 * Plain JavaScript, so that a warm start needs no TypeScript stripper at all. Where the folder cannot be written nothing is cached.
 */
import module from 'node:module';
import { fileURLToPath } from 'node:url';

module.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/bft-scale', import.meta.url)));
await import('../campaigns/cli.ts');
