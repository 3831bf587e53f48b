/**
 * `npm run breaking`: the breaking point of each attack, beside what the formulas tolerate; stored for the scale report.
 * Owns: options, the file, exit codes (0, 20 wrong options). Does not own: the search (breaking-table.ts).
 */
import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Attack } from '#node/byzantine/attacks.ts';
import { breakingFile } from '#reports/scale/breaking-points.ts';
import { breakingTable, breakingText, everyAttack } from './breaking-table.ts';

const help = `npm run breaking -- [options]
  --attack NAME  one attack; stores nothing: ${everyAttack.join(', ')}
  --seeds N      seeds of every number of attackers near a breaking point (8)
  --json         the record instead of the table
  --help         this text

Example: npm run breaking -- --attack always-reject --seeds 20
`;

interface Request {
  readonly attack: Attack | null;
  readonly seeds: number;
  readonly json: boolean;
}

function requested(): Request | 'help' | string {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({ options: { attack: text, seeds: text, json: flag, help: flag } });
    if (values.help === true) return 'help';
    const attack = everyAttack.find((name) => name === values.attack) ?? null;
    if (values.attack !== undefined && attack === null)
      return `--attack ${values.attack}: no attack of that name`;
    const seeds = Number(values.seeds ?? 8);
    if (!Number.isInteger(seeds) || seeds < 1 || seeds > 10_000)
      return `--seeds ${values.seeds}: an integer from 1 to 10,000 is needed`;
    return { attack, seeds, json: values.json === true };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function main(): number {
  const request = requested();
  if (typeof request === 'string') {
    if (request === 'help') process.stdout.write(help);
    else process.stderr.write(`${request}\n${help}`);
    return request === 'help' ? 0 : 20;
  }
  const { attack, seeds, json } = request;
  const at = new Date().toISOString().slice(0, 10);
  const table = breakingTable({ attacks: attack === null ? everyAttack : [attack], seeds, at }, (about) => {
    process.stderr.write(`${about}\n`);
  });
  process.stdout.write(json ? `${JSON.stringify(table, null, 1)}\n` : breakingText(table));
  if (attack === null) {
    // Whole or absent.
    writeFileSync(`${breakingFile}.partial`, `${JSON.stringify(table, null, 1)}\n`);
    renameSync(`${breakingFile}.partial`, breakingFile);
  }
  return 0;
}

process.exitCode = main();
