/**
 * npm keeps options that are written without `--` for itself: `npm run campaign phase3 --dry-run` would start the real
 * thing. What npm swallowed shows in npm_config_*; found there and not in the arguments, it is refused.
 * Owns: finding them and the command that was meant. Does not own: the options (each command's file).
 */
import { ConfigError, optionProblem } from '#campaigns/config-error.ts';

/** Shown by npm itself or harmless when lost. */
const ignored = new Set(['--help', '--color', '--no-color', '--version']);

export interface KnownOption {
  /** "--dry-run" */
  readonly long: string;
  readonly takesValue: boolean;
  /** Whether the text can be its value: npm takes an option for a switch and leaves its value among the arguments. */
  readonly accepts: (text: string) => boolean;
}

interface Swallowed {
  readonly option: KnownOption;
  /** null: npm made a switch of it and its value is among the arguments. */
  readonly value: string | null;
}

function swallowed(
  option: KnownOption,
  environment: Readonly<Record<string, string | undefined>>,
): Swallowed[] {
  const value = environment[`npm_config_${option.long.slice(2).replaceAll('-', '_')}`];
  if (value === undefined || value === '' || value === 'false') return [];
  if (!option.takesValue || value === 'true') return [{ option, value: null }];
  // A repeated option arrives as one value with empty lines in between.
  return value.split(/\n+/).map((one) => ({ option, value: one }));
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`;
}

/** Puts stray values after the options that accept them, the choosiest option first; "..." where none fits. */
function meantWords(lost: readonly Swallowed[], stray: readonly string[]): string[] {
  const left = [...stray];
  const choices = (option: KnownOption): number => left.filter((word) => option.accepts(word)).length;
  const values = new Map<Swallowed, string>();
  const seeking = lost.filter(({ option, value }) => option.takesValue && value === null);
  for (const one of seeking.sort((a, b) => choices(a.option) - choices(b.option))) {
    const index = left.findIndex((word) => one.option.accepts(word));
    values.set(one, index === -1 ? '...' : (left.splice(index, 1)[0] ?? '...'));
  }
  const options = lost.flatMap((one) => {
    const value = one.value ?? values.get(one);
    return value === undefined ? [one.option.long] : [one.option.long, quoted(value)];
  });
  return [...left.map(quoted), ...options];
}

/** Throws ConfigError (exit 20) with the command that was meant. `words` are the arguments after the program's name. */
export function refuseSwallowed(
  words: readonly string[],
  known: readonly KnownOption[],
  environment: Readonly<Record<string, string | undefined>>,
): void {
  if (environment['npm_lifecycle_event'] !== 'campaign') return;
  const isGiven = ({ long }: KnownOption): boolean =>
    words.some((word) => word === long || word.startsWith(`${long}=`));
  const lost = known
    .filter((option) => !ignored.has(option.long) && !isGiven(option))
    .flatMap((option) => swallowed(option, environment));
  if (lost.length === 0) return;
  const [command = '', ...rest] = words;
  const stray = rest.filter((word) => !word.startsWith('-'));
  const kept = rest.filter((word) => word.startsWith('-') && word !== '--');
  const names = [...new Set(lost.map(({ option }) => option.long))].join(', ');
  const meant = ['npm run campaign', command, '--', ...meantWords(lost, stray), ...kept.map(quoted)].join(
    ' ',
  );
  throw new ConfigError([
    optionProblem('', `npm kept ${names} for itself; nothing was started`, `write: ${meant}`),
  ]);
}
