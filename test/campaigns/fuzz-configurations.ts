/**
 * 10,000 mutated or arbitrary configurations, run by configurations.fuzz.test.ts in a process that may not write.
 * Method: mutate the shipped files line by line and character by character, or make text up; read it, and resolve what
 * reads. Anything but a value or a ConfigError ends the process with a stack; the counts go to stdout as JSON.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ConfigError } from '#campaigns/config-error.ts';
import { resolveScenario } from '#campaigns/resolve.ts';
import { loadCatalogue, readPhase, readScenario } from '#campaigns/scenario-file.ts';
import { parseCalibration } from '#campaigns/schema/calibration.ts';
import { parseConsensusOption } from '#campaigns/schema/consensus.ts';

const root = join(import.meta.dirname, '..', '..');
const catalogue = loadCatalogue();
const yamlIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));

type Reader = (text: string) => void;
const scenario: Reader = (text) => {
  resolveScenario(readScenario(text, 'fuzz.yaml'), { seed: 1 });
};
const sources: readonly (readonly [Reader, readonly string[]])[] = [
  [scenario, yamlIn('campaigns/scenarios')],
  [(text) => readPhase(text, 'fuzz.yaml', catalogue), yamlIn('campaigns/phases')],
  [(text) => parseCalibration(text, 'fuzz.yaml'), yamlIn('docs')],
];

const nasty = [
  ...[
    '.nan',
    '-.inf',
    '1e999',
    '-1',
    '0',
    '99999999999999999999',
    '1e308',
    '-0',
    '0x7fffffff',
    'true',
    'null',
    '~',
    '""',
  ],
  ...[
    '-1h',
    '1H',
    '5',
    '10 %',
    '1000%',
    '50%..10%',
    '..',
    '1..',
    '[]',
    '{}',
    '[[]]',
    '*a',
    '&a x',
    '!!js/x y',
    '|',
    '>',
    '- -',
  ],
  ...[
    '{ kind: chaos }',
    '{ __proto__: 1 }',
    'constructor',
    '__proto__: {}',
    '? x',
    '%',
    '@',
    '`',
    '\u0000',
    '\u2028',
    '\ufeff',
    '---',
  ],
];

type Mutation = (text: string, at: number, other: number, pick: string) => string;
const mutations: readonly Mutation[] = [
  (text, at) => text.slice(0, at) + text.slice(at + 1),
  (text, at, other) => text.slice(0, at) + String.fromCharCode(32 + (other % 95)) + text.slice(at),
  (text, at) => text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2),
  (text, at) => text.slice(0, at),
  (text, at, _, pick) => text.slice(0, at) + pick + text.slice(at),
  (text, at, other) => withLine(text, at, (lines, index) => lines.splice(index, 1 + (other % 3))),
  (text, at) => withLine(text, at, (lines, index) => lines.splice(index, 0, lines[index] ?? '')),
  (text, at, _, pick) =>
    withLine(text, at, (lines, index) => lines.splice(index, 1, replacedValue(lines[index] ?? '', pick))),
  (text, at, other) =>
    text.replace(/\d+/g, (digits, offset: number) =>
      offset >= at && offset < at + 20 ? String(other) : digits,
    ),
];

function withLine(text: string, at: number, change: (lines: string[], index: number) => void): string {
  const lines = text.split('\n');
  change(lines, at % lines.length);
  return lines.join('\n');
}

function replacedValue(line: string, value: string): string {
  return line.includes(': ') ? line.replace(/: .*$/, `: ${value}`) : `${line} ${value}`;
}

const position = fc.nat({ max: 4_000 });
// Indexes keep a printed counterexample short.
const mutated = fc.tuple(
  fc.nat({ max: sources.length - 1 }),
  fc.nat({ max: 100 }),
  fc.array(fc.tuple(fc.nat({ max: mutations.length - 1 }), position, position, fc.constantFrom(...nasty)), {
    minLength: 1,
    maxLength: 4,
  }),
);
const arbitrary = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.json(),
  fc.object({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
);
const readers: readonly Reader[] = [
  ...sources.map(([reader]) => reader),
  (text) => parseConsensusOption(text),
];

const counts = { read: 0, refused: 0, problems: 0 };

/** Rethrows what is no ConfigError; checks the form of what is one. */
function attempt(reader: Reader, text: string): void {
  try {
    reader(text);
    counts.read += 1;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    counts.refused += 1;
    counts.problems += error.problems.length;
    const clear = error.exitCode === 20 && error.problems.length > 0;
    const lines = error.message.split('\n');
    const formed = lines.length === error.problems.length && lines.every((line) => line.length < 2_000);
    const stackless = !/\n {4}at |node_modules|undefined|\[object Object\]|NaN nodes/.test(
      error.message.replaceAll(text, ''),
    );
    if (!clear || !formed || !stackless)
      throw new Error(`a problem is not clear: ${JSON.stringify(error.message)}`);
  }
}

const seed = Number(process.argv[2] ?? 1);
const runs = Number(process.argv[3] ?? 10_000);
fc.assert(
  fc.property(mutated, ([source, index, changes]) => {
    const [reader, texts] = sources[source]!;
    let text = texts[index % texts.length]!;
    for (const [mutation, at, other, pick] of changes)
      text = mutations[mutation]!(text, at % (text.length + 1), other, pick);
    attempt(reader, text);
  }),
  { seed, numRuns: Math.ceil(runs * 0.7), endOnFailure: true },
);
fc.assert(
  fc.property(fc.nat({ max: readers.length - 1 }), arbitrary, (reader, text) =>
    attempt(readers[reader]!, text),
  ),
  { seed, numRuns: Math.floor(runs * 0.3), endOnFailure: true },
);
process.stdout.write(JSON.stringify({ seed, ...counts }));
