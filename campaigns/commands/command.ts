/**
 * The shape that every command shares: name, --json, --no-color, examples, and what happens to its answer.
 * Owns: wiring a command into commander. Does not own: any command.
 */
import { Command } from 'commander';
import { type Answer, answerWith, type CommonOptions } from '#campaigns/commands/command-output.ts';

/** Set by the action that ran; the program ends with it. */
export interface ExitHolder {
  exitCode: number;
}

export interface CommandParts<Options extends CommonOptions> {
  readonly name: string;
  readonly summary: string;
  /** More than one line of help; empty when the summary says it all. */
  readonly description?: string;
  /** In commander's notation: "<RUN>" is required, "[RUN]" is not. */
  readonly arguments?: readonly { readonly name: string; readonly about: string }[];
  readonly options: (command: Command) => Command;
  readonly examples: readonly string[];
  /** `words` are the arguments that were given, in order. */
  readonly run: (words: readonly string[], options: Options) => Promise<Answer> | Answer;
}

export function addCommand<Options extends CommonOptions>(
  program: Command,
  holder: ExitHolder,
  parts: CommandParts<Options>,
): void {
  const command = new Command(parts.name)
    .summary(parts.summary)
    .description([parts.summary, parts.description].filter(Boolean).join('\n\n'))
    .allowExcessArguments(false)
    .helpOption('--help', 'show this help')
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  for (const { name, about } of parts.arguments ?? []) command.argument(name, about);
  parts
    .options(command)
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .option('--no-color', 'no colours')
    .addHelpText('after', `\nExamples:\n${parts.examples.map((example) => `  ${example}`).join('\n')}\n`);
  command.action(async (...received: unknown[]) => {
    const words = received.filter((word) => typeof word === 'string');
    const options = command.opts<Options>();
    const answer = await parts.run(words, options);
    holder.exitCode = await answerWith(parts.name, options, answer);
  });
  program.addCommand(command);
}
