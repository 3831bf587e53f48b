/**
 * Building blocks of the configuration schemas: quantities with units, lists, sentences.
 * Owns: how a zod type is made so that its errors name what is known and its JSON Schema shows what is written.
 * Does not own: the nouns of a configuration (the other files here) or printing problems (problems.ts).
 */
import { z } from 'zod';
import {
  type Parsed,
  type Parser,
  parseDurationUs,
  parseRange,
  parseShare,
  parseSizeBytes,
} from '#campaigns/units.ts';

export interface QuantityDescription {
  readonly description: string;
  readonly examples: readonly string[];
  /** Of the published JSON Schema, for editors; the parser is stricter. */
  readonly pattern: string;
}

/** Runs a parser inside a schema: its reason becomes the message. */
export function run<T>(parsed: Parsed<T>, context: z.core.$RefinementCtx): T {
  if (parsed.ok) return parsed.value;
  context.addIssue({ code: 'custom', message: parsed.reason });
  return z.NEVER;
}

/** Text with a unit. A bare number is refused with the unit that is missing. */
export function quantity<T>(parse: Parser<T>, about: QuantityDescription): z.ZodType<T, string> {
  const example = `"${about.examples[0]}"`;
  return z
    .string({
      error: (issue) =>
        typeof issue.input === 'number' ? `${issue.input} has no unit; write it like ${example}` : undefined,
    })
    .meta({ description: about.description, examples: [...about.examples], pattern: about.pattern })
    .transform((text, context) => run(parse(text), context));
}

/** Text with a unit or a bare number that needs none. */
export function quantityOrNumber<T>(
  parse: Parser<T>,
  about: QuantityDescription,
): z.ZodType<T, string | number> {
  return z
    .union([z.string().meta({ pattern: about.pattern }), z.number()])
    .meta({ description: about.description, examples: [...about.examples] })
    .transform((value, context) => run(parse(String(value)), context));
}

const durationPattern = '^\\d+(\\.\\d+)? ?(us|ms|s|m|h|d)$';

/** Integer microseconds. */
export function durationUs(description: string): z.ZodType<number, string> {
  return quantity(parseDurationUs, { description, examples: ['250ms', '1h'], pattern: durationPattern });
}

/** Integer microseconds, more than none. */
export function positiveDurationUs(description: string): z.ZodType<number, string> {
  return durationUs(description).refine((us) => us > 0, { message: 'must be longer than nothing' });
}

export function durationRangeUs(description: string): z.ZodType<readonly [number, number], string> {
  return quantity((text) => parseRange(text, parseDurationUs), {
    description,
    examples: ['1ms..10ms', '5ms'],
    pattern: '^\\d+(\\.\\d+)? ?(us|ms|s|m|h|d)(\\.\\.\\d+(\\.\\d+)? ?(us|ms|s|m|h|d))?$',
  });
}

/** 0..1 */
export function share(description: string): z.ZodType<number, string | number> {
  return quantityOrNumber(parseShare, {
    description,
    examples: ['10%', '0.1'],
    pattern: '^\\d+(\\.\\d+)? ?%?$',
  });
}

/** Integer bytes. */
export function sizeBytes(description: string): z.ZodType<number, string> {
  return quantity(parseSizeBytes, {
    description,
    examples: ['1KB', '512MB'],
    pattern: '^\\d+(\\.\\d+)? ?(B|KB|MB|GB|TB)$',
  });
}

export function whole(least: number, most: number, description: string): z.ZodNumber {
  return z.int().min(least).max(most).meta({ description });
}

export function sentence(description: string): z.ZodString {
  return z.string().min(1).max(400).meta({ description });
}

/** One value or a list of distinct ones; always a list inside. Lists are the axes of a scenario's matrix. */
export function oneOrMore<T, I>(item: z.ZodType<T, I>, most: number): z.ZodType<readonly T[], I | I[]> {
  return z
    .union([item, z.array(item).min(1).max(most)])
    .transform((value): readonly T[] => (Array.isArray(value) ? value : [value as T]))
    .refine((list) => new Set(list).size === list.length, { message: 'lists a value twice' });
}
