/**
 * `npm run bench`: measures the product's own core, prints every figure beside its target and the published one.
 * Owns: options, rounds, exit codes (0 measured, 10 slower than the baseline, 11 no comparison possible, 20 wrong options).
 * Does not own: figures (figures.ts), processes (runner.ts), the baseline (baseline.ts).
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machineText } from '#campaigns/results/benchmark-record.ts';
import { thisMachine } from '#campaigns/targets/benchmark/machine.ts';
import { median } from '#campaigns/targets/benchmark/sampling.ts';
import {
  baselineFile,
  baselineOf,
  type Comparison,
  compare,
  readBaseline,
  referenceText,
  writeBaseline,
} from './baseline.ts';
import { figures, type Group, groups, publishedNotes } from './figures.ts';
import { type Job, jobOf, jobs } from './job.ts';
import {
  type Measured,
  measureRound,
  nothingMeasured,
  prepare,
  type Summary,
  summaries,
  takeBetter,
} from './runner.ts';
import {
  changeTable,
  factLines,
  figureTable,
  growthTable,
  markdown,
  notRunLines,
  plain,
  short,
} from './table.ts';

const docsFile = fileURLToPath(new URL('../../docs/bench.md', import.meta.url));
const rounds = 3;

const help = `npm run bench -- [names] [options]
  names            groups (${groups.join(', ')}) or figures (messages.single-1000)
  --large          with live: networks of 50 and 150 real nodes, too, several minutes
  --quick          a smoke run: figures without meaning, the largest networks left out
  --json           the record of the run instead of tables
  --compare        against test/bench/baseline.json; a median more than 10 % slower ends with exit code 10
  --save-baseline  writes test/bench/baseline.json
  --markdown       writes docs/bench.md
`;

interface Request {
  readonly jobs: readonly Job[];
  readonly wanted: ReadonlySet<Group>;
  readonly quick: boolean;
  readonly json: boolean;
  readonly compare: boolean;
  readonly saveBaseline: boolean;
  readonly markdown: boolean;
}

class OptionError extends Error {}

function groupNamed(name: string): Group | undefined {
  return groups.find((group) => group === name);
}

function jobsNamed(name: string, withLarge: boolean): Job[] {
  const group = groupNamed(name);
  if (group !== undefined)
    return jobs.filter((job) => job.group === group && (withLarge || job.onlyWhen !== 'large'));
  const job = jobOf(name);
  if (job !== null) return [job];
  throw new OptionError(`${name}: known are ${[...groups, ...figures.map(({ id }) => id)].join(', ')}`);
}

function requestOf(argv: readonly string[]): Request | null {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: flag,
      json: flag,
      compare: flag,
      'save-baseline': flag,
      markdown: flag,
      large: flag,
      help: flag,
    },
  });
  if (values.help) return null;
  const { quick, json } = values;
  const saveBaseline = values['save-baseline'];
  if (quick && (values.compare || saveBaseline || values.markdown))
    throw new OptionError('--quick measures nothing that could be compared, saved or published');
  if (positionals.length > 0 && values.markdown)
    throw new OptionError('--markdown publishes all figures: give no names');
  const chosen = new Set(positionals.flatMap((name) => jobsNamed(name, values.large)));
  const inNames = jobs.filter((job) =>
    positionals.length === 0 ? job.onlyWhen === undefined : chosen.has(job),
  );
  const named = positionals.flatMap((name) => groupNamed(name) ?? []);
  return {
    jobs: inNames.filter((job) => !quick || !job.isHeavy),
    wanted: new Set(positionals.length === 0 ? groups : [...named, ...inNames.map(({ group }) => group)]),
    quick,
    json,
    compare: values.compare,
    saveBaseline,
    markdown: values.markdown,
  };
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Long runs are worth something as they go: whoever ends one has seen what was measured until then. */
function tellSamples(samples: Readonly<Record<string, readonly number[]>>): void {
  for (const { id, unit } of figures) {
    const values = samples[id];
    if (values !== undefined) tell(`  ${id} ${short(median(values))} ${unit}`);
  }
}

async function measure(request: Request, measured: Measured): Promise<void> {
  if (request.jobs.length === 0) return;
  await prepare(request.jobs);
  const count = request.quick ? 1 : rounds;
  const effort = request.quick ? 'quick' : 'standard';
  for (let round = 1; round <= count; round++) {
    // Growth is a shape, not a figure to defend, and what runs only when it is named takes its samples at once: one round is enough.
    const now = request.jobs.filter(
      ({ group, onlyWhen }) => round === 1 || (group !== 'growth' && onlyWhen === undefined),
    );
    await measureRound(
      now,
      effort,
      measured,
      ({ name }) => tell(`round ${round} of ${count}: ${name}`),
      tellSamples,
    );
  }
}

