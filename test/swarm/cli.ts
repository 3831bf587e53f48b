/**
 * `npm run swarm`: safety by simulation for as many seeds as wanted; a failing seed is run again by the command it prints.
 * Owns: options and exit codes (0 nothing found, 1 something found or a mark never met, 20 wrong options).
 * Does not own: the swarm. With `--defect` the exit code is 0 when the planted defect was caught.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Defect, defectMeaning, defectNames } from './defects.ts';
import { missingMarks } from './marks.ts';
import { runSwarm, type SwarmRequest, swarmLines } from './swarm.ts';

const help = `npm run swarm -- [options]
  --seeds N      how many seeds (1000)
  --from K       the first one (0)
  --seed S       the series they belong to (1)
  --threads N    worker threads (${availableParallelism()})
  --defect NAME  plant a defect: ${defectNames.map((name) => `\n                 ${name}: ${defectMeaning[name]}`).join('')}
example: npm run swarm -- --seeds 100000 --seed 7
`;

/** Fewer seeds may miss a rare situation: marks are asked for from this many on. */
const seedsForMarks = 100;

class OptionError extends Error {}

function whole(name: string, written: string | undefined, standard: number, least: number): number {
  if (written === undefined) return standard;
  const value = Number(written);
  if (!Number.isInteger(value) || value < least || value > 2 ** 31) {
    throw new OptionError(`--${name} ${written}: an integer from ${least} on is needed`);
  }
  return value;
}

function defectNamed(written: string | undefined): Defect | null {
  if (written === undefined) return null;
  const found = defectNames.find((name) => name === written);
  if (found === undefined) throw new OptionError(`--defect ${written}: known are ${defectNames.join(', ')}`);
  return found;
}

function requestOf(argv: readonly string[]): SwarmRequest | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { seeds: text, from: text, seed: text, threads: text, defect: text, help: { type: 'boolean' } },
  });
  if (values.help === true) return null;
  return {
    seeds: whole('seeds', values.seeds, 1_000, 1),
    from: whole('from', values.from, 0, 0),
    seed: whole('seed', values.seed, 1, 0),
    threads: whole('threads', values.threads, availableParallelism(), 1),
    defect: defectNamed(values.defect),
    until: [],
  };
}

async function main(): Promise<number> {
  let request: SwarmRequest | null;
  try {
    request = requestOf(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${help}`);
    return 20;
  }
  if (request === null) {
    process.stdout.write(help);
    return 0;
  }
  const started = performance.now();
  const outcome = await runSwarm(request, (ran) => {
    if (ran % 100 === 0) process.stderr.write(`${ran} of ${request.seeds}\n`);
  });
  process.stdout.write(`${swarmLines(outcome).join('\n')}\n`);
  process.stdout.write(
    `${((performance.now() - started) / 1_000).toFixed(1)} s on ${request.threads} threads\n`,
  );
  if (request.defect !== null) {
    const by = [...outcome.firstBy].map(([checker, index]) => `${checker} at index ${index}`);
    process.stdout.write(
      `${request.defect}: ${by.length === 0 ? 'NOT CAUGHT' : `caught by ${by.join(', ')}`}\n`,
    );
    return by.length === 0 ? 1 : 0;
  }
  const isShort = request.seeds < seedsForMarks;
  return outcome.failures.length > 0 || (!isShort && missingMarks(outcome.marks).length > 0) ? 1 : 0;
}

process.exitCode = await main();
