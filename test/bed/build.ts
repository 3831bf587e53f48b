/**
 * Builds the programs of the test bed into the cache: node test/bed/build.ts [pulumi|kubernetes|moto|focus ...]; all when none is named.
 * Owns: the command line. Does not own: how a tool is built (tools.ts). A tool that cannot be built here is said and is no error.
 */
import { buildTool, tools } from './tools.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => tools.every((tool) => tool.name !== name));
if (unknown.length > 0) {
  const known = tools.map(({ name }) => name).join(', ');
  process.stderr.write(`no such tool: ${unknown.join(', ')}; there are ${known}\n`);
  process.exit(20);
}
for (const tool of tools) {
  if (wanted.length === 0 || wanted.includes(tool.name)) {
    process.stderr.write(`test bed, ${await buildTool(tool)}\n`);
  }
}