/** Compares; what looks slower is measured once more, and only what is slower both times is called so. */
async function comparison(measured: Measured): Promise<Comparison | null> {
  const baseline = readBaseline(baselineFile);
  if (baseline === null) return null;
  const judge = (): Comparison =>
    compare(summaries(measured), median(measured.referenceNs), thisMachine(), baseline);
  const first = judge();
  const doubtful = first.changes.flatMap(({ figure, isRegression }) => (isRegression ? [figure] : []));
  if (doubtful.length === 0 || first.worthless !== null) return first;
  const names = new Set(doubtful.map(({ id }) => jobOf(id)?.name));
  const jobsInDoubt = jobs.filter(({ name }) => names.has(name));
  const again = nothingMeasured();
  for (let round = 0; round < rounds; round++)
    await measureRound(jobsInDoubt, 'standard', again, ({ name }) => tell(`in doubt, again: ${name}`));
  takeBetter(measured, again, doubtful);
  return judge();
}

function tableLines(
  found: ReadonlyMap<string, Summary>,
  measured: Measured,
  wanted: ReadonlySet<Group>,
): string[] {
  const growth = growthTable(found, measured);
  const main = figureTable(found);
  return [
    machineText(thisMachine()),
    '',
    ...(main.rows.length > 0 ? plain(main) : []),
    '',
    ...(growth.rows.length > 0 ? [...plain(growth), ''] : []),
    ...factLines(measured),
    ...notRunLines(wanted),
    ...publishedNotes,
  ];
}

function comparisonLines(found: Comparison): string[] {
  const slower = found.changes.filter(({ isRegression }) => isRegression);
  const verdict =
    found.worthless !== null
      ? `INCONCLUSIVE: ${found.worthless}`
      : slower.length > 0
        ? `SLOWER: ${slower.map(({ figure }) => figure.id).join(', ')}`
        : 'within 10 % of the baseline';
  return [
    ...plain(changeTable(found)),
    referenceText(found.referenceWorsePercent),
    ...(found.unmatched.length > 0 ? [`not in the baseline: ${found.unmatched.join(', ')}`] : []),
    verdict,
  ];
}

function exitCodeOf(found: Comparison | null): number {
  if (found === null || found.worthless !== null) return 11;
  return found.changes.some(({ isRegression }) => isRegression) ? 10 : 0;
}

function docText(found: ReadonlyMap<string, Summary>, measured: Measured, savedAt: string): string {
  return [
    '# Bench',
    '',
    `Written by \`npm run bench -- --markdown\` on ${savedAt.slice(0, 10)}: ${machineText(thisMachine())}. Every figure is the`,
    `median of all samples of ${rounds} rounds in fresh processes, with the smallest and the largest sample; CPU time is that of one thread.`,
    'The core is the one a campaign runs (`campaigns/targets/simulator`, `node/core`).',
    '',
    ...markdown(figureTable(found)),
    '',
    '## Growth with load and with nodes',
    '',
    ...markdown(growthTable(found, measured)),
    '',
    'Standing is what a node holds about vertices (votes, counters, confidence); its columns grow by doubling. Process is the',
    'growth of the resident set over the run, compiled code included.',
    '',
    '## Notes',
    '',
    ...[...factLines(measured), ...notRunLines(new Set(groups)), ...publishedNotes].map(
      (line) => `- ${line}`,
    ),
    '',
  ].join('\n');
}

/** Writes what was asked for; returns the exit code. */
async function report(request: Request, measured: Measured): Promise<number> {
  const compared = request.compare ? await comparison(measured) : null;
  const found = summaries(measured);
  const at = new Date().toISOString();
  if (request.saveBaseline) {
    const baseline = baselineOf(found, median(measured.referenceNs), at, readBaseline(baselineFile));
    writeBaseline(baselineFile, baseline);
  }
  if (request.markdown) writeFileSync(docsFile, docText(found, measured, at));
  if (request.json) {
    const record = {
      at,
      machine: thisMachine(),
      referenceNs: measured.referenceNs.length === 0 ? null : median(measured.referenceNs),
      figures: figures.flatMap((figure) => {
        const summary = found.get(figure.id);
        return summary === undefined ? [] : [{ ...figure, ...summary }];
      }),
      facts: Object.fromEntries(measured.facts),
      notRun: notRunLines(request.wanted),
      comparison: compared,
    };
    process.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
  } else {
    const lines = tableLines(found, measured, request.wanted);
    if (compared !== null) lines.push('', ...comparisonLines(compared));
    else if (request.compare)
      lines.push('', 'INCONCLUSIVE: there is no baseline; write one with --save-baseline');
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  return request.compare ? exitCodeOf(compared) : 0;
}

async function main(): Promise<number> {
  let request: Request | null;
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
  const measured = nothingMeasured();
  await measure(request, measured);
  return report(request, measured);
}

process.exitCode = await main();
