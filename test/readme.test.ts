/**
 * The documents a new user follows, held against the product: every command of README.md is one that the program takes, every
 * link leads to a file, the tables of commands, files and exit codes are complete.
 * Method: commands are checked against the options and arguments that the program declares; none is run.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { addApprovalCommands } from '#campaigns/commands/approval-commands.ts';
import { addCatalogueCommands } from '#campaigns/commands/catalogue-commands.ts';
import { addCloudCommands } from '#campaigns/commands/cloud-commands.ts';
import { addLedgerCommands } from '#campaigns/commands/ledger-commands.ts';
import { addMeasureCommand } from '#campaigns/commands/measure-command.ts';
import { addMoneyCommands } from '#campaigns/commands/money-commands.ts';
import { addOptimiseCommand } from '#campaigns/commands/optimise-command.ts';
import { addPhaseCommands } from '#campaigns/commands/phase-commands.ts';
import { addPriceCommands } from '#campaigns/commands/price-commands.ts';
import { addRareCommand } from '#campaigns/commands/rare-command.ts';
import { addRecordCommands } from '#campaigns/commands/record-commands.ts';
import { addSessionCommands } from '#campaigns/commands/session-commands.ts';
import { addSimulateCommand } from '#campaigns/commands/simulate-command.ts';
import { exitCodes, loudest } from '#campaigns/exit-code.ts';
import { readScenario } from '#campaigns/scenario-file.ts';

const root = path.resolve(import.meta.dirname, '..');
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'node/README.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const readme = read('README.md');
const manifest: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(read('package.json'));

/** Fenced blocks of one language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter((found) => found[1] === language)
    .map((found) => found[2] ?? '');
}

/** Lines of shell blocks, and inline code that is a whole npm command. */
function commandsOf(text: string): string[] {
  const fenced = blocks(text, 'sh').flatMap((block) => block.trimEnd().split('\n'));
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  const inline = [...prose.matchAll(/`(npm (?:run|test)[^`]*)`/g)].map((found) => found[1] ?? '');
  return [...new Set([...fenced, ...inline])];
}

/** Without what an `npm test` around this test sets for its own scripts. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|NODE_TEST)/.test(name)),
);
const helpTexts = new Map<string, string>();
function helpOf(...words: string[]): string {
  const key = words.join(' ');
  const known = helpTexts.get(key);
  if (known !== undefined) return known;
  const ran = spawnSync(process.execPath, [...words, '--help'], {
    cwd: root,
    env: environment,
    encoding: 'utf8',
  });
  const text = ran.status === 0 ? ran.stdout : '';
  helpTexts.set(key, text);
  return text;
}

/** Long options of a help text; true when the option takes a value (as the help of swarm and bench shows it). */
function optionsIn(help: string): Map<string, boolean> {
  return new Map(
    [...help.matchAll(/^ +(--[a-z-]+)( <?[A-Z]+>?)?(?= )/gm)].map((found) => [
      found[1] ?? '',
      found[2] !== undefined,
    ]),
  );
}

/** What is wrong with words that follow a program, given its options; plain words are handed to `plain`. */
function wrongOptions(
  words: readonly string[],
  known: Map<string, boolean>,
  plain: (word: string) => void,
): string[] {
  const wrong: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('--')) {
      plain(word);
      continue;
    }
    if (word === '--help') continue; // every program has it
    const takesValue = known.get(word);
    if (takesValue === undefined) wrong.push(`${word} is not an option`);
    else if (takesValue) {
      at += 1;
      if (at >= words.length) wrong.push(`${word} has no value`);
    }
  }
  return wrong;
}

const program = new Command();
for (const add of [
  addPhaseCommands,
  addCatalogueCommands,
  addSimulateCommand,
  addRareCommand,
  addMeasureCommand,
  addMoneyCommands,
  addOptimiseCommand,
  addApprovalCommands,
  addPriceCommands,
  addCloudCommands,
  addLedgerCommands,
  addSessionCommands,
  addRecordCommands,
])
  add(program, { exitCode: 0 });

/** Wrong uses of `npm run campaign`. Words before `--` reach the program only when they are no options. */
function wrongCampaign(words: readonly string[]): string[] {
  const [name = '', ...rest] = words;
  const separator = rest.indexOf('--');
  const before = separator < 0 ? rest : rest.slice(0, separator);
  const after = separator < 0 ? [] : rest.slice(separator + 1);
  const command = program.commands.find((candidate) => candidate.name() === name);
  if (command === undefined) return [`${name} is not a command`];
  const swallowed = before.filter((word) => word.startsWith('-')).map((word) => `${word} stands before --`);
  const given = before.filter((word) => !word.startsWith('-'));
  const known = new Map(
    command.options.map(({ long, required, optional }) => [long ?? '', required || optional]),
  );
  const wrong = wrongOptions(after, known, (word) => given.push(word));
  const places = command.registeredArguments;
  const least = places.filter(({ required }) => required).length;
  if (given.length < least || given.length > places.length)
    wrong.push(`${given.length} arguments, it takes ${least} to ${places.length}`);
  return [...swallowed, ...wrong];
}

/** Wrong uses of `npm run SCRIPT` and `npm test`. */
function wrongScript(script: string, rest: readonly string[]): string[] {
  const body = manifest.scripts[script];
  if (body === undefined) return [`package.json has no script ${script}`];
  const file = body.split(' ').find((word) => /\.(ts|mjs)$/.test(word)) ?? '';
  if (!existsSync(path.join(root, file))) return [`script ${script} runs ${file}, which does not exist`];
  if (script === 'campaign') return wrongCampaign(rest);
  if (rest.length === 0) return [];
  if (rest[0] !== '--') return [`${rest[0]} stands before --`];
  if (script === 'test')
    return rest
      .slice(1)
      .filter((part) => !existsSync(path.join(root, part)))
      .map((part) => `no ${part}`);
  return wrongOptions(rest.slice(1), optionsIn(helpOf(file)), () => {});
}

/** What is wrong with one command line, in words; empty when nothing is. */
function wrongIn(line: string): string[] {
  const words = line
    .replace(/ > \S+$/, '')
    .trim()
    .split(/\s+/);
  const [program, first = '', second = ''] = words;
  if (program !== 'npm') return [`${program} is not npm`];
  if (first === 'test') return wrongScript('test', words.slice(2));
  return first === 'run' ? wrongScript(second, words.slice(3)) : [`npm ${first} is not used here`];
}

test('every command of the README is one that the program takes', () => {
  const lines = commandsOf(readme)
    .map((line) => line.replaceAll(/\bNAME\b/g, 'beta-one').replaceAll('<command> -- [options]', 'list'))
    // The trap that the README explains is not an example.
    .filter((line) => line !== 'npm run campaign phase3 --dry-run');
  assert.ok(lines.length > 30, `${lines.length} commands found`);
  assert.deepEqual(
    lines.flatMap((line) => wrongIn(line).map((wrong) => `${line}: ${wrong}`)),
    [],
  );
});

test('the check sees wrong commands', () => {
  for (const line of [
    'npm run nothing',
    'npm run campaign phase9',
    'npm run campaign phase1 --dry-run',
    'npm run campaign phase1 -- --wet-run',
    'npm run campaign simulate -- LT-001 --nodes',
    'npm run campaign check',
    'npm run campaign list LT-001',
    'npm run swarm -- --seats 3',
    'npm test -- test/nowhere',
    'yarn test',
  ])
    assert.notDeepEqual(wrongIn(line), [], line);
});

test('the table of commands has every command of the help and no other', () => {
  const listed = [...helpOf('campaigns/cli.ts').matchAll(/^ {2}(\w+) \[options\]/gm)].map(
    (found) => found[1] ?? '',
  );
  const table = readme.slice(readme.indexOf('## Commands'), readme.indexOf('## Phases'));
  const named = [...table.matchAll(/^\| ((?:`\w+`(?: \.\. )?)+) \|/gm)].flatMap((found) =>
    [...(found[1] ?? '').matchAll(/`(\w+)`/g)].map((name) => name[1] ?? ''),
  );
  const withoutRange = (names: readonly string[]): string[] =>
    names.filter((name) => name !== 'phase2' && name !== 'phase3').sort();
  const declared = program.commands.map((command) => command.name());
  assert.deepEqual(listed, declared);
  assert.deepEqual(withoutRange(named), withoutRange(listed));
});

test('every scenario in the README is valid', () => {
  const written = blocks(readme, 'yaml');
  assert.ok(written.length > 0);
  for (const text of written) assert.equal(readScenario(text, 'README.md').id, 'MY-001');
});

test('every link and picture of the documents leads to a file', () => {
  const broken = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\(([^)\s#]+)(#[^)]*)?\)/g)]
      .map((found) => found[1] ?? '')
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => !existsSync(path.join(root, path.dirname(file), target)))
      .map((target) => `${file}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('every document has exactly one heading of the first level', () => {
  const headings = documents.map((file) => {
    const prose = read(file).replace(/^```[\s\S]*?^```$/gm, '');
    return [file, (prose.match(/^# /gm) ?? []).length];
  });
  assert.deepEqual(
    headings.filter(([, count]) => count !== 1),
    [],
  );
});

test('the documents list every exit code, and the published order decides', () => {
  const text = read('docs/exit-codes.md');
  const listed = [...text.matchAll(/^\| (\d+) \|/gm)].map((found) => Number(found[1]));
  assert.deepEqual(
    listed,
    Object.values(exitCodes).sort((a, b) => a - b),
  );
  const order = (blocks(text, 'text')[0] ?? '').trim().split(' ').map(Number);
  const codes = Object.values(exitCodes);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    [...codes].sort((a, b) => a - b),
  );
  for (let at = 0; at + 1 < order.length; at++) {
    const rest = codes.filter((code) => order.indexOf(code) >= at);
    assert.equal(loudest(rest), order[at]);
  }
  const help = helpOf('campaigns/cli.ts').split('Exit codes:')[1] ?? '';
  const inHelp = [...help.matchAll(/(?:^|\s)(\d+) [a-z]/g)].map((found) => found[1]);
  const inReadme = [...readme.matchAll(/^\| (\d+) \|/gm)].map((found) => found[1]);
  assert.deepEqual(inReadme, inHelp);
});

test('every kept regression has a row in the track record', () => {
  const folder = path.join(root, 'test', 'regressions');
  const kept = existsSync(folder) ? readdirSync(folder).filter((file) => !file.endsWith('.ts')) : [];
  const record = readme.slice(readme.indexOf('### Track record'), readme.indexOf('## What is not there yet'));
  assert.deepEqual(
    kept.filter((file) => !record.includes(file)),
    [],
  );
});
