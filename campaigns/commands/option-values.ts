/**
 * Reads the values of options: each function turns text into a value or throws ConfigError with one clear line.
 * Owns: text to value. Does not own: which command takes which option, or bounds that belong to a scenario (overrides.ts).
 */
import path from 'node:path';
import { type UsdMicros, usdMicros } from '#budgets/money.ts';
import { ConfigError, optionProblem } from '#campaigns/config-error.ts';
import { loadCalibration } from '#campaigns/schema/calibration.ts';
import {
  type Parser,
  parseCount,
  parseDurationUs,
  parseNumber,
  parseShare,
  parseUsdMicros,
} from '#campaigns/units.ts';

function reading<T>(option: string, text: string, parse: Parser<T>): T {
  const parsed = parse(text);
  if (parsed.ok) return parsed.value;
  throw new ConfigError([optionProblem(option, parsed.reason)]);
}

export const countOption = (option: string) => (text: string) => reading(option, text, parseCount);
export const numberOption = (option: string) => (text: string) => reading(option, text, parseNumber);
export const shareOption = (option: string) => (text: string) => reading(option, text, parseShare);
export const durationOption = (option: string) => (text: string) => reading(option, text, parseDurationUs);

/** A calibration file. */
export const calibrationOption = (file: string) => loadCalibration(file);

/** "0.000000001" or "1e-9": a probability above 0 and below 1. */
export function probabilityOption(option: string): (text: string) => number {
  return (text) => {
    const value = /^\d*\.?\d+(e-?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
    if (value > 0 && value < 1) return value;
    throw new ConfigError([
      optionProblem(option, `${JSON.stringify(text.slice(0, 40))} is not a probability`, 'like 1e-9'),
    ]);
  };
}

/** "30/24/20": sample size, threshold, successes in a row. */
export function tripleOption(option: string): (text: string) => { k: number; alpha: number; beta: number } {
  return (text) => {
    const found = /^(\d{1,4})\/(\d{1,4})\/(\d{1,5})$/.exec(text.trim());
    if (found === null)
      throw new ConfigError([
        optionProblem(option, `${JSON.stringify(text.slice(0, 40))} is not k/alpha/beta`, 'like 30/24/20'),
      ]);
    return { k: Number(found[1]), alpha: Number(found[2]), beta: Number(found[3]) };
  };
}

/** "500" or "$1,000.50". */
export function dollarsOption(option: string): (text: string) => UsdMicros {
  return (text) =>
    usdMicros(reading(option, text.trim().startsWith('$') ? text : `$${text.trim()}`, parseUsdMicros));
}

/** One of a few names. */
export function choiceOption<const T extends string>(
  option: string,
  choices: readonly T[],
): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    const remedy = `choose from: ${choices.join(', ')}`;
    throw new ConfigError([
      optionProblem(option, `${JSON.stringify(text.slice(0, 40))} is not offered`, remedy),
    ]);
  };
}

/** A repeatable option: values in the order given. */
export function collected(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** Where the user is: npm runs scripts in the repository and says where it was called. */
function userFolder(): string {
  const called = process.env['INIT_CWD'];
  return process.env['npm_lifecycle_event'] !== undefined && called !== undefined ? called : process.cwd();
}

/** A path of the user as this process must write it. */
export function userPath(text: string): string {
  return path.relative(process.cwd(), path.resolve(userFolder(), text)) || '.';
}

/** The folder that holds campaigns. */
export function runsFolder(out: string | undefined): string {
  return out === undefined ? path.resolve('runs') : path.resolve(userFolder(), out);
}

/** An id of the catalogue, or a file (a name with a dot or a slash) relative to where the user is. */
export function scenarioName(text: string): string {
  return /[./\\]/.test(text) ? userPath(text) : text;
}
