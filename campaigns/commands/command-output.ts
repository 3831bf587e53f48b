/**
 * What a command writes and where: results to stdout, everything else to stderr, one JSON document when asked.
 * Owns: that rule, colours, the words of an error. Does not own: the content (each command's file).
 */

import { productName, productVersion } from '#campaigns/code-version.ts';
import { ConfigError } from '#campaigns/config-error.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { type ExitCode, exitCodes } from '#campaigns/exit-code.ts';

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly color?: boolean;
}

/** What a command answers: text for people, a document for programs, and the exit code. */
export interface Answer {
  readonly text: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly exitCode: ExitCode;
}

export type Style = (text: string) => string;
export interface Styles {
  readonly bold: Style;
  readonly dim: Style;
  readonly good: Style;
  readonly bad: Style;
  readonly doubtful: Style;
}

const plain: Style = (text) => text;
const escaped =
  (code: number): Style =>
  (text) =>
    `\u001b[${code}m${text}\u001b[0m`;

/** Colours only on a terminal, and not when NO_COLOR (https://no-color.org) or --no-color says otherwise. */
export function stylesFor(options: CommonOptions, stream: NodeJS.WriteStream = process.stdout): Styles {
  const coloured =
    stream.isTTY &&
    options.color !== false &&
    (process.env['NO_COLOR'] ?? '') === '' &&
    options.json !== true;
  if (!coloured) return { bold: plain, dim: plain, good: plain, bad: plain, doubtful: plain };
  return { bold: escaped(1), dim: escaped(2), good: escaped(32), bad: escaped(31), doubtful: escaped(33) };
}

/** A pipe that was closed (`| head`) ends the output, not the program. */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => resolve());
  });
}

export async function answerWith(command: string, options: CommonOptions, answer: Answer): Promise<ExitCode> {
  if (options.json === true) {
    const head = { tool: productName, version: productVersion(), node_version: process.version, command };
    const document = { ...head, ...answer.document, exit_code: answer.exitCode };
    await write(process.stdout, `${JSON.stringify(document, null, 2)}\n`);
  } else {
    await write(
      process.stdout,
      answer.text.endsWith('\n') || answer.text === '' ? answer.text : `${answer.text}\n`,
    );
  }
  return answer.exitCode;
}

interface PlainError {
  readonly code: string;
  readonly lines: readonly string[];
  readonly exitCode: number;
}

function hasCode(error: Error): error is Error & { code: string } {
  return 'code' in error && typeof error.code === 'string';
}

function plainError(error: unknown): PlainError {
  if (error instanceof ConfigError)
    return { code: error.code, lines: error.message.split('\n'), exitCode: error.exitCode };
  if (error instanceof CampaignError) {
    const remedy = error.remedy === '' ? '' : ` (${error.remedy})`;
    return { code: error.code, lines: [`${error.message}${remedy}`], exitCode: error.exitCode };
  }
  if (error instanceof Error && (error.name === 'BudgetError' || error.name === 'RangeError')) {
    return {
      code: hasCode(error) ? error.code : 'out-of-range',
      lines: [error.message],
      exitCode:
        hasCode(error) && error.code === 'no-credentials' ? exitCodes.approvalMissing : exitCodes.invalid,
    };
  }
  if (error instanceof Error && hasCode(error) && /^E[A-Z]+$/.test(error.code)) {
    return { code: error.code, lines: [error.message], exitCode: exitCodes.invalid };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'internal-error', lines: [`internal error, please report it: ${text}`], exitCode: 1 };
}

/** Says what went wrong on stderr and, with --json, as the document on stdout. Returns the exit code. */
export async function answerError(error: unknown, json: boolean): Promise<number> {
  const { code, lines, exitCode } = plainError(error);
  await write(process.stderr, lines.map((line) => `error: ${line}\n`).join(''));
  if (json) {
    const document = {
      tool: productName,
      version: productVersion(),
      error: { code, messages: lines },
      exit_code: exitCode,
    };
    await write(process.stdout, `${JSON.stringify(document, null, 2)}\n`);
  }
  return exitCode;
}
