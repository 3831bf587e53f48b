/**
 * `npm run test:truth`: every fidelity against exact enumeration and each other; prints the table and stores it for the scale report.
 * Owns: options, the file, exit codes (0 all holds, 10 something does not, 20 wrong options). Does not own: the table (truth-table.ts).
 */
import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { truthFile } from '#reports/scale/truth-table.ts';
import { truthFailures, truthTable, truthText } from './truth-table.ts';

const help = `npm run test:truth -- [options]
  --quick   a tenth of the repetitions; stores nothing
  --json    the record instead of the table; stores it all the same
  --help    this text

Example: npm run test:truth -- --quick
`;

function requested(): { quick: boolean; json: boolean; help: boolean } | string {
  try {
    const { values } = parseArgs({
      options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    return { quick: values.quick === true, json: values.json === true, help: values.help === true };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function main(): number {
  const request = requested();
  if (typeof request === 'string') {
    process.stderr.write(`${request}\n${help}`);
    return 20;
  }
  if (request.help) {
    process.stdout.write(help);
    return 0;
  }
  const progress = (about: string): void => void process.stderr.write(`${about}\n`);
  const table = truthTable(request.quick ? 0.1 : 1, new Date().toISOString().slice(0, 10), progress);
  process.stdout.write(request.json ? `${JSON.stringify(table, null, 1)}\n` : truthText(table));
  const failures = truthFailures(table);
  if (failures.length > 0) {
    process.stderr.write(
      `${failures.length} of the table do not hold; nothing stored:\n${failures.join('\n')}\n`,
    );
    return 10;
  }
  if (!request.quick) {
    // Whole or absent.
    writeFileSync(`${truthFile}.partial`, `${JSON.stringify(table, null, 1)}\n`);
    renameSync(`${truthFile}.partial`, truthFile);
  }
  return 0;
}

process.exitCode = main();
