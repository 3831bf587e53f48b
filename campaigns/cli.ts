#!/usr/bin/env node
/**
 * The command line: `npm run campaign <command> -- [options]`, the same as `node campaigns/cli.ts`.
 * Owns: what reaches the shell. Does not own: any command (commands/command-groups.ts), the exit codes
 * (exit-code.ts). Heavy parts are loaded by the command that needs them, so that --help answers at once.
 */
import { Command, CommanderError, type Option } from 'commander';
import { productName, productVersion } from '#campaigns/code-version.ts';
import type { ExitHolder } from '#campaigns/commands/command.ts';
import { addCommandsFor } from '#campaigns/commands/command-groups.ts';
import { answerError } from '#campaigns/commands/command-output.ts';
import { type KnownOption, refuseSwallowed } from '#campaigns/commands/npm-trap.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { exitCodes } from '#campaigns/exit-code.ts';

async function createProgram(name: string | undefined, holder: ExitHolder): Promise<Command> {
  const program = new Command('campaign')
    .usage('<command> [options]')
    .description(
      `${productName}: scale-testing campaigns for a BFT consensus network.\nCalled as: npm run campaign <command> -- [options]`,
    )
    .version(productVersion(), '--version', 'the version of the product')
    .helpOption('--help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpText('after', `\nExit codes:\n${exitCodeHelp}\n`);
  await addCommandsFor(name, program, holder);
  return program;
}

const exitCodeHelp = [
  '  0 passed   10 failed   11 inconclusive   20 invalid configuration or use   21 over budget',
  '  22 stopped by the budget guard   23 approval or credentials missing   31 teardown incomplete   130 interrupted',
].join('\n');

/** What the values of options without a parser of their own look like. */
const shapes: Readonly<Record<string, RegExp>> = {
  '--scenario': /^[A-Za-z]{2,4}-\d+$/,
  '--attack': /^[a-z-]+$/,
  '--network': /^[a-z-]+$/,
  '--consensus': /=/,
  '--approve': /^[0-9a-f]{64}$/,
};

function accepts(option: Option): (text: string) => boolean {
  const shape = shapes[option.long ?? ''];
  if (shape !== undefined) return (text) => shape.test(text);
  return (text) => {
    try {
      option.parseArg?.(text, undefined);
      return true;
    } catch {
      return false;
    }
  };
}

/** Of the named command alone: a word that npm set for another tool is none of ours. */
function knownOptions(program: Command, name: string | undefined): KnownOption[] {
  const command = program.commands.find((candidate) => candidate.name() === name);
  return (command?.options ?? []).map((option) => ({
    long: option.long ?? '',
    takesValue: option.required || option.optional,
    accepts: accepts(option),
  }));
}

/** Help and version are answers; everything else that commander refuses is a wrong use. */
async function answerCommander(
  error: CommanderError,
  program: Command,
  words: readonly string[],
): Promise<number> {
  const json = words.includes('--json');
  if (error.exitCode === 0) return exitCodes.passed;
  if (error.code === 'commander.help') {
    return answerError(
      new CampaignError('usage', 'a command is missing', 'see: npm run campaign -- --help'),
      json,
    );
  }
  const message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  const command = program.commands.some((one) => one.name() === words[0]) ? `${words[0]} ` : '';
  return answerError(new CampaignError('usage', message, `see: npm run campaign ${command}-- --help`), json);
}

/** Asked for the help of a command that does not exist, commander would print the general help and call it a success. */
function isUnknownCommand(program: Command, name: string | undefined): boolean {
  if (name === undefined || name.startsWith('-') || name === 'help') return false;
  return !program.commands.some((command) => command.name() === name || command.aliases().includes(name));
}

async function main(words: readonly string[]): Promise<number> {
  const holder: ExitHolder = { exitCode: exitCodes.passed };
  const program = await createProgram(words[0], holder);
  const json = words.includes('--json');
  try {
    refuseSwallowed(words, knownOptions(program, words[0]), process.env);
    await program.parseAsync(isUnknownCommand(program, words[0]) ? words.slice(0, 1) : words, {
      from: 'user',
    });
    return holder.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return answerCommander(error, program, words);
    return answerError(error, json);
  }
}

// A reader that went away (`| head`) is no error of the campaign.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await main(process.argv.slice(2));
// Left at once on a second Ctrl-C: threads that still compute must not hold the process.
process.exit();
